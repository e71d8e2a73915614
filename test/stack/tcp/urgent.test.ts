import { describe, expect, test } from "@jest/globals";
import { below, SeededRandom } from "../../../src/stack/core/random.ts";
import type { Connection } from "../../../src/stack/tcp/connection.ts";
import { NOBODY } from "../../../src/stack/tcp/notices.ts";
import { MAX_URGENT_MARKS } from "../../../src/stack/tcp/urgent-marks.ts";
import { established } from "../../support/established.ts";
import { pattern } from "../../support/two-hosts.ts";
import { connected } from "./wired-hosts.ts";

const text = (words: string): Uint8Array => new TextEncoder().encode(words);

/** Connected, with urgent bytes apart or inline; nobody reads before the test does. `notices` counts those of urgent data. */
function reader(urgentInline: boolean) {
  const { peer, conn: tcpConnection } = established({ options: { urgentInline } });
  const conn = tcpConnection as Connection;
  const heard = { notices: 0, readable: 0 };
  conn.user = { urgent: () => heard.notices++, readable: () => heard.readable++ };
  const read = (most = 1000): string => {
    const target = new Uint8Array(most);
    return new TextDecoder().decode(target.subarray(0, conn.read(target, 0, most)));
  };
  const urgent = (isPeek = false): string => String.fromCharCode(conn.readUrgent(isPeek) ?? 0x3f);
  return { peer, conn, heard, read, urgent };
}

describe("urgent data that we send", () => {
  const writer = (link?: Parameters<typeof established>[0]) => {
    const { peer, conn: tcpConnection } = established(link);
    const conn = tcpConnection as Connection;
    const urge = (bytes: Uint8Array) => {
      conn.writeUrgent(bytes, 0, bytes.length);
      peer.settle();
    };
    return { peer, conn, urge };
  };

  test("[URG-03] the pointer on the wire names the octet behind it", () => {
    const { peer, conn, urge } = writer();
    urge(text("ab!"));
    peer.expect("P.U", { seq: 1, length: 3, urgent: 3 });
    expect(conn.sndNxt === conn.sndUp).toBe(true);
  });

  test("a segment ends at a mark, each mark has its segment, and Nagle holds back none of it", () => {
    const { peer, urge, conn } = writer();
    conn.write(text("abc"), 0, 3);
    conn.writeUrgent(text("!"), 0, 1);
    conn.writeUrgent(text("?"), 0, 1);
    conn.write(text("def"), 0, 3);
    peer.settle();
    peer.expect("P.U", { seq: 1, length: 4, urgent: 4 });
    peer.expect("P.U", { seq: 5, length: 1, urgent: 1 });
    peer.expectSilence();
    urge(text("."));
    peer.expect("P.U", { seq: 6, length: 4, urgent: 4 });
    peer.send(".", { seq: 1, ack: 10 });
    conn.write(text("g"), 0, 1);
    peer.expect("P.", { seq: 10, length: 1, urgent: 0 });
  });

  test("[URG-02] a run of 100 kB is announced as soon as the pointer reaches its end, and has one mark", () => {
    const { peer, conn, urge } = writer();
    urge(pattern(100_000, 3));
    const pointers: (readonly [number, number])[] = [];
    let ack = 1;
    while (ack < 100_001) {
      for (const { seq, length, urgent, flags } of peer.seen.splice(0)) {
        expect(flags.includes("U")).toBe(urgent > 0);
        pointers.push([seq, urgent]);
        ack = seq + length;
      }
      peer.send(".", { seq: 1, ack });
    }
    const announced = pointers.filter(([, urgent]) => urgent > 0);
    expect(announced.every(([seq, urgent]) => seq + urgent === 100_001)).toBe(true);
    expect(announced[0]![0]).toBeGreaterThan(100_001 - 65_536);
    expect(announced).toHaveLength(pointers.filter(([seq]) => seq >= announced[0]![0]).length);
    expect(conn.sndUp === conn.sndUna).toBe(true);
  });

  test("is sent again with its pointer", () => {
    const { peer, conn } = writer();
    conn.writeUrgent(text("ab!"), 0, 3);
    conn.write(text("cd"), 0, 2);
    peer.settle();
    peer.expect("P.U", { seq: 1, length: 3, urgent: 3 });
    peer.advance(1500);
    peer.expect(".U", { seq: 1, length: 3, urgent: 3 });
  });

  test("is announced to a peer whose window is shut", () => {
    const { peer, urge } = writer();
    peer.send(".", { seq: 1, ack: 1, window: 0 });
    urge(text("stop!"));
    peer.expect(".U", { seq: 1, length: 0, urgent: 5 });
    peer.advance(1500);
    peer.expect("P.U", { seq: 1, length: 1, urgent: 5 });
  });

  test("is in no super-segment, which a device would cut into parts with the same pointer", () => {
    const { peer, conn } = writer({ link: { offloads: { checksum: true, tso4: true, tso6: false } }, synAck: { windowScale: 7 } });
    peer.send(".", { seq: 1, ack: 1, window: 65_535 });
    const all = 150_000;
    conn.write(new Uint8Array(all), 0, all);
    conn.writeUrgent(text("!"), 0, 1);
    conn.write(new Uint8Array(all), 0, all);
    peer.settle();
    let ack = 1;
    let largest = 0;
    for (let turn = 0; turn < 200 && ack < 2 * all + 2; turn++) {
      for (const { seq, length, urgent, flags } of peer.seen.splice(0)) {
        largest = Math.max(largest, length);
        if (flags.includes("U")) expect([seq + urgent, length <= 1000]).toEqual([all + 2, true]);
        if (seq <= all + 1) expect(seq + length).toBeLessThanOrEqual(all + 2);
        ack = seq + length;
      }
      peer.send(".", { seq: 1, ack, window: 65_535 });
    }
    expect([ack, largest > 1000]).toEqual([2 * all + 2, true]);
  });

  test("costs a bounded number of marks: of too many the newest takes the place of the one before", () => {
    const { peer, conn } = writer();
    peer.send(".", { seq: 1, ack: 1, window: 0 });
    for (let i = 0; i < 1000; i++) conn.writeUrgent(text("x"), 0, 1);
    peer.settle();
    peer.seen.splice(0);
    peer.send(".", { seq: 1, ack: 1, window: 60_000 });
    let ack = 1;
    let marks = 0;
    for (let turn = 0; turn < 200 && ack < 1001; turn++) {
      for (const { seq, length, urgent } of peer.seen.splice(0)) {
        if (length > 0 && urgent === length) marks++;
        ack = Math.max(ack, seq + length);
      }
      peer.send(".", { seq: 1, ack });
    }
    expect([ack, marks]).toEqual([1001, MAX_URGENT_MARKS]);
  });
});

