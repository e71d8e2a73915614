import type { Timer } from "../core/timers.ts";
import * as dns from "../packet/dns.ts";
import type { DnsFailure, DnsRecordType } from "./dns-service.ts";
import { type DnsExchange, type DnsTransports, type ExchangeUser, SentQuery } from "./exchange.ts";
import { type DnsReply, readReply, typeNumber } from "./reply.ts";
import type { DnsServers, KnownServer } from "./servers.ts";
import { exchangeByTcp } from "./tcp-exchange.ts";
import { exchangeByUdp } from "./udp-exchange.ts";

/** All servers are asked so many times over, and waited for longer each time (RFC 1035 §4.2.1, RFC 1536 §1). */
const FIRST_TIMEOUT_MS = 1000;
const ROUNDS = 3;
/** For connection, question and an answer of 64 KiB. */
const TCP_TIMEOUT_MS = 5000;

/** What ended a question, and how large the message was that did. */
export type QuestionOutcome =
  | { readonly reply: Extract<DnsReply, { readonly kind: "answer" | "negative" }>; readonly messageBytes: number }
  | DnsFailure;

/** Why nothing came of it, the telling ones first, where servers failed in different ways. */
const MOST_TELLING: readonly DnsFailure[] = ["server-failed", "timed-out", "bad-answer", "refused", "unreachable"];

/** How a question is asked of a server. */
type Manner = "udp" | "udp-without-edns" | "tcp";

/**
 * A question on its way: asked of one server after the other, of one at a time, so that a forger has one number and one port to guess
 * (RFC 5452 §5). A server that has failed in words, or to which there is no way, is not asked again.
 */
export class OpenQuestion {
  readonly name: string;
  readonly type: DnsRecordType;
  readonly #transports: DnsTransports;
  readonly #servers: DnsServers;
  readonly #done: (outcome: QuestionOutcome) => void;
  readonly #timer: Timer;
  /** Those of this round that are still to be asked; the first is being asked. */
  #round: KnownServer[] = [];
  #rounds = 0;
  readonly #givenUp = new Set<KnownServer>();
  readonly #failures = new Set<DnsFailure>();
  #exchange: DnsExchange | undefined;
  /** Answers that came over TCP since they did not fit. */
  overTcp = 0;

  /** @param name a canonical one @param done called once, and not before `start` */
  constructor(transports: DnsTransports, servers: DnsServers, name: string, type: DnsRecordType, done: (outcome: QuestionOutcome) => void) {
    this.name = name;
    this.type = type;
    this.#transports = transports;
    this.#servers = servers;
    this.#done = done;
    this.#timer = transports.context.timers.timer(
      "dns-answer",
      () => `${type} ${name}`,
      () => this.#timedOut(),
    );
  }

  start(): void {
    this.#beginRound();
  }

  /** Nobody wants to know any more. */
  cancel(): void {
    this.#timer.cancel();
    this.#exchange?.end();
    this.#exchange = undefined;
  }

  #beginRound(): void {
    this.#round = this.#servers.inOrder().filter((server) => !this.#givenUp.has(server));
    if (this.#round.length > 0 && this.#rounds < ROUNDS) {
      this.#rounds++;
      this.#ask("udp");
      return;
    }
    this.#end(MOST_TELLING.find((failure) => this.#failures.has(failure)) ?? "no-servers");
  }

  #ask(manner: Manner): void {
    const server = this.#round[0];
    if (server === undefined) {
      this.#beginRound();
      return;
    }
    const udpPayload = manner === "udp-without-edns" ? 0 : dns.UDP_PAYLOAD;
    const query = new SentQuery(this.#transports.context, this.name, typeNumber(this.type), udpPayload);
    const user: ExchangeUser = {
      answered: (bytes, at, end) => this.#answered(server, manner, bytes, at, end),
      unreachable: () => this.#giveUp("unreachable"),
    };
    const exchange = (manner === "tcp" ? exchangeByTcp : exchangeByUdp)(this.#transports, server, query, user);
    if (typeof exchange === "string") {
      this.#giveUp("unreachable");
      return;
    }
    server.asked++;
    this.#exchange = exchange;
    this.#timer.set(manner === "tcp" ? TCP_TIMEOUT_MS : FIRST_TIMEOUT_MS * 2 ** (this.#rounds - 1));
  }

  #answered(server: KnownServer, manner: Manner, bytes: Uint8Array, at: number, end: number): void {
    this.#exchange = undefined;
    this.#timer.cancel();
    this.#servers.answered(server);
    const reply = readReply(bytes, at, end, this.name, this.type);
    switch (reply.kind) {
      case "answer":
      case "negative":
        if (manner === "tcp") this.overTcp++;
        this.#end({ reply, messageBytes: end - at });
        break;
      case "truncated":
        if (manner === "tcp") this.#giveUp("bad-answer");
        else this.#ask("tcp");
        break;
      case "not-understood":
        if (manner === "udp") this.#ask("udp-without-edns");
        else this.#giveUp("server-failed");
        break;
      case "failure":
        this.#giveUp(reply.failure);
    }
  }

  #timedOut(): void {
    const server = this.#round.shift();
    this.#exchange?.end();
    this.#exchange = undefined;
    this.#failures.add("timed-out");
    if (server !== undefined) this.#servers.timedOut(server);
    this.#ask("udp");
  }

  /** This server is not asked again. */
  #giveUp(failure: DnsFailure): void {
    const server = this.#round.shift();
    this.#exchange = undefined;
    this.#timer.cancel();
    this.#failures.add(failure);
    if (server !== undefined) this.#givenUp.add(server);
    this.#ask("udp");
  }

  #end(outcome: QuestionOutcome): void {
    this.cancel();
    this.#done(outcome);
  }
}
