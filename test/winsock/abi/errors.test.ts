import { describe, expect, test } from "@jest/globals";
import { describeError, errorName, WinsockError, WSA_ERRORS } from "../../../src/winsock/abi/errors.ts";

describe("Winsock error codes (winsock2.h)", () => {
  test.each([
    ["WSA_OPERATION_ABORTED", 995],
    ["WSA_IO_PENDING", 997],
    ["WSAEINTR", 10004],
    ["WSAEACCES", 10013],
    ["WSAEFAULT", 10014],
    ["WSAEINVAL", 10022],
    ["WSAEMFILE", 10024],
    ["WSAEWOULDBLOCK", 10035],
    ["WSAEINPROGRESS", 10036],
    ["WSAEALREADY", 10037],
    ["WSAENOTSOCK", 10038],
    ["WSAEDESTADDRREQ", 10039],
    ["WSAEMSGSIZE", 10040],
    ["WSAENOPROTOOPT", 10042],
    ["WSAEPROTONOSUPPORT", 10043],
    ["WSAESOCKTNOSUPPORT", 10044],
    ["WSAEOPNOTSUPP", 10045],
    ["WSAEAFNOSUPPORT", 10047],
    ["WSAEADDRINUSE", 10048],
    ["WSAEADDRNOTAVAIL", 10049],
    ["WSAENETDOWN", 10050],
    ["WSAENETUNREACH", 10051],
    ["WSAENETRESET", 10052],
    ["WSAECONNABORTED", 10053],
    ["WSAECONNRESET", 10054],
    ["WSAENOBUFS", 10055],
    ["WSAEISCONN", 10056],
    ["WSAENOTCONN", 10057],
    ["WSAESHUTDOWN", 10058],
    ["WSAETIMEDOUT", 10060],
    ["WSAECONNREFUSED", 10061],
    ["WSAEHOSTUNREACH", 10065],
    ["WSAEREMOTE", 10071],
    ["WSASYSNOTREADY", 10091],
    ["WSAVERNOTSUPPORTED", 10092],
    ["WSANOTINITIALISED", 10093],
    ["WSAEDISCON", 10101],
    ["WSAEREFUSED", 10112],
    ["WSAHOST_NOT_FOUND", 11001],
    ["WSANO_DATA", 11004],
    ["WSA_QOS_RECEIVERS", 11005],
    ["WSA_QOS_ESERVICETYPE", 11016],
    ["WSA_QOS_RESERVED_PETYPE", 11031],
    ["WSA_IPSEC_NAME_POLICY_ERROR", 11033],
  ] as const)("%s is %d, both ways", (name, code) => {
    expect(WSA_ERRORS[name].code).toBe(code);
    expect(errorName(code)).toBe(name);
  });

  test("no two names share a code, and each has one sentence", () => {
    const entries = Object.values(WSA_ERRORS);
    expect(new Set(entries.map(({ code }) => code)).size).toBe(entries.length);
    for (const { text } of entries) expect(text).toMatch(/^[A-Z][^.]*(?:\.\d[^.]*)*[^.]*\.$/);
  });

  test("every number has a description", () => {
    expect(describeError(10061)).toMatch(/^WSAECONNREFUSED \(10061\): The other machine .*\.$/);
    expect(describeError(0)).toMatch(/^NO_ERROR \(0\): /);
    expect(describeError(12345)).toMatch(/^Error 12345: /);
    expect(errorName(0)).toBeUndefined();
    expect(errorName(12345)).toBeUndefined();
  });
});

describe("WinsockError", () => {
  test("says what was called, on what, and why it failed", () => {
    const error = new WinsockError(10061, "connect", { address: "203.0.113.1", port: 81 });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: "WinsockError", code: "WSAECONNREFUSED", errno: 10061, syscall: "connect" });
    expect(error).toMatchObject({ address: "203.0.113.1", port: 81 });
    expect(error.message).toBe(`connect to 203.0.113.1:81 failed: WSAECONNREFUSED (10061): ${WSA_ERRORS.WSAECONNREFUSED.text}`);
  });

  test("puts an IPv6 address into brackets before a port", () => {
    expect(new WinsockError(10060, "connect", { address: "2001:db8::1", port: 80 }).message).toMatch(
      /^connect to \[2001:db8::1\]:80 failed/,
    );
    expect(new WinsockError(10060, "connect", { address: "2001:db8::1" }).message).toMatch(/^connect to 2001:db8::1 failed/);
  });

  test("has no endpoint fields when the call had no endpoint", () => {
    const error = new WinsockError(10038, "send");
    expect(error.message).toMatch(/^send failed: WSAENOTSOCK \(10038\)/);
    expect("address" in error || "port" in error).toBe(false);
  });

  test("keeps a code that is not Winsock's", () => {
    expect(new WinsockError(4711, "recv")).toMatchObject({ code: "UNKNOWN", errno: 4711 });
  });
});
