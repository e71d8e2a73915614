/** The end of a connection: graceful, hard, lingering, by halves; and which code tells of it where. */
import {
  abort,
  accept,
  bool,
  closesocket,
  connect,
  getpeername,
  getsockname,
  hasPeerName,
  inCOnly,
  linger,
  readable,
  recv,
  send,
  sendBytes,
  settle,
  shutdown,
  timed,
} from "../calls.ts";
import { type ConformanceCase, ours, peer, row, script } from "../conformance-case.ts";
import * as states from "../states.ts";

const SHUTDOWN = "Microsoft, shutdown function; Wine's test shutdown";
const RECV = "Microsoft, recv function; ReactOS's test recv";
const CLOSE = "Microsoft, closesocket function";
const LINGER = "Microsoft, linger structure and closesocket function";
const RESET = "Wine's test tcp_reset";

const halves: readonly ConformanceCase[] = [
  script("end: SD_SEND reaches the peer", SHUTDOWN, states.CONNECTED, [ours(shutdown("SD_SEND")), peer(recv(), "0"), peer(recv(), "0")]),
  script("end: SD_SEND behind data", SHUTDOWN, states.CONNECTED, [
    ours(send("last"), "4"),
    ours(shutdown("SD_SEND")),
    peer(recv(), '"last"'),
    peer(recv(), "0"),
  ]),
  script("end: after SD_SEND data still comes in", SHUTDOWN, states.AFTER_SD_SEND, [
    peer(send("abc"), "3"),
    ours(readable, "1"),
    ours(recv(), '"abc"'),
    ours(send("x"), "WSAESHUTDOWN"),
  ]),
  script("end: after the peer's SD_SEND data still goes out", SHUTDOWN, states.FIN_READ, [ours(send("abc"), "3"), peer(recv(), '"abc"')]),
  script("end: SD_SEND twice", SHUTDOWN, states.AFTER_SD_SEND, [ours(shutdown("SD_SEND")), ours(shutdown("SD_SEND"))]),
  script("end: SD_SEND, then SD_RECEIVE", SHUTDOWN, states.AFTER_SD_SEND, [
    ours(shutdown("SD_RECEIVE")),
    ours(recv(), "WSAESHUTDOWN"),
    ours(send("x"), "WSAESHUTDOWN"),
  ]),
  script("end: SD_BOTH", SHUTDOWN, states.AFTER_SD_BOTH, [
    ours(recv(), "WSAESHUTDOWN"),
    ours(send("x"), "WSAESHUTDOWN"),
    peer(recv(), "0"),
  ]),
  script("end: after SD_RECEIVE the peer may send", SHUTDOWN, states.AFTER_SD_RECEIVE, [
    peer(send("abc"), "3"),
    ours(settle),
    ours(recv(), "WSAESHUTDOWN"),
    ours(send("x"), "1"),
    peer(recv(), '"x"'),
  ]),
  script("end: SD_RECEIVE with data that waits", SHUTDOWN, states.WITH_DATA, [ours(shutdown("SD_RECEIVE")), ours(recv(), "WSAESHUTDOWN")]),
  script("end: names stay after SD_BOTH", SHUTDOWN, states.AFTER_SD_BOTH, [
    ours(getpeername, "{peer:open}"),
    ours(getsockname, "{ours:dynamic}"),
  ]),
  script("end: names stay after the peer's end", SHUTDOWN, states.FIN_READ, [ours(getpeername, "{peer:open}")]),
  script("end: names stay after a reset", "inferred from Wine's test shutdown", states.RESET, [ours(hasPeerName)]),
  ...[3, 4, -1, 1000].map((how) => row("end", "Microsoft, shutdown function: WSAEINVAL", states.CONNECTED, shutdown(how), "WSAEINVAL")),
  row("end", "inferred from Wine's server: how before the state", states.NEW, shutdown(3), "WSAEINVAL"),
  row("end", "Microsoft, shutdown function: WSAEINVAL", states.UDP_BOUND, shutdown(3), "WSAEINVAL"),
];

const reading: readonly ConformanceCase[] = [
  script("end: data first, then 0 for ever", RECV, states.FIN_BEHIND_DATA, [
    ours(recv(2), '"ab"'),
    ours(recv(2), '"c"'),
    ours(recv(2), "0"),
    ours(recv(2), "0"),
  ]),
  script("end: 0 is told to each receive", RECV, states.FIN_RECEIVED, [
    ours(recv(), "0"),
    ours(recv(1, "MSG_PEEK"), "0"),
    ours(recv(), "0"),
  ]),
  script("end: MSG_WAITALL takes what there is", RECV, states.FIN_BEHIND_DATA, [
    ours(inCOnly("ioctlsocket(FIONBIO, 0)", (w, s) => w.ioctlsocket(s, 0x8004667e, { value: 0 }), "its receive waits anyway")),
    ours(recv(10, "MSG_WAITALL"), '"abc"'),
  ]),
  script("end: a reset is told to each receive and send", RESET, states.RESET, [
    ours(recv(), "WSAECONNRESET"),
    ours(recv(), "WSAECONNRESET"),
    ours(send("x"), "WSAECONNRESET"),
    ours(recv(), "WSAECONNRESET"),
  ]),
  script("end: a reset makes away with unread data", "Microsoft, recv function: WSAECONNRESET", states.RESET_BEHIND_DATA, [
    ours(recv(), "WSAECONNRESET"),
  ]),
];

