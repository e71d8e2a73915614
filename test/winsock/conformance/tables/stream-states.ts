/** Streams: in which state which call comes to what. */
import {
  accept,
  bind,
  bool,
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
  states.NEW,
  states.BOUND,
  states.BOUND_TO_ANY,
  states.CONNECTING,
  states.FAILED,
  states.FAILED_NONBLOCKING,
  states.LISTENING,
  states.LISTENING_WITH_ONE,
  states.CONNECTED,
  states.ACCEPTED,
  states.WITH_DATA,
  states.AFTER_SD_SEND,
  states.AFTER_SD_RECEIVE,
  states.AFTER_SD_BOTH,
  states.FIN_RECEIVED,
  states.FIN_BEHIND_DATA,
  states.FIN_READ,
  states.BOTH_SHUT,
  states.RESET,
  states.RESET_BEHIND_DATA,
] as const;

const column = (call: Column["call"], from: string): Column => ({ call, from });

const MAKING: readonly Column[] = [
  column(bind("ours", "other"), "Microsoft, bind function; Wine's test bind"),
  column(listen(5), "Microsoft, listen function; Wine's tests listen and select"),
  column(connect("peer", "closed"), "Microsoft, connect function; Wine's tests connect and connecting_socket"),
  column(accept, "Microsoft, accept function; Wine's test accept"),
  column(shutdown("SD_SEND"), "Microsoft, shutdown function; Wine's test shutdown"),
  column(shutdown("SD_RECEIVE"), "Microsoft, shutdown function; Wine's test shutdown"),
  column(hasLocalName, "Microsoft, getsockname function; Wine's test getsockname"),
  column(hasPeerName, "Microsoft, getpeername function; Wine's tests getpeername and connecting_socket"),
  column(closesocket, "Microsoft, closesocket function"),
];

const making = matrix({
  subject: "stream",
  states: STATES,
  columns: MAKING,
  table: `
    #                     bind    listen   connect      accept       SD_SEND   SD_RECEIVE getsockname getpeername closesocket
    new:                  0       EINVAL   ECONNREFUSED EINVAL       ENOTCONN  ENOTCONN   EINVAL      ENOTCONN    0
    bound:                EINVAL  0        ECONNREFUSED EINVAL       ENOTCONN  ENOTCONN   0           ENOTCONN    0
    bound to any:         EINVAL  0        ECONNREFUSED EINVAL       ENOTCONN  ENOTCONN   0           ENOTCONN    0
    connecting:           EINVAL  EINVAL?  EALREADY     EINVAL?      ENOTCONN? ENOTCONN?  0           0           0
    failed:               EINVAL  0        EWOULDBLOCK  EINVAL?      ENOTCONN? ENOTCONN?  0           ENOTCONN?   0
    failed, nonblocking:  EINVAL  0        EWOULDBLOCK  EINVAL?      ENOTCONN? ENOTCONN?  0           ENOTCONN?   0
    listening:            EINVAL  0        EINVAL       EWOULDBLOCK  ENOTCONN  ENOTCONN   0           ENOTCONN    0
    listening, one waits: EINVAL  0        EINVAL       socket       ENOTCONN  ENOTCONN   0           ENOTCONN    0
    connected:            EINVAL  EISCONN  EISCONN      EINVAL       0         0          0           0           0
    accepted:             EINVAL  EISCONN  EISCONN      EINVAL       0         0          0           0           0
    with data:            EINVAL  EISCONN  EISCONN      EINVAL       0         0          0           0           0
    after SD_SEND:        EINVAL  EISCONN? EISCONN      EINVAL       0         0          0           0           0
    after SD_RECEIVE:     EINVAL  EISCONN? EISCONN      EINVAL       0         0          0           0           0
    after SD_BOTH:        EINVAL  EISCONN? EISCONN      EINVAL       0         0          0           0           0
    FIN received:         EINVAL  EISCONN? EISCONN      EINVAL       0         0          0           0           0
    FIN behind data:      EINVAL  EISCONN? EISCONN      EINVAL       0         0          0           0           0
    FIN read:             EINVAL  EISCONN? EISCONN      EINVAL       0         0          0           0           0
    both ends shut:       EINVAL  EISCONN? EISCONN      EINVAL       0         0          0           0           0
    RST received:         EINVAL  EISCONN? EISCONN?     EINVAL       ENOTCONN? ENOTCONN?  0           0           0
    RST behind data:      EINVAL  EISCONN? EISCONN?     EINVAL       ENOTCONN? ENOTCONN?  0           0           0
  `,
});

