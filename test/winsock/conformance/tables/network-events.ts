/** WSAEventSelect: which events are recorded in what order, and which call lets them be recorded again. */
import {
  abort,
  accept,
  closesocket,
  connect,
  events,
  inCOnly,
  ioctl,
  listen,
  noSynRetries,
  readable,
  recv,
  selectEvents,
  send,
  sendBytes,
  sendto,
  settle,
  shutdown,
} from "../calls.ts";
import { type Call, type ConformanceCase, ours, peer, row, type Step, script } from "../conformance-case.ts";
import * as states from "../states.ts";

/** All of so many bytes, in however many pieces they come. */
const received = (count: number): Call => ({
  text: `recv until ${count} bytes have come`,
  inC(w, s) {
    for (let left = count, came = 0; left > 0; left -= came) {
      came = w.recv(s, new Uint8Array(left), left, 0);
      if (came <= 0) return came;
    }
    return "all of them";
  },
  async awaited(w, s) {
    for (let left = count, came = 0; left > 0; left -= came) {
      came = (await w.recv(s, left)).length;
      if (came === 0) return 0;
    }
    return "all of them";
  },
});

const happened = (wanted: string): Step => ours(events, wanted);
/** Selects all events, and takes those of before. */
const selected = (before = "WRITE+CONNECT"): readonly Step[] => [ours(selectEvents()), happened(before)];

const CONNECT = "Microsoft, WSAEventSelect function; Wine's test connect_events";
const READ = "Microsoft, WSAEventSelect function; Wine's test read_events";
const WRITE = "Microsoft, WSAEventSelect function; Wine's test write_events";
const ACCEPT = "Microsoft, WSAEventSelect function; Wine's test accept_events";
const CLOSE = "Microsoft, WSAEventSelect function; Wine's test close_events";
const OOB = "Microsoft, WSAEventSelect function; Wine's test oob_events";
const SELECT = "Microsoft, WSAEventSelect function";

/** A promise face's `for await` takes what is recorded at once, and lets go of the socket after FD_CLOSE. */
const AT_ONCE = { notAwaited: "its for await takes each record when it is made" };

const connecting: readonly ConformanceCase[] = [
  script("events: a connect that succeeds", CONNECT, states.NEW_BEFORE_LISTENER, [
    ...selected("none"),
    ours(connect("peer", "open"), "WSAEWOULDBLOCK"),
    happened("WRITE+CONNECT"),
    happened("none"),
  ]),
  script("events: a connect that is refused", CONNECT, states.NEW, [
    ours(noSynRetries),
    ...selected("none"),
    ours(connect("peer", "closed"), "WSAEWOULDBLOCK"),
    happened("CONNECT=WSAECONNREFUSED"),
    happened("none"),
  ]),
  script("events: a second connect that is refused", CONNECT, states.NEW, [
    ours(noSynRetries),
    ...selected("none"),
    ours(connect("peer", "closed"), "WSAEWOULDBLOCK"),
    happened("CONNECT=WSAECONNREFUSED"),
    ours(connect("peer", "closed"), "WSAEWOULDBLOCK"),
    happened("CONNECT=WSAECONNREFUSED"),
  ]),
  script(
    "events: a connect that nobody answers",
    CONNECT,
    states.NEW,
    [
      ...selected("none"),
      ours(connect("nobody", "open"), "WSAEWOULDBLOCK"),
      happened("none"),
      ours(events, { windows: "CONNECT=WSAETIMEDOUT", linux: "CONNECT=WSAEHOSTUNREACH" }),
    ],
    { virtualOnly: "it takes 21 seconds" },
  ),
  script("events: a connect that cannot begin has none", CONNECT, states.NEW, [
    ...selected("none"),
    ours(connect("elsewhere", "open"), "WSAENETUNREACH"),
    happened("none"),
  ]),
  script("events: FD_CONNECT alone", CONNECT, states.NEW_BEFORE_LISTENER, [
    ours(selectEvents("FD_CONNECT")),
    ours(connect("peer", "open"), "WSAEWOULDBLOCK"),
    happened("CONNECT"),
  ]),
  script("events: selected after the connect", CONNECT, states.CONNECTED, [...selected(), happened("none")]),
  script("events: an accepted socket was never connected", "Wine's test afd get_events", states.ACCEPTED, [
    ...selected("WRITE"),
    happened("none"),
  ]),
  script(
    "events: selected without FD_CONNECT, then with it",
    CONNECT,
    states.CONNECTED,
    [ours(selectEvents("FD_WRITE")), happened("WRITE"), ours(selectEvents("FD_CONNECT")), happened("CONNECT")],
    AT_ONCE,
  ),
  script("events: a new socket has none", CONNECT, states.NEW, selected("none")),
  script("events: a bound socket has none", CONNECT, states.BOUND, selected("none")),
  script("events: a failed socket has none of a blocking connect", "inferred from Wine's test afd get_events", states.FAILED, [
    ours(selectEvents("FD_READ|FD_WRITE|FD_CLOSE")),
    happened("none"),
  ]),
];