const closing: readonly ConformanceCase[] = [
  script("end: closesocket reaches the peer", CLOSE, states.CONNECTED, [ours(closesocket), peer(recv(), "0")]),
  script("end: closesocket behind data", CLOSE, states.CONNECTED, [
    ours(send("last"), "4"),
    ours(closesocket),
    peer(recv(), '"last"'),
    peer(recv(), "0"),
  ]),
  script("end: closesocket twice", CLOSE, states.CONNECTED, [ours(closesocket), ours(closesocket, "WSAENOTSOCK")]),
  script("end: closesocket with unread data resets", "RFC 2525 §2.17; inferred of Windows", states.WITH_DATA, [
    ours(closesocket),
    peer(readable, "1"),
    peer(recv(), "WSAECONNRESET"),
  ]),
  script("end: a hard close resets", LINGER, states.CONNECTED, [
    ours(linger(1, 0)),
    ours(closesocket),
    peer(readable, "1"),
    peer(recv(), "WSAECONNRESET"),
  ]),
  script("end: a hard close drops what was not sent", LINGER, states.CONNECTED, [
    ours(send("last"), "4"),
    ours(abort),
    peer(readable, "1"),
    peer(settle),
    peer(recv(), "WSAECONNRESET"),
  ]),
  script("end: a lingering close of a blocking socket waits for nothing when all is sent", LINGER, states.CONNECTED_BLOCKING, [
    ours(linger(1, 5)),
    ours(closesocket),
    peer(recv(), "0"),
  ]),
  script(
    "end: a lingering close of a nonblocking socket that has to wait",
    LINGER,
    states.CONNECTED,
    [ours(linger(1, 5)), ours(sendBytes(3_000_000), { windows: "3000000", linux: "65536" }), ours(closesocket, "WSAEWOULDBLOCK")],
    { virtualOnly: "how much leaves before the close is not the same in real time" },
  ),
  script(
    "end: a lingering close that runs out of time",
    LINGER,
    states.CONNECTED_BLOCKING,
    [ours(linger(1, 2)), ours(sendBytes(3_000_000), "3000000"), ours(timed(closesocket), "0 after 2000 ms")],
    { virtualOnly: "it takes seconds" },
  ),
  script(
    "end: a listener that is closed resets who waits",
    "inferred from Microsoft, closesocket function",
    states.LISTENING_WITH_ONE_OF_PEER,
    [ours(closesocket), peer(readable, "1"), peer(recv(), "WSAECONNRESET")],
  ),
  script("end: an accepted socket outlives its listener", CLOSE, states.ACCEPTED, [ours(send("x"), "1"), peer(recv(), '"x"')]),
  script("end: a datagram socket", CLOSE, states.UDP_CONNECTED, [ours(closesocket), ours(closesocket, "WSAENOTSOCK")]),
  script("end: sent into a peer that has closed", "Wine's test shutdown", states.CONNECTED, [
    peer(closesocket),
    ours(readable, "1"),
    ours(recv(), "0"),
    ours(send("x"), "1"),
    ours(settle),
    ours(recv(), "WSAECONNABORTED"),
  ]),
  script(
    "end: a client that resets while it waits",
    "Microsoft, accept function: WSAECONNRESET; the accept may succeed too",
    states.LISTENING_FOR_PEER,
    [peer(connect("ours", "open")), ours(readable, "1"), peer(abort), ours(settle), ours(accept, "WSAECONNRESET")],
  ),
];

const DISCONNECT = "Microsoft, LPFN_DISCONNECTEX; Wine's test DisconnectEx";
const disconnectEx = (flags = 0) => inCOnly(`DisconnectEx(${flags})`, (w, s) => bool(w.DisconnectEx(s, null, flags, 0)));
const disconnecting: readonly ConformanceCase[] = [
  script("end: DisconnectEx", DISCONNECT, states.CONNECTED, [
    ours(disconnectEx(), "1"),
    ours(send("x"), "WSAESHUTDOWN"),
    ours(getpeername, "{peer:open}"),
    ours(connect("peer", "open"), "WSAEISCONN"),
    peer(recv(), "0"),
  ]),
  script("end: DisconnectEx twice", DISCONNECT, states.CONNECTED, [ours(disconnectEx(), "1"), ours(disconnectEx(), "1")]),
  script("end: DisconnectEx, and then data comes", DISCONNECT, states.CONNECTED, [
    ours(disconnectEx(), "1"),
    peer(send("abc"), "3"),
    ours(readable, "1"),
    ours(recv(), '"abc"'),
  ]),
  row("end", "inferred from Microsoft, LPFN_DISCONNECTEX: only TF_REUSE_SOCKET", states.CONNECTED, disconnectEx(1), "WSAEINVAL"),
  script("end: WSASendDisconnect is SD_SEND", "Microsoft, WSASendDisconnect function", states.CONNECTED, [
    ours(inCOnly("WSASendDisconnect", (w, s) => w.WSASendDisconnect(s, null))),
    ours(send("x"), "WSAESHUTDOWN"),
    peer(recv(), "0"),
  ]),
  script("end: WSARecvDisconnect is SD_RECEIVE", "Microsoft, WSARecvDisconnect function", states.CONNECTED, [
    ours(inCOnly("WSARecvDisconnect", (w, s) => w.WSARecvDisconnect(s, null))),
    ours(recv(), "WSAESHUTDOWN"),
    ours(send("x"), "1"),
  ]),
];

export const CLOSING: readonly ConformanceCase[] = [...halves, ...reading, ...closing, ...disconnecting];
