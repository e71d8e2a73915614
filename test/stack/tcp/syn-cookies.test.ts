import { describe, expect, test } from "@jest/globals";
import { LINUX, type Profile, RFC, WINDOWS } from "../../../src/stack/core/profile.ts";
import { Connection } from "../../../src/stack/tcp/connection.ts";
import { HALF_OPEN_CAP } from "../../../src/stack/tcp/listener.ts";
import { COOKIE_STEP_MS } from "../../../src/stack/tcp/syn-cookies.ts";
import type { TcpConnection } from "../../../src/stack/tcp/tcp-service.ts";
import { tcpOf } from "../../support/insides.ts";
import { ScriptPeer, type ScriptSegment } from "../../support/script-peer.ts";

const CLIENT = 50_000;
/** A SYN with all options. */
const WHOLE = { seq: 0, from: CLIENT, mss: 1460, windowScale: 7, sackPermitted: true, timestamps: [1000, 0] } as const;

function insidesOf(conn: TcpConnection | undefined): Connection {
  if (!(conn instanceof Connection)) throw new Error("No connection waits");
  return conn;
}

/** A listener that answers every SYN by a cookie, unless told otherwise. */
function listening(profile: Profile = LINUX, synCookies: Profile["synCookies"] = "always", backlog = 200) {
  const peer = new ScriptPeer({ ...profile, synCookies });
  peer.ourPort = 80;
  const listener = peer.host.tcp.listen({ localPort: 80, backlog, acceptable: () => {} });
  const verdicts: string[] = [];
  peer.host.trace.subscribe((event) => {
    if (event.type === "segment-judged") verdicts.push(event.verdict);
  });
  /** @returns the SYN-ACK, whose number is the cookie */
  const ask = (fields: ScriptSegment = WHOLE) => {
    peer.send("S", fields);
    return peer.expect("S.", { ack: (fields.seq ?? 0) + 1 });
  };
  /** How the ACK of the SYN-ACK begins. */
  const answerTo = (synAck: ReturnType<typeof ask>, offset = 1): ScriptSegment => ({
    seq: 1,
    ack: synAck.seq + offset,
    from: CLIENT,
    ...(synAck.options.hasTimestamps ? { timestamps: [1001, synAck.options.tsVal] as const } : {}),
  });
  return { peer, listener, verdicts, ask, answerTo };
}

describe.each([WINDOWS, LINUX, RFC])("a handshake by cookie, under $name (RFC 4987 §3.6)", (profile) => {
  test("[SEC-15] nothing is kept of the SYN, and MSS, window scale, SACK and timestamps are as after any other handshake", () => {
    const options = (synCookies: Profile["synCookies"]) => {
      const { peer, listener, ask, answerTo } = listening(profile, synCookies);
      const synAck = ask();
      expect(peer.host.tcp.connectionCount).toBe(synCookies === "always" ? 0 : 1);
      peer.advance(30);
      peer.send(".", { ...answerTo(synAck), window: 500 });
      peer.expectSilence();
      const conn = insidesOf(listener.accept());
      const { sizes, sndWindShift, rcvWindShift, sackPermitted, timestamps, sndWnd, rcvWnd, state, rcvNxt, irs } = conn;
      return {
        synAck: { window: synAck.window, ...synAck.options, tsVal: 0 },
        conn: { sizes, sndWindShift, rcvWindShift, sackPermitted, recent: timestamps?.recent, sndWnd, rcvWnd, state, rcvNxt, irs },
        cwnd: conn.congestion.cwnd,
      };
    };
    expect(options("always")).toEqual(options("never"));
  });

  test("without timestamps only the MSS is agreed on, and the SYN-ACK offers no more", () => {
    const { peer, listener, ask, answerTo } = listening(profile);
    const synAck = ask({ seq: 0, from: CLIENT, mss: 1460, windowScale: 7, sackPermitted: true });
    expect(synAck.options).toMatchObject({ mss: 1460, windowScale: -1, sackPermitted: false, hasTimestamps: false });
    peer.send(".", { ...answerTo(synAck), window: 5000 });
    const conn = insidesOf(listener.accept());
    expect(conn).toMatchObject({ sndWindShift: 0, rcvWindShift: 0, sackPermitted: false, timestamps: undefined, sndWnd: 5000 });
    expect(conn.sizes.sndMss).toBe(1460);
  });
});