const reading: readonly ConformanceCase[] = [
  script("events: data", READ, states.CONNECTED, [...selected(), peer(send("abc"), "3"), happened("READ"), happened("none")]),
  script("events: data from before", READ, states.WITH_DATA, selected("READ+WRITE+CONNECT")),
  script(
    "events: data that was read before anybody asked",
    READ,
    states.CONNECTED,
    [...selected(), peer(send("abc"), "3"), ours(readable, "1"), ours(recv(), '"abc"'), happened("none")],
    AT_ONCE,
  ),
  script("events: a receive that leaves data", READ, states.CONNECTED, [
    ...selected(),
    peer(send("abc"), "3"),
    happened("READ"),
    ours(recv(1), '"a"'),
    happened("READ"),
    ours(recv(1), '"b"'),
    happened("READ"),
    ours(recv(1), '"c"'),
    happened("none"),
  ]),
  script("events: more data before the receive", READ, states.CONNECTED, [
    ...selected(),
    peer(send("a"), "1"),
    happened("READ"),
    peer(send("b"), "1"),
    happened("READ"),
  ]),
  script("events: a peek leaves data", READ, states.CONNECTED, [
    ...selected(),
    peer(send("a"), "1"),
    happened("READ"),
    ours(recv(1, "MSG_PEEK"), '"a"'),
    happened("READ"),
  ]),
  script("events: FIONREAD does not take part", READ, states.CONNECTED, [
    ...selected(),
    peer(send("a"), "1"),
    happened("READ"),
    ours(ioctl("FIONREAD"), "gives 1"),
    happened("none"),
  ]),
  script("events: a receive into nothing fails", READ, states.CONNECTED, [
    ...selected(),
    peer(send("a"), "1"),
    happened("READ"),
    ours(
      inCOnly("recv(NULL, 4)", (w, s) => w.recv(s, null, 4, 0)),
      "WSAEFAULT",
    ),
    happened("none"),
  ]),
  script("events: FD_READ alone", READ, states.CONNECTED, [
    ours(selectEvents("FD_READ")),
    happened("none"),
    peer(send("a"), "1"),
    happened("READ"),
  ]),
  script(
    "events: FD_READ is kept while it is not selected",
    SELECT,
    states.CONNECTED,
    [
      ours(selectEvents("FD_WRITE")),
      happened("WRITE"),
      peer(send("a"), "1"),
      ours(readable, "1"),
      happened("none"),
      ours(selectEvents("FD_READ")),
      happened("READ"),
    ],
    AT_ONCE,
  ),
  script(
    "events: what was reported is not reported to the next selection",
    READ,
    states.CONNECTED,
    [...selected(), peer(send("a"), "1"), happened("READ"), ours(selectEvents()), happened("none")],
    AT_ONCE,
  ),
];

const writing: readonly ConformanceCase[] = [
  script("events: a send does not end FD_WRITE", WRITE, states.CONNECTED, [
    ours(selectEvents("FD_WRITE")),
    ours(send("x"), "1"),
    happened("WRITE"),
  ]),
  script("events: a send brings no other FD_WRITE", WRITE, states.CONNECTED, [...selected(), ours(send("x"), "1"), happened("none")]),
];

