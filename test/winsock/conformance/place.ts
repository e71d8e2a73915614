/** Where a row happens: the addresses and ports behind the words that rows use. */
import { inetPton } from "../../../src/winsock/abi/address-text.ts";
import { AF_INET, AF_INET6 } from "../../../src/winsock/abi/constants.ts";
import type { Family } from "./conformance-case.ts";

export type HostWord =
  | "any"
  | "ours"
  | "peer"
  | "loopback"
  /** On the link, but nobody has it. */
  | "nobody"
  /** No route leads there. */
  | "elsewhere"
  | "multicast"
  | "broadcast"
  | "everybody";

/** Each row has ports of its own: one where listeners listen, one where nobody does, and some for whoever binds. */
export type PortWord = "open" | "closed" | "own" | "other" | "zero";

const HOSTS: Readonly<Record<Family, Readonly<Record<Exclude<HostWord, "peer">, string>>>> = {
  IPv4: {
    any: "0.0.0.0",
    ours: "203.0.113.2",
    loopback: "127.0.0.1",
    nobody: "203.0.113.77",
    elsewhere: "198.51.100.1",
    multicast: "224.0.0.251",
    broadcast: "203.0.113.255",
    everybody: "255.255.255.255",
  },
  IPv6: {
    any: "::",
    ours: "2001:db8::2",
    loopback: "::1",
    nobody: "2001:db8::77",
    elsewhere: "2001:db8:f::1",
    multicast: "ff02::fb",
    broadcast: "none",
    everybody: "none",
  },
};

const PORT_WORDS = ["open", "closed", "own", "other"] as const satisfies readonly PortWord[];
/** What lies above is given away by the host. */
const FIRST_PORT = 2000;
const LAST_PORT = 30_000;

export class Place {
  readonly family: Family;
  readonly af: number;
  readonly #peer: string;
  readonly #firstPort: number;

  /** @param row its number: those of one network have different ports */
  constructor(family: Family, peer: string, row: number) {
    this.family = family;
    this.af = family === "IPv4" ? AF_INET : AF_INET6;
    this.#peer = peer;
    this.#firstPort = FIRST_PORT + ((row * PORT_WORDS.length) % (LAST_PORT - FIRST_PORT));
  }

  address(host: HostWord): string {
    return host === "peer" ? this.#peer : HOSTS[this.family][host];
  }

  port(word: PortWord): number {
    return word === "zero" ? 0 : this.#firstPort + PORT_WORDS.indexOf(word);
  }

  /** A sockaddr_in or sockaddr_in6. */
  name(host: HostWord, port: PortWord): Uint8Array {
    return sockaddr(this.af, this.address(host), this.port(port));
  }

  /** The words `{peer:open}` of an expectation as addresses and ports. */
  resolved(text: string): string {
    return text.replaceAll(/\{(\w+):(\w+)\}/g, (_, host: HostWord, port: PortWord | "dynamic") =>
      this.told(this.address(host), port === "dynamic" ? undefined : this.port(port)),
    );
  }

  /** An address and a port as rows have them. @param port those that the host gives away are all the same */
  told(address: string, port: number | undefined): string {
    return `${address} ${port === undefined || port > LAST_PORT ? "dynamic" : port}`;
  }
}

export function sockaddr(family: number, address: string, port: number): Uint8Array {
  const isInet6 = address.includes(":");
  const bytes = new Uint8Array(isInet6 ? 28 : 16);
  bytes.set([family & 0xff, family >>> 8, port >>> 8, port]);
  if (inetPton(isInet6 ? AF_INET6 : AF_INET, address, bytes.subarray(isInet6 ? 8 : 4)).value !== 1)
    throw new Error(`no address: ${address}`);
  return bytes;
}
