import { expect, test } from "@jest/globals";
import { LINUX } from "../../../src/stack/core/profile.ts";
import { PATH_MTU_LIFETIME_MS } from "../../../src/stack/ip/path-mtu.ts";
import { established } from "../../support/established.ts";
import { ipOf } from "../../support/insides.ts";
import { ScriptPeer } from "../../support/script-peer.ts";
import { PEER_ADDRESS } from "../../support/two-hosts.ts";

test("[MTU-21] an MTU that another connection found out holds for all towards that host (RFC 1191 §6.4, RFC 8201 §5.2)", () => {
  const { peer, conn, write } = established({ synAck: { mss: 1460 } });
  write(2920);
  peer.expect(".", { seq: 1, length: 1460 });
  peer.expect("P.", { seq: 1461, length: 1460 });
  ipOf(peer.host).pathMtus.lower(PEER_ADDRESS, 1000, () => true);
  write(2000);
  // What was too large is sent again in pieces that fit, and then what is new.
  const pieces = peer.seen.splice(0).map((s) => [s.seq, s.length]);
  expect(pieces.slice(0, 4)).toEqual([
    [1, 960],
    [961, 960],
    [1921, 960],
    [2881, 40],
  ]);
  expect(pieces[4]).toEqual([2921, 960]);
  expect(conn.status().mss).toBe(960);
});

test("[MTU-15] once what was found out is too old, larger segments are tried again, up to the peer's MSS (RFC 1191 §6.3)", () => {
  const { peer, conn, write } = established({ synAck: { mss: 1300 } });
  ipOf(peer.host).pathMtus.lower(PEER_ADDRESS, 1000, () => true);
  write(960);
  peer.send(".", { seq: 1, ack: 961 });
  expect(conn.status().mss).toBe(960);
  peer.advance(PATH_MTU_LIFETIME_MS - 1000);
  write(960);
  peer.send(".", { seq: 1, ack: 1921 });
  expect(conn.status().mss).toBe(960);
  peer.advance(2000);
  peer.seen.length = 0;
  write(1300);
  expect(peer.seen.map((s) => [s.seq, s.length])).toEqual([[1921, 1300]]);
  expect(conn.status().mss).toBe(1300);
});

test("a connection that began with one small segment goes on with larger ones when the path has them, after an idle time too", () => {
  const peer = new ScriptPeer(LINUX, true);
  ipOf(peer.host).pathMtus.lower(PEER_ADDRESS, 576, () => true);
  const conn = peer.host.tcp.open({ remote: PEER_ADDRESS, remotePort: 80, user: {} });
  if (typeof conn === "string") throw new Error(conn);
  peer.expect("S", { seq: 0 });
  // A SYN that was lost makes the initial window one segment (RFC 5681 §3.1).
  peer.advance(1000);
  peer.expect("S", { seq: 0 });
  peer.send("S.", { seq: 0, ack: 1, mss: 1460 });
  peer.expect(".", { seq: 1, ack: 1 });
  peer.advance(PATH_MTU_LIFETIME_MS);
  conn.write(new Uint8Array(5000), 0, 5000);
  peer.settle();
  peer.expect(".", { seq: 1, length: 1460 });
});
