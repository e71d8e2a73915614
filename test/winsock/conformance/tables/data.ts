/** Sending and receiving: amounts, flags, out-of-band data, datagrams and their errors. */
import {
  bind,
  connect,
  getsockname,
  inCOnly,
  ioctl,
  readable,
  recv,
  recvfrom,
  send,
  sendBytes,
  sender,
  sendto,
  sendtoBytes,
  setsockopt,
  settle,
  timed,
} from "../calls.ts";
import { type ConformanceCase, ours, peer, row, script } from "../conformance-case.ts";
import * as states from "../states.ts";

const SEND = "Microsoft, send function";
const RECV = "Microsoft, recv function";
const RECVFROM = "Microsoft, recvfrom function";
const SENDTO = "Microsoft, sendto function";
const OOB = "Microsoft, Protocol-Independent Out-of-Band Data; Wine's test oob_events";
const NOT_FLAGS = "inferred: Microsoft, recv function has no such flag";
const MEMORY = "it takes memory itself";

const streams: readonly ConformanceCase[] = [
  script("stream data: there and back", SEND, states.CONNECTED, [
    ours(send("question"), "8"),
    peer(recv(), '"question"'),
    peer(send("answer"), "6"),
    ours(readable, "1"),
    ours(recv(), '"answer"'),
  ]),
  script("stream data: a receive takes what fits", RECV, states.WITH_DATA, [
    ours(recv(2), '"ab"'),
    ours(recv(2), '"c"'),
    ours(recv(2), "WSAEWOULDBLOCK"),
  ]),
  script(
    "stream data: two sends are one receive",
    RECV,
    states.CONNECTED,
    [peer(send("ab"), "2"), peer(send("cd"), "2"), ours(readable, "1"), ours(settle), ours(recv(), '"abcd"')],
    { virtualOnly: "what has come by then is not the same in real time" },
  ),
  script("stream data: a peek takes nothing", RECV, states.WITH_DATA, [
    ours(recv(2, "MSG_PEEK"), '"ab"'),
    ours(recv(100, "MSG_PEEK"), '"abc"'),
    ours(recv(), '"abc"'),
    ours(recv(1, "MSG_PEEK"), "WSAEWOULDBLOCK"),
  ]),
  script("stream data: no bytes", "ReactOS's test recv", states.WITH_DATA, [ours(recv(0), "0"), ours(recv(), '"abc"')]),
  row(
    "stream data",
    "Microsoft, recv function; Wine's test shutdown",
    states.WITH_DATA,
    inCOnly("recv(NULL, 0)", (w, s) => w.recv(s, null, 0, 0), MEMORY),
    "0",
  ),
  row(
    "stream data",
    RECV,
    states.WITH_DATA,
    inCOnly("recv(NULL, 4)", (w, s) => w.recv(s, null, 4, 0), MEMORY),
    "WSAEFAULT",
  ),
  row(
    "stream data",
    "Wine's test recv of length -1",
    states.WITH_DATA,
    inCOnly("recv(-1)", (w, s) => w.recv(s, new Uint8Array(1), -1, 0), MEMORY),
    "WSAEFAULT",
  ),
  row(
    "stream data",
    SEND,
    states.CONNECTED,
    inCOnly("send(NULL, 4)", (w, s) => w.send(s, null, 4, 0), MEMORY),
    "WSAEFAULT",
  ),
  row(
    "stream data",
    "ReactOS's test send",
    states.CONNECTED,
    inCOnly("send(NULL, 0)", (w, s) => w.send(s, null, 0, 0), MEMORY),
    "0",
  ),
  row(
    "stream data",
    "ReactOS's test send",
    states.NEW,
    inCOnly("send(NULL, 0)", (w, s) => w.send(s, null, 0, 0), MEMORY),
    "WSAENOTCONN",
  ),
  row(
    "stream data",
    SEND,
    states.CONNECTED,
    inCOnly("send(more than there is)", (w, s) => w.send(s, new Uint8Array(3), 4, 0), MEMORY),
    "WSAEFAULT",
  ),
  row("stream data", "inferred from receives that have room", states.RESET, recv(0), "WSAECONNRESET"),
  script("stream data: SO_SNDBUF 0 of a nonblocking socket keeps no send waiting", "Wine's test send_buffering", states.CONNECTED, [
    ours(setsockopt("SOL_SOCKET", "SO_SNDBUF", 0)),
    ours(send("a"), "1"),
    ours(send("b"), "1"),
    ours(send("c"), "1"),
  ]),
  script("stream data: what a nonblocking listener accepts is nonblocking", "Microsoft, accept function", states.LISTENING_WITH_ONE, [
    ours(
      inCOnly(
        "recv of what accept returns",
        (w, s) => w.recv(w.accept(s, null, null), new Uint8Array(1), 1, 0),
        "whether a socket is nonblocking makes no difference to it",
      ),
      "WSAEWOULDBLOCK",
    ),
  ]),
  row("stream data", SEND, states.CONNECTED, send("x", "MSG_DONTROUTE"), "1"),
  row("stream data", SEND, states.CONNECTED, send("x", "MSG_PARTIAL"), "1"),
  row("stream data", SEND, states.CONNECTED, send("x", "MSG_PEEK"), "WSAEOPNOTSUPP"),
  row("stream data", RECV, states.WITH_DATA, recv(9, "MSG_PUSH_IMMEDIATE"), '"abc"'),
  // On a blocking socket, since a nonblocking one has no MSG_WAITALL at all.
  ...["MSG_PEEK", "MSG_OOB"].map((other) =>
    script(`stream data: MSG_WAITALL does not go with ${other}`, `Microsoft, recv function: not with ${other}`, states.CONNECTED_BLOCKING, [
      peer(send("abc"), "3"),
      ours(readable, "1"),
      ours(recv(3, `MSG_WAITALL|${other}`), "WSAEOPNOTSUPP"),
      ours(recv(3), '"abc"'),
    ]),
  ),
  row("stream data", "Microsoft, recv function: not nonblocking", states.WITH_DATA, recv(9, "MSG_WAITALL"), "WSAEOPNOTSUPP"),
  row("stream data", NOT_FLAGS, states.WITH_DATA, recv(9, "MSG_DONTROUTE"), "WSAEOPNOTSUPP"),
  script("stream data: MSG_WAITALL of what is there", RECV, states.CONNECTED_BLOCKING, [
    peer(send("abc"), "3"),
    ours(recv(3, "MSG_WAITALL"), '"abc"'),
  ]),
  script("stream data: recvfrom on a stream tells nobody", "Wine's test tcp_sendto_recvfrom", states.WITH_DATA, [
    ours(
      inCOnly("recvfrom(a name)", (w, s) => {
        const [name, length] = [new Uint8Array(28).fill(0xee), { value: 28 }];
        const count = w.recvfrom(s, new Uint8Array(9), 9, 0, name, length);
        return `${count}, ${name[0]}, ${length.value}`;
      }),
      "3, 238, 28",
    ),
  ]),
  script("stream data: sendto ignores its address", "Wine's test tcp_sendto_recvfrom", states.CONNECTED, [
    ours(sendto("abc", "nobody", "closed"), "3"),
    peer(recv(), '"abc"'),
  ]),
  script(
    "stream data: a whole megabyte at once",
    "Wine's test send_buffering: all or nothing",
    states.CONNECTED,
    [ours(sendBytes(1_000_000), { windows: "1000000", linux: "65536" })],
    { virtualOnly: "how much a peer that does not read takes is not the same in real time" },
  ),
  script(
    "stream data: SO_RCVTIMEO",
    "Microsoft, SO_RCVTIMEO; Wine's test timeout",
    states.CONNECTED_BLOCKING,
    [ours(setsockopt("SOL_SOCKET", "SO_RCVTIMEO", 250)), ours(timed(recv()), "WSAETIMEDOUT after 250 ms")],
    { virtualOnly: "it takes time" },
  ),
  script("stream data: SO_RCVTIMEO of a nonblocking socket", "Wine's test timeout", states.CONNECTED, [
    ours(setsockopt("SOL_SOCKET", "SO_RCVTIMEO", 250)),
    ours(recv(), "WSAEWOULDBLOCK"),
  ]),
  script("stream data: FIONREAD counts", "Wine's test fionread_siocatmark", states.WITH_DATA, [
    ours(ioctl("FIONREAD"), "gives 3"),
    ours(recv(2), '"ab"'),
    ours(ioctl("FIONREAD"), "gives 1"),
  ]),
];

