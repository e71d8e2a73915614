import { type AddressWords, formatAddress, type IpAddress, sameAddress } from "../core/address.ts";
import type { HostContext } from "../core/context.ts";
import type { PacketVerdict } from "../core/drop-reasons.ts";
import { plainFrame } from "../core/frame-info.ts";
import type { Timer } from "../core/timers.ts";
import { u8, u16 } from "../packet/bytes.ts";
import type { Path } from "./path.ts";
import type { PingFailure, PingOptions, PingResult } from "./ping.ts";
import type { IcmpErrorKind } from "./transport.ts";

/** Echo requests that may wait for their answer at once; the victim is the requester. */
export const MAX_PINGS = 256;

interface Pending {
  readonly remote: IpAddress;
  readonly sentAtMs: number;
  readonly callback: (result: PingResult) => void;
  readonly timer: Timer;
}

/** An echo as the control messages of one family write it. Both have the same fields: RFC 792 and RFC 4443 §4. */
export interface EchoFormat {
  readonly protocol: number;
  readonly request: number;
  /** Writes the eight bytes before the data. */
  writeHeader(bytes: Uint8Array, at: number, messageType: number, id: number, sequence: number): void;
  putChecksum(bytes: Uint8Array, at: number, end: number, path: Path): void;
}

const HEADER = 8;
const identifier = (bytes: Uint8Array, at: number): number => u16(bytes, at + 4);
const sequence = (bytes: Uint8Array, at: number): number => u16(bytes, at + 6);

/** Echo requests of ours and who waits for their replies, RFC 1122 §3.2.2.6 and RFC 4443 §4.1. */
export class Pings {
  readonly #context: HostContext;
  readonly #format: EchoFormat;
  readonly #scratch: Uint8Array;
  readonly #info = plainFrame();
  readonly #pending = new Map<number, Pending>();

  /** @param scratch room for any datagram, used during a call only */
  constructor(context: HostContext, format: EchoFormat, scratch: Uint8Array) {
    this.#context = context;
    this.#format = format;
    this.#scratch = scratch;
  }

  /** Sends a request. @returns undefined when it is on its way: then `callback` is called exactly once */
  send(path: Path, options: PingOptions, callback: (result: PingResult) => void): PingFailure | undefined {
    const { now, timers } = this.#context;
    const { remote } = path;
    const key = keyOf(options.id, options.sequence);
    if (HEADER + options.payloadBytes > path.maxMessage) return "too-long";
    if (this.#pending.has(key)) return "in-use";
    if (this.#pending.size >= MAX_PINGS) return "too-many";

    const owner = () => `ping ${formatAddress(remote)}`;
    const timer = timers.timer("echo-reply", owner, () => this.#finish(key, { kind: "timed-out" }));
    timer.set(options.timeoutMs);
    this.#pending.set(key, { remote, sentAtMs: now, callback, timer });

    const bytes = this.#scratch;
    const at = path.headroom;
    const data = at + HEADER;
    const end = data + options.payloadBytes;
    this.#format.writeHeader(bytes, at, this.#format.request, options.id, options.sequence);
    for (let i = data; i < end; i++) bytes[i] = i - data;
    this.#format.putChecksum(bytes, at, end, path);
    const result = path.send(this.#format.protocol, bytes, at, end, this.#info);
    if (result === "sent" || result === "queued") return undefined;
    timer.cancel();
    this.#pending.delete(key);
    return result;
  }

  /** An echo reply whose message lies in `bytes[at, end)`. */
  reply(from: AddressWords, ttl: number, bytes: Uint8Array, at: number, end: number): PacketVerdict {
    const key = keyOf(identifier(bytes, at), sequence(bytes, at));
    const pending = this.#pending.get(key);
    if (pending === undefined || !sameAddress(pending.remote, from)) return "icmp-unexpected-echo-reply";
    const rttMs = this.#context.now - pending.sentAtMs;
    this.#finish(key, { kind: "reply", rttMs, ttl, payloadBytes: end - (at + HEADER) });
    return "accepted";
  }

  /** An error quotes the ICMP message at `bytes[at, …)`, sent to `remote`; its first eight bytes are there. */
  error(remote: AddressWords, bytes: Uint8Array, at: number, kind: IcmpErrorKind, reporter: IpAddress): PacketVerdict {
    if (u8(bytes, at) !== this.#format.request) return "icmp-quote-unexpected";
    const key = keyOf(identifier(bytes, at), sequence(bytes, at));
    const asked = this.#pending.get(key)?.remote;
    if (asked === undefined || !sameAddress(asked, remote)) return "icmp-quote-unexpected";
    this.#finish(key, { kind, reporter });
    return "accepted";
  }

  #finish(key: number, result: PingResult): void {
    const pending = this.#pending.get(key);
    if (pending === undefined) return;
    pending.timer.cancel();
    this.#pending.delete(key);
    pending.callback(result);
  }
}

const keyOf = (id: number, sequence: number): number => (id & 0xffff) * 0x10000 + (sequence & 0xffff);
