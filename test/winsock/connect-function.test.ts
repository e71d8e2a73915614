/**
 * Microsoft's page of `connect`, sentence by sentence, in the page's order: hold the table beside the page. Everything runs on two
 * real hosts of ours in virtual time, through the blocking face.
 *
 * The notes for IrDA sockets are in connect-function-irda.test.ts.
 */
import { describe, expect, test } from "@jest/globals";
import { LINUX, WINDOWS } from "../../src/stack/core/profile.ts";
import {
  AF_INET,
  AF_INET6,
  FD_CONNECT,
  FD_CONNECT_BIT,
  FIONBIO,
  INFINITE,
  INVALID_SOCKET,
  MAKEWORD,
  SD_SEND,
  SO_BROADCAST,
  SO_KEEPALIVE,
  SO_LINGER,
  SO_REUSEADDR,
  SOCK_STREAM,
  SOCKET_ERROR,
  SOL_SOCKET,
  WSA_WAIT_EVENT_0,
} from "../../src/winsock/abi/constants.ts";
import * as errors from "../../src/winsock/abi/errors.ts";
import { new_WSANETWORKEVENTS } from "../../src/winsock/abi/event-structures.ts";
import { in6addr_any } from "../../src/winsock/abi/in6-addr.ts";
import { new_MSG, WM_USER, WSAGETSELECTERROR, WSAGETSELECTEVENT } from "../../src/winsock/abi/message-structures.ts";
import { new_sockaddr_in, new_WSADATA, sizeof_linger, sizeof_sockaddr_in, sizeof_sockaddr_in6 } from "../../src/winsock/abi/structures.ts";
import {
  address6,
  bind6,
  connect6,
  dual,
  ELSEWHERE6,
  ipv6Winsock,
  listener6,
  NOBODY_THERE6,
  name6,
  OURS6,
  PEER6,
  stream6,
} from "../support/ipv6-winsock.ts";
import { address, BROADCAST, ELSEWHERE, NOBODY_THERE, OURS, PEER, VirtualWinsock } from "../support/virtual-winsock.ts";
import {
  bind,
  bytes,
  connect,
  datagram,
  fails,
  localName,
  nonblocking,
  outcome,
  recv,
  SUCCESS,
  say,
  selected,
  set,
  soError,
} from "../support/winsock-calls.ts";

/** In an Ethernet frame with an IPv4 header of 20 bytes. */
const TCP_FLAGS_AT = 47;
const SYN = 2;

const OPEN = 80;
const CLOSED = 81;

/** Sends from the peer's port 7000 (or another) to our port 5000. */
function peerSays(v: VirtualWinsock, text: string, from = 7000): void {
  const s = datagram(v.peerWinsock);
  bind(v, s, PEER, from, v.peerWinsock);
  v.peerWinsock.sendto(s, bytes(text), text.length, 0, address(OURS, 5000), sizeof_sockaddr_in);
  v.peerWinsock.closesocket(s);
  v.advance(1);
}

interface Row {
  /** The page's words, shortened. */
  readonly page: string;
  readonly world?: () => VirtualWinsock;
  readonly shows: (v: VirtualWinsock) => void;
}

const world = (): VirtualWinsock => {
  const v = new VirtualWinsock();
  v.listener(OPEN);
  return v;
};

/** The same with IPv6, of which the listener on the open port is, too. */
const world6 = (): VirtualWinsock => {
  const v = ipv6Winsock();
  v.listener(OPEN);
  listener6(v, OPEN);
  return v;
};

