import { describe, expect, test } from "@jest/globals";
import { htons } from "../../../src/winsock/abi/byte-order.ts";
import { AF_INET, AF_INET6, MAXGETHOSTSTRUCT } from "../../../src/winsock/abi/constants.ts";
import {
  WSA_NOT_ENOUGH_MEMORY,
  WSAEAFNOSUPPORT,
  WSAEALREADY,
  WSAEFAULT,
  WSAEINVAL,
  WSAENOBUFS,
  WSAHOST_NOT_FOUND,
  WSANO_DATA,
  WSANOTINITIALISED,
} from "../../../src/winsock/abi/errors.ts";
import { new_MSG, PM_REMOVE, WM_USER, WSAGETASYNCBUFLEN, WSAGETASYNCERROR } from "../../../src/winsock/abi/message-structures.ts";
import { new_hostent, new_protoent, new_servent } from "../../../src/winsock/abi/name-structures.ts";
import { createBlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import { namesRig } from "../../support/winsock-names.ts";

/** The WSAAsyncGetXByY functions: what they come to, as a message tells and memory has it (Wine's test async). */

const MESSAGE = WM_USER + 3;

function begun() {
  const rig = namesRig();
  const { winsock } = rig.v;
  const window = winsock.CreateMessageWindow(null);
  /** The code of the task's message, which is waited for. */
  const told = (task: number): { code: number; length: number } => {
    expect(task).toBeGreaterThan(0);
    const msg = new_MSG();
    expect(winsock.GetMessage(msg, window, MESSAGE, MESSAGE)).toBe(1);
    expect(msg).toMatchObject({ hwnd: window, message: MESSAGE, wParam: task });
    return { code: WSAGETASYNCERROR(msg.lParam), length: WSAGETASYNCBUFLEN(msg.lParam) };
  };
  const isQuiet = (): boolean => winsock.PeekMessage(new_MSG(), 0, 0, 0, PM_REMOVE) === 0;
  return { ...rig, winsock, window, told, isQuiet };
}

/** What stands where a pointer of the bytes leads. */
const pointer = (bytes: Uint8Array, at: number): number => new DataView(bytes.buffer).getUint32(at, true);
function textAt(bytes: Uint8Array, at: number): string {
  const from = pointer(bytes, at);
  return Buffer.from(bytes.subarray(from, bytes.indexOf(0, from))).toString("latin1");
}

describe("a host by its name", () => {
  test.each<[name: string | null, code: number, addresses: number[][]]>([
    [
      "www.example",
      0,
      [
        [198, 51, 100, 80],
        [198, 51, 100, 81],
      ],
    ],
    ["192.0.2.7", 0, [[192, 0, 2, 7]]],
    ["tapsock", 0, [[203, 0, 113, 2]]],
    ["nxdomain.example", WSAHOST_NOT_FOUND, []],
    ["six.example", WSANO_DATA, []],
    ["1.2.3", WSANO_DATA, []],
  ])("%s: %d", (name, code, addresses) => {
    const { winsock, window, told, isQuiet } = begun();
    const host = new_hostent();
    const { code: came, length } = told(winsock.WSAAsyncGetHostByName(window, MESSAGE, name, host, MAXGETHOSTSTRUCT));
    expect(came).toBe(code);
    expect(length > 0).toBe(code === 0);
    expect(host.h_addr_list.map((each) => [...each])).toEqual(addresses);
    if (code === 0) expect(host).toMatchObject({ h_addrtype: AF_INET, h_length: 4 });
    expect(isQuiet()).toBe(true);
  });

  test("its message is not there before its memory is filled, and no call waits for it", () => {
    const { v, winsock, window, isQuiet } = begun();
    const host = new_hostent();
    expect(winsock.WSAAsyncGetHostByName(window, MESSAGE, "four.example", host, MAXGETHOSTSTRUCT)).toBeGreaterThan(0);
    expect([isQuiet(), host.h_name]).toEqual([true, ""]);
    v.advance(5000);
    expect([isQuiet(), host.h_name]).toEqual([false, "four.example"]);
  });

  test("in C layout, with offsets where C has pointers", () => {
    const { winsock, window, told } = begun();
    const bytes = new Uint8Array(MAXGETHOSTSTRUCT);
    const { length } = told(winsock.WSAAsyncGetHostByName(window, MESSAGE, "alias.example", bytes, bytes.length));
    expect(textAt(bytes, 0)).toBe("www.example");
    const aliases = pointer(bytes, 8);
    expect([textAt(bytes, aliases), pointer(bytes, aliases + 8)]).toEqual(["alias.example", 0]);
    expect([bytes[16], bytes[18]]).toEqual([AF_INET, 4]);
    const list = pointer(bytes, 24);
    expect([list % 8, aliases % 8, pointer(bytes, list + 8)]).toEqual([0, 0, 0]);
    const address = pointer(bytes, list);
    expect([...bytes.subarray(address, address + 4)]).toEqual([198, 51, 100, 80]);
    expect(bytes.subarray(length).every((byte) => byte === 0)).toBe(true);
  });

  test("each pointer of a list lies on its boundary, whatever the length of the names", () => {
    const { winsock, window, told } = begun();
    const bytes = new Uint8Array(MAXGETHOSTSTRUCT);
    expect(told(winsock.WSAAsyncGetHostByName(window, MESSAGE, "mail", bytes, bytes.length)).code).toBe(0);
    const aliases = pointer(bytes, 8);
    expect([textAt(bytes, 0), aliases % 8, pointer(bytes, 24) % 8]).toEqual(["mail.lan", 0, 0]);
    expect([textAt(bytes, aliases), textAt(bytes, aliases + 8)]).toEqual(["mail", "post"]);
  });

  test("where there is too little room nothing is written", () => {
    const { winsock, window, told } = begun();
    const bytes = new Uint8Array(1000);
    const host = new_hostent();
    for (const buf of [bytes, host]) {
      expect(told(winsock.WSAAsyncGetHostByName(window, MESSAGE, "www.example", buf, 40)).code).toBe(WSAENOBUFS);
    }
    expect([bytes.every((byte) => byte === 0), host]).toEqual([true, new_hostent()]);
  });

  test("of a host that has no room for one more question there is no task", () => {
    const { server, winsock, window } = begun();
    server.answer = () => undefined;
    let task = 1;
    for (let i = 0; i < 10_000 && task !== 0; i++) {
      task = winsock.WSAAsyncGetHostByName(window, MESSAGE, "slow.example", null, 0);
    }
    expect([task, winsock.WSAGetLastError()]).toEqual([0, WSA_NOT_ENOUGH_MEMORY]);
  });

  test("where there is too little room the message says how much it takes, and that much is enough", () => {
    const { winsock, window, told } = begun();
    const ask = (buf: Uint8Array | null, buflen: number) =>
      told(winsock.WSAAsyncGetHostByName(window, MESSAGE, "www.example", buf, buflen));
    const { code, length } = ask(null, 1000);
    expect(code).toBe(WSAENOBUFS);
    expect(ask(new Uint8Array(length - 1), 1000)).toEqual({ code: WSAENOBUFS, length });
    expect(ask(new Uint8Array(1000), length - 1)).toEqual({ code: WSAENOBUFS, length });
    expect(ask(new Uint8Array(length), length)).toEqual({ code: 0, length });
  });
});

test("a host by its address, of either family", () => {
  const { winsock, window, told } = begun();
  const host = new_hostent();
  const ask = (addr: Uint8Array | null, type: number, len = addr?.length ?? 0) =>
    told(winsock.WSAAsyncGetHostByAddr(window, MESSAGE, addr, len, type, host, MAXGETHOSTSTRUCT)).code;
  expect(ask(Uint8Array.of(198, 51, 100, 80), AF_INET)).toBe(0);
  expect(host).toMatchObject({ h_name: "www.example", h_addr_list: [Uint8Array.of(198, 51, 100, 80)] });
  expect(ask(Uint8Array.of(...Array(15).fill(0), 1), AF_INET6)).toBe(0);
  expect(host).toMatchObject({ h_name: "localhost", h_addrtype: AF_INET6, h_length: 16 });
  expect(ask(Uint8Array.of(198, 51, 100, 99), AF_INET)).toBe(WSAHOST_NOT_FOUND);
  expect(ask(Uint8Array.of(1, 2, 3, 4), 99)).toBe(WSAEAFNOSUPPORT);
  expect(ask(null, AF_INET)).toBe(WSAEFAULT);
  expect(ask(Uint8Array.of(1, 2, 3, 4), AF_INET6)).toBe(WSAEINVAL);
});

test("services and protocols, whose parameters are judged as late (Wine's test WSAAsyncGetServByPort)", () => {
  const { winsock, window, told, isQuiet } = begun();
  const service = new_servent();
  const protocol = new_protoent();
  expect(told(winsock.WSAAsyncGetServByName(window, MESSAGE, "http", "tcp", service, MAXGETHOSTSTRUCT)).code).toBe(0);
  expect(service).toMatchObject({ s_name: "http", s_port: htons(80), s_proto: "tcp" });
  expect(told(winsock.WSAAsyncGetServByPort(window, MESSAGE, htons(53), "udp", service, MAXGETHOSTSTRUCT)).code).toBe(0);
  expect(service).toMatchObject({ s_name: "domain", s_proto: "udp" });
  expect(told(winsock.WSAAsyncGetServByPort(window, MESSAGE, 0, null, null, 0)).code).toBe(WSANO_DATA);
  expect(told(winsock.WSAAsyncGetServByPort(window, MESSAGE, htons(80), null, null, 0)).code).toBe(WSAENOBUFS);
  expect(told(winsock.WSAAsyncGetProtoByName(window, MESSAGE, "udp", protocol, MAXGETHOSTSTRUCT)).code).toBe(0);
  expect(protocol).toMatchObject({ p_name: "udp", p_proto: 17 });
  const bytes = new Uint8Array(MAXGETHOSTSTRUCT);
  expect(told(winsock.WSAAsyncGetProtoByNumber(window, MESSAGE, 6, bytes, bytes.length)).code).toBe(0);
  expect([textAt(bytes, 0), bytes[16]]).toEqual(["tcp", 6]);
  expect(told(winsock.WSAAsyncGetServByName(window, MESSAGE, "http", null, bytes.fill(0), bytes.length)).code).toBe(0);
  expect([textAt(bytes, 0), textAt(bytes, 16), bytes[24], bytes[25]]).toEqual(["http", "tcp", 0, 80]);
  // Without a window there is a task, and nobody to tell.
  expect(winsock.WSAAsyncGetServByPort(0, 0, 0, null, null, 0)).toBeGreaterThan(0);
  expect(isQuiet()).toBe(true);
});

describe("WSACancelAsyncRequest", () => {
  test("ends what goes on, of which no message tells", () => {
    const { v, server, winsock, window, isQuiet } = begun();
    server.answer = () => undefined;
    const host = new_hostent();
    const task = winsock.WSAAsyncGetHostByName(window, MESSAGE, "slow.example", host, MAXGETHOSTSTRUCT);
    expect([winsock.WSACancelAsyncRequest(task), winsock.WSAGetLastError()]).toEqual([0, 0]);
    v.advance(60_000);
    expect([isQuiet(), host.h_name]).toEqual([true, ""]);
    expect([winsock.WSACancelAsyncRequest(task), winsock.WSAGetLastError()]).toEqual([-1, WSAEALREADY]);
  });

  test("of what is over, of which the program has not heard yet, is refused", () => {
    const { v, winsock, window, told } = begun();
    const task = winsock.WSAAsyncGetHostByName(window, MESSAGE, "four.example", new_hostent(), MAXGETHOSTSTRUCT);
    v.advance(5000);
    expect([winsock.WSACancelAsyncRequest(task), winsock.WSAGetLastError()]).toEqual([-1, WSAEALREADY]);
    expect(told(task).code).toBe(0);
  });

  test("of what is over or never was is refused", () => {
    const { winsock, window, told } = begun();
    const task = winsock.WSAAsyncGetHostByName(window, MESSAGE, "four.example", new_hostent(), MAXGETHOSTSTRUCT);
    told(task);
    expect([winsock.WSACancelAsyncRequest(task), winsock.WSAGetLastError()]).toEqual([-1, WSAEALREADY]);
    expect([winsock.WSACancelAsyncRequest(0), winsock.WSAGetLastError()]).toEqual([-1, WSAEINVAL]);
    expect([winsock.WSACancelAsyncRequest(task + 1), winsock.WSAGetLastError()]).toEqual([-1, WSAEINVAL]);
  });
});

test("undefined is NULL, as with programs without types", () => {
  const { winsock, window, told } = begun();
  const nowhere = undefined as unknown as null;
  expect(told(winsock.WSAAsyncGetHostByName(window, MESSAGE, "four.example", nowhere, MAXGETHOSTSTRUCT)).code).toBe(WSAENOBUFS);
  expect(told(winsock.WSAAsyncGetServByPort(window, MESSAGE, htons(80), null, nowhere, 100)).code).toBe(WSAENOBUFS);
});

test("memory that cannot be written is WSAEFAULT, and no task", () => {
  const { winsock, window } = begun();
  const frozen = Object.freeze(new_servent());
  expect([winsock.WSAAsyncGetServByPort(window, MESSAGE, htons(80), null, frozen, 100), winsock.WSAGetLastError()]).toEqual([0, WSAEFAULT]);
});

test("memory that cannot be written when the answer comes is nothing to the call that waits meanwhile", () => {
  const { winsock, window, told } = begun();
  const task = winsock.WSAAsyncGetHostByName(window, MESSAGE, "four.example", Object.freeze(new_hostent()), MAXGETHOSTSTRUCT);
  expect(told(task).code).toBe(0);
});

test("a window that is gone gets nothing, and before WSAStartup there is no task", () => {
  const { v, winsock, window, isQuiet } = begun();
  expect(winsock.WSAAsyncGetHostByName(window, MESSAGE, "four.example", new_hostent(), MAXGETHOSTSTRUCT)).toBeGreaterThan(0);
  winsock.DestroyWindow(window);
  v.advance(5000);
  expect(isQuiet()).toBe(true);
  const face = createBlockingFace(() => namesRig().v.blockingPort());
  expect([face.WSAAsyncGetHostByName(1, MESSAGE, "four.example", null, 0), face.WSAGetLastError()]).toEqual([0, WSANOTINITIALISED]);
  expect([face.WSAAsyncGetServByPort(1, MESSAGE, 80, null, null, 0), face.WSAGetLastError()]).toEqual([0, WSANOTINITIALISED]);
  expect([face.WSACancelAsyncRequest(1), face.WSAGetLastError()]).toEqual([-1, WSANOTINITIALISED]);
});
