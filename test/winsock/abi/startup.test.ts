import { describe, expect, test } from "@jest/globals";
import { AF_INET, HIBYTE, LOBYTE, MAKEWORD, SOCK_STREAM } from "../../../src/winsock/abi/constants.ts";
import { WSAEFAULT, WSAENETDOWN, WSANOTINITIALISED, WSASYSNOTREADY, WSAVERNOTSUPPORTED } from "../../../src/winsock/abi/errors.ts";
import { new_WSADATA, sizeof_WSADATA } from "../../../src/winsock/abi/structures.ts";
import { createBlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import { VirtualWinsock } from "../../support/virtual-winsock.ts";
import { outcome } from "../../support/winsock-calls.ts";

const v = new VirtualWinsock();
const fresh = () => createBlockingFace(() => v.blockingPort());
const text = (word: number): string => `${LOBYTE(word)}.${HIBYTE(word)}`;

describe("WSAStartup (Microsoft; ReactOS's test WSAStartup)", () => {
  test.each([
    [0, 0, WSAVERNOTSUPPORTED, "2.2"],
    [0, 9, WSAVERNOTSUPPORTED, "2.2"],
    [1, 0, 0, "1.0"],
    [1, 1, 0, "1.1"],
    [1, 2, 0, "1.1"],
    [1, 255, 0, "1.1"],
    [2, 0, 0, "2.0"],
    [2, 1, 0, "2.1"],
    [2, 2, 0, "2.2"],
    [2, 3, 0, "2.2"],
    [3, 0, 0, "2.2"],
    [255, 255, 0, "2.2"],
  ])("asked for %i.%i: code %i, wVersion %s", (major, minor, code, version) => {
    const face = fresh();
    const data = new_WSADATA();
    expect(face.WSAStartup(MAKEWORD(major, minor), data)).toBe(code);
    expect([text(data.wVersion), text(data.wHighVersion)]).toEqual([version, "2.2"]);
    expect([data.iMaxSockets, data.iMaxUdpDg]).toEqual(version.startsWith("1") ? [32767, 65467] : [0, 0]);
    expect([data.szDescription, data.szSystemStatus]).toEqual(["WinSock 2.0", "Running"]);
    face.socket(AF_INET, SOCK_STREAM, 0);
    expect(face.WSAGetLastError()).toBe(code === 0 ? 0 : WSANOTINITIALISED);
  });

  test("the version comes before the pointer", () => {
    expect(fresh().WSAStartup(0, null)).toBe(WSAVERNOTSUPPORTED);
    expect(fresh().WSAStartup(MAKEWORD(2, 2), null)).toBe(WSAEFAULT);
  });

  test("is counted: as many clean-ups, and one more is WSANOTINITIALISED", () => {
    const face = fresh();
    const data = new Uint8Array(sizeof_WSADATA);
    for (let i = 0; i < 3; i++) face.WSAStartup(MAKEWORD(2, 2), data);
    const s = face.socket(AF_INET, SOCK_STREAM, 0);
    expect([face.WSACleanup(), face.WSACleanup()]).toEqual([0, 0]);
    expect(outcome(face, face.closesocket(s))).toEqual([0, 0]);
    expect(face.WSACleanup()).toBe(0);
    expect(outcome(face, face.WSACleanup())).toEqual([-1, WSANOTINITIALISED]);
  });

  test("the last error can be set and asked before it", () => {
    const face = fresh();
    face.WSASetLastError(1234);
    expect(face.inet_addr("10.1")).toBe(0x0100000a);
    expect(face.WSAGetLastError()).toBe(1234);
    expect(face.inet_addr(null)).toBe(0xffffffff);
    expect(face.WSAGetLastError()).toBe(WSAEFAULT);
  });

  test("a network that cannot be had is WSASYSNOTREADY, and networkFailure has the words", () => {
    const face = createBlockingFace(() => {
      throw new Error("no daemon there");
    });
    expect(face.WSAStartup(MAKEWORD(2, 2), new_WSADATA())).toBe(WSASYSNOTREADY);
    expect(face.networkFailure()?.message).toBe("no daemon there");
  });

  test("a network that ends is WSAENETDOWN, never an exception", () => {
    let isUp = true;
    const face = createBlockingFace(() => {
      const port = v.blockingPort();
      return {
        ...port,
        call: (request) => {
          if (!isUp) throw new Error("gone");
          return port.call(request);
        },
      };
    });
    face.WSAStartup(MAKEWORD(2, 2), new_WSADATA());
    isUp = false;
    expect(outcome(face, face.socket(AF_INET, SOCK_STREAM, 0))).toEqual([-1, WSAENETDOWN]);
    expect(face.WSACleanup()).toBe(0);
  });
});
