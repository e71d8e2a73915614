import { formatAddress, type IpAddress, parseAddress } from "../../src/stack/core/address.ts";
import { LINUX, type Profile, WINDOWS } from "../../src/stack/core/profile.ts";
import { SeededRandom } from "../../src/stack/core/random.ts";
import type { Time } from "../../src/stack/core/time.ts";
import type { DnsAnswer, DnsFailure, DnsRecordType, DnsRequest, HostAddresses } from "../../src/stack/dns/dns-service.ts";
import type { Host } from "../../src/stack/host/host.ts";
import { Simulation } from "../../src/stack/host/simulation.ts";
import type { TcpConnection } from "../../src/stack/tcp/tcp-service.ts";
import type { UdpEndpoint } from "../../src/stack/udp/udp-service.ts";
import { Loopback } from "../../src/wire/loopback.ts";
import { MemoryWire } from "../../src/wire/memory-wire.ts";
import { type MessageParts, message, NXDOMAIN, type RecordParts, soa } from "./dns-message.ts";

/** A query as a server sees it. */
export interface HeardQuery {
  readonly atMs: number;
  readonly id: number;
  readonly name: string;
  readonly type: number;
  readonly fromPort: number;
  readonly over: "udp" | "tcp";
  /** UDP payload size of its OPT record; undefined without one. */
  readonly udpPayload: number | undefined;
  readonly bytes: Uint8Array;
}

/** What a server says to a query: nothing, one message, or several in turn. */
type Answering = (query: HeardQuery) => Uint8Array | readonly Uint8Array[] | undefined;

/** The answer to a query with what the test puts into it. */
export const answerTo = ({ id, name, type }: HeardQuery, parts: Omit<MessageParts, "id" | "questions"> = {}): Uint8Array =>
  message({ ...parts, id, questions: [[name, type]] });

export class ScriptedServer {
  readonly address: IpAddress;
  /** Silent until a test says otherwise. */
  answer: Answering = () => undefined;
  readonly heard: HeardQuery[] = [];
  readonly #time: Time;
  readonly #endpoint: UdpEndpoint;

