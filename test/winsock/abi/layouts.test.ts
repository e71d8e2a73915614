/** Layouts of x64 Windows, by Microsoft's headers: objects with C's fields come out as these bytes, and back. */
import { describe, expect, test } from "@jest/globals";
import {
  extensionFunctionAt,
  extensionFunctionIndex,
  WSAID_CONNECTEX,
  WSAID_WSARECVMSG,
} from "../../../src/winsock/abi/extension-functions.ts";
import { guidBytes, readGuid, sameGuid } from "../../../src/winsock/abi/guid.ts";
import {
  addressListBytes,
  addressListNames,
  initialRtoBytes,
  keepaliveBytes,
  new_TCP_INFO_v0,
  readTcpInfo,
  sizeof_TCP_INFO_v0,
  tcpInfoBytes,
} from "../../../src/winsock/abi/ioctl-structures.ts";
import { multicastRequestBytes, new_ip_mreq, new_ip_mreq_source, new_ipv6_mreq } from "../../../src/winsock/abi/multicast-requests.ts";
import {
  new_WSAPROTOCOL_INFOA,
  protocolInfoBytes,
  readProtocolInfo,
  sizeof_WSAPROTOCOL_INFOA,
  sizeof_WSAPROTOCOL_INFOW,
} from "../../../src/winsock/abi/protocol-info.ts";
import { csaddrInfoBytes, icmpErrorInfoBytes, readCsaddrInfo, readIcmpErrorInfo } from "../../../src/winsock/abi/socket-state.ts";
import { sockaddrBytes } from "../../../src/winsock/abi/structures.ts";
import { address6 } from "../../support/ipv6-winsock.ts";
import { address } from "../../support/virtual-winsock.ts";

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString("hex");

