/** What becomes of a connect: success, refusal, silence, and how each way to ask tells of it. */
import {
  bind,
  closesocket,
  connect,
  failed,
  getpeername,
  getsockname,
  getsockopt,
  listen,
  nonblocking,
  noSynRetries,
  recv,
  select,
  selectWaiting,
  send,
  setsockopt,
  shutdown,
  timed,
  writable,
} from "../calls.ts";
import { type ConformanceCase, ours, row, script } from "../conformance-case.ts";
import * as states from "../states.ts";

const CONNECT = "Microsoft, connect function";
const SELECT = "Microsoft, connect function; Wine's test select";
const REFUSED = "Microsoft's KB175523; Wine's test select: over two seconds";
const SILENCE = "Microsoft's KB2786464 and connect function";
const TCP = "Microsoft, IPPROTO_TCP Socket Options";
const LONG = { virtualOnly: "it takes seconds" };
const refusal = (windows: string, linux: string) => ({ windows, linux });
const error = getsockopt("SOL_SOCKET", "SO_ERROR");

const blocking: readonly ConformanceCase[] = [
  row("connect", CONNECT, states.NEW_BEFORE_LISTENER, connect("peer", "open"), "0"),
  row("connect", CONNECT, states.BOUND_BEFORE_LISTENER, connect("peer", "open"), "0"),
  script(
    "connect: refused at the last SYN",
    REFUSED,
    states.NEW,
    [ours(timed(connect("peer", "closed")), refusal("WSAECONNREFUSED after 2000 ms", "WSAECONNREFUSED after 0 ms"))],
    LONG,
  ),
  script("connect: refused at the first SYN without retries", "Microsoft, SIO_TCP_INITIAL_RTO", states.NEW, [
    ours(noSynRetries),
    ours(connect("peer", "closed"), "WSAECONNREFUSED"),
  ]),
  script(
    "connect: nobody answers",
    SILENCE,
    states.NEW,
    [ours(timed(connect("nobody", "open")), refusal("WSAETIMEDOUT after 21000 ms", "WSAEHOSTUNREACH after 3000 ms"))],
    LONG,
  ),
  script(
    "connect: TCP_MAXRT of 5 seconds",
    TCP,
    states.NEW,
    [
      ours(setsockopt("IPPROTO_TCP", "TCP_MAXRT", 5)),
      ours(timed(connect("nobody", "open")), refusal("WSAETIMEDOUT after 5000 ms", "WSAEHOSTUNREACH after 3000 ms")),
    ],
    LONG,
  ),
  script(
    "connect: TCP_MAXRTMS of 700 ms",
    TCP,
    states.NEW,
    [ours(setsockopt("IPPROTO_TCP", "TCP_MAXRTMS", 700)), ours(timed(connect("nobody", "open")), "WSAETIMEDOUT after 700 ms")],
    LONG,
  ),
  script(
    "connect: SO_SNDTIMEO and SO_RCVTIMEO have no part in it",
    "inferred: Microsoft, SO_SNDTIMEO is of sends",
    states.NEW,
    [
      ours(setsockopt("SOL_SOCKET", "SO_SNDTIMEO", 100)),
      ours(setsockopt("SOL_SOCKET", "SO_RCVTIMEO", 100)),
      ours(timed(connect("peer", "closed")), refusal("WSAECONNREFUSED after 2000 ms", "WSAECONNREFUSED after 0 ms")),
    ],
    LONG,
  ),
  script("connect: no route, at once", CONNECT, states.NEW, [ours(timed(connect("elsewhere", "open")), "WSAENETUNREACH after 0 ms")], LONG),
  script("connect: a blocking failure leaves SO_ERROR alone", "Wine's tests select and WSAPoll", states.FAILED, [
    ours(error, "value 0"),
    ours(select, "except"),
  ]),
  script("connect: names after a success", CONNECT, states.NEW_BEFORE_LISTENER, [
    ours(connect("peer", "open")),
    ours(getsockname, "{ours:dynamic}"),
    ours(getpeername, "{peer:open}"),
  ]),
  script("connect: a wildcard gets its address", "Microsoft, bind function", states.BOUND_TO_ANY_BEFORE_LISTENER, [
    ours(getsockname, "{any:own}"),
    ours(connect("peer", "open")),
    ours(getsockname, "{ours:own}"),
  ]),
  script("connect: a failed wildcard is one again", "inferred from Microsoft, bind function", states.BOUND_TO_ANY_BEFORE_LISTENER, [
    ours(noSynRetries),
    ours(connect("peer", "closed"), "WSAECONNREFUSED"),
    ours(getsockname, "{any:own}"),
  ]),
];

