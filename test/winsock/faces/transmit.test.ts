import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import * as e from "../../../src/winsock/abi/errors.ts";
import {
  FIONBIO,
  GENERIC_READ,
  GENERIC_WRITE,
  INFINITE,
  INVALID_HANDLE_VALUE,
  OPEN_EXISTING,
  SIO_GET_EXTENSION_FUNCTION_POINTER,
  SO_SNDBUF,
  type SOCKET,
  SOL_SOCKET,
  sizeof_sockaddr_in,
  TF_DISCONNECT,
  TF_REUSE_SOCKET,
  TF_USE_KERNEL_APC,
  TF_WRITE_BEHIND,
  TP_ELEMENT_EOP,
  TP_ELEMENT_FILE,
  TP_ELEMENT_MEMORY,
  WSAID_TRANSMITFILE,
  WSAID_TRANSMITPACKETS,
} from "../../../src/winsock/abi/index.ts";
import { new_WSAOVERLAPPED } from "../../../src/winsock/abi/overlapped-structures.ts";
import { new_TRANSMIT_FILE_BUFFERS, new_TRANSMIT_PACKETS_ELEMENT } from "../../../src/winsock/abi/transmit-structures.ts";
import type { BlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import { openFile } from "../../../src/winsock/open-file.ts";
import { address, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { bind, bytes, datagram, outcome, recv, say } from "../../support/winsock-calls.ts";

/** TransmitFile and TransmitPackets by winsock.md §17, from Wine's test TransmitFile and Microsoft's pages. */

const YES = [1, 0] as const;
const no = (error: number) => [0, error] as const;
const CONTENTS = "0123456789";

const open = (w: BlockingFace, path = "file", access = GENERIC_READ) => w.CreateFile(path, access, 0, null, OPEN_EXISTING, 0, null);

function rig() {
  const v = new VirtualWinsock();
  v.files.write("file", bytes(CONTENTS));
  return { v, w: v.winsock, p: v.peerWinsock, file: open(v.winsock), ...v.pair() };
}

/** Until the peer has seen the end, or `count` bytes. */
function received(w: BlockingFace, s: SOCKET, count = Number.POSITIVE_INFINITY): string {
  const buffer = new Uint8Array(65536);
  let text = "";
  while (text.length < count) {
    const got = w.recv(s, buffer, buffer.length, 0);
    if (got <= 0) break;
    text += new TextDecoder().decode(buffer.subarray(0, got));
  }
  return text;
}

function buffers(head: string, tail: string) {
  return { Head: bytes(head), HeadLength: head.length, Tail: bytes(tail), TailLength: tail.length };
}

describe("CreateFile", () => {
  test.each([
    ["Microsoft", "none", GENERIC_READ, OPEN_EXISTING, e.ERROR_FILE_NOT_FOUND],
    ["nothing could write it", "file", GENERIC_READ | GENERIC_WRITE, OPEN_EXISTING, e.ERROR_ACCESS_DENIED],
    ["nothing could write it", "file", GENERIC_READ, 2, e.WSA_INVALID_PARAMETER],
    ["Microsoft", null, GENERIC_READ, OPEN_EXISTING, e.WSA_INVALID_PARAMETER],
  ])("%s: of %s with access %i and disposition %i is code %i", (_source, path, access, disposition, code) => {
    const { v, w } = rig();
    expect(outcome(w, w.CreateFileA(path, access, 0, null, disposition, 0, null))).toEqual([INVALID_HANDLE_VALUE, code]);
    expect(v.files.openCount).toBe(1);
  });

  test("gives a handle that CloseHandle closes, once, and the last WSACleanup", () => {
    const { v, w, file } = rig();
    const other = w.CreateFileW("file", GENERIC_READ, 0, null, OPEN_EXISTING, 0, null);
    expect(v.files.openCount).toBe(2);
    expect(outcome(w, w.CloseHandle(file))).toEqual(YES);
    expect(v.files.openCount).toBe(1);
    expect(outcome(w, w.CloseHandle(file))).toEqual(no(e.WSA_INVALID_HANDLE));
    expect(other).not.toBe(file);
    w.WSACleanup();
    expect(v.files.openCount).toBe(0);
  });

  test("wants WSAStartup", () => {
    const { w } = rig();
    w.WSACleanup();
    expect(outcome(w, open(w))).toEqual([INVALID_HANDLE_VALUE, e.WSANOTINITIALISED]);
  });
});

describe("files of this machine", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "transmit-"));
    writeFileSync(join(folder, "file"), CONTENTS);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("are read where they are asked for", () => {
    const file = openFile(join(folder, "file"));
    if (typeof file === "number") throw new Error(`code ${file}`);
    const piece = new Uint8Array(4);
    expect([file.size, file.read(piece, 8), file.read(piece, 2), file.read(new Uint8Array(4), 10)]).toEqual([10, 2, 4, 0]);
    expect(new TextDecoder().decode(piece)).toBe("2345");
    file.close();
  });

  test("that are pipes are refused, and nobody is waited for who would write into them", () => {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    expect(openFile(path)).toBe(e.ERROR_ACCESS_DENIED);
  });

  test("that are not there, or are no files, have their codes", () => {
    expect(openFile(join(folder, "none"))).toBe(e.ERROR_FILE_NOT_FOUND);
    expect(openFile(join(folder, "file", "none"))).toBe(e.ERROR_FILE_NOT_FOUND);
    expect(openFile(folder)).toBe(e.ERROR_ACCESS_DENIED);
  });
});