describe("GUIDs", () => {
  test("of ConnectEx: the first three fields little-endian, the rest as they are", () => {
    expect(hex(guidBytes(WSAID_CONNECTEX))).toBe("b907a225f3dd60468ee976e58c74063e");
    expect(readGuid(guidBytes(WSAID_CONNECTEX))).toEqual(WSAID_CONNECTEX);
    expect(sameGuid(WSAID_CONNECTEX, guidBytes(WSAID_CONNECTEX))).toBe(true);
    expect(sameGuid(WSAID_CONNECTEX, WSAID_WSARECVMSG)).toBe(false);
    expect(sameGuid(new Uint8Array(3), new Uint8Array(3))).toBe(false);
  });

  test("stand for functions", () => {
    expect(extensionFunctionAt(extensionFunctionIndex(WSAID_WSARECVMSG)!)).toBe("WSARecvMsg");
    expect([extensionFunctionIndex(new Uint8Array(16)), extensionFunctionAt(0), extensionFunctionAt(99)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("requests of membership", () => {
  test.each([
    ["ip_mreq", { ...new_ip_mreq(), imr_multiaddr: { s_addr: 0x030201ef } }, "ef01020300000000"],
    ["ip_mreq_source", { ...new_ip_mreq_source(), imr_sourceaddr: { s_addr: 0x04030201 } }, "000000000102030400000000"],
    [
      "ipv6_mreq",
      { ...new_ipv6_mreq(), ipv6mr_multiaddr: address6("ff02::1", 0).sin6_addr, ipv6mr_interface: 2 },
      `ff02${"00".repeat(13)}0102000000`,
    ],
  ])("%s", (_, request, bytes) => {
    expect(hex(multicastRequestBytes(request))).toBe(bytes);
  });

  test("group_req and group_source_req have the index first, and names where they are aligned", () => {
    const group = multicastRequestBytes({ gr_interface: 3, gr_group: address("239.1.2.3", 0) })!;
    expect([group.length, hex(group.subarray(0, 16))]).toEqual([136, "030000000000000002000000ef010203"]);
    const request = { gsr_interface: 3, gsr_group: address("239.1.2.3", 0), gsr_source: address6("2001:db8::1", 0) };
    const source = multicastRequestBytes(request)!;
    expect([source.length, source[136], hex(source.subarray(144, 148))]).toEqual([264, 23, "20010db8"]);
    expect(multicastRequestBytes({ value: 1 })).toBeUndefined();
  });
});

test("tcp_keepalive and TCP_INITIAL_RTO_PARAMETERS", () => {
  expect(hex(keepaliveBytes({ onoff: 1, keepalivetime: 1000, keepaliveinterval: 100 }))).toBe("01000000e803000064000000");
  expect(hex(initialRtoBytes({ Rtt: 300, MaxSynRetransmissions: 254 }))).toBe("2c01fe00");
});

test("TCP_INFO_v0: 88 bytes, large counts whole", () => {
  const info = { ...new_TCP_INFO_v0(), State: 4, BytesOut: 2 ** 40 + 1, SynRetrans: 3, TimestampsEnabled: 1, RttUs: 7 };
  const bytes = tcpInfoBytes(info);
  expect([bytes.length, hex(bytes.subarray(48, 56)), bytes[84], bytes[16], bytes[20]]).toEqual([
    sizeof_TCP_INFO_v0,
    "0100000000010000",
    3,
    1,
    7,
  ]);
  expect(readTcpInfo(bytes)).toEqual(info);
});

test("WSAPROTOCOL_INFO differs in the bytes of its text", () => {
  const info = { ...new_WSAPROTOCOL_INFOA(), iSocketType: 2, iProtocol: 17, szProtocol: "UDP", dwProviderReserved: 5 };
  const [narrow, wide] = [protocolInfoBytes(info, 1), protocolInfoBytes(info, 2)];
  expect([narrow.length, wide.length]).toEqual([sizeof_WSAPROTOCOL_INFOA, sizeof_WSAPROTOCOL_INFOW]);
  expect([hex(narrow.subarray(112, 120)), hex(wide.subarray(112, 123))]).toEqual(["0500000055445000", "0500000055004400500000"]);
  expect([narrow[88], narrow[92]]).toEqual([2, 17]);
  expect([readProtocolInfo(narrow), readProtocolInfo(wide)]).toEqual([info, info]);
});

describe("pointers in bytes lead to the same buffer", () => {
  const name = sockaddrBytes(address("203.0.113.2", 80));

  test("CSADDR_INFO", () => {
    const bytes = csaddrInfoBytes(name, null, 1, 6);
    expect([bytes.length, hex(bytes.subarray(0, 12)), hex(bytes.subarray(16, 28))]).toEqual([
      56,
      "280000000000000010000000",
      "00".repeat(12),
    ]);
    expect(readCsaddrInfo(bytes)).toMatchObject({
      LocalAddr: { iSockaddrLength: 16 },
      RemoteAddr: { lpSockaddr: null },
      iSocketType: 1,
      iProtocol: 6,
    });
  });

  test("SOCKET_ADDRESS_LIST", () => {
    const bytes = addressListBytes([name, sockaddrBytes(address6("2001:db8::2", 0))]);
    expect([bytes.length, bytes[0], hex(bytes.subarray(8, 20))]).toEqual([8 + 32 + 16 + 28, 2, "280000000000000010000000"]);
    expect(addressListNames(bytes)!.map((each) => each.length)).toEqual([16, 28]);
    expect(addressListBytes([])).toHaveLength(24);
  });

  test.each([
    ["a count that is more than there is", 0, 3],
    ["a pointer beyond the end", 8, 200],
    ["NULL", 8, 0],
    ["a length beyond the end", 16, 200],
  ])("a list with %s has no names", (_, at, value) => {
    const bytes = addressListBytes([name]);
    bytes[at] = value;
    expect(addressListNames(bytes)).toBeUndefined();
  });
});

test("ICMP_ERROR_INFO", () => {
  const bytes = icmpErrorInfoBytes(sockaddrBytes(address("203.0.113.2", 0)), 1, 3, 1);
  expect([bytes.length, bytes[28], bytes[32], bytes[33]]).toEqual([36, 1, 3, 1]);
  expect(readIcmpErrorInfo(bytes)).toMatchObject({ protocol: 1, type: 3, code: 1, srcaddress: { sin_family: 2 } });
});
