import { isV4, sameAddress } from "../stack/core/address.ts";
import { PROFILES, type Profile } from "../stack/core/profile.ts";
import { SeededRandom } from "../stack/core/random.ts";
import type { Host } from "../stack/host/host.ts";
import { Simulation } from "../stack/host/simulation.ts";
import * as icmp from "../stack/packet/icmp.ts";
import * as icmpv6 from "../stack/packet/icmpv6.ts";
import * as ipv4 from "../stack/packet/ipv4.ts";
import * as ipv6 from "../stack/packet/ipv6.ts";
import { SYN } from "../stack/packet/tcp.ts";
import * as udp from "../stack/packet/udp.ts";
import type { TcpConnection } from "../stack/tcp/tcp-service.ts";
import { Conversation } from "./conversation.ts";
import type { DrillSocket } from "./drill-socket.ts";
import { ERROR_NUMBERS, isNamed, winsockName } from "./error-names.ts";
import { icmpNumbers } from "./icmp-names.ts";
import type { DrillNote } from "./ladder-text.ts";
import { makeIcmp, makeTcp, makeUdp } from "./packet-maker.ts";
import { ipDifference, joinProblem, joinSegments, matchSegment, type PshRule, type TimestampRule } from "./packet-matcher.ts";
import { lineText, segmentText } from "./packet-text.ts";
import type { CallLine, CodeLine, IcmpLine, Script, ScriptEvent, ScriptTime, TcpLine, UdpLine } from "./script.ts";
import { ScriptDevice } from "./script-device.ts";
import { DrillMismatch, ScriptError } from "./script-error.ts";
import type { DrillSettings } from "./script-options.ts";
import { readSentIp, readSentSegment, type SentIp, type SentSegment } from "./sent-packet.ts";
import type { DrillCommand } from "./shell-commands.ts";
import { type Snippet, SnippetScope, type SnippetValue } from "./snippet.ts";
import { type CallAttempt, type CallOutcome, type CallWorld, SocketCalls } from "./socket-calls.ts";
import { intOf } from "./symbols.ts";
import { type ChangingProfile, LINUX_OF_SCRIPTS, setSysctl } from "./sysctl.ts";
import { SNIPPET_CONSTANTS, tcpInfoField } from "./tcp-info.ts";

/** A script that was read and found to be within what can be run. */
export interface PreparedScript {
  readonly script: Script;
  readonly settings: DrillSettings;
  /** Of the init command. */
  readonly init: readonly DrillCommand[];
  /** By event. */
  readonly commands: ReadonlyMap<ScriptEvent, readonly DrillCommand[]>;
  readonly snippets: ReadonlyMap<CodeLine, Snippet>;
}

export type DrillProfile = "linux" | "windows" | "rfc";

export interface RunChoices {
  readonly profile: DrillProfile;
  readonly psh: PshRule;
  readonly seed: number;
}

/** What a run came to. */
export interface RunRecord {
  /** Undefined when everything was as the script says. */
  readonly failure: { readonly line: number; readonly text: string; readonly error: DrillMismatch | ScriptError } | undefined;
  readonly notes: readonly DrillNote[];
  /** Mismatches that were forgiven. */
  readonly warnings: readonly string[];
  readonly printed: readonly string[];
  /** Packets that no line has met, of the last conversation. */
  readonly unexpected: readonly string[];
}

/** Time that a host has had before a script begins. */
const BEFORE_MS = 10_000;
/** What a packet that may come at any time is waited for. */
const ANY_TIME_US = 600e6;
const WAIT_BEYOND_US = 2e6;
/** The next call, and the end of the script, waits so long for one that is pending. */
const CALL_PATIENCE_US = 1e6;
const FIRST_REMOTE_PORT = 40_000;

interface PendingScriptCall {
  readonly event: ScriptEvent;
  readonly call: CallLine;
  readonly attempt: CallAttempt;
  readonly startUs: number;
  readonly endUs: number;
}

export const profileOf = (name: DrillProfile): Profile => (name === "linux" ? LINUX_OF_SCRIPTS : PROFILES.get(name)!);

