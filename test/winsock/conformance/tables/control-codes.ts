/** ioctlsocket and WSAIoctl: buffers, types of sockets, and what the codes give. */
import { inCOnly, ioctl, wsaIoctl } from "../calls.ts";
import { type ConformanceCase, ours, type RowOptions, row, type State, script } from "../conformance-case.ts";
import { sockaddr } from "../place.ts";
import * as states from "../states.ts";

const [FAULT, INVAL, NOTSUPP] = ["WSAEFAULT", "WSAEINVAL", "WSAEOPNOTSUPP"];
const NONE = -1;

type Cell = readonly [
  code: string | number,
  what: string,
  input: Uint8Array | null,
  room: number,
  expect: string,
  from: string,
  options?: RowOptions,
];

const of = (state: State, cells: readonly Cell[]): ConformanceCase[] =>
  cells.map(([code, what, input, room, expect, from, options]) =>
    row("control codes", from, state, wsaIoctl(code, what, input, room), expect, options),
  );

const FIONBIO = "Wine's test fionbio";
const FIONREAD = "Wine's test fionread_siocatmark";
const KEEPALIVE = "Microsoft, SIO_KEEPALIVE_VALS; Wine's test keepalive_vals";
const UNSUPPORTED = "Wine's test unsupported_ioctls";
const LIST = "Microsoft, SIO_ADDRESS_LIST_QUERY; Wine's test get_interface_list";
const ROUTE = "Wine's test get_routing_interface_query";
const EXTENSION = "Microsoft, WSAIoctl function: SIO_GET_EXTENSION_FUNCTION_POINTER";
const BACKLOG = "Microsoft, idealsendbacklogquery function; Wine's test ideal send backlog";
const INFERRED = "inferred from the code's other buffers: Microsoft, WSAIoctl function";
const IPV4: RowOptions = { families: ["IPv4"] };
const IPV6: RowOptions = { families: ["IPv6"] };

const le = (value: number): Uint8Array => Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
const bytes = (count: number): Uint8Array => new Uint8Array(count);
const ACCEPTEX = Uint8Array.of(0xf1, 0x7d, 0x36, 0xb5, 0xac, 0xcb, 0xcf, 0x11, 0x95, 0xca, 0, 0x80, 0x5f, 0x48, 0xa1, 0x92);