const TRANSFER: readonly Column[] = [
  column(send("x"), "Microsoft, send function; Wine's tests shutdown and tcp_reset"),
  column(send(""), "Microsoft, send function; ReactOS's test send"),
  column(sendto("x", "elsewhere", "zero"), "Microsoft, sendto function; Wine's test tcp_sendto_recvfrom"),
  column(send("!", "MSG_OOB"), "Microsoft, send function"),
  column(recv(100), "Microsoft, recv function; Wine's tests shutdown and tcp_reset; ReactOS's test recv"),
  column(recv(100, "MSG_PEEK"), "Microsoft, recv function"),
  column(recv(100, "MSG_OOB"), "Microsoft, recv function: no out-of-band data is WSAEINVAL"),
  column(recvfrom(100), "Microsoft, recvfrom function; Wine's test tcp_sendto_recvfrom"),
];

const transfers = matrix({
  subject: "stream",
  states: STATES,
  columns: TRANSFER,
  table: `
    #                     send        send ""     sendto      MSG_OOB     recv         MSG_PEEK     MSG_OOB      recvfrom
    new:                  ENOTCONN    ENOTCONN    ENOTCONN    ENOTCONN    ENOTCONN     ENOTCONN     ENOTCONN     ENOTCONN
    bound:                ENOTCONN    ENOTCONN    ENOTCONN    ENOTCONN    ENOTCONN     ENOTCONN     ENOTCONN     ENOTCONN
    bound to any:         ENOTCONN    ENOTCONN    ENOTCONN    ENOTCONN    ENOTCONN     ENOTCONN     ENOTCONN     ENOTCONN
    connecting:           ENOTCONN    ENOTCONN    ENOTCONN    ENOTCONN    ENOTCONN     ENOTCONN     ENOTCONN     ENOTCONN
    failed:               ENOTCONN?   ENOTCONN?   ENOTCONN?   ENOTCONN?   ENOTCONN?    ENOTCONN?    ENOTCONN?    ENOTCONN?
    failed, nonblocking:  ENOTCONN?   ENOTCONN?   ENOTCONN?   ENOTCONN?   ENOTCONN?    ENOTCONN?    ENOTCONN?    ENOTCONN?
    listening:            ENOTCONN    ENOTCONN    ENOTCONN    ENOTCONN    ENOTCONN     ENOTCONN     ENOTCONN     ENOTCONN
    listening, one waits: ENOTCONN    ENOTCONN    ENOTCONN    ENOTCONN    ENOTCONN     ENOTCONN     ENOTCONN     ENOTCONN
    connected:            1           0           1           1           EWOULDBLOCK  EWOULDBLOCK  EINVAL       EWOULDBLOCK
    accepted:             1           0           1           1           EWOULDBLOCK  EWOULDBLOCK  EINVAL       EWOULDBLOCK
    with data:            1           0           1           1           "abc"        "abc"        EINVAL       "abc"
    after SD_SEND:        ESHUTDOWN   ESHUTDOWN?  ESHUTDOWN   ESHUTDOWN?  EWOULDBLOCK  EWOULDBLOCK  EINVAL       EWOULDBLOCK
    after SD_RECEIVE:     1           0           1           1           ESHUTDOWN    ESHUTDOWN    -            ESHUTDOWN
    after SD_BOTH:        ESHUTDOWN   ESHUTDOWN?  ESHUTDOWN   ESHUTDOWN?  ESHUTDOWN    ESHUTDOWN    -            ESHUTDOWN
    FIN received:         1           0           1           1           0            0            EINVAL       ""
    FIN behind data:      1           0           1           1           "abc"        "abc"        EINVAL       "abc"
    FIN read:             1           0           1           1           0            0            EINVAL       ""
    both ends shut:       ESHUTDOWN   ESHUTDOWN?  ESHUTDOWN   ESHUTDOWN?  0            0            EINVAL       ""
    RST received:         ECONNRESET  ECONNRESET? ECONNRESET  ECONNRESET? ECONNRESET   ECONNRESET   ECONNRESET?  ECONNRESET
    RST behind data:      ECONNRESET  ECONNRESET? ECONNRESET  ECONNRESET? ECONNRESET   ECONNRESET   ECONNRESET?  ECONNRESET
  `,
});

