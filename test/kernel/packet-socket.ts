import { interfaceIndex } from "../../src/tap/interface-config.ts";
import { addressOf, libc, O_CLOEXEC, O_NONBLOCK } from "../../src/tap/libc.ts";

const AF_PACKET = 17;
const SOCK_RAW = 3;
const ETH_P_ALL = 0x0003;

/** Whole frames on the kernel's side of an interface, packet(7): what is written goes out to the TAP's owner, what the owner sends can be read. */
export class PacketSocket {
  readonly #fd: number;
  readonly #buffer = new Uint8Array(70_000);

  constructor(interfaceName: string) {
    const c = libc();
    const protocol = (ETH_P_ALL << 8) & 0xffff; // network order
    this.#fd = c.socket(AF_PACKET, SOCK_RAW | O_NONBLOCK | O_CLOEXEC, protocol);
    if (this.#fd < 0) throw new Error(`Cannot open a packet socket: errno ${c.errno()}`);
    const address = new Uint8Array(20);
    const view = new DataView(address.buffer);
    view.setUint16(0, AF_PACKET, true);
    view.setUint16(2, ETH_P_ALL, false);
    view.setInt32(4, interfaceIndex(interfaceName), true);
    if (c.bind(this.#fd, addressOf(address), address.length) < 0) throw new Error(`Cannot bind a packet socket: errno ${c.errno()}`);
  }

  write(frame: Uint8Array): void {
    const c = libc();
    if (c.write(this.#fd, addressOf(frame), frame.length) !== frame.length) throw new Error(`Cannot write a frame: errno ${c.errno()}`);
  }

  /** All frames of this EtherType that wait; the socket also sees what it wrote itself, told apart by `notFrom`. */
  read(etherType: number, notFrom: Uint8Array): Uint8Array[] {
    const c = libc();
    const frames: Uint8Array[] = [];
    for (;;) {
      const n = c.read(this.#fd, addressOf(this.#buffer), this.#buffer.length);
      if (n < 0) return frames;
      const frame = this.#buffer.slice(0, n);
      const isOwn = notFrom.every((b, i) => frame[6 + i] === b);
      if (((frame[12]! << 8) | frame[13]!) === etherType && !isOwn) frames.push(frame);
    }
  }

  close(): void {
    libc().close(this.#fd);
  }
}
