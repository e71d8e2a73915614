import { type IpAddress, isV4, readAddress } from "../core/address.ts";
import type { HostContext } from "../core/context.ts";
import { guarded } from "../core/guard.ts";
import { orderDestinations } from "../ip/address-selection.ts";
import type { IpService } from "../ip/ip-service.ts";
import { reverseName } from "../packet/dns.ts";
import type { TcpService } from "../tcp/tcp-service.ts";
import type { UdpService } from "../udp/udp-service.ts";
import { DnsCache } from "./cache.ts";
import type {
  AddressFamilies,
  DnsAnswer,
  DnsConfiguration,
  DnsFailure,
  DnsOrigin,
  DnsRecord,
  DnsRecordType,
  DnsRequest,
  DnsService,
  DnsStatus,
  HostAddresses,
} from "./dns-service.ts";
import type { DnsTransports } from "./exchange.ts";
import { HostsFile } from "./hosts-file.ts";
import { OpenQuestion, type QuestionOutcome } from "./open-question.ts";
import { ANSWERED, type Ask, allAnswers, firstAnswer } from "./requests.ts";
import { namesToTry } from "./search-list.ts";
import { DnsServers } from "./servers.ts";
import { specialAnswer, specialReverse } from "./special-names.ts";

/** Questions that are on their way at once, each with a port of its own, and those that wait for their turn. */
const MAX_ASKED = 256;
const MAX_WAITING = 4096;

type Told = (result: DnsAnswer | DnsFailure) => void;

/** A question that somebody waits for. */
interface WaitedFor {
  readonly key: string;
  readonly question: OpenQuestion;
  /** Whoever asked the same while it was on its way is told with the first. */
  readonly waiters: Set<Told>;
  isAsked: boolean;
}

/** The names of one host: rules, hosts file, cache, and the servers that are asked, RFC 1034 §5.3.1 and RFC 1123 §6.1.3. */
export class Resolver implements DnsService {
  hostsText = "";
  readonly #context: HostContext;
  readonly #ip: IpService;
  readonly #transports: DnsTransports;
  readonly #servers: DnsServers;
  readonly #cache: DnsCache;
  #hosts = new HostsFile("");
  /** By name and type. */
  readonly #questions = new Map<string, WaitedFor>();
  #asked = 0;
  #isAsking = false;
  #fromCache = 0;
  #joined = 0;
  #overTcp = 0;

  constructor(context: HostContext, ip: IpService, udp: UdpService, tcp: TcpService) {
    this.#context = context;
    this.#ip = ip;
    this.#transports = { context, udp, tcp };
    this.#servers = new DnsServers(context);
    this.#cache = new DnsCache(context);
  }

  get configurations(): ReadonlyMap<string, DnsConfiguration> {
    return this.#servers.configurations;
  }

