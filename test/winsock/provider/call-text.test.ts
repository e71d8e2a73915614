import { describe, expect, test } from "@jest/globals";
import * as c from "../../../src/winsock/abi/constants.ts";
import { WSAECONNREFUSED, WSAEMFILE, WSAEWOULDBLOCK } from "../../../src/winsock/abi/errors.ts";
import { sockaddrBytes } from "../../../src/winsock/abi/structures.ts";
import { callName, callText, outcomeText } from "../../../src/winsock/provider/call-text.ts";
import { CALL, type CallRequest } from "../../../src/winsock/provider/calls.ts";
import { encodeSets } from "../../../src/winsock/provider/select.ts";
import { address6, PEER_LINK_LOCAL } from "../../support/ipv6-winsock.ts";
import { address, PEER } from "../../support/virtual-winsock.ts";

const NAME = sockaddrBytes(address(PEER, 81));
/** In the highest zone that there can be. */
const NAME6 = sockaddrBytes(address6(PEER_LINK_LOCAL, 81, 0xffffffff));
const call = (op: number, fields: Partial<CallRequest> = {}): string =>
  callText({ id: 1, op, s: 4, a: 0, b: 0, c: 0, data: null, ...fields });
const select = (read: number[] | undefined, a: number): string =>
  call(CALL.select, { a, data: encodeSets({ read, write: undefined, except: [] }) });

describe("a call as a C programmer would write it", () => {
  test.each<[string, string]>([
    [call(CALL.startup, { a: 0x0202 }), "WSAStartup(MAKEWORD(2, 2))"],
    [call(CALL.cleanup), "WSACleanup()"],
    [call(CALL.socket, { a: c.AF_INET, b: c.SOCK_STREAM, c: c.IPPROTO_TCP }), "socket(AF_INET, SOCK_STREAM, IPPROTO_TCP)"],
    [call(CALL.socket, { a: 99, b: c.SOCK_DGRAM, c: 0 }), "socket(99, SOCK_DGRAM, 0)"],
    [call(CALL.connect, { a: 16, data: NAME }), `connect(s=4, ${PEER}:81, 16)`],
    [call(CALL.connect, { a: 28, data: NAME6 }), "connect(s=4, [fe80::1%4294967295]:81, 28)"],
    [call(CALL.bind, { a: 3, data: NAME.slice(0, 3) }), "bind(s=4, 3 bytes, 3)"],
    [call(CALL.bind, { a: 16 }), "bind(s=4, NULL, 16)"],
    [call(CALL.listen, { a: c.SOMAXCONN }), "listen(s=4, SOMAXCONN)"],
    [call(CALL.listen, { a: 5 }), "listen(s=4, 5)"],
    [call(CALL.send, { data: new Uint8Array(7), a: 2 }), "send(s=4, 7 bytes, 2)"],
    [call(CALL.sendto, { data: Uint8Array.of(...NAME, 1, 2, 3), a: 16, c: 16 }), `sendto(s=4, 3 bytes, 0, ${PEER}:81, 16)`],
    [call(CALL.sendto, { data: Uint8Array.of(1, 2, 3), a: -1 }), "sendto(s=4, 3 bytes, 0, NULL, 0)"],
    [call(CALL.recv, { a: 100, b: 8 }), "recv(s=4, 100 bytes, 8)"],
    [call(CALL.shutdown, { a: c.SD_SEND }), "shutdown(s=4, SD_SEND)"],
    [call(CALL.ioctlsocket, { a: c.FIONBIO, b: 1 }), "ioctlsocket(s=4, FIONBIO, 1)"],
    [call(CALL.ioctlsocket, { a: c.FIONBIO, c: 1 }), "ioctlsocket(s=4, FIONBIO, NULL)"],
    [call(CALL.getsockopt, { a: c.SOL_SOCKET, b: c.SO_ERROR }), "getsockopt(s=4, SOL_SOCKET, SO_ERROR)"],
    [
      call(CALL.setsockopt, { a: c.IPPROTO_TCP, b: c.TCP_NODELAY, c: 4, data: Uint8Array.of(1, 2, 0, 0) }),
      "setsockopt(s=4, IPPROTO_TCP, TCP_NODELAY, 513, 4)",
    ],
    [call(CALL.getsockopt, { a: c.IPPROTO_IPV6, b: c.IPV6_V6ONLY }), "getsockopt(s=4, IPPROTO_IPV6, IPV6_V6ONLY)"],
    [call(CALL.getsockopt, { a: c.IPPROTO_IP, b: c.IP_TTL }), "getsockopt(s=4, IPPROTO_IP, IP_TTL)"],
    [call(CALL.getsockopt, { a: c.IPPROTO_UDP, b: c.SO_REUSEADDR }), "getsockopt(s=4, IPPROTO_UDP, 4)"],
    [call(CALL.getsockopt, { a: 99, b: c.SO_REUSEADDR }), "getsockopt(s=4, 99, 4)"],
    [call(CALL.closesocket), "closesocket(s=4)"],
    [call(9999), "operation 9999(s=4)"],
    [select([4, 8], 1500), "select(read {4 8}, write NULL, except {}, 1.5 ms)"],
    [select(undefined, -1), "select(read NULL, write NULL, except {}, NULL)"],
  ])("%s", (text, expected) => {
    expect(text).toBe(expected);
  });

  test("a number that is no operation has no name", () => {
    expect([callName(CALL.accept), callName(9999)]).toEqual(["accept", undefined]);
  });
});

test("what it returned has Windows' names for failures", () => {
  expect(outcomeText(CALL.recv, { result: 12, error: 0 })).toBe("12");
  expect(outcomeText(CALL.connect, { result: -1, error: WSAECONNREFUSED })).toBe("SOCKET_ERROR, WSAECONNREFUSED (10061)");
  expect(outcomeText(CALL.accept, { result: -1, error: WSAEWOULDBLOCK })).toBe("INVALID_SOCKET, WSAEWOULDBLOCK (10035)");
  expect(outcomeText(CALL.socket, { result: -1, error: WSAEMFILE })).toBe("INVALID_SOCKET, WSAEMFILE (10024)");
  expect(outcomeText(CALL.startup, { result: WSAECONNREFUSED, error: WSAECONNREFUSED })).toBe("10061, WSAECONNREFUSED (10061)");
  expect(outcomeText(CALL.recv, { result: -1, error: 4711 })).toBe("SOCKET_ERROR, error (4711)");
});
