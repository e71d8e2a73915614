/** WSAQUERYSET in the layout of x64 Windows, by Microsoft's winsock2.h, and the classes of svcguid.h. */
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { getU32, getU64 } from "../../../src/winsock/abi/fields.ts";
import { guid, guidBytes } from "../../../src/winsock/abi/guid.ts";
import { new_WSAQUERYSETW, querySetBytes, readQuerySet, sizeof_WSAQUERYSETW } from "../../../src/winsock/abi/query-set.ts";
import * as classes from "../../../src/winsock/abi/service-classes.ts";
import { address6 } from "../../support/ipv6-winsock.ts";
import { address } from "../../support/virtual-winsock.ts";

const FULL = {
  dwSize: sizeof_WSAQUERYSETW,
  lpszServiceInstanceName: "www.example",
  lpServiceClassId: guid("00090050-0000-0000-c000-000000000046"),
  lpVersion: { dwVersion: 7, ecHow: 1 },
  lpszComment: "a comment",
  dwNameSpace: 12,
  lpNSProviderId: guid("22059d40-7e9e-11cf-ae5a-00aa00a7112b"),
  lpszContext: "\\",
  dwNumberOfProtocols: 2,
  lpafpProtocols: [
    { iAddressFamily: 2, iProtocol: 6 },
    { iAddressFamily: 23, iProtocol: 17 },
  ],
  lpszQueryString: "http/tcp",
  dwNumberOfCsAddrs: 2,
  lpcsaBuffer: [
    {
      LocalAddr: { lpSockaddr: address("0.0.0.0", 0), iSockaddrLength: 16 },
      RemoteAddr: { lpSockaddr: address("203.0.113.1", 80), iSockaddrLength: 16 },
      iSocketType: 1,
      iProtocol: 6,
    },
    {
      LocalAddr: { lpSockaddr: null, iSockaddrLength: 0 },
      RemoteAddr: { lpSockaddr: address6("2001:db8::1", 80), iSockaddrLength: 28 },
      iSocketType: 2,
      iProtocol: 17,
    },
  ],
  dwOutputFlags: 1,
  lpBlob: { cbSize: 3, pBlobData: Uint8Array.of(1, 2, 3) },
};

describe("WSAQUERYSET", () => {
  test.each([true, false])("goes into bytes and comes back with all that it leads to, wide %s", (isWide) => {
    expect(readQuerySet(querySetBytes(FULL, isWide), isWide)).toEqual(FULL);
    expect(readQuerySet(querySetBytes(new_WSAQUERYSETW(), isWide), isWide)).toEqual(new_WSAQUERYSETW());
  });

  test("has its fields where Windows has them", () => {
    const bytes = querySetBytes(FULL, true);
    expect([0, 40, 64, 88, 104].map((at) => getU32(bytes, at))).toEqual([120, 12, 2, 2, 1]);
    const name = getU64(bytes, 8);
    expect(new TextDecoder("utf-16le").decode(bytes.slice(name, name + 24))).toBe("www.example\0");
    expect(bytes.slice(getU64(bytes, 16), getU64(bytes, 16) + 16)).toEqual(guidBytes(FULL.lpServiceClassId));
    const list = getU64(bytes, 96);
    expect([list % 8, getU32(bytes, list + 32), getU32(bytes, list + 36), getU32(bytes, list + 40 + 16 + 8)]).toEqual([0, 1, 6, 28]);
    const blob = getU64(bytes, 112);
    expect([getU32(bytes, blob), bytes[getU64(bytes, blob + 8)]]).toEqual([3, 1]);
    // The narrow form has a byte for a character, and nothing else is another length.
    const characters = "www.example\0a comment\0\\\0http/tcp\0".length;
    expect(Math.abs(bytes.length - querySetBytes(FULL, false).length - characters)).toBeLessThanOrEqual(4);
  });

  test("is read without harm from any bytes", () => {
    const noise = fc.uint8Array({ minLength: 0, maxLength: 400 });
    const pointers = fc.array(fc.tuple(fc.integer({ min: 0, max: 29 }), fc.integer({ min: 0, max: 500 })), { maxLength: 12 });
    fc.assert(
      fc.property(noise, pointers, fc.boolean(), (bytes, places, isWide) => {
        for (const [word, value] of places) for (let i = 0; i < 8; i++) bytes[8 * word + i] = i > 1 ? 0 : value >>> (8 * i);
        const set = readQuerySet(bytes, isWide);
        expect(set.lpcsaBuffer?.length ?? 0).toBeLessThanOrEqual(bytes.length / 40);
        expect(querySetBytes(set, isWide).length).toBeGreaterThanOrEqual(sizeof_WSAQUERYSETW);
      }),
    );
  });

  test("of which fields are missing has NULL there", () => {
    expect(readQuerySet(querySetBytes({ dwSize: 120, lpafpProtocols: 3, lpBlob: {} } as never, true), true)).toEqual(new_WSAQUERYSETW());
  });
});

test("classes of ports tell their ports, and are told apart", () => {
  const [http, dns] = [classes.SVCID_TCP(80), classes.SVCID_UDP(53)];
  expect(Buffer.from(guidBytes(http)).toString("hex")).toBe("5000090000000000c000000000000046");
  expect([classes.PORT_FROM_SVCID_TCP(http), classes.PORT_FROM_SVCID_UDP(dns)]).toEqual([80, 53]);
  const all = [http, dns, classes.SVCID_HOSTNAME, { ...http, Data2: 1 }];
  expect(all.map((id) => [classes.IS_SVCID_TCP(id), classes.IS_SVCID_UDP(id)])).toEqual([
    [true, false],
    [false, true],
    [false, false],
    [false, false],
  ]);
});
