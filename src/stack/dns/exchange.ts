import type { HostContext } from "../core/context.ts";
import * as dns from "../packet/dns.ts";
import type { TcpService } from "../tcp/tcp-service.ts";
import type { UdpService } from "../udp/udp-service.ts";

/** The transports that a question goes out by. */
export interface DnsTransports {
  readonly context: HostContext;
  readonly udp: UdpService;
  readonly tcp: TcpService;
}

/** A question to one server and its answer, or why there will be none. */
export interface DnsExchange {
  /** Stops listening; nothing is told any more. */
  end(): void;
}

/** What becomes of an exchange; told at most once, and never before the exchange is made. */
export interface ExchangeUser {
  /** The message in [at, end) of `bytes` answers the question that was sent. */
  answered(bytes: Uint8Array, at: number, end: number): void;
  /** There is no way to the server, or nothing listens there. */
  unreachable(): void;
}

/** A query as it was sent, which its answer has to match (RFC 5452 §9.1); where it came from the transport has seen to. */
export class SentQuery {
  readonly bytes: Uint8Array;
  readonly #context: HostContext;
  readonly #questionLength: number;

  /** With a fresh random number (RFC 5452 §9.2). @param name a canonical one @param udpPayload as for `dns.writeQuery` */
  constructor(context: HostContext, name: string, type: number, udpPayload: number) {
    this.#context = context;
    const scratch = new Uint8Array(dns.MAX_QUERY);
    this.#questionLength = dns.writeQuery(scratch, 0, 0, name, type, 0)! - dns.HEADER;
    this.bytes = scratch.slice(0, dns.writeQuery(scratch, 0, context.random.u32() & 0xffff, name, type, udpPayload));
  }

  /** Whether the message in [at, end) is a whole one that answers this query; one that is not is counted. */
  isAnsweredBy(b: Uint8Array, at: number, end: number): boolean {
    const wrong = dns.check(b, at, end) ?? this.#mismatch(b, at);
    if (wrong !== undefined) this.#context.drops.count(wrong);
    return wrong === undefined;
  }

  #mismatch(b: Uint8Array, at: number): "dns-not-an-answer" | "dns-wrong-id" | "dns-wrong-question" | undefined {
    if (!dns.isResponse(b, at) || dns.opcode(b, at) !== 0) return "dns-not-an-answer";
    if (dns.id(b, at) !== dns.id(this.bytes, 0)) return "dns-wrong-id";
    // To the byte, the case of letters too.
    const isSame = dns.questions(b, at) === 1 && dns.sameBytes(b, dns.questionAt(at), this.bytes, dns.questionAt(0), this.#questionLength);
    return isSame ? undefined : "dns-wrong-question";
  }
}
