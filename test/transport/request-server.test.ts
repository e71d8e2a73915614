import { describe, expect, test } from "@jest/globals";
import { emptyMessage, joinPieces, MAX_DATA, type Message, REPLY } from "../../src/transport/message.ts";
import { putReply, requestIn } from "../../src/transport/request-server.ts";

/** The messages of a reply with this data. */
function messagesOf(data: Uint8Array | null): Message[] {
  const messages: Message[] = [];
  // What an earlier reply left in the record must not be seen.
  const record = { ...emptyMessage(), more: true, data: Uint8Array.of(1) };
  putReply(record, 3, 8, { id: 5, result: 6, error: 10035, a: 7, b: 9, data }, (m) => messages.push({ ...m }));
  return messages;
}

describe("a reply", () => {
  test("without data, and with data of no bytes, is one message, and the two are told apart", () => {
    const head = { kind: REPLY, op: 8, client: 3, id: 5, value: 6, a: 7, b: 9, c: 10035, d: 0, e: 0, more: false };
    expect(messagesOf(null)).toEqual([{ ...head, data: null }]);
    expect(messagesOf(new Uint8Array(0))).toEqual([{ ...head, data: new Uint8Array(0) }]);
  });

  test.each([
    [1, [1]],
    [MAX_DATA, [MAX_DATA]],
    [MAX_DATA + 1, [MAX_DATA, 1]],
    [2 * MAX_DATA, [MAX_DATA, MAX_DATA]],
    [2 * MAX_DATA + 5, [MAX_DATA, MAX_DATA, 5]],
  ])("with %d bytes is as many messages as it needs, of which the last says that it is", (length, lengths) => {
    const data = Uint8Array.from({ length }, (_, i) => (i * 7) >>> 3);
    const messages = messagesOf(data);
    expect(messages.map((m) => m.data?.length)).toEqual(lengths);
    expect(messages.map((m) => m.more)).toEqual(lengths.map((_, i) => i < lengths.length - 1));
    expect(messages.every((m) => m.id === 5 && m.kind === REPLY)).toBe(true);
    expect(Buffer.compare(joinPieces(messages.map((m) => m.data!)), data)).toBe(0);
  });
});

test("a request is what its message says", () => {
  const data = Uint8Array.of(1, 2);
  expect(requestIn({ ...emptyMessage(), op: 8, id: 5, value: 4, a: 1, b: 2, c: 3, d: 4, e: 5, data })).toEqual({
    id: 5,
    op: 8,
    s: 4,
    a: 1,
    b: 2,
    c: 3,
    d: 4,
    e: 5,
    data,
  });
});
