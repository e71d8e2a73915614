import { describe, expect, test } from "@jest/globals";
import { networkBytes } from "../../../src/stack/core/address.ts";
import { LINUX, type Profile } from "../../../src/stack/core/profile.ts";
import { SipHash } from "../../../src/stack/core/sip-hash.ts";
import { KEY_LIFE_MS } from "../../../src/stack/tcp/fast-open.ts";
import { ScriptPeer, type ScriptSegment } from "../../support/script-peer.ts";
import { Endpoint, OUR_ADDRESS, PEER_ADDRESS, TwoHosts } from "../../support/two-hosts.ts";

const KEY = [1, 2, 3, 4] as const;
const ASK = new Uint8Array(0);
/** Of the script as client. */
const COOKIE = new SipHash(KEY).of(networkBytes(PEER_ADDRESS, OUR_ADDRESS));
const SYN = { seq: 0, mss: 1460, sackPermitted: true } as const;

/** Bytes of the cookie in a segment; undefined where there is no option. */
const cookieOf = ({ options }: { readonly options: { fastOpenLength: number; fastOpenCookie: Uint8Array } }) =>
  options.fastOpenLength < 0 ? undefined : options.fastOpenCookie.slice(0, options.fastOpenLength);

describe("a server of Fast Open (RFC 7413 §4.2)", () => {
  function listening(fastOpenQueue = 4, profile: Profile = LINUX, key: readonly [number, number, number, number] | "own" = KEY) {
    const peer = new ScriptPeer(profile);
    peer.ourPort = 80;
    if (key !== "own") peer.host.tcp.setFastOpenKey(key);
    const listener = peer.host.tcp.listen({ localPort: 80, backlog: 8, fastOpenQueue, acceptable: () => {} });
    const ask = (fields: ScriptSegment = {}) => {
      peer.settle();
      // Of what was tried again meanwhile nothing is of interest.
      peer.seen.length = 0;
      peer.send("S", { ...SYN, fastOpen: ASK, ...fields });
      return peer.expect("S.", { seq: 0 });
    };
    return { peer, listener, ask };
  }

  test("[TFO-01] the option means nothing to a listener that was not asked to take it", () => {
    const { peer, listener, ask } = listening(0);
    expect(cookieOf(ask())).toBeUndefined();
    const answer = ask({ fastOpen: COOKIE, text: 10, from: 81 });
    expect([answer.ack, cookieOf(answer), listener.waiting]).toEqual([1, undefined, 0]);
    peer.expectSilence();
  });

  test("who asks is given a cookie, in the kind that was asked in, and its handshake is one as all", () => {
    const { peer, listener, ask } = listening();
    const answer = ask({ text: 10 });
    expect([answer.ack, cookieOf(answer)]).toEqual([1, COOKIE]);
    peer.send("P.", { seq: 1, ack: 1, text: 10 });
    expect(listener.accept()?.readableBytes).toBe(10);
    peer.settle();
    peer.seen.length = 0;
    const experimental = ask({ fastOpenIsExperimental: true, from: 81 });
    expect([cookieOf(experimental), experimental.options.fastOpenIsExperimental]).toEqual([COOKIE, true]);
  });

  test("with its cookie the text is there before the handshake is over, and once only", () => {
    const { peer, listener, ask } = listening();
    const answer = ask({ fastOpen: COOKIE, text: 10 });
    expect([answer.ack, cookieOf(answer)]).toEqual([11, undefined]);
    const conn = listener.accept()!;
    expect(conn).toMatchObject({ state: "SYN-RECEIVED", readableBytes: 10, isFastOpen: true });
    const app = new Endpoint();
    app.use(conn);
    // The SYN once more is answered by where we stand.
    peer.advance(600);
    peer.send("S", { ...SYN, fastOpen: COOKIE, text: 10 });
    expect(peer.expect("S.", { ack: 11 }).length).toBe(0);
    peer.send("P.", { seq: 11, ack: 1, text: 5 });
    expect(conn).toMatchObject({ state: "ESTABLISHED", isFastOpen: false });
    expect(listener.waiting).toBe(0);
    conn.write(new Uint8Array(7), 0, 7);
    peer.settle();
    expect(peer.seen.pop()).toMatchObject({ seq: 1, ack: 16, length: 7 });
  });

  test("what the program writes and closes before the handshake is over leaves after it", () => {
    const { peer, listener, ask } = listening();
    ask({ fastOpen: COOKIE, text: 10 });
    const conn = listener.accept()!;
    conn.discard(10);
    conn.write(new Uint8Array(7), 0, 7);
    conn.close(false);
    peer.settle();
    peer.seen.length = 0;
    peer.send(".", { seq: 11, ack: 1 });
    peer.settle();
    expect(peer.seen.map(({ flags, seq, length }) => [flags, seq, length])).toEqual([["FP.", 1, 7]]);
  });

  test.each([
    ["of other bytes", Uint8Array.from(COOKIE, (byte, i) => (i === 7 ? byte ^ 1 : byte))],
    ["that is shorter", COOKIE.slice(0, 6)],
    ["that is longer", Uint8Array.from([...COOKIE, 0, 0])],
    ["of another client", new SipHash(KEY).of(networkBytes(OUR_ADDRESS, OUR_ADDRESS))],
  ])("[TFO-09] a cookie %s does not count: only the SYN is acknowledged, and the right one comes along", (_, fastOpen) => {
    const { listener, ask } = listening();
    const answer = ask({ fastOpen, text: 10 });
    expect([answer.ack, cookieOf(answer), listener.waiting]).toEqual([1, COOKIE, 0]);
  });

  test("[TFO-02] an option of any other length than a cookie's is none, and nothing trips over it", () => {
    for (let length = 1; length <= 17; length++) {
      if (length >= 4 && length % 2 === 0 && length <= 16) continue;
      const { listener, ask } = listening();
      const answer = ask({ fastOpen: new Uint8Array(length), text: 10 });
      expect([answer.ack, cookieOf(answer), listener.waiting]).toEqual([1, undefined, 0]);
    }
  });

  test("[TFO-03] a key that nobody chose is changed, and one before it counts for a while", () => {
    const { peer, listener, ask } = listening(9, LINUX, "own");
    const first = cookieOf(ask())!;
    expect(first).not.toEqual(COOKIE);
    peer.advance(KEY_LIFE_MS);
    const old = ask({ fastOpen: first, text: 10, from: 81 });
    expect(old.ack).toBe(11);
    const second = cookieOf(old)!;
    expect(second).not.toEqual(first);
    const good = ask({ fastOpen: second, text: 10, from: 82 });
    expect([good.ack, cookieOf(good)]).toEqual([11, undefined]);
    expect(listener.waiting).toBe(2);
    peer.advance(KEY_LIFE_MS);
    expect(ask({ fastOpen: first, text: 10, from: 83 }).ack).toBe(1);
    peer.advance(10 * KEY_LIFE_MS);
    expect(ask({ fastOpen: second, text: 10, from: 84 }).ack).toBe(1);
  });

  test("[TFO-05] beyond as many as may be open so, a SYN goes the ordinary way, until one of them is established", () => {
    const { peer, listener, ask } = listening(2);
    for (const from of [80, 81]) expect(ask({ fastOpen: COOKIE, text: 10, from }).ack).toBe(11);
    expect(ask({ fastOpen: COOKIE, text: 10, from: 82 }).ack).toBe(1);
    peer.send(".", { seq: 11, ack: 1, from: 80 });
    expect(ask({ fastOpen: COOKIE, text: 10, from: 83 }).ack).toBe(11);
    expect(listener.waiting).toBe(3);
  });

  test("a reset makes no room for a minute (RFC 7413 §5.1), and who waits to be accepted is told", () => {
    const { peer, listener, ask } = listening(1);
    ask({ fastOpen: COOKIE, text: 10 });
    peer.send("R", { seq: 11 });
    expect(listener.accept()?.state).toBe("CLOSED");
    expect(ask({ fastOpen: COOKIE, text: 10, from: 81 }).ack).toBe(1);
    peer.send(".", { seq: 1, ack: 1, from: 81 });
    peer.advance(60_000);
    peer.seen.length = 0;
    expect(ask({ fastOpen: COOKIE, text: 10, from: 82 }).ack).toBe(11);
  });

  test("one that is never finished is tried again, and its program is told in the end", () => {
    const { peer, listener, ask } = listening(1);
    ask({ fastOpen: COOKIE, text: 10 });
    const app = new Endpoint();
    app.use(listener.accept()!);
    peer.advance(200_000);
    expect(peer.seen.map(({ flags, ack }) => `${flags} ${ack}`)).toEqual(Array.from({ length: LINUX.synAckRetries }, () => "S. 11"));
    expect(app.events).toContain("aborted: timed-out");
    expect(peer.host.tcp.connectionCount).toBe(0);
  });

  test("under a flood there is none: SYNs are answered by cookies of the other kind", () => {
    const { peer, listener } = listening(4, { ...LINUX, synCookies: "always" });
    peer.send("S", { ...SYN, fastOpen: COOKIE, text: 10 });
    expect(cookieOf(peer.expect("S.", { ack: 1 }))).toBeUndefined();
    expect(listener.waiting).toBe(0);
  });
});

