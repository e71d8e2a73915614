import { createRequire } from "node:module";
import { parseV4 } from "../../src/stack/core/address.ts";
import { seq } from "../../src/stack/core/seq.ts";
import { pseudoHeaderV4 } from "../../src/stack/packet/checksum.ts";
import * as icmp from "../../src/stack/packet/icmp.ts";
import * as ipv4 from "../../src/stack/packet/ipv4.ts";
import * as tcp from "../../src/stack/packet/tcp.ts";

/** Sends whole IPv4 datagrams from the kernel's side, whatever source address they claim to have. */
export interface Injector {
  send(datagram: Uint8Array): Promise<void>;
  close(): void;
}

/** The part of the raw-socket package that is used; it comes without types. */
interface RawSocketPackage {
  createSocket(options: { readonly protocol: number; readonly bufferSize?: number }): RawSocket;
}
interface RawSocket {
  send(bytes: Buffer, at: number, length: number, address: string, done: (error: Error | null) => void): void;
  pauseRecv(): void;
  on(event: "error", listener: () => void): void;
  close(): void;
}

/** RFC 791's own number, for which Linux takes the IP header from the program: raw(7). */
const IPPROTO_RAW = 255;

/** A raw socket of the kernel (the optional package raw-socket), or undefined where that is not built. */
export function rawSocketInjector(): Injector | undefined {
  let raw: RawSocketPackage;
  try {
    raw = createRequire(import.meta.url)("raw-socket") as RawSocketPackage;
  } catch {
    return undefined;
  }
  const socket = raw.createSocket({ protocol: IPPROTO_RAW });
  socket.on("error", () => {});
  socket.pauseRecv();
  return {
    send: (datagram) =>
      new Promise((resolve, reject) => {
        const bytes = Buffer.from(datagram);
        const destination = [...bytes.subarray(16, 20)].join(".");
        socket.send(bytes, 0, bytes.length, destination, (error) => (error ? reject(error) : resolve()));
      }),
    close: () => socket.close(),
  };
}

/** An IPv4 datagram around `payload`. */
export function datagram(from: string, to: string, protocol: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(ipv4.MIN_HEADER + payload.length);
  ipv4.writeHeader(bytes, 0, bytes.length, parseV4(from).w3, parseV4(to).w3, protocol, 64);
  bytes.set(payload, ipv4.MIN_HEADER);
  return bytes;
}

export interface ForgedSegment {
  readonly from: string;
  readonly fromPort: number;
  readonly to: string;
  readonly toPort: number;
  readonly flags: number;
  /** Absolute. */
  readonly seq: number;
  readonly ack?: number;
  readonly text?: Uint8Array;
}

/** A TCP segment with right checksums, as an IPv4 datagram. */
export function forgedSegment({ from, fromPort, to, toPort, flags, seq: sequence, ack = 0, text }: ForgedSegment): Uint8Array {
  const bytes = new Uint8Array(tcp.MIN_HEADER + (text?.length ?? 0));
  tcp.writeHeader(bytes, 0, fromPort, toPort, seq(sequence), seq(ack), tcp.MIN_HEADER, flags, 1000);
  if (text !== undefined) bytes.set(text, tcp.MIN_HEADER);
  tcp.putChecksum(bytes, 0, bytes.length, pseudoHeaderV4(parseV4(from).w3, parseV4(to).w3, ipv4.PROTOCOL_TCP, bytes.length));
  return datagram(from, to, ipv4.PROTOCOL_TCP, bytes);
}

/** An ICMP destination unreachable that quotes the first 28 bytes of `about` (RFC 792), as an IPv4 datagram to who sent that. */
export function forgedUnreachable(from: string, code: number, about: Uint8Array): Uint8Array {
  const quote = about.subarray(0, 28);
  const bytes = new Uint8Array(icmp.HEADER + quote.length);
  icmp.writeError(bytes, 0, icmp.DESTINATION_UNREACHABLE, code);
  bytes.set(quote, icmp.quotedAt(0));
  icmp.putChecksum(bytes, 0, bytes.length);
  return datagram(from, [...about.subarray(12, 16)].join("."), ipv4.PROTOCOL_ICMP, bytes);
}

/** An ICMP echo request, as an IPv4 datagram. */
export function echoRequest(from: string, to: string, id: number, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(icmp.HEADER + data.length);
  icmp.writeEcho(bytes, 0, icmp.ECHO_REQUEST, id, 1);
  bytes.set(data, icmp.dataAt(0));
  icmp.putChecksum(bytes, 0, bytes.length);
  return datagram(from, to, ipv4.PROTOCOL_ICMP, bytes);
}