const TABLE: readonly Row[] = [
  // ---- Parameters ----
  {
    page: "[in] s: a descriptor identifying an unconnected socket",
    shows: (v) => expect(connect(v, v.stream(), PEER, OPEN)).toEqual(SUCCESS),
  },
  {
    page: "[in] name: a pointer to the sockaddr structure to which the connection should be established",
    shows: (v) => {
      const name = new Uint8Array(16);
      name.set([AF_INET, 0, 0, OPEN, 203, 0, 113, 1]);
      expect(outcome(v.winsock, v.winsock.connect(v.stream(), name, 16))).toEqual(SUCCESS);
    },
  },
  {
    page: "[in] namelen: the length, in bytes, of the sockaddr structure (a longer one, as a sockaddr_storage, will do)",
    shows: (v) => expect(outcome(v.winsock, v.winsock.connect(v.stream(), address(PEER, OPEN), 128))).toEqual(SUCCESS),
  },
  {
    page: "… so of a sockaddr_in6, with all its 28 bytes",
    world: world6,
    shows: (v) => {
      const name = new Uint8Array(28);
      name.set([AF_INET6, 0, 0, OPEN, 0, 0, 0, 0, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
      expect(outcome(v.winsock, v.winsock.connect(stream6(v), name, 28))).toEqual(SUCCESS);
      expect(outcome(v.winsock, v.winsock.connect(stream6(v), address6(PEER6, OPEN), 128))).toEqual(SUCCESS);
    },
  },

  // ---- Return value ----
  {
    page: "If no error occurs, connect returns zero",
    shows: (v) => expect(v.winsock.connect(v.stream(), address(PEER, OPEN), sizeof_sockaddr_in)).toBe(0),
  },
  {
    page: "Otherwise, it returns SOCKET_ERROR, and a specific error code can be retrieved by calling WSAGetLastError",
    shows: (v) => {
      expect(v.winsock.connect(v.stream(), address(PEER, CLOSED), sizeof_sockaddr_in)).toBe(SOCKET_ERROR);
      expect(v.winsock.WSAGetLastError()).toBe(errors.WSAECONNREFUSED);
    },
  },
  {
    page: "On a blocking socket, the return value indicates success or failure of the connection attempt",
    shows: (v) => {
      const s = v.stream();
      expect(connect(v, s, PEER, CLOSED)).toEqual(fails(errors.WSAECONNREFUSED));
      expect(soError(v, s)).toBe(0);
      expect(connect(v, s, PEER, OPEN)).toEqual(SUCCESS);
      expect(selected(v, s, 0)).toBe("write");
    },
  },
  {
    page: "With a nonblocking socket, connect will return SOCKET_ERROR, and WSAGetLastError will return WSAEWOULDBLOCK",
    shows: (v) => {
      const before = v.nowMs;
      expect(connect(v, nonblocking(v, v.stream()), PEER, OPEN)).toEqual(fails(errors.WSAEWOULDBLOCK));
      expect(v.nowMs).toBe(before);
    },
  },
  {
    page: "… and so even on the loopback",
    shows: (v) => {
      v.listener(OPEN, v.winsock);
      const s = nonblocking(v, v.stream());
      expect(connect(v, s, "127.0.0.1", OPEN)).toEqual(fails(errors.WSAEWOULDBLOCK));
      expect(selected(v, s, 1)).toBe("write");
    },
  },
  {
    page: "Use the select function to determine the completion … by checking to see if the socket is writable",
    shows: (v) => {
      const s = nonblocking(v, v.stream());
      v.cable.configure("out", { delayMs: 100 });
      connect(v, s, PEER, OPEN);
      expect(selected(v, s, 0)).toBe("");
      expect(selected(v, s, 10)).toBe("write");
    },
  },
  {
    page: "If the application is using WSAAsyncSelect …, then the application will receive an FD_CONNECT notification … (successfully or not)",
    shows: (v) => {
      const { winsock: w } = v;
      const window = w.CreateMessageWindow(null);
      for (const [port, code] of [
        [OPEN, 0],
        [CLOSED, errors.WSAECONNREFUSED],
      ] as const) {
        const s = v.stream();
        w.WSAAsyncSelect(s, window, WM_USER, FD_CONNECT);
        expect(connect(v, s, PEER, port)).toEqual(fails(errors.WSAEWOULDBLOCK));
        const msg = new_MSG();
        expect([w.GetMessage(msg, 0, 0, 0), msg.message, msg.wParam]).toEqual([1, WM_USER, s]);
        expect([WSAGETSELECTEVENT(msg.lParam), WSAGETSELECTERROR(msg.lParam)]).toEqual([FD_CONNECT, code]);
      }
    },
  },
  {
    page: "If the application is using WSAEventSelect …, then the associated event object will be signaled … (successfully or not)",
    shows: (v) => {
      const { winsock: w } = v;
      for (const port of [OPEN, CLOSED]) {
        const [s, event] = [v.stream(), w.WSACreateEvent()];
        w.WSAEventSelect(s, event, FD_CONNECT);
        expect(connect(v, s, PEER, port)).toEqual(fails(errors.WSAEWOULDBLOCK));
        expect(w.WSAWaitForMultipleEvents(1, [event], false, 10_000, false)).toBe(WSA_WAIT_EVENT_0);
      }
    },
  },
  {
    page: "Until the connection attempt completes …, all subsequent calls to connect … fail with WSAEALREADY, and WSAEISCONN when [it] completes successfully",
    shows: (v) => {
      const s = nonblocking(v, v.stream());
      connect(v, s, PEER, OPEN);
      expect(connect(v, s, PEER, OPEN)).toEqual(fails(errors.WSAEALREADY));
      expect(connect(v, s, ELSEWHERE, CLOSED)).toEqual(fails(errors.WSAEALREADY));
      v.advance(100);
      expect(connect(v, s, PEER, OPEN)).toEqual(fails(errors.WSAEISCONN));
    },
  },
  {
    page: "If … the connection attempt failed (WSAECONNREFUSED) the application can call connect again for the same socket",
    shows: (v) => {
      const s = v.stream();
      expect(connect(v, s, PEER, CLOSED)).toEqual(fails(errors.WSAECONNREFUSED));
      const bound = localName(v, s);
      v.listener(CLOSED);
      expect(connect(v, s, PEER, CLOSED)).toEqual(SUCCESS);
      expect(localName(v, s).port).toBe(bound.port);
    },
  },
  {
    page: "If … the connection attempt failed (WSAENETUNREACH) the application can call connect again for the same socket",
    shows: (v) => {
      const s = v.stream();
      expect(connect(v, s, ELSEWHERE, OPEN)).toEqual(fails(errors.WSAENETUNREACH));
      expect(connect(v, s, PEER, OPEN)).toEqual(SUCCESS);
    },
  },
  {
    page: "If … the connection attempt failed (WSAETIMEDOUT) the application can call connect again for the same socket",
    shows: (v) => {
      const s = nonblocking(v, v.stream());
      connect(v, s, NOBODY_THERE, OPEN);
      expect(selected(v, s, 60)).toBe("except");
      expect(soError(v, s)).toBe(errors.WSAETIMEDOUT);
      v.winsock.ioctlsocket(s, FIONBIO, { value: 0 });
      expect(connect(v, s, PEER, OPEN)).toEqual(SUCCESS);
      expect(soError(v, s)).toBe(0);
      expect(selected(v, s, 0)).toBe("write");
    },
  },
  {
    page: "If … the connection attempt failed … the application can call connect again for the same socket, over IPv6 too",
    world: world6,
    shows: (v) => {
      const s = stream6(v);
      expect(connect6(v, s, PEER6, CLOSED)).toEqual(fails(errors.WSAECONNREFUSED));
      expect(connect6(v, s, ELSEWHERE6, OPEN)).toEqual(fails(errors.WSAENETUNREACH));
      expect(connect6(v, s, NOBODY_THERE6, OPEN)).toEqual(fails(errors.WSAETIMEDOUT));
      expect(connect6(v, s, PEER6, OPEN)).toEqual(SUCCESS);
    },
  },

  // ---- Error codes ----
  {
    page: "WSANOTINITIALISED: A successful WSAStartup call must occur before using this function",
    shows: (v) => {
      const s = v.stream();
      v.winsock.WSACleanup();
      expect(connect(v, s, PEER, OPEN)).toEqual(fails(errors.WSANOTINITIALISED));
    },
  },
  {
    page: "WSAENETDOWN: The network subsystem has failed",
    shows: (v) => {
      v.unplug();
      expect(connect(v, v.stream(), PEER, OPEN)).toEqual(fails(errors.WSAENETDOWN));
    },
  },
  {
    page: "WSAENETDOWN: … also while the attempt is on its way",
    shows: (v) => {
      v.after(5000, () => v.unplug());
      expect(connect(v, v.stream(), NOBODY_THERE, OPEN)).toEqual(fails(errors.WSAENETDOWN));
      expect(v.nowMs).toBe(5000);
    },
  },
  {
    page: "WSAEADDRINUSE: The socket's local address is already in use … This error usually occurs when executing bind",
    shows: (v) => {
      expect(bind(v, v.stream(), OURS, 5000)).toEqual(SUCCESS);
      expect(bind(v, v.stream(), OURS, 5000)).toEqual(fails(errors.WSAEADDRINUSE));
    },
  },
  {
    page: "WSAEADDRINUSE: … but could be delayed until the connect function if the bind was to a wildcard address. A specific address needs to be implicitly bound by the connect function",
    shows: (v) => {
      const s = v.stream();
      expect(bind(v, s, "0.0.0.0", 5000)).toEqual(SUCCESS);
      expect(bind(v, v.stream(), OURS, 5000)).toEqual(SUCCESS);
      expect(connect(v, s, PEER, OPEN)).toEqual(fails(errors.WSAEADDRINUSE));
    },
  },
  {
    page: "WSAEADDRINUSE: … if the bind was to a wildcard address (in6addr_any)",
    world: world6,
    shows: (v) => {
      const s = stream6(v);
      expect(bind6(v, s, "::", 5000)).toEqual(SUCCESS);
      expect(bind6(v, stream6(v), OURS6, 5000)).toEqual(SUCCESS);
      expect(connect6(v, s, PEER6, OPEN)).toEqual(fails(errors.WSAEADDRINUSE));
    },
  },
  {
    page: "WSAEADDRINUSE: … and the socket was not marked to allow address reuse with SO_REUSEADDR",
    shows: (v) => {
      const [s, other] = [v.stream(), v.stream()];
      for (const socket of [s, other]) expect(set(v, socket, SO_REUSEADDR)).toBe(0);
      expect(bind(v, s, "0.0.0.0", 5000)).toEqual(SUCCESS);
      expect(bind(v, other, OURS, 5000)).toEqual(SUCCESS);
      expect(connect(v, s, PEER, OPEN)).toEqual(SUCCESS);
    },
  },
  {
    page: "WSAEINTR: The blocking Windows Socket 1.1 call was canceled through WSACancelBlockingCall",
    shows: (v) => {
      const old = v.program(v.provider, MAKEWORD(1, 1));
      old.WSASetBlockingHook(() => {
        old.WSACancelBlockingCall();
        return false;
      });
      expect(connect(v, v.stream(old), NOBODY_THERE, OPEN, old)).toEqual(fails(errors.WSAEINTR));
    },
  },
  {
    page: "WSAEINPROGRESS: A blocking Windows Sockets 1.1 call is in progress, or the service provider is still processing a callback function",
    shows: (v) => {
      const old = v.program(v.provider, MAKEWORD(1, 1));
      const [s, other] = [v.stream(old), v.stream(old)];
      const inside: unknown[] = [];
      old.WSASetBlockingHook(() => {
        inside.push(connect(v, other, PEER, OPEN, old));
        return false;
      });
      connect(v, s, PEER, OPEN, old);
      expect(inside[0]).toEqual(fails(errors.WSAEINPROGRESS));
    },
  },
  {
    page: "WSAEALREADY: A nonblocking connect call is in progress on the specified socket",
    shows: (v) => {
      const s = nonblocking(v, v.stream());
      connect(v, s, NOBODY_THERE, OPEN);
      expect(connect(v, s, NOBODY_THERE, OPEN)).toEqual(fails(errors.WSAEALREADY));
    },
  },
  {
    page: "WSAEALREADY: … is reported as WSAEINVAL to Windows Sockets 1.1 applications",
    shows: (v) => {
      const old = v.program(v.provider, MAKEWORD(1, 1));
      const s = old.socket(AF_INET, SOCK_STREAM, 0);
      old.ioctlsocket(s, FIONBIO, { value: 1 });
      expect(connect(v, s, PEER, OPEN, old)).toEqual(fails(errors.WSAEWOULDBLOCK));
      expect(connect(v, s, PEER, OPEN, old)).toEqual(fails(errors.WSAEINVAL));
    },
  },
  {
    page: "WSAEADDRNOTAVAIL: The remote address is not a valid address (such as INADDR_ANY)",
    shows: (v) => expect(connect(v, v.stream(), "0.0.0.0", OPEN)).toEqual(fails(errors.WSAEADDRNOTAVAIL)),
  },
  {
    page: "WSAEADDRNOTAVAIL: … (such as in6addr_any)",
    world: world6,
    shows: (v) => {
      const name = { ...address6("::", OPEN), sin6_addr: in6addr_any };
      expect(outcome(v.winsock, v.winsock.connect(stream6(v), name, sizeof_sockaddr_in6))).toEqual(fails(errors.WSAEADDRNOTAVAIL));
      expect(connect6(v, dual(v, stream6(v)), "::", OPEN)).toEqual(fails(errors.WSAEADDRNOTAVAIL));
      expect(connect6(v, dual(v, stream6(v)), "::ffff:0.0.0.0", OPEN)).toEqual(fails(errors.WSAEADDRNOTAVAIL));
    },
  },
  {
    page: "WSAEADDRNOTAVAIL: … nor is one of IPv4 for a socket that is of IPv6 alone",
    world: world6,
    shows: (v) => {
      expect(connect6(v, stream6(v), `::ffff:${PEER}`, OPEN)).toEqual(fails(errors.WSAEADDRNOTAVAIL));
      expect(connect6(v, dual(v, stream6(v)), `::ffff:${PEER}`, OPEN)).toEqual(SUCCESS);
    },
  },
  {
    page: "WSAEADDRNOTAVAIL: … nor are port 0, a broadcast and a multicast address ones that a stream can reach",
    shows: (v) => {
      const s = v.stream();
      for (const [to, port] of [
        [PEER, 0],
        ["255.255.255.255", OPEN],
        [BROADCAST, OPEN],
        ["224.0.0.1", OPEN],
      ] as const) {
        expect(connect(v, s, to, port)).toEqual(fails(errors.WSAEADDRNOTAVAIL));
      }
      expect(connect(v, s, PEER, OPEN)).toEqual(SUCCESS);
    },
  },
  {
    page: "WSAEADDRNOTAVAIL: … nor are port 0 and a multicast address of IPv6",
    world: world6,
    shows: (v) => {
      for (const [to, port] of [
        [PEER6, 0],
        ["ff02::1", OPEN],
        ["ff0e::1", OPEN],
      ] as const) {
        expect(connect6(v, stream6(v), to, port)).toEqual(fails(errors.WSAEADDRNOTAVAIL));
      }
    },
  },
  {
    page: "WSAEAFNOSUPPORT: Addresses in the specified family cannot be used with this socket",
    shows: (v) => {
      for (const family of [AF_INET6, 0xdead, 0]) {
        const name = new Uint8Array(sizeof_sockaddr_in6);
        name.set([family & 255, family >>> 8, 0, OPEN, 203, 0, 113, 1]);
        expect(outcome(v.winsock, v.winsock.connect(v.stream(), name, name.length))).toEqual(fails(errors.WSAEAFNOSUPPORT));
      }
    },
  },
  {
    page: "WSAEAFNOSUPPORT: … an address of IPv4 with a socket of IPv6",
    world: world6,
    shows: (v) => {
      expect(connect(v, stream6(v), PEER, OPEN)).toEqual(fails(errors.WSAEAFNOSUPPORT));
      expect(connect(v, dual(v, stream6(v)), PEER, OPEN)).toEqual(fails(errors.WSAEAFNOSUPPORT));
    },
  },
  {
    page: "WSAECONNREFUSED: The attempt to connect was forcefully rejected (after five SYNs half a second apart)",
    shows: (v) => {
      let syns = 0;
      v.ours.trace.subscribe((event) => {
        if (event.type === "frame" && event.direction === "out" && event.bytes[TCP_FLAGS_AT] === SYN) syns++;
      });
      expect(connect(v, v.stream(), PEER, CLOSED)).toEqual(fails(errors.WSAECONNREFUSED));
      expect(syns).toBe(5);
      expect(v.nowMs).toBe(2000);
    },
  },
  {
    page: "WSAECONNREFUSED: … over IPv6 as over IPv4",
    world: world6,
    shows: (v) => {
      expect(connect6(v, stream6(v), PEER6, CLOSED)).toEqual(fails(errors.WSAECONNREFUSED));
      expect(v.nowMs).toBe(2000);
    },
  },
  {
    page: "WSAECONNREFUSED: … unless a listener appears between two of them",
    shows: (v) => {
      v.after(1200, () => v.listener(CLOSED));
      expect(connect(v, v.stream(), PEER, CLOSED)).toEqual(SUCCESS);
      expect(v.nowMs).toBe(1500);
    },
  },
  {
    page: "WSAEFAULT: The sockaddr structure … contains incorrect address format … or the namelen parameter is too small",
    shows: (v) => {
      for (const namelen of [15, 2, 0, -1]) {
        expect(outcome(v.winsock, v.winsock.connect(v.stream(), address(PEER, OPEN), namelen))).toEqual(fails(errors.WSAEFAULT));
      }
    },
  },
  {
    page: "WSAEFAULT: … the namelen parameter is too small for a sockaddr_in6",
    world: world6,
    shows: (v) => {
      for (const namelen of [27, 24, 16, 15, 0, -1]) {
        expect(outcome(v.winsock, v.winsock.connect(stream6(v), address6(PEER6, OPEN), namelen))).toEqual(fails(errors.WSAEFAULT));
      }
    },
  },
  {
    page: "WSAEFAULT: … is not in a valid part of the user address space",
    shows: (v) => {
      expect(outcome(v.winsock, v.winsock.connect(v.stream(), null, sizeof_sockaddr_in))).toEqual(fails(errors.WSAEFAULT));
      expect(outcome(v.winsock, v.winsock.connect(v.stream(), new Uint8Array(8), sizeof_sockaddr_in))).toEqual(fails(errors.WSAEFAULT));
    },
  },
  {
    page: "WSAEINVAL: The parameter s is a listening socket",
    shows: (v) => expect(connect(v, v.listener(5000, v.winsock), PEER, OPEN)).toEqual(fails(errors.WSAEINVAL)),
  },
  {
    page: "WSAEISCONN: The socket is already connected (connection-oriented sockets only)",
    shows: (v) => {
      const s = v.stream();
      connect(v, s, PEER, OPEN);
      expect(connect(v, s, PEER, OPEN)).toEqual(fails(errors.WSAEISCONN));
      const d = datagram(v.winsock);
      expect(connect(v, d, PEER, OPEN)).toEqual(SUCCESS);
      expect(connect(v, d, PEER, OPEN)).toEqual(SUCCESS);
    },
  },
  {
    page: "WSAENETUNREACH: The network cannot be reached from this host at this time",
    shows: (v) => {
      expect(connect(v, v.stream(), ELSEWHERE, OPEN)).toEqual(fails(errors.WSAENETUNREACH));
      expect(connect(v, nonblocking(v, v.stream()), ELSEWHERE, OPEN)).toEqual(fails(errors.WSAENETUNREACH));
      expect(v.nowMs).toBe(0);
    },
  },
  {
    page: "WSAENETUNREACH: … nor one of IPv6",
    world: world6,
    shows: (v) => expect(connect6(v, stream6(v), ELSEWHERE6, OPEN)).toEqual(fails(errors.WSAENETUNREACH)),
  },
  {
    page: "WSAEHOSTUNREACH: A socket operation was attempted to an unreachable host (the linux profile says so when nobody answers ARP)",
    world: () => new VirtualWinsock({ profile: LINUX }),
    shows: (v) => expect(connect(v, v.stream(), NOBODY_THERE, OPEN)).toEqual(fails(errors.WSAEHOSTUNREACH)),
  },
  {
    page: "WSAEHOSTUNREACH: … (or neighbour discovery)",
    world: () => ipv6Winsock({ profile: LINUX }),
    shows: (v) => expect(connect6(v, stream6(v), NOBODY_THERE6, OPEN)).toEqual(fails(errors.WSAEHOSTUNREACH)),
  },
  {
    page: "WSAENOBUFS: No buffer space is available. The socket cannot be connected (no local port is left)",
    world: () => new VirtualWinsock({ profile: { ...WINDOWS, portRange: [49152, 49153] } }),
    shows: (v) => {
      v.listener(OPEN);
      expect([1, 2].map(() => connect(v, v.stream(), PEER, OPEN))).toEqual([SUCCESS, SUCCESS]);
      expect(connect(v, v.stream(), PEER, OPEN)).toEqual(fails(errors.WSAENOBUFS));
    },
  },
  {
    page: "WSAENOTSOCK: The descriptor specified in the s parameter is not a socket",
    shows: (v) => {
      const closed = v.stream();
      v.winsock.closesocket(closed);
      for (const s of [0, INVALID_SOCKET, 3, 100_000, closed]) expect(connect(v, s, PEER, OPEN)).toEqual(fails(errors.WSAENOTSOCK));
    },
  },
  {
    page: "WSAETIMEDOUT: An attempt to connect timed out without establishing a connection (after 21 s)",
    shows: (v) => {
      expect(connect(v, v.stream(), NOBODY_THERE, OPEN)).toEqual(fails(errors.WSAETIMEDOUT));
      expect(v.nowMs).toBe(21_000);
    },
  },
  {
    page: "WSAETIMEDOUT: … over IPv6 as over IPv4",
    world: world6,
    shows: (v) => {
      expect(connect6(v, stream6(v), NOBODY_THERE6, OPEN)).toEqual(fails(errors.WSAETIMEDOUT));
      expect(v.nowMs).toBe(21_000);
    },
  },
  {
    page: "WSAEWOULDBLOCK: The socket is marked as nonblocking and the connection cannot be completed immediately",
    shows: (v) => expect(connect(v, nonblocking(v, v.stream()), NOBODY_THERE, OPEN)).toEqual(fails(errors.WSAEWOULDBLOCK)),
  },
  {
    page: "WSAEACCES: An attempt to connect a datagram socket to broadcast address failed because … SO_BROADCAST is not enabled",
    shows: (v) => {
      for (const to of ["255.255.255.255", BROADCAST]) {
        expect(connect(v, datagram(v.winsock), to, 7000)).toEqual(fails(errors.WSAEACCES));
      }
    },
  },

  // ---- Remarks ----
  {
    page: "If socket s is unbound, unique values are assigned to the local association by the system, and the socket is marked as bound",
    shows: (v) => {
      const [s, other] = [v.stream(), v.stream()];
      connect(v, s, PEER, OPEN);
      connect(v, other, PEER, OPEN);
      expect(localName(v, s).address).toBe(OURS);
      expect(localName(v, s).port).toBeGreaterThanOrEqual(49152);
      expect(localName(v, s).port).not.toBe(localName(v, other).port);
      expect(bind(v, s, OURS, 5000)).toEqual(fails(errors.WSAEINVAL));
    },
  },
  {
    page: "If socket s is unbound, … (an address of IPv6, too)",
    world: world6,
    shows: (v) => {
      const s = stream6(v);
      connect6(v, s, PEER6, OPEN);
      expect(name6(v, s)).toMatch(/^\[2001:db8::2\]:(49|5\d|6\d)\d{3}$/);
      expect(bind6(v, s, OURS6, 5000)).toEqual(fails(errors.WSAEINVAL));
    },
  },
  {
    page: "For connection-oriented sockets, an active connection is initiated to the foreign host using name",
    shows: (v) => {
      const listener = v.listener(5001);
      const s = v.stream();
      bind(v, s, OURS, 5000);
      connect(v, s, PEER, 5001);
      const from = new_sockaddr_in();
      const accepted = v.peerWinsock.accept(listener, from, { value: sizeof_sockaddr_in });
      expect(accepted).toBeGreaterThan(0);
      expect(from).toEqual(address(OURS, 5000));
    },
  },
  {
    page: "Note: If a socket is opened, a setsockopt call is made, and then a sendto call is made, Windows Sockets performs an implicit bind",
    shows: (v) => {
      const s = datagram(v.winsock);
      expect(v.winsock.getsockname(s, new_sockaddr_in(), { value: sizeof_sockaddr_in })).toBe(SOCKET_ERROR);
      expect(set(v, s, SO_BROADCAST)).toBe(0);
      expect(v.winsock.sendto(s, bytes("x"), 1, 0, address(PEER, 7000), sizeof_sockaddr_in)).toBe(1);
      expect(localName(v, s).port).toBeGreaterThanOrEqual(49152);
      expect(bind(v, s, OURS, 5000)).toEqual(fails(errors.WSAEINVAL));
    },
  },
  {
    page: "When the socket call completes successfully, the socket is ready to send and receive data",
    shows: (v) => {
      const { s, peer } = v.pair(5001);
      say(v.winsock, s, "to you");
      expect(recv(v.peerWinsock, peer)).toBe("to you");
      say(v.peerWinsock, peer, "and back");
      expect(recv(v.winsock, s)).toBe("and back");
    },
  },
  {
    page: "If the address member of the structure specified by name is filled with zeros, connect will return the error WSAEADDRNOTAVAIL",
    shows: (v) => {
      const name = new Uint8Array(16);
      name.set([AF_INET, 0, 0, OPEN]);
      expect(outcome(v.winsock, v.winsock.connect(v.stream(), name, 16))).toEqual(fails(errors.WSAEADDRNOTAVAIL));
    },
  },
  {
    page: "Any attempt to reconnect an active connection will fail with the error code WSAEISCONN",
    shows: (v) => {
      const { s } = v.pair(5001);
      for (const [to, port] of [
        [PEER, 5001],
        [PEER, OPEN],
        [ELSEWHERE, OPEN],
        ["0.0.0.0", 0],
      ] as const) {
        expect(connect(v, s, to, port)).toEqual(fails(errors.WSAEISCONN));
      }
      v.winsock.shutdown(s, SD_SEND);
      expect(connect(v, s, PEER, OPEN)).toEqual(fails(errors.WSAEISCONN));
    },
  },
  {
    page: "… this function returns the error WSAEWOULDBLOCK. However, the operation proceeds",
    shows: (v) => {
      const listener = v.listener(5001);
      connect(v, nonblocking(v, v.stream()), PEER, 5001);
      expect(v.peerWinsock.accept(listener, null, null)).toBeGreaterThan(0);
    },
  },
  {
    page: "If the client uses the select function, success is reported in the writefds set",
    shows: (v) => {
      const s = nonblocking(v, v.stream());
      connect(v, s, PEER, OPEN);
      expect(selected(v, s, 10)).toBe("write");
      expect(soError(v, s)).toBe(0);
    },
  },
  {
    page: "… and failure is reported in the exceptfds set",
    shows: (v) => {
      const s = nonblocking(v, v.stream());
      connect(v, s, PEER, CLOSED);
      expect(selected(v, s, 10)).toBe("except");
      expect(v.nowMs).toBe(2000);
      expect(soError(v, s)).toBe(errors.WSAECONNREFUSED);
    },
  },
  {
    page: "If the client uses … WSAAsyncSelect or WSAEventSelect, … the error code associated with the FD_CONNECT indicates either success or a specific reason for failure",
    shows: (v) => {
      const { winsock: w } = v;
      const reasons = [
        [PEER, OPEN, 0],
        [PEER, CLOSED, errors.WSAECONNREFUSED],
        [NOBODY_THERE, OPEN, errors.WSAETIMEDOUT],
      ] as const;
      for (const [to, port, code] of reasons) {
        const [s, event, found] = [v.stream(), w.WSACreateEvent(), new_WSANETWORKEVENTS()];
        w.WSAEventSelect(s, event, FD_CONNECT);
        connect(v, s, to, port);
        w.WSAWaitForMultipleEvents(1, [event], false, INFINITE, false);
        w.WSAEnumNetworkEvents(s, event, found);
        expect([found.lNetworkEvents, found.iErrorCode[FD_CONNECT_BIT]]).toEqual([FD_CONNECT, code]);
      }
    },
  },
  {
    page: "Calling setsockopt while a connection is in progress is not supported",
    shows: (v) => {
      const s = nonblocking(v, v.stream());
      connect(v, s, PEER, OPEN);
      expect(outcome(v.winsock, set(v, s, SO_KEEPALIVE))).toEqual(fails(errors.WSAEINVAL));
      expect(selected(v, s, 10)).toBe("write");
      expect(outcome(v.winsock, set(v, s, SO_KEEPALIVE))).toEqual(SUCCESS);
    },
  },
  {
    page: "For a connectionless socket, … a default destination address that can be used on subsequent send and recv calls",
    shows: (v) => {
      const server = datagram(v.peerWinsock);
      bind(v, server, PEER, 7000, v.peerWinsock);
      const s = datagram(v.winsock);
      expect(connect(v, s, PEER, 7000)).toEqual(SUCCESS);
      say(v.winsock, s, "hello");
      const from = new_sockaddr_in();
      v.peerWinsock.recvfrom(server, new Uint8Array(9), 9, 0, from, { value: sizeof_sockaddr_in });
      v.peerWinsock.sendto(server, bytes("hi"), 2, 0, from, sizeof_sockaddr_in);
      expect(recv(v.winsock, s)).toBe("hi");
    },
  },
  {
    page: "Any datagrams received from an address other than the destination address specified will be discarded",
    shows: (v) => {
      const s = datagram(v.winsock);
      bind(v, s, OURS, 5000);
      connect(v, s, PEER, 7000);
      peerSays(v, "stranger", 7001);
      peerSays(v, "friend");
      expect(recv(v.winsock, s)).toBe("friend");
    },
  },
  {
    page: "If the address member … is filled with zeros, the socket will be disconnected … send and recv calls will return WSAENOTCONN",
    shows: (v) => {
      const s = datagram(v.winsock);
      bind(v, s, OURS, 5000);
      connect(v, s, PEER, 7000);
      expect(connect(v, s, "0.0.0.0", 0)).toEqual(SUCCESS);
      expect(outcome(v.winsock, say(v.winsock, s, "x"))).toEqual(fails(errors.WSAENOTCONN));
      expect(outcome(v.winsock, v.winsock.recv(s, new Uint8Array(9), 9, 0))).toEqual(fails(errors.WSAENOTCONN));
      expect(outcome(v.winsock, v.winsock.getpeername(s, new_sockaddr_in(), { value: 16 }))).toEqual(fails(errors.WSAENOTCONN));
    },
  },
  {
    page: "However, sendto and recvfrom can still be used",
    shows: (v) => {
      const s = datagram(v.winsock);
      bind(v, s, OURS, 5000);
      connect(v, s, PEER, 7000);
      connect(v, s, "0.0.0.0", 0);
      const server = datagram(v.peerWinsock);
      bind(v, server, PEER, 7001, v.peerWinsock);
      expect(v.winsock.sendto(s, bytes("x"), 1, 0, address(PEER, 7001), sizeof_sockaddr_in)).toBe(1);
      expect(recv(v.peerWinsock, server)).toBe("x");
      peerSays(v, "anybody", 7002);
      const buffer = new Uint8Array(20);
      expect(v.winsock.recvfrom(s, buffer, 20, 0, null, null)).toBe(7);
    },
  },
  {
    page: "The default destination can be changed by simply calling connect again, even if the socket is already connected",
    shows: (v) => {
      const s = datagram(v.winsock);
      bind(v, s, OURS, 5000);
      connect(v, s, PEER, 7000);
      expect(connect(v, s, PEER, 7001)).toEqual(SUCCESS);
      peerSays(v, "old", 7000);
      peerSays(v, "new", 7001);
      expect(recv(v.winsock, s)).toBe("new");
    },
  },
  {
    page: "Any datagrams queued for receipt are discarded if name is different from the previous connect",
    shows: (v) => {
      const s = datagram(v.winsock);
      bind(v, s, OURS, 5000);
      connect(v, s, PEER, 7000);
      peerSays(v, "kept");
      connect(v, s, PEER, 7000);
      expect(recv(v.winsock, s)).toBe("kept");
      peerSays(v, "lost");
      connect(v, s, PEER, 7001);
      connect(v, s, PEER, 7000);
      peerSays(v, "fresh");
      expect(recv(v.winsock, s)).toBe("fresh");
    },
  },
  {
    page: "For connectionless sockets, name can indicate any valid address, including a broadcast address. However, … must use setsockopt to enable the SO_BROADCAST option",
    shows: (v) => {
      const server = datagram(v.peerWinsock);
      bind(v, server, "0.0.0.0", 7000, v.peerWinsock);
      const s = datagram(v.winsock);
      expect(set(v, s, SO_BROADCAST)).toBe(0);
      expect(connect(v, s, BROADCAST, 7000)).toEqual(SUCCESS);
      expect(say(v.winsock, s, "all")).toBe(3);
      expect(recv(v.peerWinsock, server)).toBe("all");
    },
  },
  {
    page: "Otherwise, connect will fail with the error code WSAEACCES",
    shows: (v) => expect(connect(v, datagram(v.winsock), BROADCAST, 7000)).toEqual(fails(errors.WSAEACCES)),
  },
  {
    page: "When a connection between sockets is broken, the socket that was connected should be discarded and new socket should be created",
    shows: (v) => {
      const { s, peer } = v.pair(5001);
      v.peerWinsock.setsockopt(peer, SOL_SOCKET, SO_LINGER, { l_onoff: 1, l_linger: 0 }, sizeof_linger);
      v.peerWinsock.closesocket(peer);
      v.advance(10);
      expect(recv(v.winsock, s)).toBe(`error ${errors.WSAECONNRESET}`);
      expect(connect(v, s, PEER, 5001)).toEqual(fails(errors.WSAEISCONN));
      v.winsock.closesocket(s);
      expect(connect(v, v.stream(), PEER, 5001)).toEqual(SUCCESS);
    },
  },
  {
    page: "Winsock performs an alertable wait in this situation, which can be interrupted by an asynchronous procedure call (APC) scheduled on the same thread",
    shows: (v) => {
      const { winsock: w } = v;
      const ran: number[] = [];
      w.QueueUserAPC((data) => ran.push(data), w.GetCurrentThread(), 5);
      expect(connect(v, v.stream(), PEER, OPEN)).toEqual(SUCCESS);
      expect(ran).toEqual([5]);
    },
  },
  {
    page: "Issuing another blocking Winsock call inside an APC that interrupted an ongoing blocking Winsock call … must never be attempted (WSAEINPROGRESS)",
    shows: (v) => {
      const { winsock: w } = v;
      const inside: unknown[] = [];
      w.QueueUserAPC(() => inside.push(connect(v, v.stream(), NOBODY_THERE, OPEN)), w.GetCurrentThread(), 0);
      expect(connect(v, v.stream(), PEER, OPEN)).toEqual(SUCCESS);
      expect(inside).toEqual([fails(errors.WSAEINPROGRESS)]);
    },
  },
  {
    page: "Example Code: WSAStartup, socket, connect, closesocket, WSACleanup",
    shows: (v) => {
      v.listener(27015, v.winsock);
      const { WSAStartup, WSACleanup, socket, connect, closesocket, inet_addr } = v.program();
      expect(WSAStartup(MAKEWORD(2, 2), new_WSADATA())).toBe(0);
      const ConnectSocket = socket(AF_INET, SOCK_STREAM, 6);
      expect(ConnectSocket).not.toBe(INVALID_SOCKET);
      const clientService = { ...new_sockaddr_in(), sin_family: AF_INET, sin_addr: { s_addr: inet_addr("127.0.0.1") }, sin_port: 0x8769 };
      expect(connect(ConnectSocket, clientService, sizeof_sockaddr_in)).toBe(0);
      expect(closesocket(ConnectSocket)).toBe(0);
      expect([WSACleanup(), WSACleanup()]).toEqual([0, 0]);
      expect(WSACleanup()).toBe(SOCKET_ERROR);
    },
  },
];

describe("connect function (Microsoft)", () => {
  test.each(TABLE)("$page", ({ world: makeWorld = world, shows }) => {
    const v = makeWorld();
    shows(v);
    expect(v.isStuck).toBe(false);
  });
});