describe("a client of Fast Open (RFC 7413 §4.1.3, §4.2.2)", () => {
  const GIVEN = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]);

  function client(profile: Profile = LINUX) {
    const peer = new ScriptPeer(profile);
    const open = (bytes = 100, fastOpen = true) => {
      const app = new Endpoint();
      const firstBytes = Uint8Array.from({ length: bytes }, (_, i) => i);
      const conn = peer.host.tcp.open({ remote: PEER_ADDRESS, remotePort: 80, options: { fastOpen }, firstBytes, user: app.user });
      if (typeof conn === "string") throw new Error(conn);
      app.connection = conn;
      const syn = peer.expect("S", { seq: 0 });
      peer.ourPort = syn.sourcePort;
      return { conn, app, syn };
    };
    /** A first connection brings the cookie. */
    const acquainted = (mss = 1000) => {
      const { conn } = open();
      peer.send("S.", { seq: 0, ack: 1, mss, fastOpen: GIVEN });
      conn.abort();
      peer.settle();
      peer.seen.length = 0;
    };
    return { peer, open, acquainted };
  }

  test("asks at first, and its text follows the handshake; without the option there is none of it", () => {
    const { peer, open } = client();
    expect(cookieOf(open(100, false).syn)).toBeUndefined();
    const { syn, conn } = open();
    expect([cookieOf(syn), syn.length]).toEqual([ASK, 0]);
    peer.send("S.", { seq: 0, ack: 1, mss: 1000, fastOpen: GIVEN });
    peer.expect("P.", { seq: 1, ack: 1, length: 100 });
    expect(conn.state).toBe("ESTABLISHED");
  });

  test("[TFO-04] sends text with the SYN once it has a cookie, as much as the peer's segments hold less forty", () => {
    const { peer, open, acquainted } = client();
    acquainted();
    const { syn, conn, app } = open(2000);
    expect([cookieOf(syn), syn.length]).toEqual([GIVEN, 960]);
    expect([...syn.text.subarray(0, 3)]).toEqual([0, 1, 2]);
    peer.send("S.", { seq: 0, ack: 961, mss: 1000 });
    expect(peer.expect(".", { seq: 961, ack: 1 }).length).toBe(1000);
    peer.expect("P.", { seq: 1961, length: 40 });
    peer.send(".", { seq: 1, ack: 2001 });
    expect([conn.sendQueueBytes, app.events.filter((event) => event === "established").length]).toEqual([0, 1]);
    expect(conn.status().bytesSent).toBe(2000);
  });

  test("[TFO-07] [OPN-20] what the SYN-ACK leaves out is sent again, and no more", () => {
    for (const acked of [0, 40, 100]) {
      const { peer, open, acquainted } = client();
      acquainted();
      const { conn } = open(100);
      peer.send("S.", { seq: 0, ack: 1 + acked, mss: 1000 });
      if (acked === 100) peer.expect(".", { seq: 101, ack: 1, length: 0 });
      else {
        const again = peer.expect("P.", { seq: 1 + acked, ack: 1, length: 100 - acked });
        expect(again.text[0]).toBe(acked);
      }
      peer.send(".", { seq: 1, ack: 101 });
      peer.advance(5000);
      peer.expectSilence();
      expect(conn.sendQueueBytes).toBe(0);
    }
  });

  test("[TFO-06] sends a SYN again without text and option, and the peer gets none for a while, twice as long after each loss", () => {
    const { peer, open, acquainted } = client();
    acquainted();
    const lose = () => {
      const { syn, conn } = open(100);
      expect(cookieOf(syn)).toEqual(GIVEN);
      peer.advance(1000);
      const again = peer.expect("S", { seq: 0, length: 0 });
      expect(cookieOf(again)).toBeUndefined();
      peer.send("S.", { seq: 0, ack: 1, mss: 1000 });
      peer.expect("P.", { seq: 1, length: 100 });
      conn.abort();
      peer.settle();
      peer.seen.length = 0;
    };
    const plain = () => {
      const { syn, conn } = open(100);
      expect([cookieOf(syn), syn.length]).toEqual([undefined, 0]);
      conn.abort();
      peer.settle();
    };
    lose();
    plain();
    peer.advance(119_000);
    plain();
    peer.advance(1000);
    lose();
    peer.advance(239_000);
    plain();
    peer.advance(1000);
    const { syn, conn } = open(100);
    expect(syn.length).toBe(100);
    peer.send("S.", { seq: 0, ack: 101, mss: 1000 });
    conn.abort();
    peer.settle();
    peer.seen.length = 0;
    // One success, and all is forgotten.
    lose();
    peer.advance(120_000);
    expect(open(100).syn.length).toBe(100);
  });

  test("an attempt that nothing comes of counts as a loss", () => {
    const { peer, open, acquainted } = client({ ...LINUX, synRetries: 1, synLinearRetries: 0 });
    acquainted();
    expect(open(100).syn.length).toBe(100);
    peer.advance(4000);
    peer.seen.length = 0;
    expect(cookieOf(open(100).syn)).toBeUndefined();
  });

  test("a new cookie in the SYN-ACK takes the place of the old one, also in the kind of experiments", () => {
    const { peer, open, acquainted } = client();
    acquainted();
    const next = Uint8Array.from([9, 9, 9, 9]);
    const { conn } = open(100);
    peer.send("S.", { seq: 0, ack: 1, mss: 1000, fastOpen: next, fastOpenIsExperimental: true });
    conn.abort();
    peer.settle();
    peer.seen.length = 0;
    const { syn } = open(100);
    expect([cookieOf(syn), syn.options.fastOpenIsExperimental]).toEqual([next, true]);
  });

  test("a refusal is one, and text and FIN on the SYN-ACK are taken", () => {
    const { peer, open, acquainted } = client();
    acquainted();
    const refused = open(100);
    peer.send("R.", { seq: 0, ack: 101 });
    expect(refused.app.events).toEqual(["failed: refused"]);
    const { conn, app } = open(100);
    peer.send("SFP.", { seq: 0, ack: 101, mss: 1000, text: 5 });
    expect([conn.state, app.receivedBytes]).toEqual(["CLOSE-WAIT", 5]);
  });

  test("forgets peers when it is told to", () => {
    const { peer, open, acquainted } = client();
    acquainted();
    peer.host.tcp.forgetFastOpenPeers();
    expect(cookieOf(open(100).syn)).toEqual(ASK);
  });
});