describe("TransmitFile", () => {
  type Refused = readonly [string, (r: ReturnType<typeof rig>) => number, number];
  const REFUSED: readonly Refused[] = [
    ["Wine's test: no socket", ({ w, file }) => w.TransmitFile(4444, file, 0, 0, null, null, 0), e.WSAENOTSOCK],
    ["Wine's test: not connected", ({ v, w, file }) => w.TransmitFile(v.stream(), file, 0, 0, null, null, 0), e.WSAENOTCONN],
    [
      "Wine's test: nor with anything to send",
      ({ v, w }) => w.TransmitFile(v.stream(), 0, 0, 0, null, null, TF_REUSE_SOCKET),
      e.WSAENOTCONN,
    ],
    ["Wine's test: datagrams", ({ w, file }) => w.TransmitFile(datagram(w), file, 0, 0, null, null, 0), e.WSAENOTCONN],
    ["no file", ({ w, s }) => w.TransmitFile(s, 4444, 0, 0, null, null, 0), e.WSA_INVALID_HANDLE],
    ["an event is no file", ({ w, s }) => w.TransmitFile(s, w.WSACreateEvent(), 0, 0, null, null, 0), e.WSA_INVALID_HANDLE],
    ["Microsoft: the flag needs another", ({ w, s, file }) => w.TransmitFile(s, file, 0, 0, null, null, TF_REUSE_SOCKET), e.WSAEINVAL],
    [
      "memory that is not the program's",
      ({ w, s }) => w.TransmitFile(s, 0, 0, 0, null, { ...buffers("ab", ""), HeadLength: 3 }, 0),
      e.WSAEFAULT,
    ],
  ];
  test.each(REFUSED)("%s", (_source, call, code) => {
    const r = rig();
    expect(outcome(r.w, call(r))).toEqual(no(code));
    expect(say(r.w, r.s, "next")).toBe(4);
    expect(recv(r.p, r.peer)).toBe("next");
  });

  /** Source, whether there is a file, bytes, head, tail, and what comes. */
  test.each([
    ["Wine's test", true, 0, "", "", CONTENTS],
    ["Wine's test: so many of it", true, 4, "", "", "0123"],
    ["more than there is", true, 40, "", "", CONTENTS],
    ["Wine's test: head, file, tail", true, 0, "head ", " tail", "head 0123456789 tail"],
    ["Wine's test: no file", false, 0, "head ", "tail", "head tail"],
    ["Wine's test: nothing", false, 0, "", "", ""],
  ])("%s", (_source, hasFile, count, head, tail, expected) => {
    const { w, p, s, peer, file } = rig();
    const lp = head === "" && tail === "" ? null : buffers(head, tail);
    expect(outcome(w, w.TransmitFile(s, hasFile ? file : 0, count, 0, null, lp, TF_WRITE_BEHIND))).toEqual(YES);
    say(w, s, "|");
    expect(received(p, peer, expected.length + 1)).toBe(`${expected}|`);
  });

  test("goes on where the file stands", () => {
    const { w, p, s, peer, file } = rig();
    w.TransmitFile(s, file, 4, 0, null, null, 0);
    w.TransmitFile(s, file, 0, 0, null, null, 0);
    // It stands at its end.
    expect(outcome(w, w.TransmitFile(s, file, 0, 0, null, null, 0))).toEqual(YES);
    say(w, s, "|");
    expect(received(p, peer, 11)).toBe(`${CONTENTS}|`);
  });

  test("is taken whole as a send is, though nobody reads", () => {
    const { v, w, p, s, peer } = rig();
    const big = "x".repeat(1_000_000);
    v.files.write("big", bytes(big));
    expect(outcome(w, w.TransmitFile(s, open(w, "big"), 0, 0, null, buffers("a", "b"), TF_DISCONNECT))).toEqual(YES);
    const came = received(p, peer);
    expect([came.length, came[0], came.at(-1)]).toEqual([big.length + 2, "a", "b"]);
    expect(v.isStuck).toBe(false);
  });

  test.each([0, 1])("sends more than fits into buffers (nonblocking %i)", (isNonblocking) => {
    const { v, w, p, s, peer } = rig();
    const big = "x".repeat(3_000_000);
    v.files.write("big", bytes(big));
    w.ioctlsocket(s, FIONBIO, { value: isNonblocking });
    let came = "";
    // The peer reads while we wait.
    const read = () => {
      p.ioctlsocket(peer, FIONBIO, { value: 1 });
      came += received(p, peer);
      if (came.length < big.length) v.after(1, read);
    };
    v.after(1, read);
    expect(outcome(w, w.TransmitFile(s, open(w, "big"), 0, 0, null, buffers("a", "b"), 0))).toEqual(YES);
    v.advance(5000);
    expect([came.length, came[0], came.at(-1)]).toEqual([big.length + 2, "a", "b"]);
  });

  test("overlapped begins where the structure says (Wine's test)", () => {
    const { w, p, s, peer, file } = rig();
    const ov = { ...new_WSAOVERLAPPED(w.WSACreateEvent()), Offset: 6 };
    const result = w.TransmitFile(s, file, 0, 0, ov, buffers("<", ">"), TF_USE_KERNEL_APC);
    expect(result === 1 || w.WSAGetLastError() === e.WSA_IO_PENDING).toBe(true);
    expect(w.WaitForSingleObject(ov.hEvent, INFINITE)).toBe(0);
    const count = { value: 0 };
    expect(w.WSAGetOverlappedResult(s, ov, count, 0, { value: 0 })).toBe(1);
    expect(count.value).toBe(6);
    expect(received(p, peer, 6)).toBe("<6789>");
  });

  test("overlapped with TF_DISCONNECT ends the connection behind all of it, though the send has to wait", () => {
    const { v, w, p, s, peer } = rig();
    v.files.write("big", new Uint8Array(4_000_000));
    w.setsockopt(s, SOL_SOCKET, SO_SNDBUF, { value: 0 }, 4);
    p.ioctlsocket(peer, FIONBIO, { value: 1 });
    const buffer = new Uint8Array(65_536);
    let total = 0;
    let last = -1;
    const read = () => {
      for (last = p.recv(peer, buffer, buffer.length, 0); last > 0; last = p.recv(peer, buffer, buffer.length, 0)) total += last;
      if (last !== 0) v.after(100, read);
    };
    v.after(100, read);
    w.TransmitFile(s, open(w, "big"), 0, 0, new_WSAOVERLAPPED(), null, TF_DISCONNECT);
    v.advance(60_000);
    expect([total, last]).toEqual([4_000_000, 0]);
  });

  test.each([false, true])("with TF_DISCONNECT ends the connection behind it (overlapped: %s)", (isOverlapped) => {
    const { w, p, s, peer, file } = rig();
    const ov = isOverlapped ? new_WSAOVERLAPPED() : null;
    w.TransmitFile(s, file, 0, 0, ov, null, TF_DISCONNECT);
    expect(received(p, peer)).toBe(CONTENTS);
    expect(outcome(w, say(w, s, "x"))).toEqual([-1, e.WSAESHUTDOWN]);
  });

  test.each([false, true])("with TF_REUSE_SOCKET leaves a socket that connects again (overlapped: %s)", (isOverlapped) => {
    const { v, w, p, s, peer, listener, file } = rig();
    v.after(100, () => p.closesocket(peer));
    const ov = isOverlapped ? new_WSAOVERLAPPED(w.WSACreateEvent()) : null;
    const result = w.TransmitFile(s, file, 0, 0, ov, null, TF_DISCONNECT | TF_REUSE_SOCKET);
    if (ov !== null) {
      expect([result, w.WSAGetLastError()]).toEqual([0, e.WSA_IO_PENDING]);
      expect(w.WaitForSingleObject(ov.hEvent, INFINITE)).toBe(0);
      expect([ov.Internal, ov.InternalHigh]).toEqual([0, 10]);
    } else expect(result).toBe(1);
    const again = new_WSAOVERLAPPED(w.WSACreateEvent());
    w.ConnectEx(s, address(PEER, 80), sizeof_sockaddr_in, null, 0, null, again);
    w.WaitForSingleObject(again.hEvent, INFINITE);
    expect(again.Internal).toBe(0);
    const next = p.accept(listener, null, null);
    say(w, s, "x");
    expect(recv(p, next)).toBe("x");
  });
});

