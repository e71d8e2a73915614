/** Datagram sockets: in which state which call comes to what. */
import {
  accept,
  bind,
  closesocket,
  connect,
  getpeername,
  getsockopt,
  hasLocalName,
  hasPeerName,
  inCOnly,
  ioctl,
  listen,
  overlapped,
  poll,
  recv,
  recvfrom,
  select,
  send,
  sendto,
  setsockopt,
  shutdown,
} from "../calls.ts";
import { type Column, type ConformanceCase, matrix, row } from "../conformance-case.ts";
import * as states from "../states.ts";

const STATES = [
  states.UDP_NEW,
  states.UDP_BOUND,
  states.UDP_IMPLICIT,
  states.UDP_CONNECTED,
  states.UDP_DISSOLVED,
  states.UDP_WITH_DATA,
  states.UDP_AFTER_SD_SEND,
  states.UDP_AFTER_SD_RECEIVE,
  states.UDP_REFUSED,
] as const;

const column = (call: Column["call"], from: string): Column => ({ call, from });

const making = matrix({
  subject: "datagram socket",
  states: STATES,
  columns: [
    column(bind("ours", "other"), "Microsoft, bind function; Wine's test bind"),
    column(listen(5), "Microsoft, listen function"),
    column(accept, "Microsoft, accept function"),
    column(connect("peer", "open"), "Microsoft, connect function; Wine's test connect_udp"),
    column(connect("peer", "other"), "Microsoft, connect function"),
    column(connect("any", "zero"), "Microsoft, connect function; Wine's test connect_udp"),
    column(shutdown("SD_SEND"), "Microsoft, shutdown function; Wine's test shutdown"),
    column(shutdown("SD_RECEIVE"), "Microsoft, shutdown function; Wine's test shutdown"),
    column(hasLocalName, "Microsoft, getsockname function; Wine's test getsockname"),
    column(hasPeerName, "Microsoft, getpeername function; Wine's test getpeername"),
    column(closesocket, "Microsoft, closesocket function"),
  ],
  table: `
    #                           bind    listen      accept      connect other dissolve SD_SEND SD_RECV getsockname getpeername closesocket
    new datagram:               0       EOPNOTSUPP  EOPNOTSUPP  0       0     0        0       0       EINVAL      ENOTCONN    0
    bound datagram:             EINVAL  EOPNOTSUPP  EOPNOTSUPP  0       0     0        0       0       0           ENOTCONN    0
    datagram after sendto:      EINVAL  EOPNOTSUPP  EOPNOTSUPP  0       0     0        0       0       0           ENOTCONN    0
    connected datagram:         EINVAL  EOPNOTSUPP  EOPNOTSUPP  0       0     0        0       0       0           0           0
    dissolved datagram:         EINVAL  EOPNOTSUPP  EOPNOTSUPP  0       0     0        0       0       0           ENOTCONN    0
    datagram with data:         EINVAL  EOPNOTSUPP  EOPNOTSUPP  0       0     0        0       0       0           0           0
    datagram after SD_SEND:     EINVAL  EOPNOTSUPP  EOPNOTSUPP  0       0     0        0       0       0           0           0
    datagram after SD_RECEIVE:  EINVAL  EOPNOTSUPP  EOPNOTSUPP  0       0     0        0       0       0           0           0
    datagram with an error:     EINVAL  EOPNOTSUPP  EOPNOTSUPP  0       0     0        0       0       0           0           0
  `,
});

const transfers = matrix({
  subject: "datagram socket",
  states: STATES,
  columns: [
    column(send("x"), "Microsoft, send function"),
    column(send(""), "Microsoft, send function: an empty datagram"),
    column(send("x", "MSG_OOB"), "Microsoft, send function: WSAEOPNOTSUPP, not stream-style"),
    column(sendto("x", "peer", "open"), "Microsoft, sendto function"),
    column(sendto("", "peer", "open"), "Microsoft, sendto function: an empty datagram"),
    column(recv(100), "Microsoft, recv function; Wine's test WSARecv"),
    column(recv(100, "MSG_PEEK"), "Microsoft, recv function"),
    column(recv(2), "Microsoft, recv function: WSAEMSGSIZE"),
    column(recvfrom(100), "Microsoft, recvfrom function"),
    column(recvfrom(2), "Microsoft, recvfrom function: WSAEMSGSIZE"),
    column(recvfrom(100, "MSG_OOB"), "Microsoft, recvfrom function: WSAEOPNOTSUPP, not stream-style"),
  ],
  table: `
    #                           send       send ""    OOB         sendto     sendto ""  recv         PEEK         recv 2       recvfrom     recvfrom 2   OOB
    new datagram:               ENOTCONN   ENOTCONN   ENOTCONN?   1          0          EINVAL       EINVAL       EINVAL       EINVAL       EINVAL       -
    bound datagram:             ENOTCONN   ENOTCONN   ENOTCONN?   1          0          EWOULDBLOCK  EWOULDBLOCK  EWOULDBLOCK  EWOULDBLOCK  EWOULDBLOCK  EOPNOTSUPP
    datagram after sendto:      ENOTCONN   ENOTCONN   ENOTCONN?   1          0          EWOULDBLOCK  EWOULDBLOCK  EWOULDBLOCK  EWOULDBLOCK  EWOULDBLOCK  EOPNOTSUPP
    connected datagram:         1          0          EOPNOTSUPP  1          0          EWOULDBLOCK  EWOULDBLOCK  EWOULDBLOCK  EWOULDBLOCK  EWOULDBLOCK  EOPNOTSUPP
    dissolved datagram:         ENOTCONN   ENOTCONN   ENOTCONN?   1          0          ENOTCONN     ENOTCONN     ENOTCONN     EWOULDBLOCK  EWOULDBLOCK  EOPNOTSUPP
    datagram with data:         1          0          EOPNOTSUPP  1          0          "abc"        "abc"        EMSGSIZE     "abc"        EMSGSIZE     EOPNOTSUPP
    datagram after SD_SEND:     ESHUTDOWN  ESHUTDOWN  -           ESHUTDOWN  ESHUTDOWN  EWOULDBLOCK  EWOULDBLOCK  EWOULDBLOCK  EWOULDBLOCK  EWOULDBLOCK  EOPNOTSUPP
    datagram after SD_RECEIVE:  1          0          EOPNOTSUPP  1          0          ESHUTDOWN    ESHUTDOWN    ESHUTDOWN    ESHUTDOWN    ESHUTDOWN    -
    datagram with an error:     1          0          EOPNOTSUPP  1          0          ECONNRESET   ECONNRESET   ECONNRESET   ECONNRESET   ECONNRESET   EOPNOTSUPP
  `,
});