describe("what a cookie says", () => {
  test.each([
    [0, 536],
    [40, 48],
    [535, 48],
    [536, 536],
    [1459, 1440],
    [1460, 1460],
    [9000, 1460],
  ])("of an MSS of %i comes back %i: never more than the peer and the path take", (asked, agreed) => {
    const { peer, listener, ask, answerTo } = listening();
    peer.send(".", answerTo(ask({ seq: 0, from: CLIENT, mss: asked })));
    expect(insidesOf(listener.accept()).sizes.sndMss).toBe(agreed);
  });

  test.each([0, 1, 7, 14])("a window scale of %i comes back, and none does", (windowScale) => {
    for (const sackPermitted of [false, true]) {
      const { peer, listener, ask, answerTo } = listening();
      peer.advance(12_345);
      peer.send(".", { ...answerTo(ask({ ...WHOLE, windowScale, sackPermitted })), window: 7 });
      expect(insidesOf(listener.accept())).toMatchObject({ sndWindShift: windowScale, sackPermitted, sndWnd: 7 * 2 ** windowScale });
    }
    const { peer, listener, ask, answerTo } = listening();
    const { windowScale: _, ...without } = WHOLE;
    peer.send(".", { ...answerTo(ask(without)), window: 7 });
    expect(insidesOf(listener.accept())).toMatchObject({ sndWindShift: 0, rcvWindShift: 0, sndWnd: 7 });
  });

  test("our timestamps never go back, whenever the cookie left (RFC 7323 §4)", () => {
    for (let ms = 0; ms < 130; ms += 13) {
      const { peer, listener, ask, answerTo } = listening(WINDOWS);
      peer.advance(ms);
      const synAck = ask();
      peer.advance(40);
      peer.send("P.", { ...answerTo(synAck), text: 3 });
      // Or after the delay of an acknowledgement.
      peer.advance(40);
      const reply = peer.expect(".", { ack: 4 });
      expect((reply.options.tsVal - synAck.options.tsVal) | 0).toBeGreaterThanOrEqual(40);
      expect((reply.options.tsVal - synAck.options.tsVal) | 0).toBeLessThan(80 + 64);
      expect(listener.accept()?.readableBytes).toBe(3);
    }
  });

  test("the same SYN is answered by the same cookie for as long as its key is the newest; other flows and numbers by others", () => {
    const { peer, ask } = listening();
    const first = ask().seq;
    expect(ask().seq).toBe(first);
    const others = [ask({ ...WHOLE, from: CLIENT + 1 }), ask({ ...WHOLE, seq: 1 }), ask({ ...WHOLE, mss: 536 })];
    peer.advance(COOKIE_STEP_MS);
    others.push(ask());
    expect(new Set([first, ...others.map(({ seq }) => seq)]).size).toBe(5);
  });
});

describe("the segment that brings a cookie back", () => {
  test("may bring text, which is delivered and acknowledged", () => {
    const { peer, listener, ask, answerTo } = listening();
    peer.send("P.", { ...answerTo(ask()), text: 100 });
    peer.advance(40);
    peer.expect(".", { ack: 101 });
    expect(listener.accept()?.readableBytes).toBe(100);
  });

  test("may bring text and a FIN", () => {
    const { peer, listener, ask, answerTo } = listening();
    peer.send("FP.", { ...answerTo(ask()), text: 5 });
    peer.expect(".", { ack: 7 });
    expect(listener.accept()).toMatchObject({ state: "CLOSE-WAIT", readableBytes: 5, finReceived: true });
  });

  test("may be the second when the first was lost, as long as it begins where the SYN ends", () => {
    const { peer, listener, ask, answerTo } = listening();
    const synAck = ask();
    // Later text alone does not tell which SYN it follows.
    peer.send("P.", { ...answerTo(synAck), seq: 101, text: 10 });
    expect(peer.expect("R").seq).toBe(synAck.seq + 1);
    peer.send("P.", { ...answerTo(synAck), text: 100 });
    peer.advance(40);
    peer.expect(".", { ack: 101 });
    expect(listener.waiting).toBe(1);
  });

  test("makes one connection however often it comes", () => {
    const { peer, listener, ask, answerTo } = listening();
    const synAck = ask();
    for (let i = 0; i < 5; i++) peer.send(".", answerTo(synAck));
    expect(listener.waiting).toBe(1);
    expect(peer.host.tcp.connectionCount).toBe(1);
  });

  test("finds a full accept queue: it is reset where a SYN would be, and else gets in with the next when there is room", () => {
    for (const profile of [WINDOWS, LINUX]) {
      const { peer, listener, verdicts, ask, answerTo } = listening(profile, "always", 1);
      const [first, second] = [ask(), ask({ ...WHOLE, from: CLIENT + 1 })];
      peer.send(".", answerTo(first));
      peer.send(".", { ...answerTo(second), from: CLIENT + 1 });
      expect(verdicts.at(-1)).toBe("accept-queue-full");
      expect(peer.seen.map(({ flags }) => flags)).toEqual(profile === WINDOWS ? ["R"] : []);
      listener.accept();
      peer.send("P.", { ...answerTo(second), from: CLIENT + 1, text: 1 });
      expect(listener.waiting).toBe(1);
    }
  });

  test("finds a listener that pauses: it is reset", () => {
    const { peer, listener, ask, answerTo } = listening();
    const synAck = ask();
    listener.isPaused = true;
    peer.send(".", answerTo(synAck));
    peer.expect("R", { seq: synAck.seq + 1 });
    expect(listener.waiting).toBe(0);
  });
});