const again: readonly ConformanceCase[] = [
  script("connect again: refused, then not", CONNECT, states.NEW_BEFORE_LISTENER, [
    ours(noSynRetries),
    ours(connect("peer", "closed"), "WSAECONNREFUSED"),
    ours(connect("peer", "open")),
    ours(send("x"), "1"),
  ]),
  script("connect again: no route, then one", CONNECT, states.NEW_BEFORE_LISTENER, [
    ours(connect("elsewhere", "open"), "WSAENETUNREACH"),
    ours(connect("peer", "open")),
  ]),
  script("connect again: no address, then one", CONNECT, states.NEW_BEFORE_LISTENER, [
    ours(connect("any", "open"), "WSAEADDRNOTAVAIL"),
    ours(connect("peer", "open")),
  ]),
  script("connect again: refused twice", CONNECT, states.NEW, [
    ours(noSynRetries),
    ours(connect("peer", "closed"), "WSAECONNREFUSED"),
    ours(connect("peer", "closed"), "WSAECONNREFUSED"),
  ]),
  script("connect again: while it goes on", CONNECT, states.CONNECTING, [
    ours(connect("nobody", "open"), "WSAEALREADY"),
    ours(connect("peer", "open"), "WSAEALREADY"),
    ours(connect("elsewhere", "open"), "WSAEALREADY"),
    ours(connect("any", "zero"), "WSAEALREADY"),
  ]),
  script("connect again: after it succeeded", CONNECT, states.OPENING, [
    ours(writable, "1"),
    ours(connect("peer", "open"), "WSAEISCONN"),
    ours(connect("elsewhere", "open"), "WSAEISCONN"),
    ours(connect("any", "zero"), "WSAEISCONN"),
  ]),
  script("connect again: after a shutdown", "Wine's test shutdown", states.AFTER_SD_BOTH, [ours(connect("peer", "open"), "WSAEISCONN")]),
  script("connect again: after the peer's end", "Wine's test shutdown", states.FIN_READ, [ours(connect("peer", "open"), "WSAEISCONN")]),
  script("connect again: a failed socket that was bound listens", "Wine's test select", states.FAILED, [ours(listen())]),
];

const asked: readonly ConformanceCase[] = [
  script("nonblocking connect: success", SELECT, states.NONBLOCKING, [
    ours(connect("peer", "open"), "WSAEWOULDBLOCK"),
    ours(selectWaiting, "write"),
    ours(error, "value 0"),
    ours(recv(), "WSAEWOULDBLOCK"),
  ]),
  script("nonblocking connect: success over the loopback", "Wine's test connect_completion_port", states.LOOPBACK_LISTENER, [
    ours(connect("loopback", "open"), "WSAEWOULDBLOCK"),
    ours(selectWaiting, "write"),
  ]),
  script("nonblocking connect: refused", SELECT, states.NONBLOCKING, [
    ours(noSynRetries),
    ours(connect("peer", "closed"), "WSAEWOULDBLOCK"),
    ours(selectWaiting, "except"),
    ours(error, "value 10061"),
    ours(error, "value 10061"),
  ]),
  script(
    "nonblocking connect: refused at the last SYN",
    REFUSED,
    states.NONBLOCKING,
    [
      ours(connect("peer", "closed"), "WSAEWOULDBLOCK"),
      ours(timed(failed), refusal("1 after 2000 ms", "1 after 0 ms")),
      ours(error, "value 10061"),
    ],
    LONG,
  ),
  script(
    "nonblocking connect: nobody answers",
    SILENCE,
    states.NONBLOCKING,
    [ours(connect("nobody", "open"), "WSAEWOULDBLOCK"), ours(failed, "1"), ours(error, refusal("value 10060", "value 10065"))],
    LONG,
  ),
  script("nonblocking connect: no route", CONNECT, states.NONBLOCKING, [ours(connect("elsewhere", "open"), "WSAENETUNREACH")]),
  script(
    "nonblocking connect: SO_ERROR stays through the next attempt and goes with its success",
    "Wine's test select",
    states.NONBLOCKING,
    [
      ours(noSynRetries),
      ours(connect("peer", "closed"), "WSAEWOULDBLOCK"),
      ours(failed, "1"),
      ours(connect("peer", "open"), "WSAEWOULDBLOCK"),
      ours(writable, "1"),
      ours(error, "value 0"),
    ],
  ),
  script("nonblocking connect: names while it goes on", "Wine's test connecting_socket", states.CONNECTING, [
    ours(getsockname, "{ours:own}"),
    ours(getpeername, "{nobody:open}"),
  ]),
  script("nonblocking connect: options wait", CONNECT, states.CONNECTING, [ours(setsockopt("SOL_SOCKET", "SO_KEEPALIVE", 1), "WSAEINVAL")]),
  script("nonblocking connect: closed while it goes on", "Microsoft, closesocket function", states.CONNECTING, [
    ours(closesocket),
    ours(closesocket, "WSAENOTSOCK"),
  ]),
  script(
    "nonblocking connect: shut down while it goes on",
    "inferred from Microsoft, shutdown function: not connected",
    states.CONNECTING,
    [ours(shutdown("SD_BOTH"), "WSAENOTCONN"), ours(connect("nobody", "open"), "WSAEALREADY")],
  ),
];

const crowded: readonly ConformanceCase[] = [
  script(
    "connect: an address that is taken since",
    "Microsoft, connect function: WSAEADDRINUSE can be late",
    states.BOUND_TO_ANY_AND_TAKEN,
    [ours(connect("peer", "open"), "WSAEADDRINUSE")],
  ),
  script("connect: from a port that its peer listens on", CONNECT, states.LISTENING, [ours(connect("peer", "closed"), "WSAEINVAL")]),
  script("connect: a bound socket is bound", "Microsoft, bind function", states.BOUND, [ours(bind("ours", "other"), "WSAEINVAL")]),
  script("connect: an implicit bind binds", CONNECT, states.CONNECTED, [ours(bind("ours", "other"), "WSAEINVAL")]),
  script(
    "connect: a full backlog",
    "Microsoft, listen function; KB113576: refused",
    states.FULL_LISTENER,
    [ours(nonblocking), ours(connect("peer", "open"), "WSAEWOULDBLOCK"), ours(selectWaiting, refusal("except", "none"))],
    LONG,
  ),
];

export const CONNECT_OUTCOMES: readonly ConformanceCase[] = [...blocking, ...again, ...asked, ...crowded];