describe("TransmitPackets", () => {
  const memory = (text: string, more = 0) => ({
    ...new_TRANSMIT_PACKETS_ELEMENT(),
    ...{ dwElFlags: TP_ELEMENT_MEMORY | more, pBuffer: bytes(text), cLength: text.length },
  });
  const piece = (hFile: number, nFileOffset: number, cLength: number) => ({
    ...new_TRANSMIT_PACKETS_ELEMENT(),
    ...{ dwElFlags: TP_ELEMENT_FILE, hFile, nFileOffset, cLength },
  });

  test.each([false, true])("sends memory and pieces of files in their order (overlapped: %s)", (isOverlapped) => {
    const { w, p, s, peer, file } = rig();
    const elements = [memory("<"), piece(file, 7, 2), memory("|"), piece(file, -1, 3), piece(file, -1, 0), memory(">", TP_ELEMENT_EOP)];
    const ov = isOverlapped ? new_WSAOVERLAPPED() : null;
    expect(outcome(w, w.TransmitPackets(s, elements, elements.length, 0, ov, TF_DISCONNECT))).toEqual(YES);
    expect(received(p, peer)).toBe(`<78|${CONTENTS}>`);
    if (ov !== null) expect([ov.Internal, ov.InternalHigh]).toEqual([0, 15]);
  });

  test.each([false, true])("sends a datagram for each end of one (overlapped: %s)", (isOverlapped) => {
    const { v, w, p, file } = rig();
    const [s, peer] = [datagram(w), datagram(p)];
    bind(v, peer, PEER, 8, p);
    w.connect(s, address(PEER, 8), sizeof_sockaddr_in);
    const elements = [memory("ab"), piece(file, 0, 2), memory("", TP_ELEMENT_EOP), memory("cd", TP_ELEMENT_EOP), memory("ef")];
    const ov = isOverlapped ? new_WSAOVERLAPPED() : null;
    expect(outcome(w, w.TransmitPackets(s, elements, 5, 0, ov, 0))).toEqual(YES);
    expect([recv(p, peer), recv(p, peer), recv(p, peer)]).toEqual(["ab01", "cd", "ef"]);
    if (ov !== null) expect(ov.InternalHigh).toBe(8);
  });

  test.each([false, true])("refuses a datagram that is too long, however long it is (overlapped: %s)", (isOverlapped) => {
    const { w } = rig();
    const s = datagram(w);
    w.connect(s, address(PEER, 8), sizeof_sockaddr_in);
    for (const length of [65_508, 300_000]) {
      const ov = isOverlapped ? new_WSAOVERLAPPED() : null;
      expect(outcome(w, w.TransmitPackets(s, [memory("x".repeat(length))], 1, 0, ov, 0))).toEqual(no(e.WSAEMSGSIZE));
    }
  });

  type Refused = readonly [string, (r: ReturnType<typeof rig>) => number, number];
  const REFUSED: readonly Refused[] = [
    ["Microsoft: no socket", ({ w }) => w.TransmitPackets(4444, [memory("x")], 1, 0, null, 0), e.WSAENOTSOCK],
    ["Microsoft: not connected", ({ v, w }) => w.TransmitPackets(v.stream(), [memory("x")], 1, 0, null, 0), e.WSAENOTCONN],
    ["Microsoft: nor datagrams", ({ w }) => w.TransmitPackets(datagram(w), [memory("x")], 1, 0, null, 0), e.WSAENOTCONN],
    ["Microsoft", ({ w, s }) => w.TransmitPackets(s, null, 1, 0, null, 0), e.WSAEFAULT],
    ["fewer than it says", ({ w, s }) => w.TransmitPackets(s, [memory("x")], 2, 0, null, 0), e.WSAEFAULT],
    ["none", ({ w, s }) => w.TransmitPackets(s, [memory("x")], 0, 0, null, 0), e.WSAEINVAL],
    ["Microsoft: one or the other", ({ w, s }) => w.TransmitPackets(s, [{ ...memory("x"), dwElFlags: 3 }], 1, 0, null, 0), e.WSAEINVAL],
    ["neither", ({ w, s }) => w.TransmitPackets(s, [{ ...memory("x"), dwElFlags: 4 }], 1, 0, null, 0), e.WSAEINVAL],
    ["no file", ({ w, s }) => w.TransmitPackets(s, [memory("x"), piece(4444, 0, 1)], 2, 0, null, 0), e.WSA_INVALID_HANDLE],
    ["memory that is not the program's", ({ w, s }) => w.TransmitPackets(s, [{ ...memory("x"), cLength: 2 }], 1, 0, null, 0), e.WSAEFAULT],
    ["a parameter that throws", ({ w, s }) => w.TransmitPackets(s, [null] as never, 1, 0, null, 0), e.WSAEFAULT],
  ];
  test.each(REFUSED)("%s is refused", (_source, call, code) => {
    const r = rig();
    expect(outcome(r.w, call(r))).toEqual(no(code));
    say(r.w, r.s, "next");
    expect(recv(r.p, r.peer)).toBe("next");
  });
});

test.each([
  ["TransmitFile", WSAID_TRANSMITFILE],
  ["TransmitPackets", WSAID_TRANSMITPACKETS],
] as const)("%s is found by its GUID, and has nothing to send before it is told", (name, id) => {
  const { w, s } = rig();
  const found: { value: unknown } = { value: null };
  expect(w.WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, id, 16, found, 8, { value: 0 }, null, null)).toBe(0);
  expect(found.value).toBe(w[name]);
  expect(outcome(w, w.TransmitFile(s, null, 0, 0, null, new_TRANSMIT_FILE_BUFFERS(), 0))).toEqual(YES);
});
