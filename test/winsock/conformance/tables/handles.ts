/** What is no socket, and a program that has not started up: those come before everything else. */
import { DUPLICATE_CLOSE_SOURCE, DUPLICATE_SAME_ACCESS } from "../../../../src/winsock/abi/constants.ts";
import {
  accept,
  bind,
  bool,
  closesocket,
  connect,
  getpeername,
  getsockname,
  getsockopt,
  inCOnly,
  ioctl,
  listen,
  nameInto,
  overlapped,
  poll,
  recv,
  recvfrom,
  select,
  send,
  sendto,
  setsockopt,
  shutdown,
  withName,
  wsaIoctl,
} from "../calls.ts";
import { type Call, type ConformanceCase, ours, row, type State, script } from "../conformance-case.ts";
import * as states from "../states.ts";

const buffer = () => [{ len: 1, buf: new Uint8Array(1) }];

const CALLS: readonly (readonly [Call, string])[] = [
  [bind("ours", "own"), "bind function"],
  [withName("bind", "NULL", () => [null, 0]), "bind function; ReactOS's test bind"],
  [connect("peer", "open"), "connect function"],
  [withName("connect", "NULL", () => [null, 0]), "connect function"],
  [listen(5), "listen function"],
  [accept, "accept function"],
  [send("x"), "send function"],
  [inCOnly("send(NULL, 0)", (w, s) => w.send(s, null, 0, 0)), "send function; ReactOS's test send"],
  [recv(), "recv function"],
  [inCOnly("recv(NULL, 0)", (w, s) => w.recv(s, null, 0, 0)), "recv function"],
  [sendto("x", "peer", "open"), "sendto function"],
  [recvfrom(), "recvfrom function"],
  [shutdown("SD_SEND"), "shutdown function"],
  [shutdown(3), "shutdown function"],
  [closesocket, "closesocket function"],
  [getsockname, "getsockname function"],
  [nameInto("getsockname", undefined), "getsockname function"],
  [getpeername, "getpeername function"],
  [nameInto("getpeername", undefined), "getpeername function; Wine's test getpeername"],
  [getsockopt("SOL_SOCKET", "SO_ERROR"), "getsockopt function"],
  [getsockopt(0xbad, 0xbad), "getsockopt function; Wine's test set_getsockopt"],
  [inCOnly("getsockopt(NULL)", (w, s) => w.getsockopt(s, 0xffff, 4, null, null)), "getsockopt function; Wine's test set_getsockopt"],
  [setsockopt("SOL_SOCKET", "SO_REUSEADDR", 1), "setsockopt function"],
  [inCOnly("setsockopt(NULL)", (w, s) => w.setsockopt(s, 0xffff, 4, null, 4)), "setsockopt function"],
  [ioctl("FIONBIO", 1), "ioctlsocket function"],
  [ioctl("FIONREAD"), "ioctlsocket function"],
  [wsaIoctl("SIO_BASE_HANDLE", "8 bytes", null, 8), "WSAIoctl function"],
  [
    inCOnly("WSAEventSelect(FD_READ)", (w, s) => w.WSAEventSelect(s, w.WSACreateEvent(), 1), "its for await is over then"),
    "WSAEventSelect function",
  ],
  [select, "select function; Wine's test select"],
  [poll(), "WSAPoll function; Wine's test WSAPoll"],
  [inCOnly("WSASend", (w, s) => w.WSASend(s, buffer(), 1, { value: 0 }, 0, null, null)), "WSASend function"],
  [inCOnly("WSARecv", (w, s) => w.WSARecv(s, buffer(), 1, { value: 0 }, { value: 0 }, null, null)), "WSARecv function"],
  [inCOnly("WSARecv(overlapped)", (w, s) => w.WSARecv(s, buffer(), 1, { value: 0 }, { value: 0 }, overlapped(), null)), "WSARecv function"],
  [withName("WSAConnect", "NULL", () => [null, 0]), "WSAConnect function"],
  [inCOnly("WSAAccept", (w, s) => w.WSAAccept(s, null, null, null, 0)), "WSAAccept function"],
  [inCOnly("WSASendDisconnect", (w, s) => w.WSASendDisconnect(s, null)), "WSASendDisconnect function"],
  [inCOnly("WSARecvDisconnect", (w, s) => w.WSARecvDisconnect(s, null)), "WSARecvDisconnect function"],
  [
    inCOnly("WSADuplicateSocket(pid 0)", (w, s) => w.WSADuplicateSocket(s, 0, null)),
    "WSADuplicateSocketW function; Wine's test WSADuplicateSocket",
  ],
  [withName("ConnectEx", "a name", (place) => [place.name("peer", "open"), 28]), "LPFN_CONNECTEX; Wine's test connect"],
  [
    inCOnly("ConnectEx(no overlapped)", (w, s) => bool(w.ConnectEx(s, null, 0, null, 0, null, null))),
    "LPFN_CONNECTEX; Wine's test connect",
  ],
  [inCOnly("DisconnectEx", (w, s) => bool(w.DisconnectEx(s, null, 0, 0))), "LPFN_DISCONNECTEX; Wine's test DisconnectEx"],
  [
    inCOnly("AcceptEx(no overlapped)", (w, s) => bool(w.AcceptEx(s, s, null, 0, 32, 32, null, null))),
    "AcceptEx function; Wine's test AcceptEx",
  ],
  [inCOnly("TransmitFile", (w, s) => bool(w.TransmitFile(s, 0, 0, 0, null, null, 0))), "TransmitFile function; Wine's test TransmitFile"],
  [
    inCOnly("WSAGetOverlappedResult", (w, s) => bool(w.WSAGetOverlappedResult(s, overlapped(), { value: 0 }, false, { value: 0 }))),
    "WSAGetOverlappedResult function",
  ],
  [inCOnly("WSAHtonl", (w, s) => w.WSAHtonl(s, 1, { value: 0 })), "WSAHtonl function"],
  [inCOnly("WSANtohs", (w, s) => w.WSANtohs(s, 1, { value: 0 })), "WSANtohs function"],
];

/** The promise face makes sockets itself; a program of it has numbers all the same. */
const no = (state: State): ConformanceCase[] =>
  CALLS.map(([call, from]) => row("handle", `Microsoft, ${from}`, state, call, "WSAENOTSOCK"));

/** After the last WSACleanup; the socket that the calls are given was one before. */
const unstarted = CALLS.map(([call, from]) =>
  row("start-up", `Microsoft, ${from}: a successful WSAStartup must come first`, states.CLEANED_UP, call, "WSANOTINITIALISED", {
    notAwaited: "its first call starts up by itself",
  }),
);

const duplicated: readonly ConformanceCase[] = [
  script("handle: DUPLICATE_CLOSE_SOURCE leaves the new one alone", "Microsoft, DuplicateHandle function", states.BOUND, [
    ours(
      inCOnly("DuplicateHandle(DUPLICATE_CLOSE_SOURCE), then listen", (w, s) => {
        const [here, duplicate] = [w.GetCurrentProcess(), { value: 0 }];
        const options = DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE;
        return w.DuplicateHandle(here, s, here, duplicate, 0, false, options) === 0 ? -1 : w.listen(duplicate.value, 1);
      }),
    ),
    ours(listen(), "WSAENOTSOCK"),
  ]),
];

export const HANDLES: readonly ConformanceCase[] = [
  ...duplicated,
  ...no(states.NO_SOCKET),
  ...no(states.INVALID),
  ...no(states.CLOSED),
  ...no(states.EVENT),
  ...unstarted,
];
