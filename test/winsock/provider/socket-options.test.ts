import { describe, expect, test } from "@jest/globals";
import {
  changedConnectionOptions,
  connectionOptions,
  defaultOptions,
  inheritedOptions,
} from "../../../src/winsock/provider/socket-options.ts";

const fresh = () => defaultOptions(65_536, 65_536);

describe("what TCP is told of a socket's options", () => {
  test("is nothing of buffers and limits that were not set", () => {
    expect(connectionOptions(fresh())).toEqual({
      noDelay: false,
      cork: false,
      keepAlive: false,
      urgentInline: false,
      maxRetransmissionMs: undefined,
      receiveBufferBytes: undefined,
      failConnectOnIcmpError: false,
      trafficClass: 0,
      timestamps: false,
      fastOpen: false,
    });
  });

  test.each([
    [0, 4096],
    [4095, 4096],
    [4097, 4097],
    [1 << 20, 1 << 20],
  ])("SO_RCVBUF %d is a window of %d bytes", (receiveBufferBytes, told) => {
    expect(connectionOptions({ ...fresh(), receiveBufferBytes, receiveBufferIsSet: true }).receiveBufferBytes).toBe(told);
  });

  test.each([
    [0, 0, undefined],
    [5, 0, 5000],
    [0, 1500, 1500],
    [5, 1500, 1500],
    [0xffffffff, 0, Number.POSITIVE_INFINITY],
    [0, 0xffffffff, Number.POSITIVE_INFINITY],
    [0xffffffff, 1500, Number.POSITIVE_INFINITY],
  ])("TCP_MAXRT %d and TCP_MAXRTMS %d are %s ms", (maxRetransmissionSeconds, maxRetransmissionMs, told) => {
    expect(connectionOptions({ ...fresh(), maxRetransmissionSeconds, maxRetransmissionMs }).maxRetransmissionMs).toBe(told);
  });

  test("is told again only where it has changed", () => {
    const before = connectionOptions(fresh());
    expect(changedConnectionOptions(before, connectionOptions(fresh()))).toBeUndefined();
    // What TCP is not concerned with is no change.
    expect(changedConnectionOptions(before, connectionOptions({ ...fresh(), broadcast: true, sendTimeoutMs: 5 }))).toBeUndefined();
    const after = connectionOptions({ ...fresh(), noDelay: true, maxRetransmissionSeconds: 2 });
    expect(changedConnectionOptions(before, after)).toEqual({ noDelay: true, maxRetransmissionMs: 2000 });
    expect(changedConnectionOptions(after, before)).toEqual({ noDelay: false, maxRetransmissionMs: undefined });
  });
});

test("an accepted socket has its listener's options, but not those of binding, of connecting and of retransmission", () => {
  const listener = {
    ...fresh(),
    reuseAddress: true,
    exclusiveAddressUse: true,
    keepAlive: true,
    linger: { on: true, seconds: 3 },
    outOfBandInline: true,
    sendBufferBytes: 1000,
    sendBufferIsSet: true,
    receiveBufferBytes: 2000,
    receiveBufferIsSet: true,
    sendTimeoutMs: 10,
    receiveTimeoutMs: 20,
    noDelay: true,
    maxRetransmissionSeconds: 7,
    maxRetransmissionMs: 8,
    failConnectOnIcmpError: true,
    timestamps: true,
    ttl: 5,
    trafficClass: 0x20,
    keepAliveIdleMs: 1,
    keepAliveIntervalMs: 2,
    keepAliveProbes: 3,
    initialRtoMs: 100,
    synRetries: 2,
    kept: new Map([["0/8", 1]]),
  };
  expect(inheritedOptions(listener)).toEqual({
    ...listener,
    exclusiveAddressUse: false,
    maxRetransmissionSeconds: 0,
    maxRetransmissionMs: 0,
    failConnectOnIcmpError: false,
    timestamps: false,
    initialRtoMs: undefined,
    synRetries: undefined,
    kept: new Map(),
  });
});
