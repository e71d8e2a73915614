/** select and WSAPoll: members, sets and times that are none, and what a socket is ready for as its life goes on. */
import {
  abort,
  accept,
  connect,
  inCOnly,
  listen,
  nonblocking,
  noSynRetries,
  poll,
  readable,
  recv,
  select,
  selectWaiting,
  send,
  sendBytes,
  settle,
  shutdown,
} from "../calls.ts";
import { type ConformanceCase, ours, peer, row, script } from "../conformance-case.ts";
import * as states from "../states.ts";

const SELECT = "Microsoft, select function; Wine's test select";
const POLL = "Microsoft, WSAPoll function; Wine's test WSAPoll";
const SETS = "it makes the sets itself";

const set = (...sockets: number[]) => ({ fd_count: sockets.length, fd_array: sockets });
const now = { tv_sec: 0, tv_usec: 0 };

const sets: readonly ConformanceCase[] = [
  row(
    "select",
    SELECT,
    states.NEW,
    inCOnly("three NULLs", (w) => w.select(0, null, null, null, now), SETS),
    "WSAEINVAL",
  ),
  row(
    "select",
    SELECT,
    states.NEW,
    inCOnly("three NULLs for ever", (w) => w.select(0, null, null, null, null), SETS),
    "WSAEINVAL",
  ),
  row(
    "select",
    SELECT,
    states.NEW,
    inCOnly("empty sets", (w) => w.select(0, set(), set(), set(), now), SETS),
    "WSAEINVAL",
  ),
  row(
    "select",
    SELECT,
    states.NEW,
    inCOnly("a set and two NULLs", (w, s) => w.select(0, set(s), null, null, now), SETS),
    "0",
  ),
  row(
    "select",
    SELECT,
    states.NEW,
    inCOnly("seconds of -1", (w, s) => w.select(0, set(s), null, null, { tv_sec: -1, tv_usec: 0 }), SETS),
    "WSAEINVAL",
  ),
  row(
    "select",
    SELECT,
    states.NEW,
    inCOnly("microseconds of -1", (w, s) => w.select(0, set(s), null, null, { tv_sec: 0, tv_usec: -1 }), SETS),
    "WSAEINVAL",
  ),
  row(
    "select",
    SELECT,
    states.CONNECTED,
    inCOnly("nfds of -5", (w, s) => w.select(-5, null, set(s), null, now), SETS),
    "1",
  ),
  row(
    "select",
    SELECT,
    states.CONNECTED,
    inCOnly(
      "a member twice",
      (w, s) => {
        const twice = set(s, s);
        return `${w.select(0, null, twice, null, now)}, ${twice.fd_count} left`;
      },
      SETS,
    ),
    "1, 1 left",
  ),
  row(
    "select",
    SELECT,
    states.CONNECTED,
    inCOnly(
      "one set in two places",
      (w, s) => {
        const both = set(s);
        return `${w.select(0, both, both, null, now)}, ${both.fd_count} left`;
      },
      SETS,
    ),
    "1, 1 left",
  ),
  row(
    "select",
    SELECT,
    states.CONNECTED,
    inCOnly(
      "a member that is no socket",
      (w, s) => {
        const members = set(s, 0xdead0);
        const count = w.select(0, null, members, null, now);
        return members.fd_count === 2 ? count : `${count}, ${members.fd_count} left`;
      },
      SETS,
    ),
    "WSAENOTSOCK",
  ),
  row(
    "select",
    SELECT,
    states.CONNECTED,
    inCOnly("a member that is INVALID_SOCKET", (w, s) => w.select(0, null, set(s, -1), null, now), SETS),
    "WSAENOTSOCK",
  ),
  row(
    "select",
    SELECT,
    states.CONNECTED,
    inCOnly(
      "more members than FD_SETSIZE",
      (w, s) => {
        const many = set(...Array.from({ length: 100 }, () => w.socket(2, 1, 0)), s);
        return w.select(0, null, many, null, now);
      },
      SETS,
    ),
    "1",
  ),
  row(
    "select",
    SELECT,
    states.CONNECTED,
    inCOnly(
      "what is not ready goes",
      (w, s) => {
        const [read, write] = [set(s), set(s)];
        return `${w.select(0, read, write, null, now)}, ${read.fd_count} and ${write.fd_count} left`;
      },
      SETS,
    ),
    "1, 0 and 1 left",
  ),
  row(
    "select",
    SELECT,
    states.CONNECTED,
    inCOnly(
      "a time-out empties the sets",
      (w, s) => {
        const read = set(s);
        return `${w.select(0, read, null, null, { tv_sec: 0, tv_usec: 20_000 })}, ${read.fd_count} left`;
      },
      SETS,
    ),
    "0, 0 left",
  ),
];