  configure(source: string, configuration: DnsConfiguration): void {
    if (this.#servers.configure(source, configuration)) this.#cache.clear();
  }

  setHosts(text: string): void {
    this.hostsText = text;
    this.#hosts = new HostsFile(text);
  }

  flushCache(): number {
    return this.#cache.clear();
  }

  status(): DnsStatus {
    return {
      servers: this.#servers.statuses(),
      searchList: this.#servers.searchList,
      hostsNames: this.#hosts.size,
      cachedAnswers: this.#cache.size,
      cachedBytes: this.#cache.bytes,
      fromCache: this.#fromCache,
      joined: this.#joined,
      overTcp: this.#overTcp,
      waiting: this.#questions.size,
    };
  }

  lookup(text: string, families: AddressFamilies, done: (result: HostAddresses | DnsFailure) => void): DnsRequest {
    const address = readAddress(text);
    if (address !== undefined) {
      done(this.#literal(text, address, families));
      return ANSWERED;
    }
    const all = namesToTry(text, this.#servers.searchList);
    if (all === undefined) {
      done("bad-name");
      return ANSWERED;
    }
    const types = (["A", "AAAA"] as const).filter((type) => families === "both" || (type === "A") === (families === "ipv4"));
    // What is known here needs no asking for the same name in a domain, which would tell others what is nobody's business (RFC 6761 §6.3).
    const isKnown = (name: string): boolean => types.some((type) => this.#knownHere(name, type) !== undefined);
    const names = [...all.filter(isKnown), ...all.filter((name) => !isKnown(name))];
    const asks = names.map((name): Ask<HostAddresses> => {
      // Whoever writes a name into the hosts file with an address of one family wants that one, and no waiting for the other.
      const written = types.filter((type) => this.#fromHosts(name, type) !== undefined);
      const each = (written.length > 0 ? written : types).map(
        (type): Ask<DnsAnswer> =>
          (told) =>
            this.#resolve(name, type, told),
      );
      return (told) => allAnswers(each, (results) => told(this.#combined(results)));
    });
    return firstAnswer(asks, done);
  }

  query(text: string, type: DnsRecordType, done: Told): DnsRequest {
    const names = namesToTry(text, this.#servers.searchList);
    if (names === undefined) {
      done("bad-name");
      return ANSWERED;
    }
    return firstAnswer(
      names.map(
        (name): Ask<DnsAnswer> =>
          (told) =>
            this.#resolve(name, type, told),
      ),
      done,
    );
  }

  reverse(address: IpAddress, done: Told): DnsRequest {
    const name = reverseName(address);
    const entry = this.#hosts.entryAt(address);
    const special = specialReverse(address);
    if (entry === undefined && special === undefined) return this.#resolve(name, "PTR", done);
    const targets = entry?.names ?? [special!];
    done(
      answerOf(
        name,
        targets.map((target) => ({ type: "PTR", target })),
        entry === undefined ? "rule" : "hosts",
      ),
    );
    return ANSWERED;
  }

  /** An address is its own name. */
  #literal(text: string, address: IpAddress, families: AddressFamilies): HostAddresses | DnsFailure {
    if (families !== "both" && isV4(address) !== (families === "ipv4")) return "no-data";
    return { name: text, canonicalName: text, aliases: [], addresses: [address], origin: "rule" };
  }

  /** What the families say together: all addresses there are, or the failure that leaves most open. */
  #combined(results: readonly (DnsAnswer | DnsFailure)[]): HostAddresses | DnsFailure {
    const answers = results.filter((result) => typeof result !== "string");
    const [first] = answers;
    if (first === undefined) {
      const failures = results.filter((result) => typeof result === "string");
      return (
        failures.find((failure) => failure !== "no-such-name" && failure !== "no-data") ??
        (failures.includes("no-data") ? "no-data" : failures[0]!)
      );
    }
    const addresses = answers.flatMap(({ records }) => records.flatMap((record) => ("address" in record ? [record.address] : [])));
    const { name, canonicalName, aliases, origin } = first;
    return { name, canonicalName, aliases, addresses: orderDestinations(addresses, (to) => this.#ip.sourceTowards(to)), origin };
  }

  /** @param name a canonical one */
  #resolve(name: string, type: DnsRecordType, done: Told): DnsRequest {
    const known = this.#fromRules(name, type) ?? this.#fromHosts(name, type) ?? this.#cache.find(name, type);
    if (known === undefined) return this.#ask(name, type, done);
    if (typeof known === "string" || known.origin === "cache") this.#fromCache++;
    done(known);
    return ANSWERED;
  }

  #fromRules(name: string, type: DnsRecordType): DnsAnswer | DnsFailure | undefined {
    const special = specialAnswer(name, type);
    if (special === undefined || typeof special === "string") return special;
    return answerOf(name, special.map(addressRecord), "rule");
  }

  /** By a rule or by the hosts file. */
  #knownHere(name: string, type: DnsRecordType): DnsAnswer | undefined {
    const known = this.#fromRules(name, type) ?? this.#fromHosts(name, type);
    return typeof known === "string" ? undefined : known;
  }

  #fromHosts(name: string, type: DnsRecordType): DnsAnswer | undefined {
    if (type !== "A" && type !== "AAAA") return undefined;
    const entries = this.#hosts.entriesOf(name, type === "A");
    const [first] = entries;
    if (first === undefined) return undefined;
    const records = entries.map(({ address }) => addressRecord(address));
    const [canonicalName = name, ...others] = first.names;
    return { ...answerOf(name, records, "hosts"), canonicalName, aliases: others };
  }

  /** One question of a name and type is on its way at a time, so that a forger has one to hit (RFC 5452 §5, the birthday attack). */
  #ask(name: string, type: DnsRecordType, done: Told): DnsRequest {
    const key = `${type} ${name}`;
    const there = this.#questions.get(key);
    if (there !== undefined) this.#joined++;
    else if (this.#questions.size >= MAX_ASKED + MAX_WAITING) {
      done("too-many");
      return ANSWERED;
    }
    const waitedFor = there ?? this.#open(key, name, type);
    // Its own function, for the same may be given twice.
    const told: Told = (result) => done(result);
    waitedFor.waiters.add(told);
    if (there === undefined) this.#askNext();
    return {
      cancel: () => {
        if (waitedFor.waiters.delete(told) && waitedFor.waiters.size === 0) this.#close(waitedFor);
      },
    };
  }

  #open(key: string, name: string, type: DnsRecordType): WaitedFor {
    const question = new OpenQuestion(this.#transports, this.#servers, name, type, (outcome) => this.#ended(waitedFor, outcome));
    const waitedFor: WaitedFor = { key, question, waiters: new Set(), isAsked: false };
    this.#questions.set(key, waitedFor);
    return waitedFor;
  }

  /** What ends at once, while this goes on, makes room for the next in the same walk. */
  #askNext(): void {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      for (const waitedFor of this.#questions.values()) {
        if (this.#asked >= MAX_ASKED) break;
        if (waitedFor.isAsked) continue;
        waitedFor.isAsked = true;
        this.#asked++;
        waitedFor.question.start();
      }
    } finally {
      this.#isAsking = false;
    }
  }

  #close(waitedFor: WaitedFor): void {
    if (this.#questions.get(waitedFor.key) !== waitedFor) return;
    this.#questions.delete(waitedFor.key);
    waitedFor.question.cancel();
    if (!waitedFor.isAsked) return;
    this.#asked--;
    this.#askNext();
  }

  #ended(waitedFor: WaitedFor, outcome: QuestionOutcome): void {
    const { question, waiters } = waitedFor;
    const { name, type, overTcp } = question;
    this.#overTcp += overTcp;
    let result: DnsAnswer | DnsFailure;
    if (typeof outcome === "string") result = outcome;
    else {
      const { reply, messageBytes } = outcome;
      result = reply.answer;
      if (reply.kind === "answer") this.#cache.add(name, type, reply.answer, reply.answer.ttlSeconds, messageBytes);
      else {
        // That there is no such name is true of every type, but said of another name where there were aliases.
        const isOfName = reply.answer === "no-such-name" && !reply.hasAliases;
        this.#cache.add(name, isOfName ? undefined : type, reply.answer, reply.ttlSeconds, 0);
      }
    }
    this.#close(waitedFor);
    for (const told of waiters) guarded(this.#context, () => told(result));
  }
}

const addressRecord = (address: IpAddress): DnsRecord => ({ type: isV4(address) ? "A" : "AAAA", address });

/** What is known without a server. */
const answerOf = (name: string, records: readonly DnsRecord[], origin: DnsOrigin): DnsAnswer => ({
  name,
  canonicalName: name,
  aliases: [],
  records,
  origin,
  ttlSeconds: 0,
});