const accepting: readonly ConformanceCase[] = [
  script("events: a listener without connections", ACCEPT, states.LISTENING, selected("none")),
  script("events: a connection from before", ACCEPT, states.LISTENING_WITH_ONE, selected("ACCEPT")),
  script("events: a connection", ACCEPT, states.LISTENING_FOR_PEER, [
    ...selected("none"),
    peer(connect("ours", "open")),
    happened("ACCEPT"),
    happened("none"),
    ours(accept, "socket"),
    happened("none"),
  ]),
  script("events: FD_ACCEPT alone", ACCEPT, states.LISTENING_FOR_PEER, [
    ours(selectEvents("FD_ACCEPT")),
    peer(connect("ours", "open")),
    happened("ACCEPT"),
  ]),
  script("events: an accept that leaves another connection", ACCEPT, states.LISTENING_WITH_TWO, [
    ...selected("ACCEPT"),
    ours(accept, "socket"),
    happened("ACCEPT"),
    ours(accept, "socket"),
    happened("none"),
    ours(accept, "WSAEWOULDBLOCK"),
    happened("none"),
  ]),
];

const closing: readonly ConformanceCase[] = [
  script("events: the peer ends its side", CLOSE, states.CONNECTED, [...selected(), peer(shutdown("SD_SEND")), happened("CLOSE")]),
  script("events: the peer closes", CLOSE, states.CONNECTED, [...selected(), peer(closesocket), happened("CLOSE")]),
  script("events: the peer resets", "Wine's test tcp_reset", states.CONNECTED, [
    ...selected(),
    peer(abort),
    happened("CLOSE=WSAECONNABORTED"),
  ]),
  script("events: the end from before", CLOSE, states.FIN_RECEIVED, selected("WRITE+CONNECT+CLOSE")),
  script("events: a reset from before", "Wine's test tcp_reset", states.RESET, [
    ours(selectEvents("FD_CLOSE")),
    happened("CLOSE=WSAECONNABORTED"),
  ]),
  script(
    "events: the end while data is unread",
    CLOSE,
    states.CONNECTED,
    [
      ...selected(),
      peer(send("ab"), "2"),
      peer(closesocket),
      happened("READ+CLOSE"),
      ours(recv(1), '"a"'),
      happened("READ"),
      ours(recv(1), '"b"'),
      ours(recv(1), "0"),
      happened("none"),
    ],
    AT_ONCE,
  ),
  script(
    "events: FD_CLOSE comes once",
    CLOSE,
    states.CONNECTED,
    [...selected(), peer(shutdown("SD_SEND")), happened("CLOSE"), peer(closesocket), ours(settle), happened("none")],
    AT_ONCE,
  ),
  script(
    "events: FD_WRITE comes again after a send that found no room",
    WRITE,
    states.CONNECTED,
    [
      ...selected(),
      ours(sendBytes(1_000_000), "1000000"),
      ours(send("x"), "WSAEWOULDBLOCK"),
      happened("none"),
      peer(received(1_000_000), "all of them"),
      happened("WRITE"),
      happened("none"),
    ],
    { virtualOnly: "how much a peer that does not read takes is not the same in real time" },
  ),
  script("events: our own end has none", CLOSE, states.CONNECTED, [...selected(), ours(shutdown("SD_BOTH")), happened("none")]),
  script("events: our own end, then the peer's", CLOSE, states.CONNECTED, [
    ...selected(),
    ours(shutdown("SD_BOTH")),
    happened("none"),
    peer(shutdown("SD_SEND")),
    happened("CLOSE"),
  ]),
  script("events: the peer's SD_RECEIVE has none", CLOSE, states.CONNECTED, [
    ...selected(),
    peer(shutdown("SD_RECEIVE")),
    happened("none"),
    peer(shutdown("SD_SEND")),
    happened("CLOSE"),
  ]),
  script(
    "events: FD_CLOSE is kept while it is not selected",
    SELECT,
    states.CONNECTED,
    [
      ours(selectEvents("FD_WRITE")),
      happened("WRITE"),
      peer(shutdown("SD_SEND")),
      ours(readable, "1"),
      happened("none"),
      ours(selectEvents("FD_CLOSE")),
      happened("CLOSE"),
    ],
    AT_ONCE,
  ),
];

const urgent: readonly ConformanceCase[] = [
  script("events: out-of-band data", OOB, states.CONNECTED, [
    ...selected(),
    peer(send("!", "MSG_OOB"), "1"),
    happened("OOB"),
    happened("none"),
    ours(recv(1, "MSG_OOB"), '"!"'),
    happened("none"),
  ]),
  script("events: FD_OOB alone", OOB, states.CONNECTED, [
    ours(selectEvents("FD_OOB")),
    happened("none"),
    peer(send("!", "MSG_OOB"), "1"),
    happened("OOB"),
  ]),
  script("events: a second out-of-band byte before the receive", OOB, states.CONNECTED, [
    ...selected(),
    peer(send("!", "MSG_OOB"), "1"),
    happened("OOB"),
    peer(send("?", "MSG_OOB"), "1"),
    happened("OOB"),
  ]),
];