  constructor(time: Time, host: Host, address: IpAddress) {
    this.#time = time;
    this.address = address;
    this.#endpoint = opened(host, { local: address, localPort: 53, user: { readable: () => this.#readUdp() } });
    const listener = host.tcp.listen({ local: address, localPort: 53, backlog: 8, acceptable: () => this.#serve(listener.accept()!) });
  }

  /** `A x.example` of each, in order. */
  get questions(): string[] {
    return this.heard.map(({ type, name }) => `${type} ${name}`);
  }

  #readUdp(): void {
    for (let d = this.#endpoint.receive(); d !== undefined; d = this.#endpoint.receive())
      for (const bytes of this.#replies(d.payload, d.fromPort, "udp")) this.#endpoint.send(bytes, 0, bytes.length, d.from, d.fromPort);
  }

  #serve(connection: TcpConnection): void {
    const bytes: number[] = [];
    const read = () => {
      const piece = new Uint8Array(connection.readableBytes);
      connection.read(piece, 0, piece.length);
      bytes.push(...piece);
      const length = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
      if (bytes.length < 2 || bytes.length < 2 + length) return;
      for (const reply of this.#replies(Uint8Array.from(bytes.splice(0, 2 + length)).subarray(2), connection.remotePort, "tcp")) {
        const framed = Uint8Array.from([reply.length >> 8, reply.length & 255, ...reply]);
        connection.write(framed, 0, framed.length);
      }
    };
    connection.user = { readable: read, endOfStream: () => connection.close(false) };
    read();
  }

  #replies(bytes: Uint8Array, fromPort: number, over: "udp" | "tcp"): readonly Uint8Array[] {
    const query = parsed(bytes, this.#time.now, fromPort, over);
    this.heard.push(query);
    const answer = this.answer(query);
    return answer === undefined ? [] : answer instanceof Uint8Array ? [answer] : answer;
  }
}

function parsed(bytes: Uint8Array, atMs: number, fromPort: number, over: "udp" | "tcp"): HeardQuery {
  const two = (at: number): number => (bytes[at]! << 8) | bytes[at + 1]!;
  const labels: string[] = [];
  let at = 12;
  for (; bytes[at] !== 0; at += 1 + bytes[at]!) labels.push(String.fromCharCode(...bytes.subarray(at + 1, at + 1 + bytes[at]!)));
  const udpPayload = two(10) === 1 ? two(at + 8) : undefined;
  return { atMs, id: two(0), name: labels.join("."), type: two(at + 1), fromPort, over, udpPayload, bytes };
}

function opened(host: Host, request: Parameters<Host["udp"]["open"]>[0]): UdpEndpoint {
  const endpoint = host.udp.open(request);
  if (typeof endpoint === "string") throw new Error(endpoint);
  return endpoint;
}

/** A result as a test waits for it. */
export interface Pending<T> {
  readonly request: DnsRequest;
  /** Undefined until it is told. */
  readonly result: T | DnsFailure | undefined;
  readonly calls: number;
  readonly atMs: number;
}

/** Our host 203.0.113.2 on a wire with scripted name servers, in virtual time. */
export class DnsRig {
  readonly simulation = new Simulation(1);
  readonly host: Host;
  /** Has the addresses of all servers, and whatever a forger needs. */
  readonly others: Host;

  constructor(profile: Profile = WINDOWS, seed = 11) {
    const wire = new MemoryWire();
    this.host = this.simulation.host({ random: new SeededRandom(seed), profile });
    this.others = this.simulation.host({ random: new SeededRandom(12), profile: LINUX });
    this.host.attach(wire.device({ name: "ours" }), { address: parseAddress("203.0.113.2"), prefixLength: 24 });
    this.host.attach(new Loopback());
    this.others.attach(wire.device({ name: "servers" }), { address: parseAddress("203.0.113.250"), prefixLength: 24 });
  }

  /** A server at one more address, which is silent until told otherwise. */
  server(text: string): ScriptedServer {
    this.addAddress(text);
    return new ScriptedServer(this.simulation, this.others, parseAddress(text));
  }

  addAddress(text: string): void {
    this.others.ip.addAddress(this.others.ip.interfaces[0]!, parseAddress(text), 24);
  }

  /** A datagram to our host from any address of the others and any port. */
  send(from: string, fromPort: number, toPort: number, bytes: Uint8Array): void {
    const endpoint = opened(this.others, { local: parseAddress(from), localPort: fromPort, user: {}, sharesWith: () => true });
    endpoint.send(bytes, 0, bytes.length, parseAddress("203.0.113.2"), toPort);
    endpoint.close();
  }

  configure(servers: readonly ScriptedServer[], searchList: readonly string[] = []): void {
    this.host.dns.configure("configured", { servers: servers.map(({ address }) => ({ address })), searchList });
  }

  query(name: string, type: DnsRecordType): Pending<DnsAnswer> {
    return this.#pending((done) => this.host.dns.query(name, type, done));
  }

  lookup(name: string, families: "both" | "ipv4" | "ipv6" = "both"): Pending<HostAddresses> {
    return this.#pending((done) => this.host.dns.lookup(name, families, done));
  }

  reverse(address: string): Pending<DnsAnswer> {
    return this.#pending((done) => this.host.dns.reverse(parseAddress(address), done));
  }

  /** Time passes until the result is told, or for a minute. */
  resultOf<T>(pending: Pending<T>): T | DnsFailure | undefined {
    this.simulation.run(() => pending.calls > 0, this.simulation.now + 60_000);
    return pending.result;
  }

  #pending<T>(start: (done: (result: T | DnsFailure) => void) => DnsRequest): Pending<T> {
    const pending = { request: { cancel: () => {} }, result: undefined as T | DnsFailure | undefined, calls: 0, atMs: 0 };
    pending.request = start((result) => {
      pending.result = result;
      pending.calls++;
      pending.atMs = this.simulation.now;
    });
    return pending;
  }
}

export function rigWithServers(count = 1): { rig: DnsRig; servers: ScriptedServer[]; server: ScriptedServer } {
  const rig = new DnsRig();
  const servers = Array.from({ length: count }, (_, i) => rig.server(`203.0.113.${53 + i}`));
  rig.configure(servers);
  return { rig, servers, server: servers[0]! };
}

/** Answers that have these records, whatever is asked. */
export const saying =
  (...answers: readonly RecordParts[]) =>
  (query: HeardQuery) =>
    answerTo(query, { answers });

/** A server that knows these records, by name and type, as one that recurses. */
export const knowing =
  (...records: readonly RecordParts[]) =>
  (query: HeardQuery) => {
    const answers = records.filter(({ name, type }) => name === query.name && type === query.type);
    const isThere = records.some(({ name }) => name === query.name);
    return answerTo(query, {
      answers,
      ...(isThere ? {} : { flags: NXDOMAIN }),
      ...(answers.length > 0 ? {} : { authorities: [soa("example", 60)] }),
    });
  };

export const recordsIn = (result: DnsAnswer | DnsFailure | undefined) => {
  if (result === undefined || typeof result === "string") return result;
  return result.records.map((record) => {
    if ("address" in record) return formatAddress(record.address);
    return record.type === "CNAME" || record.type === "PTR" ? record.target : record;
  });
};

export const addressesIn = (result: HostAddresses | DnsFailure | undefined) =>
  result === undefined || typeof result === "string" ? result : result.addresses.map(formatAddress);
