import { describe, expect, test } from "@jest/globals";
import * as c from "../../../src/winsock/abi/constants.ts";
import { WSAEFAULT } from "../../../src/winsock/abi/errors.ts";
import { new_addrinfo } from "../../../src/winsock/abi/name-structures.ts";
import { new_sockaddr_in, new_WSADATA, type SOCKET } from "../../../src/winsock/abi/structures.ts";
import type { BlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import { IOCTLS } from "../../../src/winsock/provider/ioctl.ts";
import { address, OURS, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { bind, bytes, connect, datagram, fails, nonblocking, outcome, recv } from "../../support/winsock-calls.ts";

const refusing = new Proxy(
  {},
  {
    get() {
      throw new Error("not to be read");
    },
    has() {
      throw new Error("not to be asked");
    },
  },
);

/** What programs without types pass by mistake, and some of what they pass on purpose. */
const HOSTILE: readonly unknown[] = [
  undefined,
  null,
  "text",
  "",
  Number.NaN,
  Number.POSITIVE_INFINITY,
  -1,
  1.5,
  2 ** 53,
  true,
  10n,
  Symbol("q"),
  () => 1,
  {},
  [],
  Object.create(null),
  { value: 10n },
  { value: Symbol("q") },
  { value: "text" },
  { sa_family: 2, sa_data: "text" },
  { fd_count: 1e9, fd_array: "text" },
  { tv_sec: 10n, tv_usec: null },
  new Uint8Array(0),
  new Uint8Array(3),
  new Uint8Array(600).fill(255),
  new ArrayBuffer(16),
  Object.freeze({}),
  Object.freeze({ value: 16 }),
  Object.freeze(new_sockaddr_in()),
  Object.freeze({ l_onoff: 1, l_linger: 1 }),
  Object.freeze({ fd_count: 0, fd_array: Object.freeze([]) }),
  refusing,
];

type Call = (...parameters: unknown[]) => unknown;

/** A sound call of every function; each of its parameters is replaced in turn. */
function soundCalls(s: SOCKET): ReadonlyMap<keyof BlockingFace, readonly unknown[]> {
  const name = address(PEER, 9);
  const buffer = new Uint8Array(4);
  return new Map<keyof BlockingFace, readonly unknown[]>([
    ["WSAStartup", [c.MAKEWORD(2, 2), new_WSADATA()]],
    ["WSASetLastError", [1]],
    ["socket", [c.AF_INET, c.SOCK_STREAM, 0]],
    ["bind", [s, name, 16]],
    ["connect", [s, name, 16]],
    ["listen", [s, 1]],
    ["accept", [s, new_sockaddr_in(), { value: 16 }]],
    ["send", [s, buffer, 4, 0]],
    ["recv", [s, buffer, 4, 0]],
    ["sendto", [s, buffer, 4, 0, name, 16]],
    ["recvfrom", [s, buffer, 4, 0, new_sockaddr_in(), { value: 16 }]],
    ["shutdown", [s, c.SD_SEND]],
    ["closesocket", [0]],
    ["select", [0, { fd_count: 1, fd_array: [s] }, null, null, { tv_sec: 0, tv_usec: 0 }]],
    ["ioctlsocket", [s, c.FIONREAD, { value: 0 }]],
    ["WSAIoctl", [s, c.SIO_ROUTING_INTERFACE_QUERY, name, 16, new_sockaddr_in(), 16, { value: 0 }, null, null]],
    ["getsockname", [s, new_sockaddr_in(), { value: 16 }]],
    ["getpeername", [s, new_sockaddr_in(), { value: 16 }]],
    ["getsockopt", [s, c.SOL_SOCKET, c.SO_ERROR, { value: 0 }, { value: 4 }]],
    ["setsockopt", [s, c.SOL_SOCKET, c.SO_KEEPALIVE, { value: 0 }, 4]],
    ["inet_addr", ["1.2.3.4"]],
    ["inet_ntoa", [{ s_addr: 1 }]],
    ["inet_pton", [c.AF_INET, "1.2.3.4", { s_addr: 0 }]],
    ["inet_ntop", [c.AF_INET, { s_addr: 1 }, { value: "" }, 22]],
    ["getaddrinfo", ["localhost", "http", new_addrinfo(), { value: null }]],
    ["GetAddrInfoExW", ["localhost", "http", c.NS_DNS, null, new_addrinfo(), { value: null }, null, null, null, null]],
    ["freeaddrinfo", [null]],
    ["getnameinfo", [name, 16, { value: "" }, 99, buffer, 4, 0]],
    ["GetNameInfoW", [name, 16, buffer, 4, { value: "" }, 99, c.NI_NUMERICHOST]],
    ["gethostbyname", ["localhost"]],
    ["gethostbyaddr", [buffer, 4, c.AF_INET]],
    ["gethostname", [{ value: "" }, 99]],
    ["getservbyname", ["http", "tcp"]],
    ["getservbyport", [0x5000, "tcp"]],
    ["getprotobyname", ["tcp"]],
    ["getprotobynumber", [6]],
    ["InetPtonW", [c.AF_INET, "1.2.3.4", { s_addr: 0 }]],
    ["InetNtopW", [c.AF_INET, { s_addr: 1 }, { value: "" }, 22]],
    ["WSAStringToAddressW", ["1.2.3.4:5", c.AF_INET, null, new_sockaddr_in(), { value: 16 }]],
    ["WSAAddressToStringW", [name, 16, null, { value: "" }, { value: 99 }]],
    ["WSAHtonl", [s, 1, { value: 0 }]],
    ["WSANtohs", [s, 1, { value: 0 }]],
    ["gai_strerrorW", [11001]],
  ]);
}

describe("the blocking face", () => {
  test.each([...soundCalls(0).keys()])("%s never throws, whatever it is given", (name) => {
    const v = new VirtualWinsock();
    const sockets = [nonblocking(v, v.stream()), nonblocking(v, datagram(v.winsock)), nonblocking(v, v.listener(5000, v.winsock))];
    bind(v, sockets[1]!, OURS, 5001);
    const call = v.winsock[name] as Call;
    for (const s of sockets) {
      const sound = soundCalls(s).get(name)!;
      sound.forEach((_, i) => {
        for (const value of HOSTILE) expect(() => call(...sound.with(i, value))).not.toThrow();
      });
    }
  });

  test.each(IOCTLS.map((code) => code.toString(16)))("WSAIoctl of 0x%s never throws, whatever it is given", (code) => {
    const v = new VirtualWinsock();
    for (const s of [nonblocking(v, v.stream()), nonblocking(v, datagram(v.winsock)), nonblocking(v, v.pair().s)]) {
      for (const value of HOSTILE) {
        for (const length of [0, 3, 16, 4096]) {
          const parameters = [s, Number.parseInt(code, 16), value, length, value, length, { value: 0 }, null, null];
          expect(() => (v.winsock.WSAIoctl as Call)(...parameters)).not.toThrow();
        }
      }
    }
  });

  test("memory that cannot be written is WSAEFAULT, and nothing is lost by it", () => {
    const v = new VirtualWinsock();
    const length = { value: 16 };
    const frozen = Object.freeze(new_sockaddr_in());
    const listener = v.listener(5000, v.winsock);
    connect(v, v.stream(v.peerWinsock), OURS, 5000, v.peerWinsock);
    for (const [name, namelen] of [
      [frozen, length],
      [new_sockaddr_in(), Object.freeze({ value: 16 })],
    ] as const) {
      expect(outcome(v.winsock, v.winsock.accept(listener, name, namelen))).toEqual(fails(WSAEFAULT));
    }
    expect(v.winsock.accept(listener, null, null)).toBeGreaterThan(0);

    const [s, peer] = [datagram(v.winsock), datagram(v.peerWinsock)];
    bind(v, s, OURS, 5000);
    v.peerWinsock.sendto(peer, bytes("kept"), 4, 0, address(OURS, 5000), 16);
    v.advance(1);
    expect(outcome(v.winsock, v.winsock.recvfrom(s, new Uint8Array(9), 9, 0, frozen, length))).toEqual(fails(WSAEFAULT));
    expect(recv(v.winsock, s)).toBe("kept");

    expect(outcome(v.winsock, v.winsock.getsockname(s, frozen, length))).toEqual(fails(WSAEFAULT));
    expect(outcome(v.winsock, v.winsock.ioctlsocket(s, c.FIONREAD, Object.freeze({ value: 0 })))).toEqual(fails(WSAEFAULT));
    expect(v.winsock.WSAStartup(c.MAKEWORD(2, 2), Object.freeze(new_WSADATA()))).toBe(WSAEFAULT);
  });
});