const datagrams: readonly ConformanceCase[] = [
  script("events: a new datagram socket", CONNECT, states.UDP_NEW, selected("none")),
  script("events: a bound datagram socket", CONNECT, states.UDP_BOUND, [...selected("WRITE"), happened("none")]),
  script("events: a datagram socket that connects", CONNECT, states.UDP_NEW, [
    ...selected("none"),
    ours(connect("peer", "open")),
    happened("WRITE+CONNECT"),
  ]),
  script("events: a datagram", READ, states.UDP_BOUND, [
    ...selected("WRITE"),
    peer(sendto("ab", "ours", "own"), "2"),
    happened("READ"),
    ours(recv(), '"ab"'),
    happened("none"),
  ]),
  script("events: two datagrams", READ, states.UDP_BOUND, [
    ...selected("WRITE"),
    peer(sendto("ab", "ours", "own"), "2"),
    happened("READ"),
    peer(sendto("cd", "ours", "own"), "2"),
    happened("READ"),
    ours(recv(), '"ab"'),
    happened("READ"),
  ]),
  script("events: an error that a receive will tell", READ, states.UDP_BOUND, [
    ...selected("WRITE"),
    ours(sendto("x", "peer", "closed"), "1"),
    ours(events, { windows: "READ", linux: "none" }),
  ]),
];

const modes: readonly ConformanceCase[] = [
  script("events: the socket is nonblocking from then on", SELECT, states.CONNECTED_BLOCKING, [
    ours(selectEvents("FD_READ")),
    ours(recv(), "WSAEWOULDBLOCK"),
  ]),
  script("events: FIONBIO cannot end that", "Microsoft, WSAEventSelect function; Wine's test WSAEventSelect", states.CONNECTED, [
    ours(selectEvents("FD_READ")),
    ours(ioctl("FIONBIO", 0), "WSAEINVAL"),
    ours(ioctl("FIONBIO", 1)),
  ]),
  script("events: FIONBIO can after a selection of none", SELECT, states.CONNECTED, [
    ours(selectEvents("FD_READ")),
    ours(inCOnly("WSAEventSelect(0)", (w, s) => w.WSAEventSelect(s, 0, 0), "its for await ends by closing")),
    ours(ioctl("FIONBIO", 0)),
  ]),
  row(
    "events",
    SELECT,
    states.NEW,
    inCOnly("WSAEventSelect(no event)", (w, s) => w.WSAEventSelect(s, 0, 1), "it makes the event itself"),
    "WSAEINVAL",
  ),
  row(
    "events",
    SELECT,
    states.NEW,
    inCOnly("WSAEventSelect(no event, no bits)", (w, s) => w.WSAEventSelect(s, 0, 0), "it makes the event itself"),
    "0",
  ),
  row(
    "events",
    "Microsoft, WSAEnumNetworkEvents function",
    states.NEW,
    inCOnly("WSAEnumNetworkEvents(NULL)", (w, s) => w.WSAEnumNetworkEvents(s, 0, null), "it makes the record itself"),
    "WSAEFAULT",
  ),
  row(
    "events",
    "Microsoft, WSAEnumNetworkEvents function",
    states.NEW,
    inCOnly("WSAEnumNetworkEvents(43 bytes)", (w, s) => w.WSAEnumNetworkEvents(s, 0, new Uint8Array(43)), "it makes the record itself"),
    "WSAEFAULT",
  ),
  script("events: listening keeps the selection", "inferred from Microsoft, WSAEventSelect function", states.BOUND_FOR_PEER, [
    ours(selectEvents()),
    ours(listen()),
    peer(connect("ours", "open")),
    happened("ACCEPT"),
  ]),
];

export const NETWORK_EVENTS: readonly ConformanceCase[] = [
  ...connecting,
  ...reading,
  ...writing,
  ...accepting,
  ...closing,
  ...urgent,
  ...datagrams,
  ...modes,
];
