import { describe, expect, test } from "@jest/globals";
import { established } from "../../support/established.ts";
import { ScriptPeer } from "../../support/script-peer.ts";
import { Endpoint, PEER_ADDRESS } from "../../support/two-hosts.ts";

describe("a FIN that comes before the text in front of it is held like text (RFC 9293 SHLD-31)", () => {
  test("with text of its own, it counts at once when the gap is filled", () => {
    const { peer, app, conn } = established({ synAck: { sackPermitted: true } });
    peer.send("FP.", { seq: 101, ack: 1, text: 50 });
    expect(peer.expect(".", { ack: 1 }).options.sackBlocks).toBe(1);
    expect(conn.state).toBe("ESTABLISHED");
    expect(app.events).not.toContain("end");
    peer.send("P.", { seq: 1, ack: 1, text: 100 });
    expect(peer.expect(".", { ack: 152 }).options.sackBlocks).toBe(0);
    expect(app.receivedBytes).toBe(150);
    expect(app.events).toContain("end");
    expect(conn.state).toBe("CLOSE-WAIT");
    peer.expectSilence();
  });

  test("without text, it is acknowledged with the text that fills the gap, and its repetition changes nothing", () => {
    const { peer, app, conn } = established();
    peer.send("F.", { seq: 101, ack: 1 });
    peer.expect(".", { ack: 1 });
    peer.send("F.", { seq: 101, ack: 1 });
    peer.expect(".", { ack: 1 });
    peer.send("P.", { seq: 1, ack: 1, text: 40 });
    peer.advance(1000);
    peer.expect(".", { ack: 41 });
    peer.send("P.", { seq: 41, ack: 1, text: 60 });
    peer.expect(".", { ack: 102 });
    peer.send("F.", { seq: 101, ack: 1 });
    peer.expect(".", { ack: 102 });
    expect(conn.state).toBe("CLOSE-WAIT");
    expect(app.events.filter((event) => event === "end")).toHaveLength(1);
  });

  test("text beyond it is cut off, and another FIN does not take its place", () => {
    const { peer, app, conn } = established();
    peer.send("F.", { seq: 11, ack: 1 });
    peer.expect(".", { ack: 1 });
    peer.send("FP.", { seq: 21, ack: 1, text: 10 });
    peer.expect(".", { ack: 1 });
    peer.send("P.", { seq: 1, ack: 1, text: 100 });
    peer.expect(".", { ack: 12 });
    expect(app.receivedBytes).toBe(10);
    expect(conn.state).toBe("CLOSE-WAIT");
  });

  test("one that lies before text that is held already is not believed", () => {
    const { peer, app, conn } = established();
    peer.send("P.", { seq: 11, ack: 1, text: 10 });
    peer.expect(".", { ack: 1 });
    peer.send("F.", { seq: 15, ack: 1 });
    peer.expect(".", { ack: 1 });
    peer.send("P.", { seq: 1, ack: 1, text: 10 });
    peer.expect(".", { ack: 21 });
    expect(app.receivedBytes).toBe(20);
    expect(conn.state).toBe("ESTABLISHED");
    peer.send("F.", { seq: 21, ack: 1 });
    peer.expect(".", { ack: 22 });
    expect(conn.state).toBe("CLOSE-WAIT");
  });

  test("one whose text the window cut off is not kept: it comes again with that text", () => {
    const { peer, conn } = established({ options: { receiveBufferBytes: 5840 } });
    peer.send("P.", { seq: 1, ack: 1, text: 1 });
    peer.seen.length = 0;
    const edge = 1 + 5840 + 1;
    peer.send("FP.", { seq: edge - 100, ack: 1, text: 200 });
    peer.send("P.", { seq: edge - 100, ack: 1, text: 150 });
    peer.seen.length = 0;
    for (let at = 2; at < edge; at += 1000) peer.send("P.", { seq: at, ack: 1, text: Math.min(1000, edge - at) });
    peer.advance(1000);
    expect(peer.seen.at(-1)?.ack).toBeLessThanOrEqual(edge);
    expect(conn.state).toBe("ESTABLISHED");
    const { ack = 0 } = peer.seen.at(-1) ?? {};
    peer.send("FP.", { seq: ack, ack: 1, text: edge + 100 - ack });
    peer.advance(1000);
    expect(peer.seen.at(-1)?.ack).toBe(edge + 101);
    expect(conn.state).toBe("CLOSE-WAIT");
  });

  test("in FIN-WAIT-1 it leads to CLOSING, in FIN-WAIT-2 to TIME-WAIT with its acknowledgement", () => {
    for (const [ack, before, after] of [
      [1, "FIN-WAIT-1", "CLOSING"],
      [2, "FIN-WAIT-2", "TIME-WAIT"],
    ] as const) {
      const { peer, app, conn } = established();
      conn.shutdownSend();
      peer.expect("F.", { seq: 1, ack: 1 });
      peer.send("FP.", { seq: 101, ack, text: 50 });
      peer.expect(".", { ack: 1 });
      expect(conn.state).toBe(before);
      peer.send("P.", { seq: 1, ack, text: 100 });
      peer.expect(".", { ack: 152 });
      expect(conn.state).toBe(after);
      expect(app.receivedBytes).toBe(150);
      expect(app.events).toContain("end");
      peer.expectSilence();
    }
  });

  test("a reset while it is held ends the connection, and the end of the stream is not told", () => {
    const { peer, app, conn } = established();
    peer.send("F.", { seq: 101, ack: 1 });
    peer.expect(".", { ack: 1 });
    peer.send("R.", { seq: 1, ack: 1 });
    expect(conn.state).toBe("CLOSED");
    expect(app.events).toEqual(["established", "aborted: reset"]);
  });

  test("a close while it is held: the text in front of it is refused by a reset (RFC 9293 §3.6.1)", () => {
    const { peer, conn } = established();
    peer.send("F.", { seq: 101, ack: 1 });
    peer.expect(".", { ack: 1 });
    conn.close(false);
    peer.expect("F.", { seq: 1, ack: 1 });
    peer.send("P.", { seq: 1, ack: 2, text: 100 });
    peer.expect("R.", { seq: 2 });
    expect(conn.state).toBe("CLOSED");
  });
});

test("a FIN on the SYN-ACK is taken, after its text (RFC 9293 §3.10.7.3, §3.10.7.4 eighth)", () => {
  for (const text of [0, 3]) {
    const peer = new ScriptPeer();
    const app = new Endpoint();
    const opened = peer.host.tcp.open({ remote: PEER_ADDRESS, remotePort: 80, user: app.user });
    if (typeof opened === "string") throw new Error(opened);
    app.connection = opened;
    peer.expect("S", { seq: 0 });
    peer.send("SF.", { seq: 0, ack: 1, mss: 1000, text });
    peer.expect(".", { seq: 1, ack: 2 + text });
    expect(app.receivedBytes).toBe(text);
    expect(app.events).toEqual(["established", "end"]);
    expect(opened.state).toBe("CLOSE-WAIT");
  }
});
