/** The states that rows begin with. Each is made as a program makes it, by calls of either face. */
import type { SOCKET } from "../../../src/winsock/abi/structures.ts";
import {
  abort,
  accept,
  bind,
  cleanup,
  closesocket,
  connect,
  datagram,
  failed,
  listen,
  newEvent,
  nonblocking,
  noSynRetries,
  readable,
  recv,
  send,
  sendto,
  setsockopt,
  shutdown,
  socket,
  stream,
} from "./calls.ts";
import type { Call, Program, Stage, State } from "./conformance-case.ts";

/** A socket of the program after these calls. */
async function made(program: Program, make: Call, ...calls: readonly Call[]): Promise<SOCKET> {
  const s = await program.must(make);
  for (const call of calls) await program.must(call, s);
  return s;
}

const state = (name: string, make: (stage: Stage) => Promise<SOCKET>): State => ({ name, make });
const simple = (name: string, first: Call, ...calls: readonly Call[]): State => state(name, ({ ours }) => made(ours, first, ...calls));

/** What lies at the other end of our socket, by it. */
const others = new WeakMap<Stage, SOCKET>();
/** The peer's end of the row's connection, or its datagram socket. */
export const otherEnd = (stage: Stage): SOCKET => others.get(stage) ?? 0;

/** Our socket, connected to an accepted one of the peer. */
async function connected(stage: Stage): Promise<SOCKET> {
  const listener = await made(stage.peer, stream, bind("any", "open"), listen());
  const s = await made(stage.ours, stream, connect("peer", "open"));
  others.set(stage, await stage.peer.must(accept, listener));
  await stage.peer.must(closesocket, listener);
  return s;
}

/** Our socket, accepted from a connect of the peer. */
async function accepted(stage: Stage): Promise<SOCKET> {
  const listener = await made(stage.ours, stream, bind("any", "open"), listen());
  others.set(stage, await made(stage.peer, stream, connect("ours", "open")));
  const s = await stage.ours.must(accept, listener);
  await stage.ours.must(closesocket, listener);
  return s;
}

/** Connected, then what either end does; nonblocking at the end, so that no call waits. */
const afterwards = (name: string, then: (stage: Stage, s: SOCKET) => Promise<unknown>): State =>
  state(name, async (stage) => {
    const s = await connected(stage);
    await then(stage, s);
    await stage.ours.must(nonblocking, s);
    return s;
  });

/** The other end makes these calls, and what they bring about has arrived. */
const peerThen =
  (...calls: readonly Call[]) =>
  async (stage: Stage, s: SOCKET): Promise<void> => {
    for (const call of calls) await stage.peer.must(call, otherEnd(stage));
    await stage.ours.must(readable, s);
    // What is on the wire behind the first of it.
    await stage.settle();
  };

// ---- Handles ----

export const NO_SOCKET: State = state("0", async () => 0);
export const INVALID: State = state("INVALID_SOCKET", async () => -1);
export const CLOSED: State = state("a closed socket", async ({ ours }) => {
  const s = await made(ours, stream);
  await ours.must(closesocket, s);
  return s;
});
export const NOTHING: State = state("no socket", async () => 0);

/** A handle, but not of a socket. */
export const EVENT: State = state("an event", async ({ ours }) => ours.must(newEvent));
/** Its socket was one before. */
export const CLEANED_UP: State = state("after WSACleanup", async ({ ours }) => {
  const s = await made(ours, stream);
  await ours.must(cleanup);
  return s;
});

/** Made by socket() with these. */
export const created = (type: string | number, protocol: string | number): State =>
  state(`socket(${type}, ${protocol})`, ({ ours }) => made(ours, socket("own", type, protocol)));

// ---- Streams ----