const fds = (...entries: readonly (readonly [number, number])[]) => entries.map(([fd, events]) => ({ fd, events, revents: 0x5a5a }));
const OUT = 0x10;

const entries: readonly ConformanceCase[] = [
  row(
    "WSAPoll",
    POLL,
    states.NEW,
    inCOnly("no entries", (w) => w.WSAPoll([], 0, 0), SETS),
    "WSAEINVAL",
  ),
  row(
    "WSAPoll",
    POLL,
    states.NEW,
    inCOnly("no entries at NULL", (w) => w.WSAPoll(null, 0, 0), SETS),
    "WSAEINVAL",
  ),
  row(
    "WSAPoll",
    POLL,
    states.NEW,
    inCOnly("an entry at NULL", (w) => w.WSAPoll(null, 1, 0), SETS),
    "WSAEFAULT",
  ),
  row(
    "WSAPoll",
    POLL,
    states.CONNECTED,
    inCOnly(
      "no socket before a socket",
      (w, s) => {
        const all = fds([0xdead0, OUT], [s, OUT]);
        return `${w.WSAPoll(all, 2, 0)}: ${all.map(({ revents }) => revents).join(" ")}`;
      },
      SETS,
    ),
    "1: 4 16",
  ),
  row(
    "WSAPoll",
    POLL,
    states.CONNECTED,
    inCOnly(
      "INVALID_SOCKET behind a socket",
      (w, s) => {
        const all = fds([s, OUT], [-1, OUT]);
        return `${w.WSAPoll(all, 2, 0)}: ${all.map(({ revents }) => revents).join(" ")}`;
      },
      SETS,
    ),
    "1: 16 4",
  ),
  row(
    "WSAPoll",
    POLL,
    states.CONNECTED,
    inCOnly("a socket twice", (w, s) => w.WSAPoll(fds([s, OUT], [s, OUT]), 2, 0), SETS),
    "2",
  ),
  row(
    "WSAPoll",
    POLL,
    states.CONNECTED,
    inCOnly("fewer entries than there are", (w, s) => w.WSAPoll(fds([s, OUT], [s, OUT]), 1, 0), SETS),
    "1",
  ),
  ...(["POLLPRI", "POLLERR", "POLLHUP", "POLLNVAL", "POLLWRBAND"] as const).map((events) =>
    row("WSAPoll", POLL, states.CONNECTED, poll(events), "WSAEINVAL"),
  ),
  row("WSAPoll", POLL, states.CONNECTED, poll("POLLRDNORM"), "none"),
  row("WSAPoll", POLL, states.CONNECTED, poll("POLLRDBAND"), "none"),
  row("WSAPoll", POLL, states.CONNECTED, poll("POLLWRNORM"), "WRNORM"),
  row("WSAPoll", POLL, states.WITH_DATA, poll("POLLRDNORM"), "RDNORM"),
  row("WSAPoll", POLL, states.WITH_DATA, poll("POLLIN"), "RDNORM"),
  row("WSAPoll", POLL, states.WITH_DATA, poll("POLLWRNORM"), "WRNORM"),
  row("WSAPoll", POLL, states.FIN_RECEIVED, poll("POLLRDNORM"), "HUP"),
  row("WSAPoll", POLL, states.RESET, poll("POLLRDNORM"), "ERR+HUP"),
];

