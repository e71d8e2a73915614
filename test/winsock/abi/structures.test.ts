import { describe, expect, test } from "@jest/globals";
import { htons } from "../../../src/winsock/abi/byte-order.ts";
import {
  encodeWsadata,
  type fd_set,
  lingerBytes,
  new_fd_set,
  new_sockaddr_in,
  new_sockaddr_in6,
  new_WSADATA,
  readFdSet,
  readLinger,
  readSockaddrIn,
  readSockaddrIn6,
  readTimeval,
  sizeof_fd_set,
  sizeof_WSADATA,
  type sockaddr_in,
  sockaddrBytes,
  timevalBytes,
  writeFdSet,
  writeLinger,
  writeSockaddrIn,
  writeWsadata,
} from "../../../src/winsock/abi/structures.ts";

/** 203.0.113.1 port 80, as it lies in memory. */
const bytesOfServer = Uint8Array.of(2, 0, 0, 80, 203, 0, 113, 1, 0, 0, 0, 0, 0, 0, 0, 0);
const server: sockaddr_in = { sin_family: 2, sin_port: htons(80), sin_addr: { s_addr: 0x017100cb } };

describe("socket addresses in C layout (winsock2.h)", () => {
  test("sockaddr_in: the family in host order, port and address as on the wire", () => {
    expect(sockaddrBytes(server)).toEqual(bytesOfServer);
    expect(readSockaddrIn(bytesOfServer)).toEqual({ ...server, sin_zero: new Uint8Array(8) });
  });

  test("bytes pass as they are, so a program's own array is what the call sees", () => {
    expect(sockaddrBytes(bytesOfServer)).toBe(bytesOfServer);
  });

  test("an address above 127 comes back unsigned", () => {
    expect(readSockaddrIn(Uint8Array.of(2, 0, 255, 255, 255, 255, 255, 255)).sin_addr.s_addr).toBe(0xffffffff);
  });

  test("sockaddr_in6 has the scope id at 24", () => {
    const address = Uint8Array.from({ length: 16 }, (_, i) => i + 1);
    const name = { sin6_family: 23, sin6_port: htons(443), sin6_flowinfo: 0, sin6_addr: { s6_addr: address }, sin6_scope_id: 7 };
    const bytes = sockaddrBytes(name);
    expect(bytes).toEqual(Uint8Array.of(23, 0, 1, 187, 0, 0, 0, 0, ...address, 7, 0, 0, 0));
    expect(readSockaddrIn6(bytes)).toEqual(name);
  });

  test("a generic sockaddr keeps its family and data, even one that nobody knows", () => {
    const bytes = sockaddrBytes({ sa_family: 0xdead, sa_data: [0, 80, 203, 0, 113, 1] });
    expect(bytes).toEqual(Uint8Array.of(0xad, 0xde, 0, 80, 203, 0, 113, 1, 0, 0, 0, 0, 0, 0, 0, 0));
  });

  test("an address is written in place: fields keep their objects, short bytes take what fits", () => {
    const name = new_sockaddr_in();
    const address = name.sin_addr;
    name.sin_zero = Uint8Array.of(9, 9, 9, 9, 9, 9, 9, 9);
    writeSockaddrIn(name, bytesOfServer);
    expect(name).toEqual({ ...server, sin_zero: new Uint8Array(8) });
    expect(name.sin_addr).toBe(address);

    const short = new Uint8Array(6);
    writeSockaddrIn(short, bytesOfServer);
    expect(short).toEqual(bytesOfServer.subarray(0, 6));
  });

  test("an empty object becomes a sockaddr_in, or a sockaddr_in6 for an IPv6 address", () => {
    const v4 = {} as sockaddr_in;
    writeSockaddrIn(v4, bytesOfServer);
    expect(v4).toEqual(server);
    const v6 = {} as sockaddr_in;
    writeSockaddrIn(v6, Uint8Array.of(23, 0, 0, 80, ...new Uint8Array(24)));
    expect(v6).toMatchObject({ sin6_family: 23, sin6_port: htons(80), sin6_scope_id: 0 });
  });

  test("an object that names of both families are written to is the last one, and says so in the fields that lie in one place", () => {
    const bytesOfServer6 = Uint8Array.of(23, 0, 1, 187, ...new Uint8Array(24).fill(1));
    for (const name of [new_sockaddr_in(), new_sockaddr_in6(), {} as sockaddr_in]) {
      writeSockaddrIn(name, bytesOfServer6);
      expect(sockaddrBytes(name)).toEqual(bytesOfServer6);
      writeSockaddrIn(name, bytesOfServer);
      expect(sockaddrBytes(name)).toEqual(bytesOfServer);
      expect(name).toMatchObject({ sin_family: 2, sin_port: htons(80), sin6_family: 2, sin6_port: htons(80) });
      writeSockaddrIn(name, bytesOfServer6);
      expect(sockaddrBytes(name)).toEqual(bytesOfServer6);
      expect(name).toMatchObject({ sin_family: 23, sin_port: htons(443), sin6_family: 23, sin6_port: htons(443) });
    }
  });

  test.each([
    ["no fields", {}],
    ["null instead of the address", { sin_family: 2, sin_port: 0, sin_addr: null }],
    ["text instead of numbers", { sin_family: "2", sin_port: "80", sin_addr: "127.0.0.1", sin_zero: "x" }],
    ["not even numbers", { sin_family: Number.NaN, sin_port: Number.POSITIVE_INFINITY, sin_addr: { s_addr: {} } }],
    ["IPv6 without an address", { sin6_family: 23, sin6_addr: 5 }],
    ["data that are not bytes", { sa_family: 2, sa_data: ["a", null, {}] }],
    ["an endless address", { sa_family: 2, sa_data: new Uint8Array(100_000) }],
  ])("a malformed object never throws: %s", (_, name) => {
    const bytes = sockaddrBytes(name as unknown as sockaddr_in);
    expect(bytes.length).toBeLessThanOrEqual(128);
    expect(bytes.subarray(2).every((byte) => byte === 0)).toBe(true);
  });

  test("numbers are cut to the field's width", () => {
    const name = { sin_family: 0x10002, sin_port: -1, sin_addr: { s_addr: 2 ** 32 + 5 } };
    expect(sockaddrBytes(name).subarray(0, 8)).toEqual(Uint8Array.of(2, 0, 255, 255, 5, 0, 0, 0));
  });
});