/** Runs a script against a host of its own, in virtual time: the same script and seed make the same run. */
export class ScriptRun implements CallWorld {
  readonly settings: DrillSettings;
  readonly profile: ChangingProfile;
  readonly host: Host;
  readonly #prepared: PreparedScript;
  readonly #choices: RunChoices;
  readonly #simulation: Simulation;
  readonly #device: ScriptDevice;
  readonly #calls: SocketCalls;
  readonly #scope = new SnippetScope();
  readonly #notes: DrillNote[] = [];
  readonly #warnings: string[] = [];
  readonly #conversations = new Map<DrillSocket, Conversation>();
  /** The socket under test, and the connection that packets belong to. */
  #socket: DrillSocket | undefined;
  #talk: Conversation | undefined;
  #nextRemotePort = FIRST_REMOTE_PORT;
  #pending: PendingScriptCall | undefined;
  /** Of the pending call, when it did not end as it should. */
  #pendingFailure: { readonly event: ScriptEvent; readonly error: DrillMismatch | ScriptError } | undefined;
  /** When the last event ended, and when it was to be. */
  #lastUs = 0;
  #lastDueUs = 0;
  #wasInbound = false;

  constructor(prepared: PreparedScript, choices: RunChoices) {
    this.#prepared = prepared;
    this.#choices = choices;
    this.settings = prepared.settings;
    this.profile = { ...profileOf(choices.profile) };
    this.#simulation = new Simulation(choices.seed);
    const { local, remote, mtu } = this.settings;
    this.#device = new ScriptDevice(mtu, () => this.#simulation.now);
    this.host = this.#simulation.host({ random: new SeededRandom(choices.seed), profile: this.profile });
    const port = this.host.attach(this.#device, { address: local, prefixLength: isV4(local) ? 16 : 48 });
    this.host.ip.addRoute({ destination: remote, prefixLength: isV4(remote) ? 32 : 128, interface: port });
    // Of the link between the two a script sees nothing.
    port.neighbours.addStatic(remote, this.#device.peerMac);
    this.#calls = new SocketCalls(this);
    this.#simulation.advance(BEFORE_MS);
    this.#device.sent.length = 0;
  }

  run(): RunRecord {
    const { script, init } = this.#prepared;
    this.#command(init);
    let failure: RunRecord["failure"];
    for (const event of script.events) {
      failure = this.#guarded(event, () => this.#event(event));
      if (failure !== undefined) break;
    }
    const last = script.events[script.events.length - 1]!;
    failure ??= this.#guarded(last, () => this.#finishPending(CALL_PATIENCE_US, "the script ends, and a call still waits"));
    const unexpected = this.#leftOver();
    return { failure, notes: this.#notes, warnings: this.#warnings, printed: this.#scope.printed, unexpected };
  }

  #guarded(event: ScriptEvent, act: () => void): RunRecord["failure"] {
    try {
      act();
      const failed = this.#pendingFailure;
      return failed && { line: failed.event.line, text: failed.event.text, error: failed.error };
    } catch (error) {
      if (!(error instanceof DrillMismatch) && !(error instanceof ScriptError)) throw error;
      const isPacket = event.action.kind === "tcp" || event.action.kind === "udp" || event.action.kind === "icmp";
      if (error instanceof DrillMismatch && this.settings.nonFatal.has(isPacket ? "packet" : "syscall")) {
        this.#warnings.push(`line ${event.line}: ${error.message}`);
        return undefined;
      }
      return { line: event.line, text: event.text, error };
    }
  }

  // Time

  get nowMs(): number {
    return this.#simulation.now;
  }

  get #nowUs(): number {
    return this.#usOf(this.#simulation.now);
  }

  #usOf(ms: number): number {
    return Math.round((ms - BEFORE_MS) * 1000);
  }

  wakeAt(atMs: number): void {
    this.#simulation.at(atMs, () => {});
  }

  settle(): void {
    this.#simulation.settle();
  }

  /** Everything that happens now has happened, what the program waited for too. */
  #rest(): void {
    this.#simulation.settle();
    this.#calls.wakeWriters();
    if (this.#retryPending()) this.#simulation.settle();
  }

