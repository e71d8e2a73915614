import type { ConnectionVariables } from "../stack/core/trace.ts";
import type { WaitReason } from "../stack/core/wait-reasons.ts";
import type { FaultsInForce, RunEvent } from "./run-event.ts";

/** A step on the state diagram. */
export interface StateStep {
  readonly state: string;
  readonly atMs: number;
  /** Place of the event in the run. */
  readonly event: number;
}

export interface WaitState {
  readonly reason: WaitReason;
  readonly byteCount?: number | undefined;
  readonly timer?: string | undefined;
  readonly untilMs?: number | undefined;
  readonly sinceMs: number;
}

export interface ConnectionState {
  readonly id: number;
  readonly local: string;
  readonly remote: string;
  readonly label: string;
  readonly state: string;
  /** From the first state on, the present one last. */
  readonly path: readonly StateStep[];
  readonly variables: Partial<ConnectionVariables>;
  /** Names of those that the last event with variables changed. */
  readonly changed: readonly (keyof ConnectionVariables)[];
  readonly changedAt: number;
  readonly waits?: WaitState | undefined;
  readonly openedMs: number;
  readonly closedMs?: number;
}

export interface TimerState {
  readonly timer: string;
  /** Whose it is, in words. */
  readonly owner: string;
  readonly connection?: number | undefined;
  readonly setMs: number;
  readonly dueMs: number;
  /** Place of the event that set it. */
  readonly event: number;
}

export interface EndedTimer extends TimerState {
  readonly end: "fired" | "cancelled" | "set anew";
  readonly endMs: number;
  readonly endEvent: number;
}

export interface CallState {
  readonly client: number;
  readonly call: number;
  readonly name: string;
  readonly text: string;
  readonly socket?: number | undefined;
  /** Line of the program's source, where a run knows it. */
  readonly line?: number | undefined;
  readonly calledMs: number;
  readonly event: number;
  readonly returnedMs?: number;
  readonly returnEvent?: number;
  readonly result?: string;
  /** What WSAGetLastError says then. */
  readonly error?: number;
}

export interface SocketState {
  readonly id: number;
  readonly client: number;
  readonly handle: number;
  readonly label: string;
  /** Network events, by the names of their bits. */
  readonly selected: readonly string[];
  readonly recorded: readonly string[];
  readonly reported: readonly string[];
  readonly openedMs: number;
}

export interface WaitableState {
  readonly client: number;
  readonly handle: number;
  readonly kind: string;
  readonly state: string;
}

export interface ListenerQueue {
  readonly id: number;
  readonly local: string;
  readonly backlog: number;
  readonly waiting: number;
  readonly halfOpen: number;
}

/** What is known of one host at a moment, from the events until then. Immutable: each event makes a new one of what it changes. */
export interface HostState {
  readonly connections: ReadonlyMap<number, ConnectionState>;
  readonly timers: ReadonlyMap<string, TimerState>;
  /** The latest last. */
  readonly endedTimers: readonly EndedTimer[];
  /** Calls that have not returned, by `client/call`. */
  readonly calls: ReadonlyMap<string, CallState>;
  /** Those that have, the latest last. */
  readonly returned: readonly CallState[];
  readonly sockets: ReadonlyMap<number, SocketState>;
  readonly waitables: ReadonlyMap<string, WaitableState>;
  readonly listeners: ReadonlyMap<number, ListenerQueue>;
  readonly neighbours: ReadonlyMap<
    string,
    { readonly address: string; readonly device: string; readonly state: string; readonly sinceMs: number }
  >;
  readonly addresses: ReadonlyMap<string, { readonly device: string; readonly state: string; readonly origin: string }>;
  /** Drop reasons and how often. */
  readonly drops: ReadonlyMap<string, number>;
  readonly counters: HostCounters;
  readonly faults: ReadonlyMap<string, FaultsInForce>;
  readonly programs: ReadonlyMap<string, ProgramState>;
}

export interface HostCounters {
  readonly framesIn: number;
  readonly framesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly impaired: number;
  readonly leftOut: number;
}

export interface ProgramState {
  readonly program: string;
  readonly title: string;
  readonly line?: number | undefined;
  readonly printed: readonly { readonly text: string; readonly isError: boolean; readonly event: number }[];
  readonly isEnded: boolean;
  readonly failure?: string | undefined;
}

/** What is known of a run at a moment. */
export interface RunState {
  readonly atMs: number;
  /** How many events are in it. */
  readonly count: number;
  readonly hosts: ReadonlyMap<string, HostState>;
}

/** What is behind is kept so far; older is in the run itself. */
const KEPT_BEHIND = 200;