export const NEW = simple("new", stream);
export const BOUND = simple("bound", stream, bind("ours", "own"));
export const BOUND_TO_ANY = simple("bound to any", stream, bind("any", "own"));
export const CONNECTING = simple("connecting", stream, bind("ours", "own"), nonblocking, connectsTo("nobody", "open"));
export const FAILED = state("failed", async ({ ours }) => {
  const s = await made(ours, stream, bind("ours", "own"), noSynRetries);
  await ours.run(connect("peer", "closed"), s);
  await ours.must(nonblocking, s);
  return s;
});
export const FAILED_NONBLOCKING = simple(
  "failed, nonblocking",
  stream,
  bind("ours", "own"),
  noSynRetries,
  nonblocking,
  connectsTo("peer", "closed"),
  failed,
);
export const LISTENING = simple("listening", stream, bind("any", "open"), listen(), nonblocking);
export const LISTENING_WITH_ONE = state("listening, one waits", async ({ ours, peer }) => {
  const s = await made(ours, stream, bind("any", "open"), listen(), nonblocking);
  await made(peer, stream, connect("ours", "open"));
  await ours.must(readable, s);
  return s;
});
export const LISTENING_WITH_TWO = state("listening, two wait", async ({ ours, peer }) => {
  const s = await made(ours, stream, bind("any", "open"), listen(), nonblocking);
  for (let i = 0; i < 2; i++) await made(peer, stream, connect("ours", "open"));
  await ours.must(readable, s);
  return s;
});
/** The peer has a socket that has not connected yet. */
const beforePeer = (name: string, ...calls: readonly Call[]): State =>
  state(name, async (stage) => {
    others.set(stage, await made(stage.peer, stream));
    return made(stage.ours, stream, ...calls);
  });
export const LISTENING_FOR_PEER = beforePeer("listening for the peer", bind("any", "open"), listen(), nonblocking);
export const BOUND_FOR_PEER = beforePeer("bound for the peer", bind("any", "open"));
/** The peer listens on the open port. */
const beforeListener = (name: string, ...calls: readonly Call[]): State =>
  state(name, async (stage) => {
    others.set(stage, await made(stage.peer, stream, bind("any", "open"), listen(), nonblocking));
    return made(stage.ours, stream, ...calls);
  });
export const NEW_BEFORE_LISTENER = beforeListener("new, the peer listens");
export const NONBLOCKING = beforeListener("nonblocking", nonblocking);
export const OPENING = beforeListener("opening", nonblocking, connectsTo("peer", "open"));
export const BOUND_BEFORE_LISTENER = beforeListener("bound, the peer listens", bind("ours", "own"));
export const BOUND_TO_ANY_BEFORE_LISTENER = beforeListener("bound to any, the peer listens", bind("any", "own"));
/** Our listener on the loopback, and a nonblocking socket of ours. */
export const LOOPBACK_LISTENER = state("nonblocking, we listen", async ({ ours }) => {
  await made(ours, stream, bind("loopback", "open"), listen());
  return made(ours, stream, nonblocking);
});
/** Bound to any address, one of which another socket has taken since. */
export const BOUND_TO_ANY_AND_TAKEN = state("bound to any, and taken", async ({ ours, peer }) => {
  await made(peer, stream, bind("any", "open"), listen());
  const s = await made(ours, stream, bind("any", "own"));
  await made(ours, stream, bind("ours", "own"));
  return s;
});
/** The peer's queue has no room for another connection. */
export const FULL_LISTENER = state("new, the peer's backlog is full", async ({ ours, peer }) => {
  await made(peer, stream, bind("any", "open"), listen(1));
  await made(ours, stream, connect("peer", "open"));
  return made(ours, stream);
});
export const LISTENING_WITH_ONE_OF_PEER = state("listening, the peer's waits", async (stage) => {
  const s = await made(stage.ours, stream, bind("any", "open"), listen(), nonblocking);
  others.set(stage, await made(stage.peer, stream, connect("ours", "open")));
  await stage.ours.must(readable, s);
  return s;
});
export const CONNECTED_BLOCKING = state("connected, blocking", connected);
export const CONNECTED = afterwards("connected", async () => {});
export const ACCEPTED = state("accepted", async (stage) => {
  const s = await accepted(stage);
  await stage.ours.must(nonblocking, s);
  return s;
});
export const WITH_DATA = afterwards("with data", peerThen(send("abc")));
export const AFTER_SD_SEND = afterwards("after SD_SEND", ({ ours }, s) => ours.must(shutdown("SD_SEND"), s));
export const AFTER_SD_RECEIVE = afterwards("after SD_RECEIVE", ({ ours }, s) => ours.must(shutdown("SD_RECEIVE"), s));
export const AFTER_SD_BOTH = afterwards("after SD_BOTH", ({ ours }, s) => ours.must(shutdown("SD_BOTH"), s));
export const FIN_RECEIVED = afterwards("FIN received", peerThen(shutdown("SD_SEND")));
export const FIN_BEHIND_DATA = afterwards("FIN behind data", peerThen(send("abc"), shutdown("SD_SEND")));
export const FIN_READ = afterwards("FIN read", async (stage, s) => {
  await peerThen(shutdown("SD_SEND"))(stage, s);
  await stage.ours.must(recv(), s);
});
export const BOTH_SHUT = afterwards("both ends shut", async (stage, s) => {
  await peerThen(shutdown("SD_SEND"))(stage, s);
  await stage.ours.must(shutdown("SD_SEND"), s);
  await stage.settle();
});
export const RESET = afterwards("RST received", peerThen(abort));
export const RESET_BEHIND_DATA = afterwards("RST behind data", peerThen(send("abc"), abort));