const ASKING: readonly Column[] = [
  column(select, "Microsoft, select function; Wine's tests select and errors"),
  column(poll(), "Microsoft, WSAPoll function; Wine's test WSAPoll"),
  column(ioctl("FIONREAD"), "Microsoft, ioctlsocket function; Wine's test fionread_siocatmark"),
  column(ioctl("SIOCATMARK", 5), "Microsoft, ioctlsocket function; Wine's test fionread_siocatmark"),
  column(getsockopt("SOL_SOCKET", "SO_ERROR"), "Microsoft, SOL_SOCKET Socket Options; Wine's tests select and tcp_reset"),
  column(getsockopt("SOL_SOCKET", "SO_ACCEPTCONN"), "Microsoft, SOL_SOCKET Socket Options"),
  column(getsockopt("SOL_SOCKET", "SO_CONNECT_TIME"), "Wine's test connect_time"),
  column(setsockopt("SOL_SOCKET", "SO_KEEPALIVE", 1), "Microsoft, connect function and SO_KEEPALIVE: not while a connect is in progress"),
];

const asking = matrix({
  subject: "stream",
  states: STATES,
  columns: ASKING,
  table: `
    #                     select      poll                     FIONREAD SIOCATMARK SO_ERROR    ACCEPTCONN CONNECT_TIME     KEEPALIVE
    new:                  none        none                     0        gives_1    value_0     value_0    value_4294967295 0
    bound:                none        none                     0        gives_1    value_0     value_0    value_4294967295 0
    bound to any:         none        none                     0        gives_1    value_0     value_0    value_4294967295 0
    connecting:           none        none                     0        gives_1    value_0     value_0    value_4294967295 EINVAL
    failed:               except      ERR+HUP+WRNORM           0        gives_1    value_0     value_0    value_4294967295 0?
    failed, nonblocking:  except      ERR+HUP+WRNORM           0        gives_1    value_10061 value_0    value_4294967295 0?
    listening:            none        none                     0        gives_1    value_0     value_1    value_4294967295 0
    listening, one waits: read        RDNORM                   0        gives_1    value_0     value_1    value_4294967295 0
    connected:            write       WRNORM                   0        gives_1    value_0     value_0    value_0          0
    accepted:             write       WRNORM                   0        gives_1    value_0     value_0    value_0          0
    with data:            read+write  RDNORM+WRNORM            gives_3  gives_1    value_0     value_0    value_0          0
    after SD_SEND:        write       WRNORM                   0        gives_1    value_0     value_0    value_0          0
    after SD_RECEIVE:     write       WRNORM                   0        gives_1    value_0     value_0    value_0          0
    after SD_BOTH:        write       WRNORM                   0        gives_1    value_0     value_0    value_0          0
    FIN received:         read+write  HUP+WRNORM               0        gives_1    value_0     value_0    value_0          0
    FIN behind data:      read+write  HUP+RDNORM+WRNORM        gives_3  gives_1    value_0     value_0    value_0          0
    FIN read:             read+write  HUP+WRNORM               0        gives_1    value_0     value_0    value_0          0
    both ends shut:       read+write? HUP+WRNORM?              0        gives_1    value_0     value_0    value_0          0
    RST received:         read+write  ERR+HUP+WRNORM           0        gives_1    value_0     value_0    -                0?
    RST behind data:      read+write  ERR+HUP+WRNORM           0        gives_1    value_0     value_0    -                0?
  `,
});

const EXTENSIONS: readonly Column[] = [
  column(
    inCOnly("WSASend", (w, s) => w.WSASend(s, [{ len: 1, buf: new Uint8Array(1) }], 1, { value: 0 }, 0, null, null)),
    "Microsoft, WSASend function",
  ),
  column(
    inCOnly("WSARecv", (w, s) => w.WSARecv(s, [{ len: 9, buf: new Uint8Array(9) }], 1, { value: 0 }, { value: 0 }, null, null)),
    "Microsoft, WSARecv function",
  ),
  column(
    inCOnly("WSARecv(overlapped)", (w, s) =>
      w.WSARecv(s, [{ len: 9, buf: new Uint8Array(9) }], 1, { value: 0 }, { value: 0 }, overlapped(), null),
    ),
    "Microsoft, WSARecv function; Wine's test nonblocking_async_recv",
  ),
  column(
    inCOnly("WSASendDisconnect", (w, s) => w.WSASendDisconnect(s, null)),
    "Microsoft, WSASendDisconnect function",
  ),
  column(
    inCOnly("WSARecvDisconnect", (w, s) => w.WSARecvDisconnect(s, null)),
    "Microsoft, WSARecvDisconnect function",
  ),
  column(
    inCOnly("DisconnectEx", (w, s) => bool(w.DisconnectEx(s, null, 0, 0))),
    "Microsoft, LPFN_DISCONNECTEX; Wine's test DisconnectEx",
  ),
  column(
    inCOnly("ConnectEx", (w, s, { place }) => {
      const name = place.name("peer", "other");
      return bool(w.ConnectEx(s, name, name.length, null, 0, null, overlapped()));
    }),
    "Microsoft, LPFN_CONNECTEX; Wine's tests connect and connecting_socket",
  ),
  column(
    inCOnly("TransmitFile(nothing)", (w, s) => bool(w.TransmitFile(s, 0, 0, 0, null, null, 0))),
    "Microsoft, TransmitFile function; Wine's test TransmitFile",
  ),
];