test("between two hosts the second connection's request is there half a round trip after it was made, and each byte once", () => {
  const hosts = new TwoHosts({ profile: LINUX, impairment: { delayMs: 50 } });
  const server = new Endpoint();
  const arrivals: number[] = [];
  const listener = hosts.peer.tcp.listen({
    localPort: 80,
    backlog: 8,
    fastOpenQueue: 4,
    acceptable: () => {
      for (let conn = listener.accept(); conn !== undefined; conn = listener.accept()) {
        server.use(conn);
        const user = server.user;
        const take = () => {
          arrivals.push(hosts.simulation.now);
          user.readable();
        };
        conn.user = { ...user, readable: take };
        if (conn.readableBytes > 0) take();
      }
    },
  });
  const times: number[] = [];
  for (let i = 0; i < 3; i++) {
    const startMs = hosts.simulation.now;
    const firstBytes = new Uint8Array(300).fill(i + 1);
    const conn = hosts.ours.tcp.open({
      remote: PEER_ADDRESS,
      remotePort: 80,
      options: { fastOpen: true },
      firstBytes,
      user: new Endpoint().user,
    });
    if (typeof conn === "string") throw new Error(conn);
    hosts.simulation.run(() => false, startMs + 1000);
    times.push(arrivals[0]! - startMs);
    arrivals.length = 0;
    conn.close(false);
    hosts.simulation.run(() => false, startMs + 2000);
  }
  // The first has ARP before it, and asks for the cookie.
  expect(times[0]).toBeGreaterThanOrEqual(150);
  expect(times.slice(1)).toEqual([50, 50]);
  expect([...server.bytes()].filter((_, at) => at % 300 === 299)).toEqual([1, 2, 3]);
  expect(server.receivedBytes).toBe(900);
});