// ---- Datagram sockets ----

/** The peer's datagram socket, at its open port. */
const withPeer = (name: string, ...calls: readonly Call[]): State =>
  state(name, async (stage) => {
    others.set(stage, await made(stage.peer, datagram, bind("any", "open")));
    const s = await made(stage.ours, datagram, ...calls);
    await stage.ours.must(nonblocking, s);
    return s;
  });

export const UDP_NEW = withPeer("new datagram");
export const UDP_BOUND = withPeer("bound datagram", bind("ours", "own"));
export const UDP_IMPLICIT = withPeer("datagram after sendto", sendto("x", "peer", "open"));
export const UDP_CONNECTED = withPeer("connected datagram", bind("ours", "own"), connect("peer", "open"));
export const UDP_DISSOLVED = withPeer("dissolved datagram", bind("ours", "own"), connect("peer", "open"), connect("any", "zero"));
export const UDP_AFTER_SD_SEND = withPeer("datagram after SD_SEND", bind("ours", "own"), connect("peer", "open"), shutdown("SD_SEND"));
export const UDP_AFTER_SD_RECEIVE = withPeer(
  "datagram after SD_RECEIVE",
  bind("ours", "own"),
  connect("peer", "open"),
  shutdown("SD_RECEIVE"),
);
export const UDP_CONNECTED_ELSEWHERE = withPeer("datagram connected elsewhere", bind("ours", "own"), connect("peer", "other"));
export const UDP_BROADCASTING = withPeer("broadcasting datagram", setsockopt("SOL_SOCKET", "SO_BROADCAST", 1));
export const UDP_BLOCKING = simple("blocking datagram", datagram, bind("ours", "own"));
export const UDP_WITH_DATA = state("datagram with data", async (stage) => {
  const other = await made(stage.peer, datagram, bind("any", "open"));
  others.set(stage, other);
  const s = await made(stage.ours, datagram, bind("ours", "own"), connect("peer", "open"));
  await stage.peer.must(sendto("abc", "ours", "own"), other);
  await stage.ours.must(readable, s);
  await stage.ours.must(nonblocking, s);
  return s;
});
export const UDP_REFUSED = state("datagram with an error", async ({ ours }) => {
  const s = await made(ours, datagram, bind("ours", "own"), connect("peer", "closed"), send("x"));
  await ours.must(readable, s);
  await ours.must(nonblocking, s);
  return s;
});

/** A connect of a nonblocking socket, which is on its way. */
function connectsTo(...[host, port]: Parameters<typeof connect>): Call {
  const { text, inC, awaited } = connect(host, port);
  return {
    text,
    inC: async (w, s, scene) => {
      await inC(w, s, scene);
      return 0;
    },
    awaited: async (w, s, scene) => {
      await awaited?.(w, s, scene).catch(() => {});
    },
  };
}
