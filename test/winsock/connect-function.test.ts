/**
 * Microsoft's page of `connect`, sentence by sentence, in the page's order: hold the table beside the page. The sentences have numbers, by
 * test/requirements/connect-sentences.json. Everything runs on two real hosts of ours in virtual time, through the blocking face.
 *
 * The notes for IrDA sockets are in connect-function-irda.test.ts, what is said of the function as a whole in connect-function-page.test.ts.
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
  /** Which sentences of test/requirements/connect-sentences.json it shows, and by what. */
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
    page: "[CON-03] a socket without a connection gets one",
    shows: (v) => expect(connect(v, v.stream(), PEER, OPEN)).toEqual(SUCCESS),
  },
  {
    page: "[CON-04] the name may be bytes in C's layout",
    shows: (v) => {
      const name = new Uint8Array(16);
      name.set([AF_INET, 0, 0, OPEN, 203, 0, 113, 1]);
      expect(outcome(v.winsock, v.winsock.connect(v.stream(), name, 16))).toEqual(SUCCESS);
    },
  },
  {
    page: "[CON-05] a longer name, such as a sockaddr_storage, will do",
    shows: (v) => expect(outcome(v.winsock, v.winsock.connect(v.stream(), address(PEER, OPEN), 128))).toEqual(SUCCESS),
  },
  {
    page: "[CON-04] [CON-05] a sockaddr_in6 has 28 bytes",
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
    page: "[CON-06] success is 0",
    shows: (v) => expect(v.winsock.connect(v.stream(), address(PEER, OPEN), sizeof_sockaddr_in)).toBe(0),
  },
  {
    page: "[CON-07] failure is SOCKET_ERROR, and WSAGetLastError has the code",
    shows: (v) => {
      expect(v.winsock.connect(v.stream(), address(PEER, CLOSED), sizeof_sockaddr_in)).toBe(SOCKET_ERROR);
      expect(v.winsock.WSAGetLastError()).toBe(errors.WSAECONNREFUSED);
    },
  },
  {
    page: "[CON-08] a blocking socket is told the outcome, and may be asked no more",
    shows: (v) => {
      const s = v.stream();
      expect(connect(v, s, PEER, CLOSED)).toEqual(fails(errors.WSAECONNREFUSED));
      expect(soError(v, s)).toBe(0);
      expect(connect(v, s, PEER, OPEN)).toEqual(SUCCESS);
      expect(selected(v, s, 0)).toBe("write");
    },
  },
  {
    page: "[CON-09] [CON-10] [CON-42] a nonblocking socket is told WSAEWOULDBLOCK, and no time has passed",
    shows: (v) => {
      const before = v.nowMs;
      expect(connect(v, nonblocking(v, v.stream()), PEER, OPEN)).toEqual(fails(errors.WSAEWOULDBLOCK));
      expect(v.nowMs).toBe(before);
    },
  },
  {
    page: "[CON-09] [CON-10] and so even over the loopback",
    shows: (v) => {
      v.listener(OPEN, v.winsock);
      const s = nonblocking(v, v.stream());
      expect(connect(v, s, "127.0.0.1", OPEN)).toEqual(fails(errors.WSAEWOULDBLOCK));
      expect(selected(v, s, 1)).toBe("write");
    },
  },
  {
    page: "[CON-11] [CON-12] select has a socket in writefds when its attempt has succeeded, not before",
    shows: (v) => {
      const s = nonblocking(v, v.stream());
      v.cable.configure("out", { delayMs: 100 });
      connect(v, s, PEER, OPEN);
      expect(selected(v, s, 0)).toBe("");
      expect(selected(v, s, 10)).toBe("write");
    },
  },
  {
    page: "[CON-11] [CON-13] WSAAsyncSelect: FD_CONNECT is posted with 0 or the code",
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
    page: "[CON-11] [CON-14] WSAEventSelect: the event object is set for a success and for a failure",
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
    page: "[CON-15] connect again is WSAEALREADY, to whatever address, and then WSAEISCONN",
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
    page: "[CON-19] a socket that was refused connects at the next try, from the same port",
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
    page: "[CON-19] a socket that had no route connects at the next try",
    shows: (v) => {
      const s = v.stream();
      expect(connect(v, s, ELSEWHERE, OPEN)).toEqual(fails(errors.WSAENETUNREACH));
      expect(connect(v, s, PEER, OPEN)).toEqual(SUCCESS);
    },
  },
  {
    page: "[CON-19] a socket that nobody answered connects at the next try",
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
    page: "[CON-19] a socket of IPv6 may be connected after each of these failures",
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
    page: "[CON-20] after WSACleanup it is WSANOTINITIALISED",
    shows: (v) => {
      const s = v.stream();
      v.winsock.WSACleanup();
      expect(connect(v, s, PEER, OPEN)).toEqual(fails(errors.WSANOTINITIALISED));
    },
  },
  {
    page: "[CON-21] without its device the host says WSAENETDOWN",
    shows: (v) => {
      v.unplug();
      expect(connect(v, v.stream(), PEER, OPEN)).toEqual(fails(errors.WSAENETDOWN));
    },
  },
  {
    page: "[CON-21] a device that goes in mid-attempt ends it with WSAENETDOWN",
    shows: (v) => {
      v.after(5000, () => v.unplug());
      expect(connect(v, v.stream(), NOBODY_THERE, OPEN)).toEqual(fails(errors.WSAENETDOWN));
      expect(v.nowMs).toBe(5000);
    },
  },
  {
    page: "[CON-22] [CON-23] two sockets at one address: bind is WSAEADDRINUSE",
    shows: (v) => {
      expect(bind(v, v.stream(), OURS, 5000)).toEqual(SUCCESS);
      expect(bind(v, v.stream(), OURS, 5000)).toEqual(fails(errors.WSAEADDRINUSE));
    },
  },
  {
    page: "[CON-23] [CON-24] a wildcard that meets its specific address at connect is WSAEADDRINUSE",
    shows: (v) => {
      const s = v.stream();
      expect(bind(v, s, "0.0.0.0", 5000)).toEqual(SUCCESS);
      expect(bind(v, v.stream(), OURS, 5000)).toEqual(SUCCESS);
      expect(connect(v, s, PEER, OPEN)).toEqual(fails(errors.WSAEADDRINUSE));
    },
  },
  {
    page: "[CON-23] [CON-24] the same with in6addr_any",
    world: world6,
    shows: (v) => {
      const s = stream6(v);
      expect(bind6(v, s, "::", 5000)).toEqual(SUCCESS);
      expect(bind6(v, stream6(v), OURS6, 5000)).toEqual(SUCCESS);
      expect(connect6(v, s, PEER6, OPEN)).toEqual(fails(errors.WSAEADDRINUSE));
    },
  },
  {
    page: "[CON-22] with SO_REUSEADDR on both, bind and connect succeed",
    shows: (v) => {
      const [s, other] = [v.stream(), v.stream()];
      for (const socket of [s, other]) expect(set(v, socket, SO_REUSEADDR)).toBe(0);
      expect(bind(v, s, "0.0.0.0", 5000)).toEqual(SUCCESS);
      expect(bind(v, other, OURS, 5000)).toEqual(SUCCESS);
      expect(connect(v, s, PEER, OPEN)).toEqual(SUCCESS);
    },
  },
  {
    page: "[CON-25] WSACancelBlockingCall ends a connect of a 1.1 program with WSAEINTR",
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
    page: "[CON-26] a connect in the blocking hook of another is WSAEINPROGRESS",
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
    page: "[CON-27] a second connect while the first goes on is WSAEALREADY",
    shows: (v) => {
      const s = nonblocking(v, v.stream());
      connect(v, s, NOBODY_THERE, OPEN);
      expect(connect(v, s, NOBODY_THERE, OPEN)).toEqual(fails(errors.WSAEALREADY));
    },
  },
  {
    page: "[CON-28] a 1.1 program is told WSAEINVAL instead",
    shows: (v) => {
      const old = v.program(v.provider, MAKEWORD(1, 1));
      const s = old.socket(AF_INET, SOCK_STREAM, 0);
      old.ioctlsocket(s, FIONBIO, { value: 1 });
      expect(connect(v, s, PEER, OPEN, old)).toEqual(fails(errors.WSAEWOULDBLOCK));
      expect(connect(v, s, PEER, OPEN, old)).toEqual(fails(errors.WSAEINVAL));
    },
  },
  {
    page: "[CON-29] 0.0.0.0 is WSAEADDRNOTAVAIL",
    shows: (v) => expect(connect(v, v.stream(), "0.0.0.0", OPEN)).toEqual(fails(errors.WSAEADDRNOTAVAIL)),
  },
  {
    page: "[CON-29] so are :: and the v4-mapped wildcard",
    world: world6,
    shows: (v) => {
      const name = { ...address6("::", OPEN), sin6_addr: in6addr_any };
      expect(outcome(v.winsock, v.winsock.connect(stream6(v), name, sizeof_sockaddr_in6))).toEqual(fails(errors.WSAEADDRNOTAVAIL));
      expect(connect6(v, dual(v, stream6(v)), "::", OPEN)).toEqual(fails(errors.WSAEADDRNOTAVAIL));
      expect(connect6(v, dual(v, stream6(v)), "::ffff:0.0.0.0", OPEN)).toEqual(fails(errors.WSAEADDRNOTAVAIL));
    },
  },
  {
    page: "[CON-29] so is an address of IPv4 for a socket of IPv6 alone",
    world: world6,
    shows: (v) => {
      expect(connect6(v, stream6(v), `::ffff:${PEER}`, OPEN)).toEqual(fails(errors.WSAEADDRNOTAVAIL));
      expect(connect6(v, dual(v, stream6(v)), `::ffff:${PEER}`, OPEN)).toEqual(SUCCESS);
    },
  },
  {
    page: "[CON-29] so are port 0, broadcast and multicast addresses for a stream",
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
    page: "[CON-29] so are port 0 and a multicast address of IPv6",
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
    page: "[CON-30] names of families that are not the socket's are WSAEAFNOSUPPORT",
    shows: (v) => {
      for (const family of [AF_INET6, 0xdead, 0]) {
        const name = new Uint8Array(sizeof_sockaddr_in6);
        name.set([family & 255, family >>> 8, 0, OPEN, 203, 0, 113, 1]);
        expect(outcome(v.winsock, v.winsock.connect(v.stream(), name, name.length))).toEqual(fails(errors.WSAEAFNOSUPPORT));
      }
    },
  },
  {
    page: "[CON-30] a sockaddr_in for a socket of IPv6 too",
    world: world6,
    shows: (v) => {
      expect(connect(v, stream6(v), PEER, OPEN)).toEqual(fails(errors.WSAEAFNOSUPPORT));
      expect(connect(v, dual(v, stream6(v)), PEER, OPEN)).toEqual(fails(errors.WSAEAFNOSUPPORT));
    },
  },
  {
    page: "[CON-31] resets to five SYNs half a second apart are WSAECONNREFUSED",
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
    page: "[CON-31] over IPv6 as over IPv4",
    world: world6,
    shows: (v) => {
      expect(connect6(v, stream6(v), PEER6, CLOSED)).toEqual(fails(errors.WSAECONNREFUSED));
      expect(v.nowMs).toBe(2000);
    },
  },
  {
    page: "[CON-31] a listener that appears between two of the SYNs is reached",
    shows: (v) => {
      v.after(1200, () => v.listener(CLOSED));
      expect(connect(v, v.stream(), PEER, CLOSED)).toEqual(SUCCESS);
      expect(v.nowMs).toBe(1500);
    },
  },
  {
    page: "[CON-32] a namelen that is too small is WSAEFAULT",
    shows: (v) => {
      for (const namelen of [15, 2, 0, -1]) {
        expect(outcome(v.winsock, v.winsock.connect(v.stream(), address(PEER, OPEN), namelen))).toEqual(fails(errors.WSAEFAULT));
      }
    },
  },
  {
    page: "[CON-32] one that is too small for a sockaddr_in6 too",
    world: world6,
    shows: (v) => {
      for (const namelen of [27, 24, 16, 15, 0, -1]) {
        expect(outcome(v.winsock, v.winsock.connect(stream6(v), address6(PEER6, OPEN), namelen))).toEqual(fails(errors.WSAEFAULT));
      }
    },
  },
  {
    page: "[CON-33] NULL and too little memory are WSAEFAULT",
    shows: (v) => {
      expect(outcome(v.winsock, v.winsock.connect(v.stream(), null, sizeof_sockaddr_in))).toEqual(fails(errors.WSAEFAULT));
      expect(outcome(v.winsock, v.winsock.connect(v.stream(), new Uint8Array(8), sizeof_sockaddr_in))).toEqual(fails(errors.WSAEFAULT));
    },
  },
  {
    page: "[CON-34] a listening socket is WSAEINVAL",
    shows: (v) => expect(connect(v, v.listener(5000, v.winsock), PEER, OPEN)).toEqual(fails(errors.WSAEINVAL)),
  },
  {
    page: "[CON-35] a connected stream is WSAEISCONN, a connected datagram socket is not",
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
    page: "[CON-36] without a route it is WSAENETUNREACH at once",
    shows: (v) => {
      expect(connect(v, v.stream(), ELSEWHERE, OPEN)).toEqual(fails(errors.WSAENETUNREACH));
      expect(connect(v, nonblocking(v, v.stream()), ELSEWHERE, OPEN)).toEqual(fails(errors.WSAENETUNREACH));
      expect(v.nowMs).toBe(0);
    },
  },
  {
    page: "[CON-36] over IPv6 too",
    world: world6,
    shows: (v) => expect(connect6(v, stream6(v), ELSEWHERE6, OPEN)).toEqual(fails(errors.WSAENETUNREACH)),
  },
  {
    page: "[CON-37] the linux profile says WSAEHOSTUNREACH when nobody answers ARP",
    world: () => new VirtualWinsock({ profile: LINUX }),
    shows: (v) => expect(connect(v, v.stream(), NOBODY_THERE, OPEN)).toEqual(fails(errors.WSAEHOSTUNREACH)),
  },
  {
    page: "[CON-37] and when nobody answers neighbour discovery",
    world: () => ipv6Winsock({ profile: LINUX }),
    shows: (v) => expect(connect6(v, stream6(v), NOBODY_THERE6, OPEN)).toEqual(fails(errors.WSAEHOSTUNREACH)),
  },
  {
    page: "[CON-38] [CON-39] without a free local port it is WSAENOBUFS",
    world: () => new VirtualWinsock({ profile: { ...WINDOWS, portRange: [49152, 49153] } }),
    shows: (v) => {
      v.listener(OPEN);
      expect([1, 2].map(() => connect(v, v.stream(), PEER, OPEN))).toEqual([SUCCESS, SUCCESS]);
      expect(connect(v, v.stream(), PEER, OPEN)).toEqual(fails(errors.WSAENOBUFS));
    },
  },
  {
    page: "[CON-40] what is no socket, or none any more, is WSAENOTSOCK",
    shows: (v) => {
      const closed = v.stream();
      v.winsock.closesocket(closed);
      for (const s of [0, INVALID_SOCKET, 3, 100_000, closed]) expect(connect(v, s, PEER, OPEN)).toEqual(fails(errors.WSAENOTSOCK));
    },
  },
  {
    page: "[CON-41] nobody answers for 21 seconds: WSAETIMEDOUT",
    shows: (v) => {
      expect(connect(v, v.stream(), NOBODY_THERE, OPEN)).toEqual(fails(errors.WSAETIMEDOUT));
      expect(v.nowMs).toBe(21_000);
    },
  },
  {
    page: "[CON-41] over IPv6 too",
    world: world6,
    shows: (v) => {
      expect(connect6(v, stream6(v), NOBODY_THERE6, OPEN)).toEqual(fails(errors.WSAETIMEDOUT));
      expect(v.nowMs).toBe(21_000);
    },
  },
  {
    page: "[CON-42] a nonblocking socket that has to wait is told WSAEWOULDBLOCK",
    shows: (v) => expect(connect(v, nonblocking(v, v.stream()), NOBODY_THERE, OPEN)).toEqual(fails(errors.WSAEWOULDBLOCK)),
  },
  {
    page: "[CON-43] [CON-68] a broadcast address without SO_BROADCAST is WSAEACCES",
    shows: (v) => {
      for (const to of ["255.255.255.255", BROADCAST]) {
        expect(connect(v, datagram(v.winsock), to, 7000)).toEqual(fails(errors.WSAEACCES));
      }
    },
  },

  // ---- Remarks ----
  {
    page: "[CON-45] two unbound sockets get an address and ports of their own, and cannot be bound any more",
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
    page: "[CON-45] so do those of IPv6",
    world: world6,
    shows: (v) => {
      const s = stream6(v);
      connect6(v, s, PEER6, OPEN);
      expect(name6(v, s)).toMatch(/^\[2001:db8::2\]:(49|5\d|6\d)\d{3}$/);
      expect(bind6(v, s, OURS6, 5000)).toEqual(fails(errors.WSAEINVAL));
    },
  },
  {
    page: "[CON-44] [CON-46] the listener accepts a connection from the socket's own name",
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
    page: "[CON-47] setsockopt and sendto leave a socket bound",
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
    page: "[CON-48] data goes both ways after it",
    shows: (v) => {
      const { s, peer } = v.pair(5001);
      say(v.winsock, s, "to you");
      expect(recv(v.peerWinsock, peer)).toBe("to you");
      say(v.peerWinsock, peer, "and back");
      expect(recv(v.winsock, s)).toBe("and back");
    },
  },
  {
    page: "[CON-49] a name whose address is zeros is WSAEADDRNOTAVAIL",
    shows: (v) => {
      const name = new Uint8Array(16);
      name.set([AF_INET, 0, 0, OPEN]);
      expect(outcome(v.winsock, v.winsock.connect(v.stream(), name, 16))).toEqual(fails(errors.WSAEADDRNOTAVAIL));
    },
  },
  {
    page: "[CON-50] a connected stream is WSAEISCONN, whatever the name, also after shutdown",
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
    page: "[CON-51] [CON-52] [CON-53] WSAEWOULDBLOCK, and the listener gets the connection all the same",
    shows: (v) => {
      const listener = v.listener(5001);
      connect(v, nonblocking(v, v.stream()), PEER, 5001);
      expect(v.peerWinsock.accept(listener, null, null)).toBeGreaterThan(0);
    },
  },
  {
    page: "[CON-54] [CON-55] select: success in writefds, SO_ERROR is 0",
    shows: (v) => {
      const s = nonblocking(v, v.stream());
      connect(v, s, PEER, OPEN);
      expect(selected(v, s, 10)).toBe("write");
      expect(soError(v, s)).toBe(0);
    },
  },
  {
    page: "[CON-54] [CON-55] select: failure in exceptfds, SO_ERROR has the code",
    shows: (v) => {
      const s = nonblocking(v, v.stream());
      connect(v, s, PEER, CLOSED);
      expect(selected(v, s, 10)).toBe("except");
      expect(v.nowMs).toBe(2000);
      expect(soError(v, s)).toBe(errors.WSAECONNREFUSED);
    },
  },
  {
    page: "[CON-54] [CON-56] FD_CONNECT has 0, WSAECONNREFUSED or WSAETIMEDOUT",
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
    page: "[CON-57] [CON-58] SO_KEEPALIVE is WSAEINVAL while the attempt goes on, and succeeds after it",
    shows: (v) => {
      const s = nonblocking(v, v.stream());
      connect(v, s, PEER, OPEN);
      expect(outcome(v.winsock, set(v, s, SO_KEEPALIVE))).toEqual(fails(errors.WSAEINVAL));
      expect(selected(v, s, 10)).toBe("write");
      expect(outcome(v.winsock, set(v, s, SO_KEEPALIVE))).toEqual(SUCCESS);
    },
  },
  {
    page: "[CON-59] send and recv of a connected datagram socket go to its peer and come from there",
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
    page: "[CON-60] datagrams of others are thrown away",
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
    page: "[CON-61] [CON-62] an address of zeros: send, recv and getpeername are WSAENOTCONN",
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
    page: "[CON-63] after that, sendto and recvfrom work",
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
    page: "[CON-64] the second connect's peer counts",
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
    page: "[CON-65] what waits from before is gone, unless the name is the same",
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
    page: "[CON-66] [CON-67] with SO_BROADCAST a datagram socket connects to everybody",
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
    page: "[CON-67] [CON-68] without it WSAEACCES",
    shows: (v) => expect(connect(v, datagram(v.winsock), BROADCAST, 7000)).toEqual(fails(errors.WSAEACCES)),
  },
  {
    page: "[CON-69] [CON-70] after a reset only a new socket connects",
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
    page: "[CON-71] [CON-72] an APC that is queued runs while connect waits",
    shows: (v) => {
      const { winsock: w } = v;
      const ran: number[] = [];
      w.QueueUserAPC((data) => ran.push(data), w.GetCurrentThread(), 5);
      expect(connect(v, v.stream(), PEER, OPEN)).toEqual(SUCCESS);
      expect(ran).toEqual([5]);
    },
  },
  {
    page: "[CON-73] a connect inside an APC that interrupted a connect is WSAEINPROGRESS",
    shows: (v) => {
      const { winsock: w } = v;
      const inside: unknown[] = [];
      w.QueueUserAPC(() => inside.push(connect(v, v.stream(), NOBODY_THERE, OPEN)), w.GetCurrentThread(), 0);
      expect(connect(v, v.stream(), PEER, OPEN)).toEqual(SUCCESS);
      expect(inside).toEqual([fails(errors.WSAEINPROGRESS)]);
    },
  },
  {
    page: "[CON-74] [CON-76] [CON-77] [CON-78] [CON-79] the example: start, make, name, connect, close, clean up",
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
