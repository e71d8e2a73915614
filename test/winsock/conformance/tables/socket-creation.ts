/** socket and WSASocket: families × types × protocols × flags. */
import { getsockopt, inCOnly, socket } from "../calls.ts";
import { type Call, type ConformanceCase, ours, type RowOptions, row, script } from "../conformance-case.ts";
import * as states from "../states.ts";

const WINE = "Microsoft, socket function; Wine's tests WSASocket and Protocol";
const ONE: RowOptions = { families: ["IPv4"] };

const is = (af: string | number, type: string | number, protocol: string | number, expect: string, options: RowOptions = {}) =>
  row("making sockets", WINE, states.NOTHING, socket(af, type, protocol), expect, options);

const OK = "socket";
const [STREAM, DGRAM, RDM, SEQPACKET] = ["SOCK_STREAM", "SOCK_DGRAM", "SOCK_RDM", "SOCK_SEQPACKET"];
const [TCP, UDP] = ["IPPROTO_TCP", "IPPROTO_UDP"];

const resolved: readonly ConformanceCase[] = [
  is("own", STREAM, TCP, OK),
  is("own", STREAM, 0, OK),
  is("own", DGRAM, UDP, OK),
  is("own", DGRAM, 0, OK),
  is("own", 0, 0, OK),
  is("own", 0, TCP, OK),
  is("own", 0, UDP, OK),
  is("own", STREAM, UDP, "WSAEPROTONOSUPPORT"),
  is("own", DGRAM, TCP, "WSAEPROTONOSUPPORT"),
  is("own", STREAM, 0xdead, "WSAEPROTONOSUPPORT"),
  is("own", DGRAM, 0xdead, "WSAEPROTONOSUPPORT"),
  is("own", STREAM, -1, "WSAEPROTONOSUPPORT"),
  is("own", 0, 0xdead, "WSAEPROTONOSUPPORT"),
  is("own", 0xdead, 0, "WSAESOCKTNOSUPPORT"),
  is("own", 0xdead, TCP, "WSAESOCKTNOSUPPORT"),
  is("own", 0xdead, 0xdead, "WSAESOCKTNOSUPPORT"),
  is("own", RDM, 0, "WSAESOCKTNOSUPPORT"),
  is("own", SEQPACKET, 0, "WSAESOCKTNOSUPPORT"),
  is("AF_UNSPEC", STREAM, TCP, OK, ONE),
  is("AF_UNSPEC", DGRAM, UDP, OK, ONE),
  is("AF_UNSPEC", 0, TCP, OK, ONE),
  is("AF_UNSPEC", 0, UDP, OK, ONE),
  is("AF_UNSPEC", STREAM, 0, "WSAEINVAL", ONE),
  is("AF_UNSPEC", DGRAM, 0, "WSAEINVAL", ONE),
  is("AF_UNSPEC", 0, 0, "WSAEINVAL", ONE),
  is(0xdead, STREAM, TCP, "WSAEAFNOSUPPORT", ONE),
  is(0xdead, DGRAM, UDP, "WSAEAFNOSUPPORT", ONE),
  is(0xdead, STREAM, 0, "WSAEAFNOSUPPORT", ONE),
  is(0xdead, 0xdead, 0, "WSAESOCKTNOSUPPORT", ONE),
  is(0xdead, STREAM, 0xdead, "WSAEAFNOSUPPORT", ONE),
  is("AF_UNIX", STREAM, 0, "WSAEAFNOSUPPORT", ONE),
  is("AF_IPX", DGRAM, 0, "WSAEAFNOSUPPORT", ONE),
  is("AF_APPLETALK", STREAM, 0, "WSAEAFNOSUPPORT", ONE),
  is("AF_BTH", STREAM, 0, "WSAEAFNOSUPPORT", ONE),
  is(-1, STREAM, TCP, "WSAEAFNOSUPPORT", ONE),
];

/** What SO_TYPE says of a socket made so. @param expect SOCK_STREAM is 1, SOCK_DGRAM 2 */
const typeOf = (type: string | number, protocol: string | number, expect: string): ConformanceCase =>
  script(
    `making sockets: SO_TYPE of socket(${type}, ${protocol})`,
    "Wine's test WSASocket: SO_TYPE tells what was resolved",
    states.created(type, protocol),
    [ours(getsockopt("SOL_SOCKET", "SO_TYPE"), `value ${expect}`)],
  );

const types: readonly ConformanceCase[] = [
  typeOf(STREAM, TCP, "1"),
  typeOf(STREAM, 0, "1"),
  typeOf(DGRAM, 0, "2"),
  typeOf(0, 0, "1"),
  typeOf(0, TCP, "1"),
  typeOf(0, UDP, "2"),
];

const wsaSocket = (text: string, type: number, protocol: number, group: number, flags: number): Call => ({
  ...inCOnly(`WSASocket(${text})`, (w, _, { place }) => w.WSASocket(place.af, type, protocol, null, group, flags)),
  returns: "socket",
});

const FLAGS = "Microsoft, WSASocketW function";
const flagged: readonly ConformanceCase[] = (
  [
    ["no flags", 1, 6, 0, 0, OK],
    ["WSA_FLAG_OVERLAPPED", 1, 6, 0, 1, OK],
    ["WSA_FLAG_OVERLAPPED, datagram", 2, 17, 0, 1, OK],
    ["WSA_FLAG_NO_HANDLE_INHERIT", 1, 6, 0, 0x81, OK],
    ["type from the protocol", 0, 17, 0, 1, OK],
    ["protocol from the type", 2, 0, 0, 1, OK],
    ["stream of UDP", 1, 17, 0, 1, "WSAEPROTONOSUPPORT"],
    ["datagrams of TCP", 2, 6, 0, 1, "WSAEPROTONOSUPPORT"],
    ["unknown type", 0xdead, 0, 0, 1, "WSAESOCKTNOSUPPORT"],
    ["unknown protocol", 1, 0xdead, 0, 1, "WSAEPROTONOSUPPORT"],
  ] as const
).map(([text, type, protocol, group, flags, expect]) =>
  row("making sockets", FLAGS, states.NOTHING, wsaSocket(text, type, protocol, group, flags), expect),
);

export const SOCKET_CREATION: readonly ConformanceCase[] = [...resolved, ...types, ...flagged];