describe("what is no cookie", () => {
  function refused(send: (stage: ReturnType<typeof listening>) => void, flags = "R"): void {
    const stage = listening();
    send(stage);
    expect(stage.listener.waiting).toBe(0);
    expect(stage.peer.host.tcp.connectionCount).toBe(0);
    expect(stage.peer.seen.map((segment) => segment.flags).join("")).toBe(flags);
    expect(stage.peer.host.timers.pending()).toEqual([]);
  }

  test("is any number but the next, also right beside it", () => {
    for (let offset = -9; offset <= 9; offset++) {
      if (offset !== 1) refused(({ peer, ask, answerTo }) => peer.send(".", answerTo(ask(), offset)));
    }
  });

  test("is one with a single bit changed", () => {
    for (let bit = 0; bit < 32; bit++) {
      refused(({ peer, ask, answerTo }) => {
        const synAck = ask();
        // As our peer counts: from the number that the script calls 0.
        const changed = (((synAck.seq + peer.ourIsn) ^ (1 << bit)) - peer.ourIsn + 1) | 0;
        peer.send(".", { ...answerTo(synAck), ack: changed });
      });
    }
  });

  test("is one of another port, or of another SYN", () => {
    refused(({ peer, ask, answerTo }) => peer.send(".", { ...answerTo(ask()), from: CLIENT + 1 }));
    refused(({ peer, ask, answerTo }) => peer.send(".", { ...answerTo(ask()), seq: 2 }));
    refused(({ peer, ask, answerTo }) => peer.send(".", { ...answerTo(ask()), seq: 0 }));
  });

  test("is one with options that the SYN did not have: they are in the hash", () => {
    for (let change = 1; change < 64; change++) {
      refused(({ peer, ask, answerTo }) => {
        const synAck = ask();
        peer.send(".", { ...answerTo(synAck), timestamps: [1001, synAck.options.tsVal ^ change] });
      });
    }
    refused(({ peer, ask, answerTo }) => {
      const { timestamps: _, ...bare } = answerTo(ask());
      peer.send(".", bare);
    });
    refused(({ peer, ask, answerTo }) => {
      const synAck = ask({ seq: 0, from: CLIENT, mss: 1460 });
      peer.send(".", { ...answerTo(synAck), timestamps: [1, 2] });
    });
  });

  test("is one brought by a reset or by a SYN", () => {
    refused(({ peer, ask, answerTo }) => peer.send("R.", answerTo(ask())), "");
    refused(({ peer, ask, answerTo }) => peer.send("S.", answerTo(ask())));
  });

  test("is one whose key is gone: it serves for two steps at most, and for one at least", () => {
    for (const [bornMs, ageMs, counts] of [
      [0, 2 * COOKIE_STEP_MS - 1, true],
      [0, 2 * COOKIE_STEP_MS, false],
      [COOKIE_STEP_MS - 1, COOKIE_STEP_MS, true],
      [COOKIE_STEP_MS - 1, COOKIE_STEP_MS + 1, false],
      [0, 4 * COOKIE_STEP_MS, false],
    ] as const) {
      const { peer, listener, ask, answerTo } = listening();
      peer.advance(bornMs);
      const synAck = ask();
      peer.advance(ageMs - 1);
      // The flood goes on.
      ask({ ...WHOLE, from: CLIENT + 1 });
      peer.advance(1);
      peer.send(".", answerTo(synAck));
      expect([bornMs, ageMs, listener.waiting]).toEqual([bornMs, ageMs, counts ? 1 : 0]);
    }
  });

  test("is one of another host", () => {
    const cookie = listening().ask({ seq: 0, from: CLIENT }).seq;
    const peer = new ScriptPeer({ ...LINUX, synCookies: "always" });
    tcpOf(peer.host).context.random.u32();
    peer.ourPort = 80;
    const listener = peer.host.tcp.listen({ localPort: 80, backlog: 1, acceptable: () => {} });
    peer.send("S", { seq: 0, from: CLIENT });
    expect(peer.expect("S.").seq).not.toBe(cookie);
    peer.send(".", { seq: 1, ack: cookie + 1, from: CLIENT });
    expect(listener.waiting).toBe(0);
  });
});