describe("timeval and linger in C layout", () => {
  test("timeval is two signed 32-bit numbers", () => {
    const bytes = Uint8Array.of(21, 0, 0, 0, 0xff, 0xff, 0xff, 0xff);
    expect(timevalBytes({ tv_sec: 21, tv_usec: -1 })).toEqual(bytes);
    expect(readTimeval(bytes)).toEqual({ tv_sec: 21, tv_usec: -1 });
    expect(readTimeval({ tv_sec: 1 } as never)).toEqual({ tv_sec: 1, tv_usec: 0 });
  });

  test("linger is two 16-bit numbers, and fills either form", () => {
    expect(lingerBytes({ l_onoff: 1, l_linger: 300 })).toEqual(Uint8Array.of(1, 0, 44, 1));
    expect(readLinger(Uint8Array.of(1, 0, 44, 1))).toEqual({ l_onoff: 1, l_linger: 300 });
    expect(readLinger({ l_onoff: true } as never)).toEqual({ l_onoff: 1, l_linger: 0 });
    const object = { l_onoff: 0, l_linger: 0 };
    writeLinger(object, { l_onoff: 1, l_linger: 2 });
    expect(object).toEqual({ l_onoff: 1, l_linger: 2 });
    const bytes = new Uint8Array(3);
    writeLinger(bytes, { l_onoff: 1, l_linger: 2 });
    expect(bytes).toEqual(Uint8Array.of(1, 0, 2));
  });
});

