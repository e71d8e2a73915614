/** The calls that rows make, by both faces. */

import { inetNtop } from "../../../src/winsock/abi/address-text.ts";
import * as c from "../../../src/winsock/abi/constants.ts";
import { errorName, WinsockError } from "../../../src/winsock/abi/errors.ts";
import { new_WSANETWORKEVENTS } from "../../../src/winsock/abi/event-structures.ts";
import { FD_ISSET, FD_SET } from "../../../src/winsock/abi/fd-set.ts";
import { new_fd_set, type SOCKET } from "../../../src/winsock/abi/structures.ts";
import type { BlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import type { NetworkEventRecord } from "../../../src/winsock/faces/event-promises.ts";
import type { PromiseFace } from "../../../src/winsock/faces/promise-face.ts";
import type { Call, EventSource, Scene, Stage } from "./conformance-case.ts";
import type { HostWord, Place, PortWord } from "./place.ts";

/** What the promise face does for its callers. */
const FOR_ITSELF = "it makes addresses and lengths itself";
export const ONLY_C = "it has no such function";

const text = (data: string): Uint8Array => new TextEncoder().encode(data);
const decoded = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** A call that C alone has. @param notAwaited why */
export const inCOnly = (
  callText: string,
  inC: (w: BlockingFace, s: SOCKET, scene: Scene) => number | string,
  notAwaited = ONLY_C,
): Call => ({ text: callText, inC, notAwaited });

/** BOOL as other results: −1 for FALSE. */
export const bool = (result: number): number => (result === 0 ? -1 : result);

const numbers = new Map(Object.entries(c).filter((entry): entry is [string, number] => typeof entry[1] === "number"));
/** A constant by its name. */
export const constant = (name: string): number => {
  const value = numbers.get(name);
  if (value === undefined) throw new Error(`no constant: ${name}`);
  return value;
};

// ---- Making sockets ----

export const stream: Call = {
  text: "socket(SOCK_STREAM)",
  returns: "socket",
  inC: (w, _, { place }) => w.socket(place.af, c.SOCK_STREAM, 0),
  awaited: (w, _, { place }) => w.socket(place.af, c.SOCK_STREAM, 0),
};

export const datagram: Call = {
  text: "socket(SOCK_DGRAM)",
  returns: "socket",
  inC: (w, _, { place }) => w.socket(place.af, c.SOCK_DGRAM, 0),
  awaited: (w, _, { place }) => w.socket(place.af, c.SOCK_DGRAM, 0),
};

/** @param af "own" for the row's family */
export function socket(af: string | number, type: string | number, protocol: string | number): Call {
  const [typeOf, protocolOf] = [type, protocol].map((each) => (typeof each === "number" ? each : constant(each))) as [number, number];
  const family = (place: Place) => (af === "own" ? place.af : typeof af === "number" ? af : constant(af));
  return {
    text: `socket(${[af, type, protocol].join(", ")})`,
    returns: "socket",
    inC: (w, _, { place }) => w.socket(family(place), typeOf, protocolOf),
    awaited: (w, _, { place }) => w.socket(family(place), typeOf, protocolOf),
  };
}

/** A handle that is none of a socket. */
export const newEvent: Call = {
  text: "WSACreateEvent",
  inC: (w) => w.WSACreateEvent(),
  // It keeps its events to itself; this stands for one.
  awaited: async () => 4000,
};

export const cleanup: Call = { text: "WSACleanup", inC: (w) => w.WSACleanup(), awaited: (w) => w.WSACleanup() };

// ---- Names ----

export const bind = (host: HostWord, port: PortWord): Call => ({
  text: `bind(${host}:${port})`,
  inC: (w, s, { place }) => bindTo(w, s, place.name(host, port)),
  awaited: (w, s, { place }) => w.bind(s, { address: place.address(host), port: place.port(port) }),
});

const bindTo = (w: BlockingFace, s: SOCKET, name: Uint8Array): number => w.bind(s, name, name.length);

export const connect = (host: HostWord, port: PortWord): Call => ({
  text: `connect(${host}:${port})`,
  inC(w, s, { place }) {
    const name = place.name(host, port);
    return w.connect(s, name, name.length);
  },
  awaited: (w, s, { place }) => w.connect(s, { address: place.address(host), port: place.port(port) }),
});

type NamedCall = "bind" | "connect" | "sendto" | "WSAConnect" | "WSASendTo" | "ConnectEx";

/** A call with a name that no program should give. @param name undefined for NULL */
export const withName = (call: NamedCall, what: string, name: (place: Place) => readonly [Uint8Array | null, number]): Call =>
  inCOnly(
    `${call}(${what})`,
    (w, s, { place }) => {
      const [bytes, length] = name(place);
      switch (call) {
        case "sendto":
          return w.sendto(s, text("x"), 1, 0, bytes, length);
        case "WSASendTo":
          return w.WSASendTo(s, [{ len: 1, buf: text("x") }], 1, { value: 0 }, 0, bytes, length, null, null);
        case "WSAConnect":
          return w.WSAConnect(s, bytes, length, null, null, null, null);
        case "ConnectEx":
          return bool(w.ConnectEx(s, bytes, length, null, 0, null, overlapped()));
        default:
          return w[call](s, bytes, length);
      }
    },
    FOR_ITSELF,
  );

export const overlapped = () => ({ Internal: 0, InternalHigh: 0, Offset: 0, OffsetHigh: 0, hEvent: 0 });

/** Room for a name of either family, with what lies behind it. */
const ROOM = 128;

function toldName(w: BlockingFace, s: SOCKET, call: "getsockname" | "getpeername", place: Place): number | string {
  const [name, length] = [new Uint8Array(ROOM), { value: ROOM }];
  if (w[call](s, name, length) !== 0) return -1;
  return told(place, name.subarray(0, length.value));
}

function told(place: Place, name: Uint8Array): string {
  const isInet6 = name[0] === c.AF_INET6;
  const address = inetNtop(isInet6 ? c.AF_INET6 : c.AF_INET, name.subarray(isInet6 ? 8 : 4), { value: "" }, 65).value ?? "";
  return place.told(address, (name[2]! << 8) | name[3]!);
}

const nameCall = (call: "getsockname" | "getpeername"): Call => ({
  text: call,
  inC: (w, s, { place }) => toldName(w, s, call, place),
  async awaited(w, s, { place }) {
    const { address, port } = await w[call](s);
    return place.told(address, port);
  },
});
export const getsockname = nameCall("getsockname");
export const getpeername = nameCall("getpeername");

/** Whether there is such a name, whatever it is. */
const hasName = (call: "getsockname" | "getpeername"): Call => ({
  text: `${call} succeeds`,
  inC: (w, s) => w[call](s, new Uint8Array(ROOM), { value: ROOM }),
  awaited: async (w, s) => void (await w[call](s)),
});
export const hasLocalName = hasName("getsockname");
export const hasPeerName = hasName("getpeername");

/** getsockname or getpeername into less room than it wants. @param room undefined for NULL. @returns the length afterwards */
export const nameInto = (call: "getsockname" | "getpeername", room: number | undefined): Call =>
  inCOnly(
    `${call}(${room === undefined ? "NULL" : `${room} bytes`})`,
    (w, s) => {
      if (room === undefined) return w[call](s, null, null);
      const length = { value: room };
      if (w[call](s, new Uint8Array(ROOM), length) === 0) return `${length.value} bytes`;
      return length.value === room ? -1 : `fails, and the length is ${length.value}`;
    },
    FOR_ITSELF,
  );

// ---- Connections ----

export const listen = (backlog = 8): Call => ({
  text: `listen(${backlog})`,
  inC: (w, s) => w.listen(s, backlog),
  awaited: (w, s) => w.listen(s, backlog),
});

export const accept: Call = {
  text: "accept",
  returns: "socket",
  inC: (w, s) => w.accept(s, null, null),
  awaited: async (w, s) => (await w.accept(s)).socket,
};

/** Into an address of so many bytes. */
export const acceptInto = (room: number): Call =>
  inCOnly(
    `accept(an address of ${room} bytes)`,
    (w, s) => {
      const length = { value: room };
      const accepted = w.accept(s, new Uint8Array(ROOM), length);
      if (accepted === -1) return length.value === room ? -1 : `fails, and the length is ${length.value}`;
      return `${length.value} bytes`;
    },
    FOR_ITSELF,
  );

export const shutdown = (how: "SD_SEND" | "SD_RECEIVE" | "SD_BOTH" | number): Call => {
  const value = typeof how === "number" ? how : constant(how);
  return { text: `shutdown(${how})`, inC: (w, s) => w.shutdown(s, value), awaited: (w, s) => w.shutdown(s, value) };
};

export const closesocket: Call = { text: "closesocket", inC: (w, s) => w.closesocket(s), awaited: (w, s) => w.closesocket(s) };

/** Ends the connection by a reset: SO_LINGER of no seconds. */
export const abort: Call = {
  text: "closesocket with SO_LINGER 0",
  inC(w, s) {
    w.setsockopt(s, c.SOL_SOCKET, c.SO_LINGER, { l_onoff: 1, l_linger: 0 }, 4);
    return w.closesocket(s);
  },
  async awaited(w, s) {
    await w.setsockopt(s, c.SOL_SOCKET, c.SO_LINGER, { l_onoff: 1, l_linger: 0 });
    await w.closesocket(s);
  },
};

// ---- Data ----

const flagsText = (flags: string): string => (flags === "" ? "" : `, ${flags}`);
const flagsOf = (flags: string): number => (flags === "" ? 0 : flags.split("|").reduce((sum, flag) => sum | constant(flag), 0));

/** @param flags such as "MSG_OOB|MSG_DONTROUTE" */
export const send = (data: string, flags = ""): Call => ({
  text: `send(${data.length === 0 ? "nothing" : `"${data}"`}${flagsText(flags)})`,
  inC: (w, s) => w.send(s, text(data), data.length, flagsOf(flags)),
  awaited: (w, s) => w.send(s, data, { flags: flagsOf(flags) }),
});

export const sendBytes = (count: number): Call => ({
  text: `send(${count} bytes)`,
  inC: (w, s) => w.send(s, new Uint8Array(count), count, 0),
  awaited: (w, s) => w.send(s, new Uint8Array(count)),
});

/** What came, as text in quotes. */
export const recv = (room = 100, flags = ""): Call => ({
  text: `recv(${room}${flagsText(flags)})`,
  inC(w, s) {
    const buffer = new Uint8Array(room);
    const count = w.recv(s, buffer, room, flagsOf(flags));
    return count <= 0 ? count : `"${decoded(buffer.subarray(0, count))}"`;
  },
  async awaited(w, s) {
    const data = await w.recv(s, room, { flags: flagsOf(flags) });
    return data.length === 0 ? 0 : `"${decoded(data)}"`;
  },
});

export const sendto = (data: string, host: HostWord, port: PortWord, flags = ""): Call => ({
  text: `sendto(${data.length === 0 ? "nothing" : `"${data}"`}, ${host}:${port}${flagsText(flags)})`,
  inC(w, s, { place }) {
    const name = place.name(host, port);
    return w.sendto(s, text(data), data.length, flagsOf(flags), name, name.length);
  },
  awaited: (w, s, { place }) => w.sendto(s, data, { address: place.address(host), port: place.port(port) }, { flags: flagsOf(flags) }),
});

export const sendtoBytes = (count: number, host: HostWord, port: PortWord): Call => ({
  text: `sendto(${count} bytes, ${host}:${port})`,
  inC(w, s, { place }) {
    const name = place.name(host, port);
    return w.sendto(s, new Uint8Array(count), count, 0, name, name.length);
  },
  awaited: (w, s, { place }) => w.sendto(s, new Uint8Array(count), { address: place.address(host), port: place.port(port) }),
});

export const recvfrom = (room = 100, flags = ""): Call => ({
  text: `recvfrom(${room}${flagsText(flags)})`,
  inC(w, s) {
    const buffer = new Uint8Array(room);
    const count = w.recvfrom(s, buffer, room, flagsOf(flags), null, null);
    return count < 0 ? count : `"${decoded(buffer.subarray(0, count))}"`;
  },
  async awaited(w, s) {
    const { data } = await w.recvfrom(s, room, { flags: flagsOf(flags) });
    return `"${decoded(data)}"`;
  },
});

/** From whom the next datagram is. */
export const sender: Call = {
  text: "recvfrom tells the sender",
  inC(w, s, { place }) {
    const [name, length] = [new Uint8Array(ROOM), { value: ROOM }];
    return w.recvfrom(s, new Uint8Array(100), 100, 0, name, length) < 0 ? -1 : told(place, name.subarray(0, length.value));
  },
  async awaited(w, s, { place }) {
    const { address, port } = await w.recvfrom(s);
    return place.told(address, port);
  },
};

// ---- Options and control codes ----

/** "SOL_SOCKET" and such; of an unknown one its number. */
const levelOf = (level: string | number): number => (typeof level === "number" ? level : constant(level));

export const getsockopt = (level: string | number, option: string | number): Call => ({
  text: `getsockopt(${level}, ${option})`,
  inC(w, s) {
    const value = new Uint8Array(4);
    const code = w.getsockopt(s, levelOf(level), levelOf(option), value, { value: 4 });
    return code !== 0 ? code : `value ${new DataView(value.buffer).getUint32(0, true)}`;
  },
  async awaited(w, s) {
    const value: unknown = await w.getsockopt(s, levelOf(level), levelOf(option));
    return typeof value === "number" ? `value ${value}` : `value ${JSON.stringify(value)}`;
  },
});

export const setsockopt = (level: string | number, option: string | number, value: number): Call => ({
  text: `setsockopt(${level}, ${option}, ${value})`,
  inC: (w, s) => w.setsockopt(s, levelOf(level), levelOf(option), { value }, 4),
  awaited: (w, s) => w.setsockopt(s, levelOf(level), levelOf(option), value),
});

/** With so many bytes, of which the first says 1. */
export const setsockoptBytes = (level: string, option: string, length: number, value = 1): Call =>
  inCOnly(
    `setsockopt(${level}, ${option}, ${length} bytes)`,
    (w, s) => {
      const bytes = new Uint8Array(Math.max(8, length));
      new DataView(bytes.buffer).setUint32(0, value, true);
      return w.setsockopt(s, levelOf(level), levelOf(option), bytes, length);
    },
    FOR_ITSELF,
  );

/** Into so many bytes. @returns how many were filled */
export const getsockoptBytes = (level: string, option: string, room: number): Call =>
  inCOnly(
    `getsockopt(${level}, ${option}, ${room} bytes)`,
    (w, s) => {
      const length = { value: room };
      const code = w.getsockopt(s, levelOf(level), levelOf(option), new Uint8Array(Math.max(8, room)), length);
      return code !== 0 ? code : `${length.value} bytes`;
    },
    FOR_ITSELF,
  );

export const linger = (onoff: number, seconds: number): Call => ({
  text: `setsockopt(SO_LINGER, {${onoff}, ${seconds}})`,
  inC: (w, s) => w.setsockopt(s, c.SOL_SOCKET, c.SO_LINGER, { l_onoff: onoff, l_linger: seconds }, 4),
  awaited: (w, s) => w.setsockopt(s, c.SOL_SOCKET, c.SO_LINGER, { l_onoff: onoff, l_linger: seconds }),
});

export const ioctl = (command: string | number, argument = 0): Call => ({
  text: `ioctlsocket(${command}, ${argument})`,
  inC(w, s) {
    const box = { value: argument };
    const code = w.ioctlsocket(s, levelOf(command), box);
    return code !== 0 || box.value === argument ? code : `gives ${box.value}`;
  },
  async awaited(w, s) {
    const value = await w.ioctlsocket(s, levelOf(command), argument);
    return command === "FIONBIO" || value === argument ? 0 : `gives ${value}`;
  },
});

export const nonblocking: Call = {
  text: "ioctlsocket(FIONBIO, 1)",
  inC: (w, s) => w.ioctlsocket(s, c.FIONBIO, { value: 1 }),
  awaited: async (w, s) => void (await w.ioctlsocket(s, c.FIONBIO, 1)),
};

/** The next refusal of a connect is final: nobody has to wait for the SYNs that Windows sends after the first. */
export const noSynRetries: Call = {
  text: "WSAIoctl(SIO_TCP_INITIAL_RTO, no retries)",
  inC: (w, s) => w.WSAIoctl(s, c.SIO_TCP_INITIAL_RTO, NO_RETRIES, 4, null, 0, { value: 0 }, null, null),
  awaited: async (w, s) => void (await w.WSAIoctl(s, c.SIO_TCP_INITIAL_RTO, NO_RETRIES)),
};
const NO_RETRIES = { Rtt: 0xffff, MaxSynRetransmissions: 0xfe } as const;

/** @param input bytes or null, @param room for output, −1 for NULL. @returns how many bytes came, or the code */
export const wsaIoctl = (code: string | number, what: string, input: Uint8Array | null, room: number): Call =>
  inCOnly(
    `WSAIoctl(${code}, ${what})`,
    (w, s) => {
      const bytes = { value: 0xdead };
      const output = room < 0 ? null : new Uint8Array(room);
      const result = w.WSAIoctl(s, levelOf(code), input, input?.length ?? 0, output, Math.max(0, room), bytes, null, null);
      return result !== 0 ? result : `${bytes.value} bytes`;
    },
    FOR_ITSELF,
  );

// ---- Waiting ----

/** In which of select's sets the socket is, at once. */
export const select: Call = selectFor("select at once", 0);
/** The same after at most ten seconds. */
export const selectWaiting: Call = selectFor("select", 10);

function selectFor(callText: string, seconds: number): Call {
  const words = (flags: readonly boolean[]): string => ["read", "write", "except"].filter((_, i) => flags[i]).join("+") || "none";
  return {
    text: callText,
    inC(w, s) {
      const sets = [new_fd_set(), new_fd_set(), new_fd_set()] as const;
      for (const each of sets) FD_SET(s, each);
      const count = w.select(0, ...sets, { tv_sec: seconds, tv_usec: 0 });
      return count < 0 ? -1 : words(sets.map((each) => FD_ISSET(s, each) !== 0));
    },
    async awaited(w, s) {
      const { read, write, except } = await w.select({ read: [s], write: [s], except: [s] }, { timeoutMs: seconds * 1000 });
      return words([read, write, except].map((each) => each.includes(s)));
    },
  };
}

const readableFor = (w: BlockingFace, s: SOCKET): number => {
  const read = new_fd_set();
  FD_SET(s, read);
  return w.select(0, read, null, null, { tv_sec: 10, tv_usec: 0 });
};

/** Until there is something to receive or to accept, or the end: 1. */
export const readable: Call = {
  text: "select(read)",
  inC: (w, s) => readableFor(w, s),
  awaited: async (w, s) => (await w.select({ read: [s] }, { timeoutMs: 10_000 })).read.length,
};

/** Until a connect has succeeded: 1. */
export const writable: Call = {
  text: "select(write)",
  inC(w, s) {
    const write = new_fd_set();
    FD_SET(s, write);
    return w.select(0, null, write, null, { tv_sec: 10, tv_usec: 0 });
  },
  awaited: async (w, s) => (await w.select({ write: [s] }, { timeoutMs: 10_000 })).write.length,
};

/** Until a connect has failed: 1. */
export const failed: Call = {
  text: "select(except)",
  inC(w, s) {
    const except = new_fd_set();
    FD_SET(s, except);
    return w.select(0, null, null, except, { tv_sec: 60, tv_usec: 0 });
  },
  awaited: async (w, s) => (await w.select({ except: [s] }, { timeoutMs: 60_000 })).except.length,
};

const POLL_WORDS = ["ERR", "HUP", "NVAL", "PRI", "RDBAND", "RDNORM", "WRBAND", "WRNORM"] as const;
const pollWords = (events: number): string => POLL_WORDS.filter((word) => (events & constant(`POLL${word}`)) !== 0).join("+") || "none";

/** revents. @param events such as "POLLIN|POLLOUT" */
export const poll = (events = "POLLIN|POLLOUT"): Call => ({
  text: `WSAPoll(${events})`,
  inC(w, s) {
    const fds = [{ fd: s, events: flagsOf(events), revents: 0 }];
    return w.WSAPoll(fds, 1, 0) < 0 ? -1 : pollWords(fds[0]!.revents);
  },
  async awaited(w, s) {
    const [found] = await w.WSAPoll([{ s, events: flagsOf(events) }], { timeoutMs: 0 });
    return pollWords(found?.revents ?? 0);
  },
});

// ---- Network events ----

const EVENT_WORDS = ["READ", "WRITE", "OOB", "ACCEPT", "CONNECT", "CLOSE"] as const;

const eventWords = (events: number, codeAt: (bit: number) => number): string =>
  EVENT_WORDS.filter((word) => (events & constant(`FD_${word}`)) !== 0)
    .map((word) => {
      const code = codeAt(constant(`FD_${word}`));
      return code === 0 ? word : `${word}=${errorName(code) ?? code}`;
    })
    .join("+");

/** Selects events by an event object, or by `for await`. @param mask such as "FD_READ|FD_CLOSE" */
export const selectEvents = (mask = "FD_ALL_EVENTS"): Call => ({
  text: `WSAEventSelect(${mask})`,
  inC(w, s, { events }) {
    const event = w.WSACreateEvent();
    const take = () => {
      const found = new_WSANETWORKEVENTS();
      if (w.WSAEnumNetworkEvents(s, event, found) !== 0) return errorName(w.WSAGetLastError()) ?? "?";
      return eventWords(found.lNetworkEvents, (bit) => found.iErrorCode[Math.log2(bit)] ?? 0);
    };
    events.set(s, { take });
    return w.WSAEventSelect(s, event, flagsOf(mask));
  },
  async awaited(w, s, { events, stage }) {
    events.set(s, new AwaitedEvents(w, s, flagsOf(mask)));
    await stage.settle();
  },
});

class AwaitedEvents implements EventSource {
  #records: NetworkEventRecord[] = [];
  readonly #failures: unknown[] = [];

  constructor(w: PromiseFace, s: SOCKET, mask: number) {
    this.#listen(w, s, mask).catch((error: unknown) => this.#failures.push(error));
  }

  async #listen(w: PromiseFace, s: SOCKET, mask: number): Promise<void> {
    for await (const record of w.networkEvents(s, mask)) this.#records.push(record);
  }

  take(): string {
    if (this.#failures.length > 0) throw this.#failures[0];
    const records = this.#records;
    this.#records = [];
    const all = records.reduce((sum, { events }) => sum | events, 0);
    const errors: Readonly<Record<number, number>> = Object.assign({}, ...records.map((each) => each.errors));
    return eventWords(all, (bit) => errors[bit] ?? 0);
  }
}

/** What was recorded since the last time; those that the row wants are waited for. */
export const events: Call = {
  text: "events",
  inC: (_, s, scene) => recorded(s, scene),
  awaited: (_, s, scene) => recorded(s, scene),
};

async function recorded(s: SOCKET, { stage, events, wanted }: Scene): Promise<string> {
  const source = events.get(s);
  if (source === undefined) throw new Error("no events are selected");
  await stage.settle();
  const found = new Set(source.take().split("+"));
  const missing = () => wanted.split("+").some((word) => word !== "none" && !found.has(word));
  if (missing()) {
    await stage.until(() => {
      for (const word of source.take().split("+")) found.add(word);
      return !missing();
    });
  }
  return [...EVENT_WORDS.flatMap((word) => [...found].filter((each) => each.split("=")[0] === word))].join("+") || "none";
}

/** Nothing but time passes. */
export const settle: Call = {
  text: "time passes",
  inC: (_, __, { stage }) => settled(stage),
  awaited: (_, __, { stage }) => settled(stage),
};

async function settled(stage: Stage): Promise<number> {
  await stage.settle();
  return 0;
}

/** How long the call takes in virtual time, beside what it comes to. */
export const timed = (call: Call): Call => ({
  ...call,
  text: `${call.text}, timed`,
  async inC(w, s, scene) {
    const from = scene.stage.nowMs;
    const result = await call.inC(w, s, scene);
    const word = result === -1 ? errorName(w.WSAGetLastError()) : result;
    return `${word} after ${scene.stage.nowMs - from} ms`;
  },
  async awaited(w, s, scene) {
    const from = scene.stage.nowMs;
    const word = await Promise.resolve(call.awaited?.(w, s, scene)).then(
      (result) => result ?? 0,
      (error: unknown) => (error instanceof WinsockError ? error.code : String(error)),
    );
    return `${word} after ${scene.stage.nowMs - from} ms`;
  },
});