const extensions = matrix({
  subject: "stream",
  states: STATES,
  columns: EXTENSIONS,
  table: `
    #                     WSASend     WSARecv      overlapped   SendDisconnect RecvDisconnect DisconnectEx ConnectEx       TransmitFile
    new:                  ENOTCONN    ENOTCONN     ENOTCONN     ENOTCONN       ENOTCONN       ENOTCONN     EINVAL          ENOTCONN
    bound:                ENOTCONN    ENOTCONN     ENOTCONN     ENOTCONN       ENOTCONN       ENOTCONN     WSA_IO_PENDING  ENOTCONN
    bound to any:         ENOTCONN    ENOTCONN     ENOTCONN     ENOTCONN       ENOTCONN       ENOTCONN     WSA_IO_PENDING  ENOTCONN
    connecting:           ENOTCONN    ENOTCONN     ENOTCONN     ENOTCONN?      ENOTCONN?      ENOTCONN?    EINVAL          ENOTCONN
    failed:               ENOTCONN?   ENOTCONN?    ENOTCONN?    ENOTCONN?      ENOTCONN?      ENOTCONN?    WSA_IO_PENDING? ENOTCONN?
    failed, nonblocking:  ENOTCONN?   ENOTCONN?    ENOTCONN?    ENOTCONN?      ENOTCONN?      ENOTCONN?    WSA_IO_PENDING? ENOTCONN?
    listening:            ENOTCONN    ENOTCONN     ENOTCONN     ENOTCONN       ENOTCONN       ENOTCONN?    EINVAL          ENOTCONN
    listening, one waits: ENOTCONN    ENOTCONN     ENOTCONN     ENOTCONN       ENOTCONN       ENOTCONN?    EINVAL          ENOTCONN
    connected:            0           EWOULDBLOCK  WSA_IO_PENDING  0           0              1            EISCONN         1
    accepted:             0           EWOULDBLOCK  WSA_IO_PENDING  0           0              1            EISCONN         1
    with data:            0           0            0            0              0              1            EISCONN         1
    after SD_SEND:        ESHUTDOWN   EWOULDBLOCK  WSA_IO_PENDING  0           0              1            EISCONN?        ESHUTDOWN?
    after SD_RECEIVE:     0           ESHUTDOWN    ESHUTDOWN    0              0              1            EISCONN?        1
    after SD_BOTH:        ESHUTDOWN   ESHUTDOWN    ESHUTDOWN    0              0              1            EISCONN?        ESHUTDOWN?
    FIN received:         0           0            0            0              0              1            EISCONN?        1
    FIN behind data:      0           0            0            0              0              1            EISCONN?        1
    FIN read:             0           0            0            0              0              1            EISCONN?        1
    both ends shut:       ESHUTDOWN   0            0            0              0              1            EISCONN?        ESHUTDOWN?
    RST received:         ECONNRESET  ECONNRESET   ECONNRESET   ENOTCONN?      ENOTCONN?      -            EISCONN?        -
    RST behind data:      ECONNRESET  ECONNRESET   ECONNRESET   ENOTCONN?      ENOTCONN?      -            EISCONN?        -
  `,
});

const names: readonly ConformanceCase[] = [
  row("stream", "Microsoft, getpeername function", states.CONNECTED, getpeername, "{peer:open}"),
  row("stream", "Wine's test connecting_socket", states.CONNECTING, getpeername, "{nobody:open}"),
];

export const STREAM_STATES: readonly ConformanceCase[] = [...making, ...transfers, ...asking, ...extensions, ...names];