const urgentCame = {
  text: "select(except)",
  inC: (w, s) => w.select(0, null, null, { fd_count: 1, fd_array: [s] }, { tv_sec: 10, tv_usec: 0 }),
  awaited: async (w, s) => (await w.select({ except: [s] }, { timeoutMs: 10_000 })).except.length,
} satisfies Parameters<typeof ours>[0];

const urgent: readonly ConformanceCase[] = [
  script(
    "out-of-band: a byte apart from the stream",
    OOB,
    states.CONNECTED,
    [
      peer(send("a"), "1"),
      peer(send("!", "MSG_OOB"), "1"),
      peer(send("b"), "1"),
      ours(urgentCame, "1"),
      ours(settle),
      ours(recv(1, "MSG_OOB"), '"!"'),
      ours(recv(1), '"a"'),
      ours(recv(1), '"b"'),
    ],
    { virtualOnly: "what has come by then is not the same in real time" },
  ),
  script("out-of-band: taken once", OOB, states.CONNECTED, [
    peer(send("!", "MSG_OOB"), "1"),
    ours(urgentCame, "1"),
    ours(recv(1, "MSG_OOB"), '"!"'),
    ours(recv(1, "MSG_OOB"), "WSAEINVAL"),
  ]),
  script("out-of-band: a peek leaves it", OOB, states.CONNECTED, [
    peer(send("!", "MSG_OOB"), "1"),
    ours(urgentCame, "1"),
    ours(recv(1, "MSG_OOB|MSG_PEEK"), '"!"'),
    ours(recv(1, "MSG_OOB"), '"!"'),
  ]),
  script("out-of-band: it is not counted by FIONREAD", "Wine's test fionread_siocatmark", states.CONNECTED, [
    peer(send("!", "MSG_OOB"), "1"),
    ours(urgentCame, "1"),
    ours(ioctl("FIONREAD"), "0"),
    ours(ioctl("SIOCATMARK", 5), "gives 0"),
    ours(recv(1, "MSG_OOB"), '"!"'),
    ours(ioctl("SIOCATMARK", 5), "gives 1"),
  ]),
  script("out-of-band: a plain receive finds nothing", OOB, states.CONNECTED, [
    peer(send("!", "MSG_OOB"), "1"),
    ours(urgentCame, "1"),
    ours(recv(), "WSAEWOULDBLOCK"),
  ]),
  script("out-of-band: inline", OOB, states.CONNECTED, [
    ours(setsockopt("SOL_SOCKET", "SO_OOBINLINE", 1)),
    peer(send("!", "MSG_OOB"), "1"),
    ours(readable, "1"),
    ours(ioctl("FIONREAD"), "gives 1"),
    ours(recv(1, "MSG_OOB"), "WSAEINVAL"),
    ours(recv(1), '"!"'),
  ]),
  script("out-of-band: SIOCATMARK minds a byte that SO_OOBINLINE has put back", "Wine's test fionread_siocatmark", states.CONNECTED, [
    peer(send("!", "MSG_OOB"), "1"),
    ours(urgentCame, "1"),
    ours(setsockopt("SOL_SOCKET", "SO_OOBINLINE", 1)),
    ours(ioctl("FIONREAD"), "gives 1"),
    ours(ioctl("SIOCATMARK", 5), "gives 0"),
    ours(recv(1), '"!"'),
    ours(ioctl("SIOCATMARK", 5), "gives 1"),
  ]),
  script("out-of-band: two bytes queue", "Wine's test oob_events", states.CONNECTED, [
    peer(send("1", "MSG_OOB"), "1"),
    ours(urgentCame, "1"),
    peer(send("2", "MSG_OOB"), "1"),
    ours(settle),
    ours(recv(1, "MSG_OOB"), '"1"'),
    ours(urgentCame, "1"),
    ours(recv(1, "MSG_OOB"), '"2"'),
  ]),
];

