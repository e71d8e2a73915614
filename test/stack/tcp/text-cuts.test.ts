import { describe, expect, test } from "@jest/globals";
import { established } from "../../support/established.ts";

describe("where a user says its text may be cut", () => {
  test("less than a segment waits while more comes, and leaves when it does not", () => {
    const { peer, conn } = established();
    conn.write(new Uint8Array(100), 0, 100, "more");
    peer.expectSilence();
    conn.write(new Uint8Array(50), 0, 50);
    peer.expect("P.", { seq: 1, length: 150 });
  });

  test("whole segments do not wait, and have no PSH while more comes", () => {
    const { peer, conn } = established();
    conn.write(new Uint8Array(2300), 0, 2300, "more");
    peer.expect(".", { seq: 1, length: 1000 });
    peer.expect(".", { seq: 1001, length: 1000 });
    peer.expectSilence();
  });

  test("an acknowledgement lets go of what waited for more", () => {
    const { peer, conn } = established();
    conn.write(new Uint8Array(1100), 0, 1100, "more");
    peer.expect(".", { seq: 1, length: 1000 });
    peer.send(".", { seq: 1, ack: 1001 });
    peer.expect(".", { seq: 1001, length: 100 });
  });

  test("a cork holds back until it is taken out, whatever TCP_NODELAY says", () => {
    const { peer, conn } = established({ options: { cork: true, noDelay: true } });
    conn.write(new Uint8Array(100), 0, 100);
    peer.expectSilence();
    conn.setOptions({ cork: false });
    peer.expect("P.", { seq: 1, length: 100 });
  });

  test("a push lets everything go once", () => {
    const { peer, conn } = established({ options: { cork: true } });
    conn.write(new Uint8Array(100), 0, 100);
    peer.expectSilence();
    conn.push();
    peer.expect("P.", { seq: 1, length: 100 });
    conn.write(new Uint8Array(100), 0, 100);
    peer.expectSilence();
  });

  test("a corked connection that is closed sends all it has", () => {
    const { peer, conn } = established({ options: { cork: true } });
    conn.write(new Uint8Array(100), 0, 100);
    conn.close(false);
    peer.expect("FP.", { seq: 1, length: 100 });
  });

  test("what a cork held and then left starts no alarm for the next", () => {
    const { peer, conn } = established({ options: { cork: true } });
    conn.write(new Uint8Array(100), 0, 100);
    peer.settle();
    expect(conn.status().timers.map(({ name }) => name)).toEqual(["persist"]);
    conn.push();
    peer.settle();
    expect(conn.status().timers.map(({ name }) => name)).toEqual(["retransmission"]);
  });

  test("no segment goes beyond the end of a record, new or sent again", () => {
    const { peer, conn } = established({ synAck: { window: 0 } });
    conn.write(new Uint8Array(300), 0, 300, "record");
    conn.write(new Uint8Array(200), 0, 200, "record");
    conn.write(new Uint8Array(100), 0, 100);
    peer.send(".", { seq: 1, ack: 1, window: 5000 });
    peer.expect("P.", { seq: 1, length: 300 });
    peer.expect("P.", { seq: 301, length: 200 });
    peer.expectSilence();
    peer.advance(1000);
    peer.expect("P.", { seq: 1, length: 300 });
    peer.expect("P.", { seq: 301, length: 200 });
    peer.send(".", { seq: 1, ack: 501, window: 5000 });
    peer.expect("P.", { seq: 501, length: 100 });
  });

  test("beyond many records their ends are not kept, and the text still leaves", () => {
    const { peer, conn } = established({ synAck: { window: 0 } });
    for (let i = 0; i < 1100; i++) conn.write(new Uint8Array(1), 0, 1, "record");
    peer.send(".", { seq: 1, ack: 1, window: 5000 });
    for (let acknowledged = 1; acknowledged < 1101; ) {
      peer.settle();
      const last = peer.seen.at(-1);
      if (last === undefined) throw new Error(`nothing after ${acknowledged}`);
      acknowledged = last.seq + last.length;
      peer.seen.length = 0;
      peer.send(".", { seq: 1, ack: acknowledged, window: 5000 });
    }
    expect(conn.sendQueueBytes).toBe(0);
  });
});

test("TCP_MAXSEG bounds what is announced and what is sent, and is no more than the path takes", () => {
  const { peer, conn } = established({ options: { maxSegmentBytes: 600 } });
  expect(conn.status()).toMatchObject({ mss: 600, advMss: 600 });
  conn.write(new Uint8Array(1200), 0, 1200);
  peer.expect(".", { seq: 1, length: 600 });
  const wide = established({ options: { maxSegmentBytes: 9000 } });
  expect(wide.conn.status()).toMatchObject({ advMss: 1460 });
});