const NEW_HOST: HostState = {
  connections: new Map(),
  timers: new Map(),
  endedTimers: [],
  calls: new Map(),
  returned: [],
  sockets: new Map(),
  waitables: new Map(),
  listeners: new Map(),
  neighbours: new Map(),
  addresses: new Map(),
  drops: new Map(),
  counters: { framesIn: 0, framesOut: 0, bytesIn: 0, bytesOut: 0, impaired: 0, leftOut: 0 },
  faults: new Map(),
  programs: new Map(),
};

export const EMPTY_RUN: RunState = { atMs: 0, count: 0, hosts: new Map() };

/** The state after one more event. */
export function afterEvent(run: RunState, event: RunEvent): RunState {
  const before = run.hosts.get(event.host) ?? NEW_HOST;
  const after = hostAfter(before, event, run.count);
  const hosts = after === before && run.hosts.has(event.host) ? run.hosts : withEntry(run.hosts, event.host, after);
  return { atMs: Math.max(run.atMs, event.atMs), count: run.count + 1, hosts };
}

function hostAfter(host: HostState, event: RunEvent, place: number): HostState {
  const { atMs } = event;
  switch (event.type) {
    case "connection-opened": {
      const { connection: id, local, remote, label, state } = event;
      const path = [{ state, atMs, event: place }];
      const opened = { id, local, remote, label, state, path, variables: {}, changed: [], changedAt: place, openedMs: atMs };
      return { ...host, connections: withEntry(host.connections, id, opened) };
    }
    case "connection-closed":
      return withConnection(host, event.connection, (c) => ({ ...c, closedMs: atMs, waits: undefined }));
    case "state-changed": {
      const { to } = event;
      return withConnection(host, event.connection, (c) => ({ ...c, state: to, path: [...c.path, { state: to, atMs, event: place }] }));
    }
    case "variables-changed":
      return withConnection(host, event.connection, (c) => ({
        ...c,
        variables: { ...c.variables, ...event.variables },
        changed: Object.keys(event.variables) as (keyof ConnectionVariables)[],
        changedAt: place,
      }));
    case "waits-changed": {
      const { reason, byteCount, timer, untilMs } = event;
      return withConnection(host, event.connection, (c) => ({ ...c, waits: { reason, byteCount, timer, untilMs, sinceMs: atMs } }));
    }
    case "timer-set":
      return timerSet(host, event, place);
    case "timer-fired":
    case "timer-cancelled":
      return timerEnded(host, timerKey(event), event.type === "timer-fired" ? "fired" : "cancelled", atMs, place);
    case "winsock-called": {
      if (event.name === "control") return host;
      const { client, call, name, text, socket } = event;
      const called = { client, call, name, text, socket, line: lineOf(host, client), calledMs: atMs, event: place };
      return { ...host, calls: withEntry(host.calls, `${client}/${call}`, called) };
    }
    case "winsock-returned":
      return callReturned(host, event, place);
    case "socket-opened": {
      const { socket: id, client, handle, label } = event;
      const opened = { id, client, handle, label, selected: [], recorded: [], reported: [], openedMs: atMs };
      return { ...host, sockets: withEntry(host.sockets, id, opened) };
    }
    case "socket-closed":
      return { ...host, sockets: without(host.sockets, event.socket) };
    case "network-event":
      return networkEvent(host, event.socket, event.change, event.bits);
    case "waitable-changed": {
      const { client, handle, kind, state } = event;
      const waitables = withEntry(host.waitables, `${client}/${kind}/${handle}`, { client, handle, kind, state });
      return { ...host, waitables };
    }
    case "listener-changed": {
      const { listener: id, local, backlog, waiting, halfOpen } = event;
      if (event.closed === true) return { ...host, listeners: without(host.listeners, id) };
      return { ...host, listeners: withEntry(host.listeners, id, { id, local, backlog, waiting, halfOpen }) };
    }
    case "neighbour-changed": {
      const { address, device, state } = event;
      return { ...host, neighbours: withEntry(host.neighbours, `${device} ${address}`, { address, device, state, sinceMs: atMs }) };
    }
    case "address-changed": {
      const { address, device, state, origin } = event;
      const isGone = state === "removed" || state === "expired" || state === "duplicate";
      const addresses = isGone ? without(host.addresses, address) : withEntry(host.addresses, address, { device, state, origin });
      return { ...host, addresses };
    }
    case "frame": {
      const { counters } = host;
      const { length } = event;
      return event.direction === "in"
        ? { ...host, counters: { ...counters, framesIn: counters.framesIn + 1, bytesIn: counters.bytesIn + length } }
        : { ...host, counters: { ...counters, framesOut: counters.framesOut + 1, bytesOut: counters.bytesOut + length } };
    }
    case "frame-dropped":
      return { ...host, drops: counted(host.drops, event.reason) };
    case "segment-judged":
      return event.verdict === "accepted" ? host : { ...host, drops: counted(host.drops, event.verdict) };
    case "frame-impaired":
      return { ...host, counters: { ...host.counters, impaired: host.counters.impaired + 1 } };
    case "left-out":
      return { ...host, counters: { ...host.counters, leftOut: host.counters.leftOut + event.events } };
    case "faults-changed":
      return { ...host, faults: withEntry(host.faults, event.device, event.faults) };
    case "program-started": {
      const { program, title } = event;
      return { ...host, programs: withEntry(host.programs, program, { program, title, printed: [], isEnded: false }) };
    }
    case "program-line":
      return withProgram(host, event.program, (p) => ({ ...p, line: event.line }));
    case "program-printed": {
      const { text, isError } = event;
      return withProgram(host, event.program, (p) => ({
        ...p,
        printed: [...p.printed, { text, isError, event: place }].slice(-KEPT_BEHIND),
      }));
    }
    case "program-ended":
      return withProgram(host, event.program, (p) => ({ ...p, isEnded: true, failure: event.failure, line: event.line ?? p.line }));
    default:
      return host;
  }
}