describe("when SYNs are answered by cookies", () => {
  test("[SEC-14] only beyond as many half-open connections as a listener may have, which stay; two minutes later an old cookie is an ACK as any", () => {
    const { peer, listener, ask, answerTo } = listening(WINDOWS, "when-full");
    const early = peer.host.tcp;
    peer.send("S", { seq: 0, from: 1023 });
    peer.seen.length = 0;
    for (let i = 1; i < HALF_OPEN_CAP; ) {
      const batch: (readonly [string, ScriptSegment])[] = [];
      for (; batch.length < 512 && i < HALF_OPEN_CAP; i++) batch.push(["S", { seq: 0, from: 1023 + i }]);
      peer.sendBatch(batch);
    }
    expect(early.connectionCount).toBe(HALF_OPEN_CAP);
    expect(peer.seen.every(({ seq }) => seq === 0)).toBe(true);
    peer.seen.length = 0;
    const synAck = ask();
    expect(synAck.seq).not.toBe(0);
    expect(early.connectionCount).toBe(HALF_OPEN_CAP);
    // Who asked before the flood gets in as well.
    peer.send(".", { seq: 1, ack: 1, from: 1023 });
    peer.send(".", answerTo(synAck));
    expect(listener.waiting).toBe(2);
    const late = ask({ ...WHOLE, from: CLIENT + 1 });
    peer.advance(60_000);
    expect(early.connectionCount).toBe(2);
    peer.seen.length = 0;
    // The flood is over: SYNs are kept again.
    peer.send("S", { seq: 0, from: 1024 });
    peer.expect("S.", { seq: 0 });
    peer.advance(2 * COOKIE_STEP_MS);
    peer.seen.length = 0;
    peer.send(".", { ...answerTo(late), from: CLIENT + 1 });
    peer.expect("R");
    expect(listener.waiting).toBe(2);
  });

  test("never before: an ACK is an ACK, and no key is made", () => {
    const { peer, listener } = listening(WINDOWS, "when-full");
    let drawn = 0;
    const { random } = tcpOf(peer.host).context;
    const draw = random.u32.bind(random);
    random.u32 = () => {
      drawn++;
      return draw();
    };
    for (let i = 0; i < 50; i++) peer.send(".", { seq: 1, ack: i * 7919, from: CLIENT });
    expect(peer.seen.map(({ flags }) => flags)).toEqual(Array.from({ length: 50 }, () => "R"));
    expect([listener.waiting, drawn]).toEqual([0, 0]);
  });

  test("a SYN whose number must lie beyond an old connection's is kept", () => {
    const { peer, listener, ask, answerTo } = listening();
    const synAck = ask();
    peer.send(".", answerTo(synAck));
    const conn = listener.accept()!;
    conn.close(false);
    peer.settle();
    const fin = peer.expect("F.");
    peer.send("F.", { ...answerTo(synAck), ack: fin.seq + 1 });
    peer.expect(".");
    peer.send("S", { ...WHOLE, seq: 5000, timestamps: [90_000, 0] });
    const again = peer.expect("S.");
    expect((again.seq - fin.seq) | 0).toBeGreaterThan(0);
    expect(peer.host.tcp.connectionCount).toBe(1);
  });

  test("[SEC-18] one SYN-ACK for each SYN, and no more however long nobody answers", () => {
    const { peer, ask } = listening();
    ask();
    peer.advance(300_000);
    peer.expectSilence();
  });
});