const streams = of(states.NEW, [
  ["FIONBIO", "1", le(1), NONE, "0 bytes", FIONBIO],
  ["FIONBIO", "8 bytes", bytes(8), NONE, "0 bytes", FIONBIO],
  ["FIONBIO", "no input", null, NONE, FAULT, FIONBIO],
  ["FIONBIO", "3 bytes", bytes(3), NONE, FAULT, FIONBIO],
  ["FIONREAD", "room for 4", null, 4, "4 bytes", FIONREAD],
  ["FIONREAD", "room for 8", null, 8, "4 bytes", FIONREAD],
  ["FIONREAD", "room for 3", null, 3, FAULT, FIONREAD],
  ["FIONREAD", "no room", null, NONE, FAULT, FIONREAD],
  ["SIOCATMARK", "room for 4", null, 4, "4 bytes", FIONREAD],
  ["SIOCATMARK", "room for 3", null, 3, FAULT, FIONREAD],
  ["SIO_KEEPALIVE_VALS", "12 bytes", bytes(12), NONE, "0 bytes", KEEPALIVE],
  ["SIO_KEEPALIVE_VALS", "16 bytes", bytes(16), NONE, "0 bytes", KEEPALIVE],
  ["SIO_KEEPALIVE_VALS", "11 bytes", bytes(11), NONE, FAULT, KEEPALIVE],
  ["SIO_KEEPALIVE_VALS", "no input", null, NONE, FAULT, KEEPALIVE],
  ["SIO_TCP_INITIAL_RTO", "4 bytes", le(0), NONE, "0 bytes", "Microsoft, SIO_TCP_INITIAL_RTO"],
  ["SIO_TCP_INITIAL_RTO", "3 bytes", bytes(3), NONE, FAULT, INFERRED],
  ["SIO_BASE_HANDLE", "room for 8", null, 8, "8 bytes", "Microsoft, Winsock IOCTLs: SIO_BASE_HANDLE"],
  ["SIO_BASE_HANDLE", "room for 7", null, 7, FAULT, INFERRED],
  ["SIO_GET_EXTENSION_FUNCTION_POINTER", "AcceptEx", ACCEPTEX, 8, "8 bytes", EXTENSION],
  ["SIO_GET_EXTENSION_FUNCTION_POINTER", "no such function", bytes(16), 8, INVAL, EXTENSION],
  ["SIO_GET_EXTENSION_FUNCTION_POINTER", "no GUID", null, 8, FAULT, INFERRED],
  ["SIO_GET_EXTENSION_FUNCTION_POINTER", "room for 4", ACCEPTEX, 4, FAULT, INFERRED],
  ["SIO_TCP_INFO", "not connected", le(0), 100, "WSAENOTCONN", "Microsoft, SIO_TCP_INFO"],
  ["SIO_TCP_INFO", "no version", null, 100, FAULT, INFERRED],
  ["SIO_IDEAL_SEND_BACKLOG_QUERY", "not connected", null, 4, "WSAENOTCONN", BACKLOG],
  ["SIO_UDP_CONNRESET", "on a stream", le(0), NONE, NOTSUPP, INFERRED],
  ["SIO_UDP_NETRESET", "on a stream", le(0), NONE, NOTSUPP, INFERRED],
  ["SIO_ENABLE_CIRCULAR_QUEUEING", "on a stream", null, NONE, NOTSUPP, INFERRED],
  ["SIO_FLUSH", "nothing", null, NONE, NOTSUPP, UNSUPPORTED],
  ["SIO_GET_QOS", "room for 8", null, 8, NOTSUPP, UNSUPPORTED],
  ["SIO_SET_QOS", "8 bytes", bytes(8), NONE, NOTSUPP, UNSUPPORTED],
  ["SIO_TRANSLATE_HANDLE", "8 bytes", bytes(8), 8, NOTSUPP, UNSUPPORTED],
  ["SIO_MULTICAST_SCOPE", "4 bytes", le(1), NONE, NOTSUPP, UNSUPPORTED],
  [0xdead, "an unknown code", bytes(8), 8, NOTSUPP, UNSUPPORTED],
  ["SIO_ADDRESS_LIST_QUERY", "no room", null, NONE, FAULT, LIST],
  ["SIO_ADDRESS_LIST_QUERY", "room for 4", null, 4, INVAL, LIST],
  ["SIO_ADDRESS_LIST_QUERY", "room for all", null, 1000, "40 bytes", LIST, IPV4],
  ["SIO_ADDRESS_LIST_SORT", "no list", null, 100, FAULT, INFERRED],
]);

const place = (family: number, address: string): Uint8Array => sockaddr(family, address, 80);

const datagrams = of(states.UDP_NEW, [
  ["SIO_UDP_CONNRESET", "FALSE", le(0), NONE, "0 bytes", "Microsoft, Winsock IOCTLs: SIO_UDP_CONNRESET"],
  ["SIO_UDP_CONNRESET", "no input", null, NONE, FAULT, INFERRED],
  ["SIO_UDP_NETRESET", "FALSE", le(0), NONE, "0 bytes", "Microsoft, Winsock IOCTLs: SIO_UDP_NETRESET"],
  ["SIO_ENABLE_CIRCULAR_QUEUEING", "nothing", null, NONE, "0 bytes", "Microsoft, Winsock IOCTLs: SIO_ENABLE_CIRCULAR_QUEUEING"],
  ["SIO_GET_BROADCAST_ADDRESS", "room for 16", null, 16, "16 bytes", "Microsoft, Winsock IOCTLs: SIO_GET_BROADCAST_ADDRESS", IPV4],
  ["SIO_GET_BROADCAST_ADDRESS", "room for 15", null, 15, FAULT, INFERRED, IPV4],
  ["SIO_GET_BROADCAST_ADDRESS", "of IPv6", null, 28, NOTSUPP, "inferred: IPv6 has none", IPV6],
  ["SIO_KEEPALIVE_VALS", "on datagrams", bytes(12), NONE, NOTSUPP, INFERRED],
  ["SIO_TCP_INITIAL_RTO", "on datagrams", le(0), NONE, NOTSUPP, INFERRED],
  ["SIO_TCP_INFO", "on datagrams", le(0), 100, NOTSUPP, INFERRED],
  ["SIO_IDEAL_SEND_BACKLOG_QUERY", "on datagrams", null, 4, NOTSUPP, BACKLOG],
  ["SIO_LOOPBACK_FAST_PATH", "on datagrams", le(1), NONE, NOTSUPP, INFERRED],
  ["SIO_ROUTING_INTERFACE_QUERY", "to the link", place(2, "203.0.113.77"), 16, "16 bytes", ROUTE, IPV4],
  ["SIO_ROUTING_INTERFACE_QUERY", "NULL", null, 16, INVAL, ROUTE, IPV4],
  ["SIO_ROUTING_INTERFACE_QUERY", "a short name", bytes(15), 16, INVAL, ROUTE, IPV4],
  ["SIO_ROUTING_INTERFACE_QUERY", "0.0.0.0", place(2, "0.0.0.0"), 16, INVAL, ROUTE, IPV4],
  ["SIO_ROUTING_INTERFACE_QUERY", "family 0", place(0, "203.0.113.77"), 16, "WSAEAFNOSUPPORT", ROUTE, IPV4],
  ["SIO_ROUTING_INTERFACE_QUERY", "no room", place(2, "203.0.113.77"), NONE, FAULT, ROUTE, IPV4],
  ["SIO_ROUTING_INTERFACE_QUERY", "room for 15", place(2, "203.0.113.77"), 15, FAULT, ROUTE, IPV4],
  ["SIO_ROUTING_INTERFACE_QUERY", "no route", place(2, "198.51.100.1"), 16, "WSAENETUNREACH", ROUTE, IPV4],
  ["SIO_GET_INTERFACE_LIST", "no room", null, NONE, FAULT, "Wine's test get_interface_list"],
  ["SIO_GET_INTERFACE_LIST", "room for one", null, 76, FAULT, "Wine's test get_interface_list"],
  ["SIO_GET_INTERFACE_LIST", "room for all", null, 1000, "152 bytes", "Wine's test get_interface_list"],
]);