const datagrams: readonly ConformanceCase[] = [
  script("datagrams: each is its own", RECVFROM, states.UDP_BOUND, [
    peer(sendto("one", "ours", "own"), "3"),
    peer(sendto("two", "ours", "own"), "3"),
    ours(readable, "1"),
    ours(settle),
    ours(recvfrom(), '"one"'),
    ours(recvfrom(), '"two"'),
    ours(recvfrom(), "WSAEWOULDBLOCK"),
  ]),
  script("datagrams: their sender", RECVFROM, states.UDP_BOUND, [
    peer(sendto("x", "ours", "own"), "1"),
    ours(readable, "1"),
    ours(sender, "{peer:open}"),
  ]),
  script("datagrams: an empty one", SENDTO, states.UDP_BOUND, [
    peer(sendto("", "ours", "own"), "0"),
    ours(readable, "1"),
    ours(recvfrom(), '""'),
    ours(recvfrom(), "WSAEWOULDBLOCK"),
  ]),
  script("datagrams: one that is too long for the memory loses its rest", RECVFROM, states.UDP_WITH_DATA, [
    ours(recvfrom(2), "WSAEMSGSIZE"),
    ours(recvfrom(2), "WSAEWOULDBLOCK"),
  ]),
  script("datagrams: a peek at one that is too long", RECVFROM, states.UDP_WITH_DATA, [
    ours(recvfrom(2, "MSG_PEEK"), "WSAEMSGSIZE"),
    ours(recvfrom(), '"abc"'),
  ]),
  script(
    "datagrams: the longest",
    "Microsoft, SO_MAX_MSG_SIZE; Wine's test of 65507",
    states.UDP_NEW,
    [ours(sendtoBytes(65_507, "peer", "open"), "65507"), ours(sendtoBytes(65_508, "peer", "open"), "WSAEMSGSIZE")],
    { families: ["IPv4"] },
  ),
  script("datagrams: longer than the longest of IPv6", SENDTO, states.UDP_NEW, [ours(sendtoBytes(65_528, "peer", "open"), "WSAEMSGSIZE")], {
    families: ["IPv6"],
  }),
  script("datagrams: a failed sendto does not bind", "Wine's test WSASendTo", states.UDP_NEW, [
    ours(sendto("x", "elsewhere", "open"), "WSAENETUNREACH"),
    ours(getsockname, "WSAEINVAL"),
  ]),
  script("datagrams: sendto binds", SENDTO, states.UDP_NEW, [ours(sendto("x", "peer", "open"), "1"), ours(getsockname, "{any:dynamic}")]),
  script("datagrams: connect filters", "Microsoft, connect function", states.UDP_CONNECTED_ELSEWHERE, [
    peer(sendto("stranger", "ours", "own"), "8"),
    ours(settle),
    ours(recv(), "WSAEWOULDBLOCK"),
  ]),
  script("datagrams: connect throws away what waits from others", "Microsoft, connect function", states.UDP_WITH_DATA, [
    ours(connect("peer", "other")),
    ours(recv(), "WSAEWOULDBLOCK"),
  ]),
  script("datagrams: the same connect throws nothing away", "Microsoft, connect function", states.UDP_WITH_DATA, [
    ours(connect("peer", "open")),
    ours(recv(), '"abc"'),
  ]),
  script("datagrams: sendto of a connected socket goes where it says", SENDTO, states.UDP_CONNECTED_ELSEWHERE, [
    ours(sendto("x", "peer", "open"), "1"),
    peer(recvfrom(), '"x"'),
  ]),
  script("datagrams: refused, told once", "Microsoft, recvfrom function; KB263823", states.UDP_REFUSED, [
    ours(recv(), "WSAECONNRESET"),
    ours(recv(), "WSAEWOULDBLOCK"),
  ]),
  script("datagrams: refused, of an unconnected socket", "Microsoft, recvfrom function; KB263823", states.UDP_BOUND, [
    ours(sendto("x", "peer", "closed"), "1"),
    ours(settle),
    ours(recvfrom(), { windows: "WSAECONNRESET", linux: "WSAEWOULDBLOCK" }),
  ]),
  script("datagrams: refused, and nobody wants to know", "Microsoft, Winsock IOCTLs: SIO_UDP_CONNRESET", states.UDP_BOUND, [
    ours(noConnReset()),
    ours(sendto("x", "peer", "closed"), "1"),
    ours(settle),
    ours(recvfrom(), "WSAEWOULDBLOCK"),
  ]),
  script(
    "datagrams: sends to a dead port succeed",
    "inferred from Microsoft, recvfrom function: the error is on receive",
    states.UDP_REFUSED,
    [ours(send("x"), "1"), ours(send("y"), "1")],
  ),
  script(
    "datagrams: broadcast wants its option",
    SENDTO,
    states.UDP_NEW,
    [
      ours(sendto("x", "broadcast", "open"), "WSAEACCES"),
      ours(setsockopt("SOL_SOCKET", "SO_BROADCAST", 1)),
      ours(sendto("x", "broadcast", "open"), "1"),
      ours(sendto("x", "everybody", "open"), "1"),
    ],
    { families: ["IPv4"] },
  ),
  script(
    "datagrams: a broadcast reaches the peer",
    SENDTO,
    states.UDP_NEW,
    [ours(setsockopt("SOL_SOCKET", "SO_BROADCAST", 1)), ours(sendto("all", "broadcast", "open"), "3"), peer(recvfrom(), '"all"')],
    { families: ["IPv4"], virtualOnly: "the daemon's peer is on no link" },
  ),
  script(
    "datagrams: connect to everybody with the option",
    "Microsoft, connect function",
    states.UDP_NEW,
    [ours(setsockopt("SOL_SOCKET", "SO_BROADCAST", 1)), ours(connect("broadcast", "open")), ours(send("all"), "3")],
    { families: ["IPv4"] },
  ),
  row("datagrams", "ReactOS's test bind: 255.255.255.255 with SO_BROADCAST", states.UDP_BROADCASTING, bind("everybody", "own"), "0", {
    families: ["IPv4"],
  }),
  row(
    "datagrams",
    RECVFROM,
    states.UDP_BOUND,
    inCOnly("recvfrom(NULL, 4)", (w, s) => w.recvfrom(s, null, 4, 0, null, null), MEMORY),
    "WSAEFAULT",
  ),
  row(
    "datagrams",
    SENDTO,
    states.UDP_NEW,
    inCOnly(
      "sendto(NULL, 4)",
      (w, s, { place }) => {
        const name = place.name("peer", "open");
        return w.sendto(s, null, 4, 0, name, name.length);
      },
      MEMORY,
    ),
    "WSAEFAULT",
  ),
  script(
    "datagrams: SO_RCVTIMEO",
    "Microsoft, SO_RCVTIMEO; Wine's test timeout",
    states.UDP_BLOCKING,
    [ours(setsockopt("SOL_SOCKET", "SO_RCVTIMEO", 250)), ours(timed(recvfrom()), "WSAETIMEDOUT after 250 ms")],
    { virtualOnly: "it takes time" },
  ),
];

function noConnReset() {
  return {
    text: "WSAIoctl(SIO_UDP_CONNRESET, FALSE)",
    inC: (w, s) => w.WSAIoctl(s, 0x9800000c, { value: 0 }, 4, null, 0, { value: 0 }, null, null),
    awaited: async (w, s) => void (await w.WSAIoctl(s, 0x9800000c, false)),
  } satisfies Parameters<typeof ours>[0];
}

export const DATA: readonly ConformanceCase[] = [...streams, ...urgent, ...datagrams];
