import { formatEndpoint, sameAddress } from "../core/address.ts";
import type { Time } from "../core/time.ts";
import * as dns from "../packet/dns.ts";
import type { DnsConfiguration, DnsServer, DnsServerStatus } from "./dns-service.ts";
import { canonicalName } from "./domain-names.ts";

/** The operator's word, beside which no other counts. */
const CONFIGURED = "configured";
/** More than this are not asked: each would be waited for. */
const MAX_SERVERS = 8;
const MAX_SEARCH_DOMAINS = 8;
/** How long a server that did not answer is asked after the others. */
const AVOIDED_MS = 30_000;

/** A server with what we know of it. */
export class KnownServer {
  readonly address: DnsServer["address"];
  readonly port: number;
  readonly source: string;
  asked = 0;
  answered = 0;
  timedOut = 0;
  avoidedUntilMs = Number.NEGATIVE_INFINITY;

  constructor({ address, port = dns.PORT }: DnsServer, source: string) {
    this.address = address;
    this.port = port;
    this.source = source;
  }

  isSame(other: KnownServer): boolean {
    return this.port === other.port && sameAddress(this.address, other.address);
  }
}

/** Name servers and search lists, from whoever knows of some, and which servers answer. */
export class DnsServers {
  readonly #time: Time;
  readonly #configurations = new Map<string, DnsConfiguration>();
  #servers: readonly KnownServer[] = [];
  #searchList: readonly string[] = [];

  constructor(time: Time) {
    this.#time = time;
  }

  get configurations(): ReadonlyMap<string, DnsConfiguration> {
    return this.#configurations;
  }

  get searchList(): readonly string[] {
    return this.#searchList;
  }

  /** @returns whether other servers are asked from now on */
  configure(source: string, configuration: DnsConfiguration): boolean {
    if (configuration.servers.length === 0 && (configuration.searchList ?? []).length === 0) this.#configurations.delete(source);
    else this.#configurations.set(source, configuration);
    const servers = this.#effective(({ servers }) => servers.length > 0).flatMap(([from, { servers }]) =>
      servers.map((server) => new KnownServer(server, from)),
    );
    const known = this.#servers;
    this.#servers = servers
      .filter((server, i) => servers.findIndex((each) => each.isSame(server)) === i)
      .slice(0, MAX_SERVERS)
      .map((server) => known.find((each) => each.isSame(server) && each.source === server.source) ?? server);
    const domains = this.#effective(({ searchList = [] }) => searchList.length > 0)
      .flatMap(([, { searchList = [] }]) => searchList.map(canonicalName))
      .filter((domain) => domain !== undefined);
    this.#searchList = domains.filter((domain, i) => domains.indexOf(domain) === i).slice(0, MAX_SEARCH_DOMAINS);
    return known.length !== this.#servers.length || known.some((server, i) => server !== this.#servers[i]);
  }

  /** In the order in which to ask them: those that did not answer a moment ago last. */
  inOrder(): readonly KnownServer[] {
    const { now } = this.#time;
    const isAvoided = (server: KnownServer): boolean => server.avoidedUntilMs > now;
    return [...this.#servers.filter((server) => !isAvoided(server)), ...this.#servers.filter(isAvoided)];
  }

  timedOut(server: KnownServer): void {
    server.timedOut++;
    server.avoidedUntilMs = this.#time.now + AVOIDED_MS;
  }

  answered(server: KnownServer): void {
    server.answered++;
    server.avoidedUntilMs = Number.NEGATIVE_INFINITY;
  }

  statuses(): DnsServerStatus[] {
    return this.#servers.map(({ address, port, source, asked, answered, timedOut, avoidedUntilMs }) => ({
      server: formatEndpoint(address, port),
      source,
      isAvoided: avoidedUntilMs > this.#time.now,
      asked,
      answered,
      timedOut,
    }));
  }

  /** What counts: the operator's word where it has any, that of all others where not. */
  #effective(hasWord: (configuration: DnsConfiguration) => boolean): [string, DnsConfiguration][] {
    const all = [...this.#configurations].filter(([, configuration]) => hasWord(configuration));
    const configured = all.filter(([source]) => source === CONFIGURED);
    return configured.length > 0 ? configured : all;
  }
}
