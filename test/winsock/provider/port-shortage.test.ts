import { describe, expect, test } from "@jest/globals";
import { WINDOWS } from "../../../src/stack/core/profile.ts";
import { WSAEADDRINUSE, WSAENOBUFS } from "../../../src/winsock/abi/errors.ts";
import { PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { bind, connect, fails, SUCCESS } from "../../support/winsock-calls.ts";

const FOUR_PORTS = { ...WINDOWS, portRange: [50000, 50003] as const };

/** Every dynamic port in TIME-WAIT towards the peer's port 80. */
function allWaiting(): VirtualWinsock {
  const v = new VirtualWinsock({ profile: FOUR_PORTS });
  const listener = v.listener(80);
  v.listener(81);
  for (let i = 0; i < 4; i++) {
    const s = v.stream();
    expect(connect(v, s, PEER, 80)).toEqual(SUCCESS);
    v.winsock.closesocket(s);
    v.peerWinsock.closesocket(v.peerWinsock.accept(listener, null, null));
    v.advance(100);
  }
  expect(v.ours.tcp.statuses().filter((status) => status.state === "TIME-WAIT")).toHaveLength(4);
  return v;
}

describe("when ports run out", () => {
  test("TIME-WAIT bars the same four numbers only: another destination and a bind to port 0 find one (RFC 9293 §3.6.1)", () => {
    const v = allWaiting();
    expect(connect(v, v.stream(), PEER, 81)).toEqual(SUCCESS);
    expect(bind(v, v.stream(), "0.0.0.0", 0)).toEqual(SUCCESS);
  });

  test("towards a destination that had every port lately, connect says WSAEADDRINUSE (Microsoft, event 4227), and finds one two minutes later", () => {
    const v = allWaiting();
    const s = v.stream();
    expect(connect(v, s, PEER, 80)).toEqual(fails(WSAEADDRINUSE));
    v.advance(WINDOWS.timeWaitMs);
    expect(connect(v, s, PEER, 80)).toEqual(SUCCESS);
  });

  test("while sockets hold every port there is none: WSAENOBUFS; a closed one gives its port back", () => {
    const v = new VirtualWinsock({ profile: FOUR_PORTS });
    v.listener(80);
    const held = [1, 2, 3, 4].map(() => v.stream());
    for (const s of held) expect(bind(v, s, "0.0.0.0", 0)).toEqual(SUCCESS);
    expect(bind(v, v.stream(), "0.0.0.0", 0)).toEqual(fails(WSAENOBUFS));
    expect(connect(v, v.stream(), PEER, 80)).toEqual(fails(WSAENOBUFS));
    v.winsock.closesocket(held[2]!);
    expect(connect(v, v.stream(), PEER, 80)).toEqual(SUCCESS);
  });
});