  /** Lets time pass until `done`, or until `limitUs`. @returns whether `done` */
  #runUntil(done: () => boolean, limitUs: number): boolean {
    this.#rest();
    return this.#simulation.run(
      () => {
        this.#rest();
        return done();
      },
      Math.max(this.#simulation.now, limitUs / 1000 + BEFORE_MS),
    );
  }

  #advanceTo(us: number): void {
    if (us <= this.#nowUs) this.#rest();
    else this.#runUntil(() => false, us);
  }

  #baseUs(isRelative: boolean, isInbound: boolean): number {
    if (!isRelative) return 0;
    // What is sent in a row is sent by the plan, whatever delay one of them had.
    return isInbound && this.#wasInbound ? this.#lastDueUs : this.#lastUs;
  }

  #tolerance(spanUs: number): number {
    const { toleranceUs, tolerancePercent } = this.settings;
    return Math.max(toleranceUs, (tolerancePercent / 100) * spanUs);
  }

  #checkTime(what: string, actualUs: number, fromUs: number, untilUs: number): void {
    const early = fromUs - this.#tolerance(Math.max(0, fromUs - this.#lastUs));
    const late = untilUs + this.#tolerance(Math.max(0, untilUs - this.#lastUs));
    if (actualUs >= early && actualUs <= late) return;
    const expected = fromUs === untilUs ? seconds(fromUs) : `${seconds(fromUs)} to ${seconds(untilUs)}`;
    throw new DrillMismatch(`${what} at another time`, expected, seconds(actualUs));
  }

  // Events

  #event(event: ScriptEvent): void {
    const { action, time } = event;
    const isPacket = action.kind === "tcp" || action.kind === "udp" || action.kind === "icmp";
    if (isPacket && !action.isInbound) {
      this.#expect(event, action, time);
      this.#wasInbound = false;
      return;
    }
    const isInbound = isPacket;
    const dueUs = time.kind === "any" ? this.#nowUs : this.#baseUs(time.isRelative, isInbound) + time.us;
    this.#advanceTo(dueUs);
    if (action.kind === "call") this.#finishPending(CALL_PATIENCE_US, "the call before still waits");
    if (this.#pendingFailure !== undefined) return;
    this.#checkTime(isInbound ? "sent" : "begun", this.#nowUs, dueUs, dueUs);
    switch (action.kind) {
      case "tcp":
        this.#inject(event, action);
        break;
      case "udp":
        this.#device.inject(makeUdp(action, this.#needTalk()));
        this.#note(event, "in", event.text);
        break;
      case "icmp":
        this.#device.inject(makeIcmp(action, this.#needTalk()));
        this.#note(event, "in", event.text);
        break;
      case "call":
        this.#begin(event, action, time, dueUs);
        break;
      case "command":
        this.#command(this.#prepared.commands.get(event) ?? []);
        this.#note(event, "other", `\`${action.text.trim()}\``);
        break;
      case "code":
        this.#runSnippet(event, action);
        break;
    }
    this.#rest();
    this.#lastUs = this.#nowUs;
    this.#lastDueUs = dueUs;
    this.#wasInbound = isInbound;
  }

  #note(event: ScriptEvent | undefined, kind: DrillNote["kind"], text: string, us = this.#nowUs): void {
    this.#notes.push({ us, line: event?.line ?? 0, kind, text });
  }

  #command(commands: readonly DrillCommand[]): void {
    for (const command of commands) {
      switch (command.kind) {
        case "defaults":
          Object.assign(this.profile, LINUX_OF_SCRIPTS);
          break;
        case "sysctl":
          setSysctl(this.profile, command.key, command.value);
          break;
        case "queue":
          this.#device.dropsAll = command.dropsAll;
          break;
        case "flush-metrics":
          break;
      }
    }
  }

  // Calls

  #begin(event: ScriptEvent, call: CallLine, time: ScriptTime, dueUs: number): void {
    const mayWait = time.kind === "while";
    const attempt = this.#calls.begin(call, event.line, mayWait);
    if (time.kind === "while") {
      const endUs = dueUs - time.us + time.untilUs;
      this.#note(event, "call", `${event.text.replace(/^\S+ */, "")} begins`);
      this.#pending = { event, call, attempt, startUs: this.#nowUs, endUs };
      this.#retryPending();
      return;
    }
    const outcome = attempt();
    if (outcome === undefined) throw new DrillMismatch("the call would wait", event.text, "no result yet");
    this.#note(event, "call", `${call.name}(…) = ${outcomeText(outcome, this.#choices.profile)}`);
    this.#checkOutcome(event, call, outcome);
  }

  /** @returns whether it ended */
  #retryPending(): boolean {
    const pending = this.#pending;
    if (pending === undefined || this.#pendingFailure !== undefined) return false;
    try {
      const outcome = pending.attempt();
      if (outcome === undefined) return false;
      this.#pending = undefined;
      const { event, call, startUs, endUs } = pending;
      this.#note(event, "call", `${call.name}(…) = ${outcomeText(outcome, this.#choices.profile)}`);
      this.#checkOutcome(event, call, outcome);
      const tolerance = this.#tolerance(endUs - startUs);
      if (Math.abs(this.#nowUs - endUs) > tolerance)
        throw new DrillMismatch("the call returned at another time", seconds(endUs), seconds(this.#nowUs));
    } catch (error) {
      if (!(error instanceof DrillMismatch) && !(error instanceof ScriptError)) throw error;
      this.#pending = undefined;
      this.#pendingFailure = { event: pending.event, error };
    }
    return true;
  }

  /** A call that waits may be waited for. @throws DrillMismatch when it does not end */
  #finishPending(patienceUs: number, problem: string): void {
    if (this.#pending === undefined) return;
    const { event } = this.#pending;
    if (!this.#runUntil(() => this.#pending === undefined, this.#nowUs + patienceUs)) {
      throw new DrillMismatch(problem, event.text, `nothing until ${seconds(this.#nowUs)}`);
    }
  }

  #checkOutcome(event: ScriptEvent, call: CallLine, outcome: CallOutcome): void {
    const { result, error } = call;
    const came = outcomeText(outcome, this.#choices.profile);
    const wantedText = `${resultText(call, event.line)}${error === undefined ? "" : ` ${error}`}`;
    const wanted = result.kind === "ellipsis" ? undefined : intOf(result, event.line);
    const value = "value" in outcome ? outcome.value : -1;
    const isDescriptor = DESCRIPTOR_CALLS.has(call.name) && wanted !== undefined && wanted >= 0;
    if (isDescriptor ? value < 0 : wanted !== undefined && value !== wanted)
      throw new DrillMismatch(`${call.name} returned something else`, wantedText, came);
    if (error !== undefined && (!("error" in outcome) || !isNamed(outcome.error, error))) {
      throw new DrillMismatch(`${call.name} failed otherwise`, wantedText, came);
    }
  }

  // What calls do to the connection under test

  socketMade(socket: DrillSocket): void {
    this.#socket = socket;
    this.#talk = undefined;
  }

  listens(_socket: DrillSocket): void {}

  connects(socket: DrillSocket, connection: TcpConnection): void {
    this.#socket = socket;
    this.#talk = new Conversation(connection);
    this.#conversations.set(socket, this.#talk);
  }

  accepts(socket: DrillSocket, connection: TcpConnection): void {
    const talk = this.#talk;
    if (talk === undefined || talk.remotePort !== connection.remotePort) {
      this.#conversations.set(socket, new Conversation(connection));
      return;
    }
    this.#socket = socket;
    this.#conversations.set(socket, talk);
  }

  wrote(socket: DrillSocket, bytes: number, isMore: boolean): void {
    this.#conversations.get(socket)?.wrote(bytes, isMore);
  }

  #needTalk(): Conversation {
    if (this.#talk !== undefined) return this.#talk;
    const { local, remote, bindPort } = this.settings;
    this.#talk = new Conversation({ local, localPort: bindPort, remote, remotePort: this.#nextRemotePort++ });
    return this.#talk;
  }

  // Packets

  #inject(event: ScriptEvent, line: TcpLine): void {
    const datagram = makeTcp(line, this.#needTalk(), this.settings.tsEcrScaled);
    this.#note(event, "in", lineText(line));
    const { mergedMss } = this.settings;
    this.#device.inject(datagram, line.length > mergedMss ? mergedMss : 0);
  }

  #expect(event: ScriptEvent, line: TcpLine | UdpLine | IcmpLine, time: ScriptTime): void {
    const base = time.kind === "any" ? this.#lastUs : this.#baseUs(time.isRelative, false);
    const fromUs = time.kind === "any" ? 0 : base + time.us;
    const untilUs = time.kind === "any" ? Number.POSITIVE_INFINITY : time.kind === "window" ? base + time.untilUs : fromUs;
    const limitUs =
      time.kind === "any"
        ? this.#nowUs + ANY_TIME_US
        : this.#lastUs + Math.floor(Math.max(0, untilUs - this.#lastUs) / 1e6) * 1e6 + WAIT_BEYOND_US;
    const talk = this.#needTalk();
    const atMs = line.kind === "tcp" ? this.#expectSegment(event, line, talk, limitUs) : this.#expectOther(event, line, talk, limitUs);
    if (this.#pendingFailure !== undefined) return;
    if (time.kind !== "any") this.#checkTime("the packet came", this.#usOf(atMs), fromUs, untilUs);
    this.#lastUs = Math.max(this.#nowUs, this.#usOf(atMs));
    this.#lastDueUs = time.kind === "any" ? this.#lastUs : untilUs;
  }

  /** The next packet of the host's that belongs to the conversation. */
  #next(talk: Conversation, event: ScriptEvent, limitUs: number): SentIp {
    let found: SentIp | undefined;
    const take = (): boolean => {
      while (found === undefined && this.#pendingFailure === undefined) {
        const datagram = this.#device.sent.shift();
        if (datagram === undefined) return false;
        const ip = readSentIp(datagram);
        if (belongs(ip, talk)) found = ip;
      }
      return true;
    };
    if (!this.#runUntil(take, limitUs) || found === undefined) {
      if (this.#pendingFailure !== undefined) throw this.#pendingFailure.error;
      throw new DrillMismatch("nothing came", event.text.replace(/^\S+ */, ""), `nothing until ${seconds(this.#nowUs)}`);
    }
    return found;
  }

  #expectSegment(event: ScriptEvent, line: TcpLine, talk: Conversation, limitUs: number): number {
    let sum = this.#nextSegment(event, line, talk, limitUs);
    let previousLength = sum.length;
    while (!this.settings.strictSegments && sum.length < line.length && sum.length > 0) {
      const next = this.#nextSegment(event, line, talk, limitUs);
      const problem = joinProblem(sum, next, previousLength, sum.length + next.length >= line.length);
      if (problem !== undefined)
        throw new DrillMismatch(problem, lineText(line), `${segmentText(sum, talk)}, then ${segmentText(next, talk)}`);
      previousLength = next.length;
      sum = joinSegments(sum, next);
    }
    matchSegment(line, sum, talk, this.#choices.psh, this.#timestampRule(sum));
    return sum.atMs;
  }

  #nextSegment(event: ScriptEvent, line: TcpLine, talk: Conversation, limitUs: number): SentSegment {
    const ip = this.#next(talk, event, limitUs);
    const segment = readSentSegment(ip);
    if (segment === undefined) throw new DrillMismatch("what came is no TCP segment", lineText(line), `protocol ${ip.protocol}`);
    if ((segment.flags & SYN) !== 0) talk.learnLocalIsn((line.flags.bits & SYN) !== 0 ? line.seq : 0, segment.seq);
    this.#note(event, "out", segmentText(segment, talk), this.#usOf(segment.atMs));
    return segment;
  }

  #timestampRule({ atMs }: SentSegment): TimestampRule | undefined {
    const { tsTickUs } = this.settings;
    return tsTickUs === 0 ? undefined : { tickUs: tsTickUs, toleranceUs: this.#tolerance(this.#usOf(atMs)) };
  }

  #expectOther(event: ScriptEvent, line: UdpLine | IcmpLine, talk: Conversation, limitUs: number): number {
    const ip = this.#next(talk, event, limitUs);
    const came = otherText(ip);
    this.#note(event, "out", came, this.#usOf(ip.atMs));
    const wanted = event.text.replace(/^\S+ */, "");
    const problem = ip.fault ?? ipDifference(line.ip, ip, talk) ?? otherDifference(line, ip, this.settings.ipVersion === "ipv6");
    if (problem !== undefined) throw new DrillMismatch(problem, wanted, came);
    return ip.atMs;
  }

  #leftOver(): string[] {
    const talk = this.#talk;
    if (talk === undefined) return [];
    return this.#device.sent
      .map(readSentIp)
      .filter((ip) => belongs(ip, talk))
      .map((ip) => {
        const segment = readSentSegment(ip);
        return `${seconds(this.#usOf(ip.atMs))} ${segment === undefined ? otherText(ip) : segmentText(segment, talk)}`;
      });
  }

  // Snippets

  #runSnippet(event: ScriptEvent, code: CodeLine): void {
    const snippet = this.#prepared.snippets.get(code) ?? [];
    this.#note(event, "other", `%{ ${code.text.trim()} }%`);
    this.#scope.run(snippet, (name) => this.#nameInSnippet(name, event.line));
  }

  #nameInSnippet(name: string, line: number): SnippetValue | undefined {
    if (!name.startsWith("tcpi_")) return SNIPPET_CONSTANTS.get(name);
    const connection = this.#socket?.connection;
    if (connection === undefined) throw new ScriptError(line, "tcp_info of a socket that has no connection, or was not accepted");
    const value = tcpInfoField(connection.status(), name);
    if (value === undefined) throw new ScriptError(line, `tcp_info field ${name} not provided`);
    return value;
  }
}

