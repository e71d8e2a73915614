import { describe, expect, test } from "@jest/globals";
import * as constants from "../../../src/winsock/abi/constants.ts";

describe("constants of winsock2.h", () => {
  test("failure values compare as C programs compare them", () => {
    expect(constants.INVALID_SOCKET).toBe(~0);
    expect(constants.SOCKET_ERROR).toBe(-1);
  });

  test("ioctl codes are unsigned and made of direction, size, group and number (_IOR and _IOW)", () => {
    const { IOC_IN, IOC_OUT, IOC_WS2, IOC_VENDOR } = constants;
    const sizeOfULong = 4;
    const f = "f".charCodeAt(0);
    const s = "s".charCodeAt(0);
    expect(constants.FIONBIO).toBe(IOC_IN + sizeOfULong * 0x10000 + f * 0x100 + 126);
    expect(constants.FIONREAD).toBe(IOC_OUT + sizeOfULong * 0x10000 + f * 0x100 + 127);
    expect(constants.SIOCATMARK).toBe(IOC_OUT + sizeOfULong * 0x10000 + s * 0x100 + 7);
    expect(constants.SIO_GET_EXTENSION_FUNCTION_POINTER).toBe(constants.IOC_INOUT + IOC_WS2 + 6);
    expect(constants.SIO_TCP_INITIAL_RTO).toBe(IOC_IN + IOC_VENDOR + 17);
  });

  test("the options defined as complements are negative ints", () => {
    expect(constants.SO_DONTLINGER).toBe(-129);
    expect(constants.SO_EXCLUSIVEADDRUSE).toBe(-5);
  });

  test("FD_ALL_EVENTS is all the network events, each at its bit", () => {
    const { FD_READ, FD_WRITE, FD_OOB, FD_ACCEPT, FD_CONNECT, FD_CLOSE, FD_QOS, FD_GROUP_QOS } = constants;
    const all =
      FD_READ |
      FD_WRITE |
      FD_OOB |
      FD_ACCEPT |
      FD_CONNECT |
      FD_CLOSE |
      FD_QOS |
      FD_GROUP_QOS |
      constants.FD_ROUTING_INTERFACE_CHANGE |
      constants.FD_ADDRESS_LIST_CHANGE;
    expect(all).toBe(constants.FD_ALL_EVENTS);
    expect(1 << constants.FD_CONNECT_BIT).toBe(FD_CONNECT);
    expect(1 << constants.FD_CLOSE_BIT).toBe(FD_CLOSE);
  });

  test("values that programs of issue 2's scope name (winsock2.h, ws2tcpip.h)", () => {
    expect(constants).toMatchObject({
      AF_INET: 2,
      AF_INET6: 23,
      PF_INET: 2,
      SOCK_STREAM: 1,
      SOCK_DGRAM: 2,
      IPPROTO_TCP: 6,
      IPPROTO_UDP: 17,
      SOL_SOCKET: 0xffff,
      SO_REUSEADDR: 4,
      SO_KEEPALIVE: 8,
      SO_BROADCAST: 0x20,
      SO_LINGER: 0x80,
      SO_SNDBUF: 0x1001,
      SO_RCVBUF: 0x1002,
      SO_SNDTIMEO: 0x1005,
      SO_RCVTIMEO: 0x1006,
      SO_ERROR: 0x1007,
      SO_TYPE: 0x1008,
      TCP_NODELAY: 1,
      TCP_MAXRT: 5,
      MSG_OOB: 1,
      MSG_PEEK: 2,
      MSG_WAITALL: 8,
      SD_RECEIVE: 0,
      SD_SEND: 1,
      SD_BOTH: 2,
      FIONBIO: 0x8004667e,
      SOMAXCONN: 0x7fffffff,
      INADDR_NONE: 0xffffffff,
      FD_SETSIZE: 64,
    });
    expect(constants.SOMAXCONN_HINT(500)).toBe(-500);
  });

  test("MAKEWORD puts the major version into the low byte (Microsoft, WSAStartup)", () => {
    expect(constants.MAKEWORD(2, 1)).toBe(0x0102);
    expect(constants.LOBYTE(0x0102)).toBe(2);
    expect(constants.HIBYTE(0x0102)).toBe(1);
    expect(constants.MAKEWORD(0x1ff, -1)).toBe(0xffff);
  });
});