type TimerEvent = Extract<RunEvent, { readonly type: "timer-set" | "timer-fired" | "timer-cancelled" }>;

/** One text for an alarm of somebody's. */
const timerKey = ({ timer, connection, client, call, owner }: TimerEvent): string =>
  `${timer} of ${connection === undefined ? (owner ?? `${client}/${call}`) : `connection ${connection}`}`;

function timerSet(host: HostState, event: Extract<TimerEvent, { readonly type: "timer-set" }>, place: number): HostState {
  const key = timerKey(event);
  const { timer, connection, client, call, atMs, delayMs } = event;
  const owner =
    connection !== undefined
      ? (host.connections.get(connection)?.label ?? `connection ${connection}`)
      : (event.owner ?? host.calls.get(`${client}/${call}`)?.name ?? `call ${call}`);
  const ended = timerEnded(host, key, "set anew", atMs, place);
  const set = { timer, owner, connection, setMs: atMs, dueMs: atMs + delayMs, event: place };
  return { ...ended, timers: withEntry(ended.timers, key, set) };
}

function timerEnded(host: HostState, key: string, end: EndedTimer["end"], endMs: number, endEvent: number): HostState {
  const timer = host.timers.get(key);
  if (timer === undefined) return host;
  const endedTimers = [...host.endedTimers, { ...timer, end, endMs, endEvent }].slice(-KEPT_BEHIND);
  return { ...host, timers: without(host.timers, key), endedTimers };
}

function callReturned(host: HostState, event: Extract<RunEvent, { readonly type: "winsock-returned" }>, place: number): HostState {
  const key = `${event.client}/${event.call}`;
  const call = host.calls.get(key);
  if (call === undefined) return host;
  const returned = { ...call, returnedMs: event.atMs, returnEvent: place, result: event.text, error: event.error };
  return { ...host, calls: without(host.calls, key), returned: [...host.returned, returned].slice(-KEPT_BEHIND) };
}

function networkEvent(host: HostState, id: number, change: string, bits: readonly string[]): HostState {
  const socket = host.sockets.get(id);
  if (socket === undefined) return host;
  const minus = (from: readonly string[]) => from.filter((bit) => !bits.includes(bit));
  const plus = (to: readonly string[]) => [...minus(to), ...bits];
  const after = {
    selected: change === "selected" ? bits : socket.selected,
    recorded: change === "recorded" ? plus(socket.recorded) : change === "selected" ? socket.recorded : minus(socket.recorded),
    reported: change === "reported" ? plus(socket.reported) : change === "selected" ? socket.reported : minus(socket.reported),
  };
  return { ...host, sockets: withEntry(host.sockets, id, { ...socket, ...after }) };
}

/** Of the program that makes calls as this client: programs of a run are called after their client's number. */
const lineOf = (host: HostState, client: number): number | undefined => host.programs.get(String(client))?.line;

function withConnection(host: HostState, id: number, change: (connection: ConnectionState) => ConnectionState): HostState {
  const connection = host.connections.get(id);
  return connection === undefined ? host : { ...host, connections: withEntry(host.connections, id, change(connection)) };
}

function withProgram(host: HostState, name: string, change: (program: ProgramState) => ProgramState): HostState {
  const program = host.programs.get(name);
  return program === undefined ? host : { ...host, programs: withEntry(host.programs, name, change(program)) };
}

function withEntry<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key, value: Value): ReadonlyMap<Key, Value> {
  return new Map(map).set(key, value);
}

function without<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key): ReadonlyMap<Key, Value> {
  if (!map.has(key)) return map;
  const rest = new Map(map);
  rest.delete(key);
  return rest;
}

const counted = (counts: ReadonlyMap<string, number>, key: string): ReadonlyMap<string, number> =>
  withEntry(counts, key, (counts.get(key) ?? 0) + 1);