describe("urgent data that comes", () => {
  test("[URG-01] stands apart from the stream, which goes on without it", () => {
    const { peer, conn, read, urgent } = reader(false);
    peer.send("P.U", { seq: 1, ack: 1, text: text("ab!"), urgent: 3 });
    peer.send("P.", { seq: 4, ack: 1, text: text("cd") });
    expect([conn.readableBytes, conn.urgentApart, urgent(true), urgent()]).toEqual([4, 1, "!", "!"]);
    expect([read(1), read(), urgent(), conn.urgentApart, conn.readableBytes]).toEqual(["a", "bcd", "?", 0, 0]);
  });

  test("bytes that stand apart queue, whether the stream around them is read or not", () => {
    const { peer, read, urgent } = reader(false);
    peer.send("P.U", { seq: 1, ack: 1, text: text("a1"), urgent: 2 });
    peer.send("P.U", { seq: 3, ack: 1, text: text("2"), urgent: 1 });
    peer.send("P.U", { seq: 4, ack: 1, text: text("bc3d"), urgent: 3 });
    expect([urgent(), read(2), urgent(), read(), urgent(), urgent(), read()]).toEqual(["1", "ab", "2", "cd", "3", "?", ""]);
  });

  test("[URG-08] inline it is part of the stream, with or without the flag, and the mark can be found", () => {
    const { peer, conn, read, urgent } = reader(true);
    peer.send("P.U", { seq: 1, ack: 1, text: text("ab!cd"), urgent: 3 });
    expect([conn.bytesUntilUrgent, conn.urgentApart, urgent(), read(2), conn.bytesUntilUrgent]).toEqual([2, 0, "?", "ab", 0]);
    expect([read(), conn.bytesUntilUrgent]).toEqual(["!cd", undefined]);
    // A middlebox has cleared the flag and left the pointer.
    peer.send("P.", { seq: 6, ack: 1, text: text("ef?"), urgent: 3 });
    expect([read(), conn.bytesUntilUrgent]).toEqual(["ef?", undefined]);
  });

  test("[URG-04] is told once when it is announced and once when it comes, and again when the pointer moves on", () => {
    const { peer, conn, heard } = reader(false);
    peer.send(".U", { seq: 1, ack: 1, urgent: 10 });
    expect([heard.notices, conn.rcvUp - conn.rcvNxt]).toEqual([1, 10]);
    peer.send("P.U", { seq: 1, ack: 1, text: text("abc"), urgent: 10 });
    expect(heard.notices).toBe(1);
    peer.send(".U", { seq: 4, ack: 1, urgent: 9 });
    expect(heard.notices).toBe(2);
    peer.send("P.", { seq: 4, ack: 1, text: text("defghijk!") });
    expect([heard.notices, heard.readable, conn.urgentApart, conn.readableBytes]).toEqual([3, 2, 1, 11]);
  });

  test("an urgent byte alone is nothing to read", () => {
    const { peer, heard, conn } = reader(false);
    peer.send("P.U", { seq: 1, ack: 1, text: text("!"), urgent: 1 });
    expect([heard.notices > 0, heard.readable, conn.readableBytes]).toEqual([true, 0, 0]);
  });

  test.each([
    ["apart", false],
    ["inline", true],
  ])("[URG-05] the user learns how much is still to be read, %s", (_how, isInline) => {
    const { peer, conn, read, urgent } = reader(isInline);
    expect(conn.urgentAhead).toBe(0);
    peer.send("P.U", { seq: 1, ack: 1, text: text("abc"), urgent: 6 });
    expect([conn.urgentAhead, read(2), conn.urgentAhead]).toEqual([6, "ab", 4]);
    peer.send("P.U", { seq: 4, ack: 1, text: text("de!fg"), urgent: 3 });
    expect([conn.urgentAhead, read(3), conn.urgentAhead]).toEqual([4, "cde", 1]);
    if (isInline) read(1);
    else urgent();
    expect(conn.urgentAhead).toBe(0);
  });

  test("[SEG-03] is announced although our window is shut", () => {
    const { peer, conn, heard } = reader(false);
    while (conn.rcvWnd > 0) peer.send(".", { seq: 1 + conn.readableBytes, ack: 1, text: Math.min(1000, conn.rcvWnd) });
    peer.send(".U", { seq: 1 + conn.readableBytes, ack: 1, text: text("x"), urgent: 1 });
    expect([heard.notices, conn.rcvUp - conn.rcvNxt]).toEqual([1, 1]);
  });

  test("[SEG-15] after the peer's FIN the flag says nothing, and what was announced beyond it never comes", () => {
    const { peer, conn, heard } = reader(false);
    peer.send(".U", { seq: 1, ack: 1, urgent: 100 });
    peer.send("F.", { seq: 1, ack: 1 });
    expect([heard.notices, conn.urgentAhead]).toEqual([1, 0]);
    peer.send(".U", { seq: 2, ack: 1, urgent: 5 });
    expect([heard.notices, conn.urgentAhead]).toEqual([1, 0]);
  });

  test("two marks that come in the wrong order, or twice, are two marks", () => {
    const { peer, conn, read, urgent } = reader(false);
    peer.send("P.U", { seq: 4, ack: 1, text: text("cd2"), urgent: 3 });
    for (let i = 0; i < 2; i++) peer.send("P.U", { seq: 1, ack: 1, text: text("ab1"), urgent: 3 });
    peer.send("P.U", { seq: 4, ack: 1, text: text("cd2"), urgent: 3 });
    expect([urgent(), urgent(), urgent(), read(), conn.urgentCount]).toEqual(["1", "2", "?", "abcd", 2]);
  });

  test("an ordinary byte is not taken for urgent because a pointer went there once: RCV.UP moves on", () => {
    const { peer, read, urgent } = reader(false);
    peer.send(".U", { seq: 1, ack: 1, urgent: 3 });
    peer.send(".U", { seq: 1, ack: 1, urgent: 5 });
    peer.send("P.", { seq: 1, ack: 1, text: text("abcd!e") });
    expect([urgent(), urgent(), read()]).toEqual(["!", "?", "abcde"]);
  });

  test("what stood apart is in the stream once it is inline, if its place is unread; and shutdown throws it away", () => {
    const { peer, conn, read, urgent } = reader(false);
    peer.send("P.U", { seq: 1, ack: 1, text: text("a!b"), urgent: 2 });
    conn.setOptions({ urgentInline: true });
    expect([conn.urgentApart, conn.urgentHasReturned, conn.readableBytes, read(), conn.urgentHasReturned]).toEqual([
      0,
      true,
      3,
      "a!b",
      false,
    ]);
    conn.setOptions({ urgentInline: false });
    peer.send("P.U", { seq: 4, ack: 1, text: text("a!b"), urgent: 2 });
    conn.shutdownReceive();
    expect([conn.urgentApart, conn.readableBytes, urgent()]).toEqual([0, 0, "?"]);
  });

  test("costs a bounded number of marks; later bytes are bytes as all others", () => {
    const { peer, conn } = reader(false);
    for (let i = 0; i < 500; i++) peer.send("P.U", { seq: 1 + 2 * i, ack: 1, text: text("a!"), urgent: 2 });
    expect([conn.urgentApart, conn.readableBytes]).toEqual([MAX_URGENT_MARKS, 1000 - MAX_URGENT_MARKS]);
    expect(conn.urgent!.within).toHaveLength(0);
    // None of those can come: their text is beyond a gap.
    for (let i = 0; i < 500; i++) peer.send("P.U", { seq: 2001 + 2 * i, ack: 1, text: text("a!"), urgent: 2 });
    expect(conn.urgent!.within.length).toBeLessThanOrEqual(MAX_URGENT_MARKS);
  });

  test("bytes that nobody asked for give way to later ones, once the stream is read beyond them", () => {
    const { peer, conn, read, urgent } = reader(false);
    for (let i = 0; i < 2 * MAX_URGENT_MARKS; i++) {
      peer.send("P.U", { seq: 1 + 2 * i, ack: 1, text: new Uint8Array([0x61, i]), urgent: 2 });
      expect(read()).toBe("a");
    }
    expect([conn.urgentApart, urgent(), urgent()]).toEqual([MAX_URGENT_MARKS, "@", "A"]);
  });

  test("bytes that are taken one by one cost no marks and no memory, though nothing else is ever read", () => {
    const { peer, conn, read, urgent } = reader(false);
    for (let i = 0; i < 2 * MAX_URGENT_MARKS; i++) {
      peer.send("P.U", { seq: 1 + i, ack: 1, text: text("!"), urgent: 1 });
      expect([urgent(), read()]).toEqual(["!", ""]);
    }
    peer.advance(5000);
    expect([conn.urgentApart, conn.receiveBuffer.capacity]).toEqual([0, 0]);
  });

  test("urgent bytes left over are no text that nobody has read: a close ends with a FIN", () => {
    const { peer, conn } = reader(false);
    peer.send("P.U", { seq: 1, ack: 1, text: text("!"), urgent: 1 });
    peer.advance(500);
    peer.seen.splice(0);
    conn.user = NOBODY;
    conn.close(false);
    peer.expect("F.", { seq: 1, ack: 2 });
  });

  test.each([
    ["apart", false],
    ["inline", true],
  ])("[URG-07] no pointer, to whatever place, hurts the stream or throws, %s", (_how, isInline) => {
    const pointers = [0, 1, 2, 3, 4, 5, 6, 255, 256, 32_767, 32_768, 65_534, 65_535];
    for (const bytes of [0, 1, 2, 5]) {
      for (const urgent of pointers) {
        for (const back of [0, 1, 4]) {
          const { peer, conn, read } = reader(isInline);
          peer.send("P.", { seq: 1, ack: 1, text: text("wxyz") });
          peer.send("P.U", { seq: 5 - back, ack: 1, text: text("wxyzabcde".slice(4 - back, 4 + bytes)), urgent });
          peer.send("P.", { seq: 5 + bytes, ack: 1, text: text("more") });
          const whole = `wxyz${"abcde".slice(0, bytes)}more`;
          // One that has nothing new is not acceptable.
          const isTaken = bytes > 0 || back === 0;
          const at = urgent - back - 1 + 4;
          const isApart = !isInline && isTaken && urgent > back && at < whole.length;
          expect(read()).toBe(isApart ? whole.slice(0, at) + whole.slice(at + 1) : whole);
          expect(conn.urgentApart).toBe(isApart ? 1 : 0);
        }
      }
    }
  });

  test("a random stream with urgent bytes comes out whole, however it is read", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = new SeededRandom(seed);
      const { simulation, client, server } = connected({});
      const conn = server.connection!;
      conn.setOptions({ urgentInline: false });
      conn.user = NOBODY;
      const sent: number[] = [];
      const urgentSent: number[] = [];
      const got: number[] = [];
      const urgentGot: number[] = [];
      for (let step = 0; step < 300; step++) {
        const bytes = pattern(1 + below(random, 40), step);
        const isUrgent = below(random, 4) === 0;
        if (isUrgent) client.writeUrgent(bytes, 0, bytes.length);
        else client.write(bytes, 0, bytes.length);
        sent.push(...(isUrgent ? bytes.subarray(0, -1) : bytes));
        if (isUrgent) urgentSent.push(bytes.at(-1)!);
        simulation.settle();
        for (let byte = conn.readUrgent(false); byte !== undefined; byte = conn.readUrgent(false)) urgentGot.push(byte);
        const target = new Uint8Array(below(random, 60));
        const ahead = new Uint8Array(target.length);
        const skip = below(random, 3);
        const peeked = conn.peek(ahead, 0, ahead.length, skip);
        const count = conn.read(target, 0, target.length);
        if (skip < count)
          expect(ahead.subarray(0, Math.min(peeked, count - skip))).toEqual(target.subarray(skip, skip + Math.min(peeked, count - skip)));
        got.push(...target.subarray(0, count));
      }
      simulation.advance(1000);
      for (let byte = conn.readUrgent(false); byte !== undefined; byte = conn.readUrgent(false)) urgentGot.push(byte);
      const rest = new Uint8Array(conn.readableBytes);
      conn.read(rest, 0, rest.length);
      got.push(...rest);
      expect(got).toEqual(sent);
      expect(urgentGot).toEqual(urgentSent);
    }
  });
});