const DESCRIPTOR_CALLS: ReadonlySet<string> = new Set(["socket", "accept", "accept4", "epoll_create", "epoll_create1"]);

const seconds = (us: number): string => `${(us / 1e6).toFixed(6)} s`;

function outcomeText(outcome: CallOutcome, profile: DrillProfile): string {
  if ("value" in outcome) return String(outcome.value);
  return profile === "windows" ? `-1 ${winsockName(outcome.error)}` : `-1 ${outcome.error} (${ERROR_NUMBERS[outcome.error]})`;
}

const resultText = ({ result }: CallLine, line: number): string => (result.kind === "ellipsis" ? "..." : String(intOf(result, line)));

/** Whether a packet is of this conversation, or about it. */
function belongs(ip: SentIp, { local, localPort, remote, remotePort }: Conversation): boolean {
  if (!sameAddress(ip.source, local) || !sameAddress(ip.destination, remote)) return false;
  const segment = readSentSegment(ip);
  if (segment !== undefined) return segment.sourcePort === localPort && segment.destinationPort === remotePort;
  if (ip.protocol === ipv4.PROTOCOL_UDP)
    return udp.check(ip.bytes, ip.at, ip.bytes.length) === undefined && udp.sourcePort(ip.bytes, ip.at) === localPort;
  return ip.protocol === ipv4.PROTOCOL_ICMP || ip.protocol === ipv6.PROTOCOL_ICMP;
}

