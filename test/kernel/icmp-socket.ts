import { addressOf, libc, O_CLOEXEC, O_NONBLOCK } from "../../src/tap/libc.ts";

const AF_INET = 2;
const SOCK_RAW = 3;
const IPPROTO_ICMP = 1;

/** ICMP messages of the kernel, raw(7): it writes IPv4 headers, and cuts and mends datagrams; the messages are the test's. */
export class IcmpSocket {
  readonly #fd: number;
  readonly #buffer = new Uint8Array(66_000);

  /** @param to four bytes; only messages to and from there */
  constructor(to: ArrayLike<number>) {
    const c = libc();
    this.#fd = c.socket(AF_INET, SOCK_RAW | O_NONBLOCK | O_CLOEXEC, IPPROTO_ICMP);
    if (this.#fd < 0) throw new Error(`Cannot open a raw socket: errno ${c.errno()}`);
    const address = new Uint8Array(16);
    new DataView(address.buffer).setUint16(0, AF_INET, true);
    address.set(to, 4);
    if (c.connect(this.#fd, addressOf(address), address.length) < 0) throw new Error(`Cannot connect a raw socket: errno ${c.errno()}`);
  }

  write(message: Uint8Array): void {
    const c = libc();
    if (c.write(this.#fd, addressOf(message), message.length) !== message.length) throw new Error(`Cannot write: errno ${c.errno()}`);
  }

  /** The next message that waits, its IPv4 header taken off. */
  read(): Uint8Array | undefined {
    const n = libc().read(this.#fd, addressOf(this.#buffer), this.#buffer.length);
    return n < 0 ? undefined : this.#buffer.slice((this.#buffer[0]! & 0x0f) * 4, n);
  }

  close(): void {
    libc().close(this.#fd);
  }
}
