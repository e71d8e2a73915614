import { describe, expect, test } from "@jest/globals";
import { seqAdd } from "../../../src/stack/core/seq.ts";
import { ALARM } from "../../../src/stack/tcp/alarm.ts";
import type { ControlBlock } from "../../../src/stack/tcp/control-block.ts";
import { established } from "../../support/established.ts";
import { tcpOf } from "../../support/insides.ts";
import { connectPair, TwoHosts } from "../../support/two-hosts.ts";

function openConnection() {
  const { peer, write } = established();
  const [conn] = tcpOf(peer.host).connections();
  return { peer, write, conn: conn as ControlBlock };
}

const tampered: readonly (readonly [string, (conn: ControlBlock) => void])[] = [
  ["SND.UNA is not beyond SND.NXT", (conn) => (conn.sndUna = seqAdd(conn.sndNxt, 1))],
  ["SND.UNA does not go back", (conn) => (conn.sndUna = seqAdd(conn.sndUna, -1))],
  ["no more is in flight than the peer has ever offered", (conn) => (conn.maxSndWnd = conn.sndWnd = 10)],
  ["SND.WND is not above the largest window", (conn) => (conn.sndWnd = conn.maxSndWnd + 1)],
  ["nothing is acknowledged that has not come", (conn) => (conn.lastAckSent = seqAdd(conn.rcvNxt, 1))],
  ["the right edge of the window does not go back", (conn) => (conn.rcvAdv = seqAdd(conn.rcvAdv, -1))],
  ["of retransmission, probe, reordering and persist one runs at a time (RFC 8985 §8)", (conn) => conn.alarms.set(ALARM.persist, 1000)],
  ["who has something to send sends it, or has an alarm for it", (conn) => conn.alarms.cancel(ALARM.retransmission)],
];

describe("[SYS-08] after each turn of a host in simulated time", () => {
  test.each(tampered)("it is seen that %s, and told with the run and the turn", (rule, tamper) => {
    const { peer, write, conn } = openConnection();
    write(100);
    tamper(conn);
    peer.host.turnObserver!.turnBegins(peer.now);
    expect(() => peer.host.turnObserver!.turnEnded()).toThrow(`Cannot be (script, turn `);
    expect(() => peer.host.turnObserver!.turnEnded()).toThrow(rule);
  });

  test("a connection that is gone has no alarm left", () => {
    const { peer, write, conn } = openConnection();
    write(100);
    conn.abort();
    conn.alarms.set(ALARM.persist, 1000);
    expect(() => peer.host.turnObserver!.turnEnded()).toThrow("a connection that is gone has no alarm");
  });

  test("what is broken ends the run, which its seed names", () => {
    const hosts = new TwoHosts({ seed: 77 });
    const { client } = connectPair(hosts);
    const [conn] = tcpOf(hosts.ours).connections();
    hosts.simulation.at(hosts.simulation.now + 5, () => {
      conn!.rcvAdv = seqAdd(conn!.rcvAdv, -1);
      client.connection!.write(new Uint8Array(10), 0, 10);
    });
    expect(() => hosts.simulation.advance(100)).toThrow(/seed 77, ours, turn \d+ at \d+ ms/);
  });
});
