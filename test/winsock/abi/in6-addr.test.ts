import { expect, test } from "@jest/globals";
import { inetPton } from "../../../src/winsock/abi/address-text.ts";
import { AF_INET6 } from "../../../src/winsock/abi/constants.ts";
import {
  IN6_IS_ADDR_LINKLOCAL,
  IN6_IS_ADDR_LOOPBACK,
  IN6_IS_ADDR_MULTICAST,
  IN6_IS_ADDR_SITELOCAL,
  IN6_IS_ADDR_UNSPECIFIED,
  IN6_IS_ADDR_V4COMPAT,
  IN6_IS_ADDR_V4MAPPED,
  in6addr_any,
  in6addr_loopback,
} from "../../../src/winsock/abi/in6-addr.ts";
import { type in6_addr, new_sockaddr_in6, sockaddrBytes, writeSockaddrIn } from "../../../src/winsock/abi/structures.ts";

function read(text: string): in6_addr {
  const address = { s6_addr: new Uint8Array(16) };
  inetPton(AF_INET6, text, address);
  return address;
}

const MACROS = {
  UNSPECIFIED: IN6_IS_ADDR_UNSPECIFIED,
  LOOPBACK: IN6_IS_ADDR_LOOPBACK,
  MULTICAST: IN6_IS_ADDR_MULTICAST,
  LINKLOCAL: IN6_IS_ADDR_LINKLOCAL,
  SITELOCAL: IN6_IS_ADDR_SITELOCAL,
  V4MAPPED: IN6_IS_ADDR_V4MAPPED,
  V4COMPAT: IN6_IS_ADDR_V4COMPAT,
};

test.each([
  ["::", "UNSPECIFIED"],
  ["::1", "LOOPBACK"],
  ["::2", "V4COMPAT"],
  ["::203.0.113.2", "V4COMPAT"],
  ["::ffff:203.0.113.2", "V4MAPPED"],
  ["ff02::1", "MULTICAST"],
  ["fe80::1", "LINKLOCAL"],
  ["febf::1", "LINKLOCAL"],
  ["fec0::1", "SITELOCAL"],
  ["2001:db8::1", ""],
  ["1::1", ""],
  ["::fffe:1:1", ""],
])("%s is %s and nothing else (ws2ipdef.h)", (text, name) => {
  const those = Object.entries(MACROS).filter(([, is]) => is(read(text)));
  expect(those.map(([macro]) => macro).join()).toBe(name);
});

test("the constants are addresses of their own for every name that they are put into", () => {
  const name = { ...new_sockaddr_in6(), sin6_addr: in6addr_loopback };
  expect([...sockaddrBytes(name).subarray(8, 24)]).toEqual([...read("::1").s6_addr]);
  writeSockaddrIn(name, sockaddrBytes({ ...new_sockaddr_in6(), sin6_family: AF_INET6, sin6_addr: read("2001:db8::1") }));
  expect(IN6_IS_ADDR_LOOPBACK(in6addr_loopback)).toBe(true);
  expect(IN6_IS_ADDR_UNSPECIFIED(in6addr_any)).toBe(true);
  expect(() => inetPton(AF_INET6, "::2", in6addr_any)).toThrow(TypeError);
});