describe("WSADATA in C layout (x64: the numbers stand before the texts)", () => {
  const answer = {
    ...new_WSADATA(),
    wVersion: 0x0101,
    wHighVersion: 0x0202,
    szDescription: "WinSock 2.0",
    szSystemStatus: "Running",
    iMaxSockets: 32767,
    iMaxUdpDg: 65467,
  };

  test("numbers at 0 to 7, the description at 16, the status at 273", () => {
    const bytes = encodeWsadata(answer);
    const text = (at: number): string => String.fromCharCode(...bytes.subarray(at, bytes.indexOf(0, at)));
    expect(bytes.length).toBe(sizeof_WSADATA);
    expect(bytes.subarray(0, 8)).toEqual(Uint8Array.of(1, 1, 2, 2, 0xff, 0x7f, 0xbb, 0xff));
    expect(text(16)).toBe("WinSock 2.0");
    expect(text(273)).toBe("Running");
  });

  test("the vendor pointer and what lies behind the texts are left alone", () => {
    const bytes = new Uint8Array(sizeof_WSADATA).fill(0xaa);
    writeWsadata(bytes, answer);
    expect(bytes.subarray(8, 16).every((byte) => byte === 0xaa)).toBe(true);
    expect(bytes[16 + 11]).toBe(0);
    expect(bytes[16 + 12]).toBe(0xaa);

    const object = { lpVendorInfo: "mine" };
    writeWsadata(object as never, answer);
    expect(object).toMatchObject({ lpVendorInfo: "mine", wVersion: 0x0101, szSystemStatus: "Running" });
  });

  test("a text that is too long is cut before the next field", () => {
    const bytes = encodeWsadata({ ...answer, szDescription: "x".repeat(1000) });
    expect(bytes[16 + 255]).toBe(0x78);
    expect(bytes[16 + 256]).toBe(0);
    expect(bytes[273]).toBe("R".charCodeAt(0));
  });
});

describe("fd_set in both forms (Microsoft, select)", () => {
  test("bytes: a count, and 64-bit sockets from 8 on", () => {
    const bytes = new Uint8Array(sizeof_fd_set);
    writeFdSet(bytes, [256, -1]);
    expect(bytes.subarray(0, 24)).toEqual(
      Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255),
    );
    expect(readFdSet(bytes)).toEqual([256, -1]);
  });

  test("only fd_count entries are members, and those behind keep what they held", () => {
    const set: fd_set = { fd_count: 3, fd_array: [4, 8, 12, 16] };
    expect(readFdSet(set)).toEqual([4, 8, 12]);
    writeFdSet(set, [8]);
    expect(set).toEqual({ fd_count: 1, fd_array: [8, 8, 12, 16] });
  });

  test("the count may exceed 64 where the memory is there, and never reads past it", () => {
    const members = Array.from({ length: 200 }, (_, i) => 4 * (i + 1));
    expect(readFdSet({ fd_count: 200, fd_array: members })).toEqual(members);
    expect(readFdSet({ fd_count: 0xffffffff, fd_array: [4] })).toEqual([4]);
    expect(readFdSet(new Uint8Array(24).fill(0xff))).toEqual([-1, -1]);
    expect(readFdSet(new Uint8Array(3).fill(0xff))).toEqual([]);
  });

  test.each([[{}], [{ fd_count: 2 }], [{ fd_count: Number.NaN, fd_array: [4] }], [{ fd_count: 2, fd_array: "ab" }]])(
    "a malformed set is empty: %j",
    (set) => {
      expect(readFdSet(set as never)).toEqual([]);
    },
  );

  test("a new set is empty and has room for 64", () => {
    expect(readFdSet(new_fd_set())).toEqual([]);
    expect(new_fd_set().fd_array).toHaveLength(64);
  });
});