const connected = of(states.CONNECTED, [
  ["SIO_TCP_INFO", "connected", le(0), 100, "88 bytes", "Microsoft, SIO_TCP_INFO"],
  ["SIO_TCP_INFO", "room for 87", le(0), 87, FAULT, INFERRED],
  ["SIO_IDEAL_SEND_BACKLOG_QUERY", "connected", null, 4, "4 bytes", BACKLOG],
  ["SIO_TCP_INITIAL_RTO", "connected", le(0), NONE, INVAL, "inferred: Microsoft has it before connect"],
]);

const ALWAYS = "Wine's tests fionbio, keepalive_vals and unsupported_ioctls: without lpcbBytesReturned always WSAEFAULT";
const nothingReturned = (["FIONBIO", "FIONREAD", "SIO_KEEPALIVE_VALS", "SIO_BASE_HANDLE", "SIO_FLUSH", "SIO_TCP_INFO"] as const).map(
  (code) =>
    row(
      "control codes",
      ALWAYS,
      states.NEW,
      inCOnly(`WSAIoctl(${code}, no count)`, (w, s) => w.WSAIoctl(s, NUMBERS[code], bytes(100), 100, bytes(100), 100, null, null, null)),
      FAULT,
    ),
);
const NUMBERS = {
  FIONBIO: 0x8004667e,
  FIONREAD: 0x4004667f,
  SIO_KEEPALIVE_VALS: 0x98000004,
  SIO_BASE_HANDLE: 0x48000022,
  SIO_FLUSH: 0x28000004,
  SIO_TCP_INFO: 0xd8000027,
} as const;

const IOCTLSOCKET = "Microsoft, ioctlsocket function";
const simple: readonly ConformanceCase[] = [
  row("control codes", IOCTLSOCKET, states.NEW, ioctl("FIONBIO", 1), "0"),
  row("control codes", IOCTLSOCKET, states.NEW, ioctl("FIONREAD", 7), "gives 0"),
  row("control codes", IOCTLSOCKET, states.UDP_WITH_DATA, ioctl("FIONREAD"), "gives 3"),
  row("control codes", "Microsoft, ioctlsocket function: WSAEOPNOTSUPP for what is no command", states.NEW, ioctl(0xdead), NOTSUPP),
  row(
    "control codes",
    IOCTLSOCKET,
    states.NEW,
    inCOnly("ioctlsocket(FIONREAD, NULL)", (w, s) => w.ioctlsocket(s, 0x4004667f, null)),
    FAULT,
  ),
  row(
    "control codes",
    IOCTLSOCKET,
    states.NEW,
    inCOnly("ioctlsocket(FIONBIO, NULL)", (w, s) => w.ioctlsocket(s, 0x8004667e | 0, null)),
    FAULT,
  ),
  script("control codes: FIONBIO goes on and off", IOCTLSOCKET, states.NEW, [ours(ioctl("FIONBIO", 1)), ours(ioctl("FIONBIO", 0))]),
];

export const CONTROL_CODES: readonly ConformanceCase[] = [...streams, ...datagrams, ...connected, ...nothingReturned, ...simple];
