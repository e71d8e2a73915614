import { describe, expect, test } from "@jest/globals";
import { WINDOWS } from "../../../src/stack/core/profile.ts";
import { established } from "../../support/established.ts";
import { ScriptPeer } from "../../support/script-peer.ts";
import { Endpoint, PEER_ADDRESS } from "../../support/two-hosts.ts";

describe("options set while others are in force", () => {
  test("a limit of a connect that is set again to what it is goes on running (Microsoft, TCP_MAXRT)", () => {
    const peer = new ScriptPeer(WINDOWS);
    const app = new Endpoint();
    const options = { maxRetransmissionMs: 5000 };
    const conn = peer.host.tcp.open({ remote: PEER_ADDRESS, remotePort: 80, user: app.user, options });
    if (typeof conn === "string") throw new Error(conn);
    for (let i = 0; i < 6; i++) {
      peer.advance(1000);
      conn.setOptions({ ...options, noDelay: i % 2 === 0 });
    }
    expect(app.events).toEqual(["failed: timed-out"]);
  });

  test("keepalive that is on already is not begun anew (Microsoft, SO_KEEPALIVE)", () => {
    const { peer, conn } = established({ profile: WINDOWS, options: { keepAlive: true } });
    peer.advance(7_199_000);
    conn.setOptions({ keepAlive: true, noDelay: true });
    peer.advance(1000);
    peer.expect(".", { seq: 0, length: 0 });
  });

  test("[FLT-09] keepalive that is turned off sends no probe any more, and turned on again begins with the idle time (Microsoft, SO_KEEPALIVE)", () => {
    const { peer, conn, app } = established({ profile: WINDOWS, options: { keepAlive: true } });
    peer.advance(7_199_000);
    conn.setOptions({ keepAlive: false });
    peer.advance(100_000_000);
    peer.expectSilence();
    expect([app.events, conn.status().timers]).toEqual([["established"], []]);
    conn.setOptions({ keepAlive: true });
    peer.advance(7_199_999);
    peer.expectSilence();
    peer.advance(1);
    peer.expect(".", { seq: 0, length: 0 });
  });
});