const asking = matrix({
  subject: "datagram socket",
  states: STATES,
  columns: [
    column(select, "Microsoft, select function; Wine's test select"),
    column(poll(), "Microsoft, WSAPoll function; Wine's test WSAPoll"),
    column(ioctl("FIONREAD"), "Microsoft, ioctlsocket function"),
    column(getsockopt("SOL_SOCKET", "SO_ERROR"), "Microsoft, SOL_SOCKET Socket Options"),
    column(getsockopt("SOL_SOCKET", "SO_CONNECT_TIME"), "Wine's test connect_time"),
    column(setsockopt("SOL_SOCKET", "SO_BROADCAST", 1), "Microsoft, SOL_SOCKET Socket Options"),
    column(setsockopt("SOL_SOCKET", "SO_KEEPALIVE", 1), "Microsoft, SO_KEEPALIVE socket option: not of datagram sockets"),
    column(
      inCOnly("WSARecvFrom(overlapped)", (w, s) =>
        w.WSARecvFrom(s, [{ len: 9, buf: new Uint8Array(9) }], 1, { value: 0 }, { value: 0 }, null, null, overlapped(), null),
      ),
      "Microsoft, WSARecvFrom function",
    ),
    column(
      inCOnly("WSARecv", (w, s) => w.WSARecv(s, [{ len: 9, buf: new Uint8Array(9) }], 1, { value: 0 }, { value: 0 }, null, null)),
      "Microsoft, WSARecv function",
    ),
    column(
      inCOnly("WSASend", (w, s) => w.WSASend(s, [{ len: 1, buf: new Uint8Array(1) }], 1, { value: 0 }, 0, null, null)),
      "Microsoft, WSASend function",
    ),
  ],
  table: `
    #                           select      poll           FIONREAD SO_ERROR  CONNECT_TIME     BROADCAST KEEPALIVE    RecvFrom        WSARecv      WSASend
    new datagram:               write       WRNORM         0        value_0   value_4294967295 0         ENOPROTOOPT  EINVAL          EINVAL       ENOTCONN
    bound datagram:             write       WRNORM         0        value_0   value_4294967295 0         ENOPROTOOPT  WSA_IO_PENDING  EWOULDBLOCK  ENOTCONN
    datagram after sendto:      write       WRNORM         0        value_0   value_4294967295 0         ENOPROTOOPT  WSA_IO_PENDING  EWOULDBLOCK  ENOTCONN
    connected datagram:         write       WRNORM         0        value_0   value_4294967295 0         ENOPROTOOPT  WSA_IO_PENDING  EWOULDBLOCK  0
    dissolved datagram:         write       WRNORM         0        value_0   value_4294967295 0         ENOPROTOOPT  WSA_IO_PENDING  ENOTCONN     ENOTCONN
    datagram with data:         read+write  RDNORM+WRNORM  gives_3  value_0   value_4294967295 0         ENOPROTOOPT  0               0            0
    datagram after SD_SEND:     write       WRNORM         0        value_0   value_4294967295 0         ENOPROTOOPT  WSA_IO_PENDING  EWOULDBLOCK  ESHUTDOWN
    datagram after SD_RECEIVE:  write?      WRNORM?        0        value_0   value_4294967295 0         ENOPROTOOPT  ESHUTDOWN       ESHUTDOWN    0
    datagram with an error:     read+write  -              0        value_0   value_4294967295 0         ENOPROTOOPT  ECONNRESET      ECONNRESET   0
  `,
});

const names: readonly ConformanceCase[] = [
  row("datagram socket", "Microsoft, getpeername function", states.UDP_CONNECTED, getpeername, "{peer:open}"),
];

export const DATAGRAM_STATES: readonly ConformanceCase[] = [...making, ...transfers, ...asking, ...names];
