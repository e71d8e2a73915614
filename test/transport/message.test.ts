import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { emptyMessage, encodeMessage, HEADER_BYTES, helloMessage, MAX_DATA, type Message, REQUEST } from "../../src/transport/message.ts";
import { MessageStream } from "../../src/transport/message-stream.ts";

const whole = fc.maxSafeInteger();
const anyMessage: fc.Arbitrary<Message> = fc.record({
  kind: fc.integer({ min: 1, max: 6 }),
  op: fc.integer({ min: 0, max: 0xffff }),
  client: fc.integer({ min: 0, max: 0xffffffff }),
  id: fc.integer({ min: 0, max: 0xffffffff }),
  value: whole,
  a: whole,
  b: whole,
  c: whole,
  d: whole,
  e: whole,
  more: fc.boolean(),
  data: fc.option(fc.uint8Array({ maxLength: 300 })),
});

const copyOf = (m: Message): Message => ({ ...m, data: m.data?.slice() ?? null });

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

describe("messages as bytes", () => {
  test("come out as they went in, however the stream is cut", () => {
    fc.assert(
      fc.property(
        fc.array(anyMessage, { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }),
        (messages, cuts) => {
          const taken: Message[] = [];
          const stream = new MessageStream((m) => taken.push(copyOf(m)) > 0);
          const bytes = joined(messages.map(encodeMessage));
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const length = cuts[i % cuts.length]!;
            expect(stream.feed(bytes.subarray(at, at + length))).toBeUndefined();
            at += length;
          }
          expect(taken).toEqual(messages);
        },
      ),
    );
  });

  test("a NULL pointer and an empty buffer stay two things", () => {
    const taken: (Uint8Array | null)[] = [];
    const stream = new MessageStream((m) => taken.push(m.data) > 0);
    stream.feed(encodeMessage({ ...emptyMessage(), kind: REQUEST, data: null }));
    stream.feed(encodeMessage({ ...emptyMessage(), kind: REQUEST, data: new Uint8Array() }));
    expect(taken).toEqual([null, new Uint8Array()]);
  });

  test("a taker without room is asked again when it resumes, not when more comes", () => {
    let asked = 0;
    let takes = false;
    const stream = new MessageStream(() => {
      asked++;
      return takes;
    });
    const bytes = encodeMessage({ ...emptyMessage(), kind: REQUEST });
    for (let i = 0; i < 3; i++) stream.feed(bytes);
    expect([asked, stream.isStalled]).toEqual([1, true]);
    takes = true;
    stream.resume();
    expect([asked, stream.isStalled]).toEqual([4, false]);
  });

  test("a taker without room gets the same message again, and nothing twice or never", () => {
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 8 }), fc.array(fc.boolean(), { minLength: 1, maxLength: 30 }), (messages, room) => {
        const taken: Message[] = [];
        let asked = 0;
        const stream = new MessageStream((m) => {
          if (asked < 200 && room[asked++ % room.length] === false) return false;
          taken.push(copyOf(m));
          return true;
        });
        for (const message of messages) stream.feed(encodeMessage(message));
        while (stream.isStalled) stream.resume();
        expect(taken).toEqual(messages);
      }),
    );
  });
});

describe("a hostile stream", () => {
  test("never throws, and after the first mistake nothing is taken from it", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }), (chunks) => {
        let takenAfterFailure = 0;
        let hasFailed = false;
        const stream = new MessageStream(() => {
          if (hasFailed) takenAfterFailure++;
          return true;
        });
        for (const chunk of chunks) if (stream.feed(chunk) !== undefined) hasFailed = true;
        expect(takenAfterFailure).toBe(0);
      }),
    );
  });

  test("one flipped bit in a good message is noticed or is another good message, and never throws", () => {
    fc.assert(
      fc.property(anyMessage, fc.nat(), (message, where) => {
        const bytes = encodeMessage(message);
        const bit = where % (bytes.length * 8);
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        const taken: Message[] = [];
        new MessageStream((m) => taken.push(m) > 0).feed(bytes);
        expect(taken.length).toBeLessThanOrEqual(1);
      }),
    );
  });

  const broken = (change: (view: DataView) => void): string | undefined => {
    const bytes = encodeMessage(helloMessage());
    change(new DataView(bytes.buffer));
    return new MessageStream(() => true).feed(bytes);
  };

  test.each<[string, (view: DataView) => void]>([
    ["message-too-short", (v) => v.setUint32(0, HEADER_BYTES - 1, true)],
    ["message-too-long", (v) => v.setUint32(0, HEADER_BYTES + MAX_DATA + 1, true)],
    ["message-too-long", (v) => v.setUint32(0, 0xffffffff, true)],
    ["message-of-unknown-kind", (v) => v.setUint8(4, 0)],
    ["message-of-unknown-kind", (v) => v.setUint8(4, 8)],
    ["message-with-bad-flags", (v) => v.setUint8(5, 4)],
    ["message-with-bad-number", (v) => v.setFloat64(24, Number.NaN, true)],
    ["message-with-bad-number", (v) => v.setFloat64(32, Number.POSITIVE_INFINITY, true)],
    ["message-with-bad-number", (v) => v.setFloat64(16, 0.5, true)],
  ])("is refused as %s", (reason, change) => {
    expect(broken(change)).toBe(reason);
  });
});