function otherText(ip: SentIp): string {
  if (ip.protocol === ipv4.PROTOCOL_UDP) return `> udp (${udp.length(ip.bytes, ip.at) - udp.HEADER})`;
  if (ip.bytes.length - ip.at < icmp.HEADER) return `> protocol ${ip.protocol}`;
  return `> icmp type_${icmp.type(ip.bytes, ip.at)} code_${icmp.code(ip.bytes, ip.at)}`;
}

function otherDifference(line: UdpLine | IcmpLine, ip: SentIp, isV6: boolean): string | undefined {
  if (line.kind === "udp") {
    if (ip.protocol !== ipv4.PROTOCOL_UDP) return "it is no UDP datagram";
    const length = udp.length(ip.bytes, ip.at) - udp.HEADER;
    return length === line.length ? undefined : `payload length is ${length}, not ${line.length}`;
  }
  if (ip.protocol !== (isV6 ? ipv6.PROTOCOL_ICMP : ipv4.PROTOCOL_ICMP)) return "it is no ICMP message";
  const { type, code } = icmpNumbers(line, isV6);
  const [cameType, cameCode] = isV6
    ? [icmpv6.type(ip.bytes, ip.at), icmpv6.code(ip.bytes, ip.at)]
    : [icmp.type(ip.bytes, ip.at), icmp.code(ip.bytes, ip.at)];
  return type === cameType && code === cameCode ? undefined : `type and code are ${cameType} and ${cameCode}, not ${type} and ${code}`;
}
