import { describe, expect, test } from "@jest/globals";
import { LINUX, type Profile, RFC, WINDOWS } from "../../../src/stack/core/profile.ts";
import { ScriptPeer } from "../../support/script-peer.ts";
import { Endpoint, PEER_ADDRESS } from "../../support/two-hosts.ts";

/** A connect to a neighbour whose link address is not known yet. */
function connecting(profile: Profile = RFC) {
  const peer = new ScriptPeer(profile, false);
  const app = new Endpoint();
  const opened = peer.host.tcp.open({ remote: PEER_ADDRESS, remotePort: 80, user: app.user });
  if (typeof opened === "string") throw new Error(opened);
  app.connection = opened;
  return { peer, app, opened };
}

const initialWindow = (profile: Profile) => profile.initialCwndSegments;

describe("a neighbour that is slow to answer ARP (RFC 1122 §2.3.2.2)", () => {
  test.each([RFC, WINDOWS, LINUX])("gets one SYN, however many fell due while ARP was waited for: $name", (profile) => {
    const { peer } = connecting(profile);
    peer.advance(2900);
    peer.expectSilence();
    peer.introduce();
    peer.expect("S", { seq: 0 });
    peer.expectSilence();
  });

  test.each([RFC, WINDOWS, LINUX])(
    "does not make a loss of it: the initial window and timeout are as ever: $name (RFC 5681 §3.1)",
    (profile) => {
      const { peer, app, opened } = connecting(profile);
      peer.advance(2500);
      peer.introduce();
      const syn = peer.expect("S");
      peer.advance(20);
      const tsEcr = syn.options.hasTimestamps ? ([1, syn.options.tsVal] as const) : undefined;
      peer.send("S.", { seq: 0, ack: 1, mss: 1460, ...(tsEcr && { timestamps: tsEcr }) });
      expect(app.events).toEqual(["established"]);
      const { cwnd, mss, srttMs, rtoMs } = opened.status();
      expect(cwnd).toBe(initialWindow(profile) * mss);
      // The wait for ARP is no round trip.
      expect(srttMs).toBe(0);
      expect(rtoMs).toBe(profile.initialRtoMs);
    },
  );

  test("a SYN that left and was sent again is a loss all the same (RFC 5681 §3.1, RFC 6298 §5.7)", () => {
    const { peer, opened } = connecting();
    peer.advance(500);
    peer.introduce();
    peer.expect("S");
    peer.advance(600);
    peer.expect("S");
    peer.send("S.", { seq: 0, ack: 1, mss: 1460 });
    const { cwnd, mss, rtoMs } = opened.status();
    expect(cwnd).toBe(mss);
    expect(rtoMs).toBe(3000);
  });

  test("a SYN-ACK that waited for ARP is no loss, and its wait no round trip", () => {
    const peer = new ScriptPeer(RFC, false);
    peer.ourPort = 80;
    peer.port = 40_000;
    const app = new Endpoint();
    const listener = peer.host.tcp.listen({ localPort: 80, backlog: 4, acceptable: () => void app.use(listener.accept()!) });
    peer.send("S", { seq: 0, mss: 1460 });
    peer.advance(2500);
    peer.introduce();
    peer.expect("S.", { seq: 0, ack: 1 });
    peer.expectSilence();
    peer.advance(20);
    peer.send(".", { seq: 1, ack: 1 });
    const { cwnd, mss, srttMs } = app.connection!.status();
    expect(cwnd).toBe(initialWindow(RFC) * mss);
    expect(srttMs).toBe(0);
  });

  test("text that is sent again while the neighbour is looked for leaves once", () => {
    const { peer, app, opened } = connecting();
    peer.introduce();
    peer.expect("S");
    peer.send("S.", { seq: 0, ack: 1, mss: 1460 });
    peer.expect(".");
    expect(app.events).toEqual(["established"]);
    peer.forget();
    opened.write(new Uint8Array(100), 0, 100);
    peer.advance(2900);
    peer.expectSilence();
    peer.introduce();
    peer.expect("P.", { seq: 1, length: 100 });
    peer.expectSilence();
  });
});