const lives: readonly ConformanceCase[] = [
  script("select: a connect that succeeds", SELECT, states.OPENING, [ours(selectWaiting, "write"), ours(select, "write")]),
  script("select: a connect that fails, until one succeeds", SELECT, states.NONBLOCKING, [
    ours(noSynRetries),
    ours(connect("peer", "closed"), "WSAEWOULDBLOCK"),
    ours(selectWaiting, "except"),
    ours(select, "except"),
    ours(connect("peer", "closed"), "WSAEWOULDBLOCK"),
    ours(selectWaiting, "except"),
  ]),
  script("select: a failed socket that listens", "Wine's test select", states.FAILED, [ours(listen()), ours(select, "except")]),
  script("select: data, read by and by", SELECT, states.WITH_DATA, [
    ours(select, "read+write"),
    ours(recv(2), '"ab"'),
    ours(select, "read+write"),
    ours(recv(2), '"c"'),
    ours(select, "write"),
  ]),
  script("select: the peer's end stays", SELECT, states.FIN_RECEIVED, [
    ours(select, "read+write"),
    ours(recv(), "0"),
    ours(select, "read+write"),
  ]),
  script("select: a reset stays", "Wine's test tcp_reset", states.RESET, [ours(recv(), "WSAECONNRESET"), ours(select, "read+write")]),
  script("select: out-of-band data", SELECT, states.CONNECTED, [
    peer(send("!", "MSG_OOB"), "1"),
    ours(selectWaitingForOob(), "1"),
    ours(select, "write+except"),
    ours(recv(1, "MSG_OOB"), '"!"'),
    ours(select, "write"),
  ]),
  script("select: a listener from connection to connection", SELECT, states.LISTENING_WITH_ONE, [
    ours(select, "read"),
    ours(accept, "socket"),
    ours(select, "none"),
  ]),
  script("select: a datagram that was read", SELECT, states.UDP_WITH_DATA, [
    ours(select, "read+write"),
    ours(recv(), '"abc"'),
    ours(select, "write"),
  ]),
  script("select: an error that was told", SELECT, states.UDP_REFUSED, [
    ours(select, "read+write"),
    ours(recv(), "WSAECONNRESET"),
    ours(select, "write"),
  ]),
  script(
    "select: a full send queue",
    "Microsoft, select function; Wine's test write_events",
    states.CONNECTED,
    [ours(sendBytes(16_000_000), { windows: "16000000", linux: "65536" }), ours(select, "none"), ours(sendBytes(1), "WSAEWOULDBLOCK")],
    { virtualOnly: "how much a receiver takes in before anybody reads is not the same through a daemon" },
  ),
  script("WSAPoll: out-of-band data", POLL, states.CONNECTED, [
    peer(send("!", "MSG_OOB"), "1"),
    ours(selectWaitingForOob(), "1"),
    ours(poll("POLLRDBAND"), "RDBAND"),
    ours(poll("POLLRDNORM"), "none"),
    ours(recv(1, "MSG_OOB"), '"!"'),
    ours(poll("POLLRDBAND"), "none"),
  ]),
  script("WSAPoll: data, then the end, then the data read", POLL, states.CONNECTED, [
    peer(send("a"), "1"),
    ours(readable, "1"),
    ours(poll(), "RDNORM+WRNORM"),
    peer(shutdown("SD_SEND")),
    ours(settle),
    ours(poll(), "HUP+RDNORM+WRNORM"),
    ours(recv(), '"a"'),
    ours(poll(), "HUP+WRNORM"),
  ]),
  script("WSAPoll: a reset behind data", POLL, states.CONNECTED, [
    peer(send("a"), "1"),
    ours(readable, "1"),
    peer(abort),
    ours(settle),
    ours(poll(), "ERR+HUP+WRNORM"),
  ]),
  script("WSAPoll: nonblocking from a listener", POLL, states.LISTENING, [ours(nonblocking), ours(poll(), "none")]),
];

/** Until the except set has the socket. */
function selectWaitingForOob() {
  return {
    text: "select(except) for out-of-band data",
    inC: (w, s) => w.select(0, null, null, set(s), { tv_sec: 10, tv_usec: 0 }),
    awaited: async (w, s) => (await w.select({ except: [s] }, { timeoutMs: 10_000 })).except.length,
  } satisfies Parameters<typeof ours>[0];
}

export const WAITING: readonly ConformanceCase[] = [...sets, ...entries, ...lives];
