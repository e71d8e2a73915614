import { describe, expect, test } from "@jest/globals";
import { AsyncCallPort } from "../../src/transport/async-call-port.ts";
import { EVENT, emptyMessage, LENT, MAX_DATA, type Message, REPLY, REQUEST } from "../../src/transport/message.ts";
import type { MessageLink } from "../../src/transport/message-link.ts";
import { WSAEINTR, WSAENETDOWN, WSAENOBUFS } from "../../src/winsock/abi/errors.ts";
import { CALL, type CallReply } from "../../src/winsock/provider/calls.ts";

const REQUEST_FIELDS = { op: CALL.send, s: 4, a: 1, b: 2, c: 3, data: null };
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** A port on a link that takes messages as long as the test lets it, and notes whether it keeps the program alive. */
function setUp() {
  const sent: Message[] = [];
  const state = { hasRoom: true, isReferenced: true, closed: 0, portClosed: 0 };
  const link: MessageLink = {
    send: (message) => {
      if (state.hasRoom) sent.push({ ...message, data: message.data?.slice() ?? null });
      return state.hasRoom;
    },
    resume: () => {},
    close: () => void state.closed++,
    ref: () => {
      state.isReferenced = true;
    },
    unref: () => {
      state.isReferenced = false;
    },
  };
  const port = new AsyncCallPort(
    () => link,
    () => state.portClosed++,
  );
  const answer = (id: number, fields: Partial<Message> = {}) => port.message({ ...emptyMessage(), kind: REPLY, id, ...fields });
  /** What became of a call so far. */
  const heard = (call: Promise<CallReply>): CallReply[] => {
    const replies: CallReply[] = [];
    void call.then((reply) => replies.push(reply));
    return replies;
  };
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return { port, sent, state, answer, heard, settled };
}

describe("a call", () => {
  test("leaves as a request with a number of its own, and its answer comes back", async () => {
    const { port, sent, answer, heard, settled } = setUp();
    const [one, two] = [heard(port.call({ ...REQUEST_FIELDS, data: bytes(7) })), heard(port.call(REQUEST_FIELDS))];
    expect(sent.map(({ kind, op, value, a, b, c, data }) => ({ kind, op, value, a, b, c, data }))).toEqual([
      { kind: REQUEST, op: CALL.send, value: 4, a: 1, b: 2, c: 3, data: bytes(7) },
      { kind: REQUEST, op: CALL.send, value: 4, a: 1, b: 2, c: 3, data: null },
    ]);
    const [first, second] = sent.map(({ id }) => id) as [number, number];
    expect(first).not.toBe(second);
    answer(second, { value: 9, c: 10_035, a: 5, b: 6 });
    await settled();
    expect([one, two]).toEqual([[], [{ id: second, result: 9, error: 10_035, a: 5, b: 6, data: null }]]);
    answer(first);
    await settled();
    expect(one).toHaveLength(1);
  });

  test("has the data of an answer that comes in pieces, each of which lay in memory that is used again", async () => {
    const { port, sent, answer, heard, settled } = setUp();
    const replies = heard(port.call(REQUEST_FIELDS));
    const { id } = sent[0]!;
    const memory = bytes(1, 2, 3);
    answer(id, { more: true, data: memory });
    memory.fill(4);
    answer(id, { more: true, data: memory });
    memory.fill(5);
    answer(id, { data: memory, value: 9 });
    memory.fill(0);
    await settled();
    expect(replies).toMatchObject([{ result: 9, data: bytes(1, 2, 3, 4, 4, 4, 5, 5, 5) }]);
  });

  test("with more data than a message may have is WSAENOBUFS, and never leaves", async () => {
    const { port, sent } = setUp();
    expect(await port.call({ ...REQUEST_FIELDS, data: new Uint8Array(MAX_DATA + 1) })).toMatchObject({ result: -1, error: WSAENOBUFS });
    expect(sent).toEqual([]);
    void port.call({ ...REQUEST_FIELDS, data: new Uint8Array(MAX_DATA) });
    expect(sent).toHaveLength(1);
  });
});

describe("a signal", () => {
  test("that was given before the call lets none leave", async () => {
    const { port, sent, state } = setUp();
    expect(await port.call(REQUEST_FIELDS, AbortSignal.abort())).toMatchObject({ result: -1, error: WSAEINTR });
    expect([sent, state.isReferenced]).toEqual([[], false]);
  });

  test("cancels the call, whose own answer then tells how it ended", async () => {
    const { port, sent, answer, heard, settled } = setUp();
    const controller = new AbortController();
    const replies = heard(port.call(REQUEST_FIELDS, controller.signal));
    const { id } = sent[0]!;
    controller.abort();
    expect(sent[1]).toMatchObject({ kind: REQUEST, op: CALL.cancel, a: id });
    expect(sent[1]!.id).not.toBe(id);
    await settled();
    expect(replies).toEqual([]);
    answer(sent[1]!.id);
    answer(id, { value: -1, c: WSAEINTR });
    await settled();
    expect(replies).toMatchObject([{ error: WSAEINTR }]);
  });

  test("is of no meaning, and holds on to nothing, once the answer is there", async () => {
    const { port, sent, answer, settled } = setUp();
    const controller = new AbortController();
    const listeners = new Set<unknown>();
    const { signal } = controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = ((type: string, listener: () => void, options: { once: boolean }) => {
      listeners.add(listener);
      add(type, listener, options);
    }) as typeof signal.addEventListener;
    signal.removeEventListener = ((type: string, listener: () => void) => {
      listeners.delete(listener);
      remove(type, listener);
    }) as typeof signal.removeEventListener;
    void port.call(REQUEST_FIELDS, signal);
    expect(listeners.size).toBe(1);
    answer(sent[0]!.id);
    await settled();
    expect(listeners.size).toBe(0);
    controller.abort();
    expect(sent).toHaveLength(1);
  });
});

describe("a link without room", () => {
  test("gets what waited in its order, as it was when it was asked for, once there is some", () => {
    const { port, sent, state } = setUp();
    const data = bytes(1);
    state.hasRoom = false;
    void port.call({ ...REQUEST_FIELDS, a: 1, data });
    data.fill(9);
    state.hasRoom = true;
    // The room is told of later: nothing overtakes what waits.
    void port.call({ ...REQUEST_FIELDS, a: 2 });
    expect(port.post({ ...REQUEST_FIELDS, a: 3 }, () => {})).toBe(true);
    expect(port.post({ ...REQUEST_FIELDS, a: 4, data }, () => {})).toBe(false);
    expect(sent).toEqual([]);
    port.room();
    expect(sent.map(({ a, data: told }) => [a, told])).toEqual([
      [1, bytes(1)],
      [2, null],
      [3, null],
    ]);
    expect(port.post({ ...REQUEST_FIELDS, a: 5, data }, () => {})).toBe(true);
  });

  test("keeps what it has again no room for", () => {
    const { port, sent, state } = setUp();
    state.hasRoom = false;
    for (const a of [1, 2]) void port.call({ ...REQUEST_FIELDS, a });
    port.room();
    state.hasRoom = true;
    port.room();
    expect(sent.map(({ a }) => a)).toEqual([1, 2]);
  });
});

test("a posted call is no reason for the program to live on; a call is, and so is whoever waits for a posted one", async () => {
  const { port, sent, state, answer, settled } = setUp();
  expect(state.isReferenced).toBe(false);
  const heard: CallReply[] = [];
  port.post(REQUEST_FIELDS, (reply) => heard.push(reply));
  expect(state.isReferenced).toBe(false);
  void port.call(REQUEST_FIELDS);
  void port.call(REQUEST_FIELDS);
  expect(state.isReferenced).toBe(true);
  answer(sent[1]!.id);
  expect(state.isReferenced).toBe(true);
  answer(sent[2]!.id);
  expect(state.isReferenced).toBe(false);
  let arrive: () => void = () => {};
  const waiting = port.waitingFor(
    new Promise((resolve) => {
      arrive = resolve;
    }),
  );
  expect(state.isReferenced).toBe(true);
  arrive();
  await waiting;
  expect(state.isReferenced).toBe(false);
  answer(sent[0]!.id, { value: 3 });
  await settled();
  expect(heard).toMatchObject([{ result: 3 }]);
  await expect(port.waitingFor(Promise.reject(new Error("lost")))).rejects.toThrow("lost");
  expect(state.isReferenced).toBe(false);
});

test("events are heard with their numbers and bytes of their own; other messages are nobody's", () => {
  const { port } = setUp();
  const memory = bytes(1, 2);
  const events: [number, number, Uint8Array][] = [];
  expect(port.message({ ...emptyMessage(), kind: EVENT, a: 1, b: 0, data: memory })).toBe(true);
  port.onEvent = (...event) => events.push(event);
  port.message({ ...emptyMessage(), kind: EVENT, a: 7, b: 3, data: memory });
  memory.fill(0);
  expect(port.message({ ...emptyMessage(), kind: REPLY, id: 99 })).toBe(true);
  expect(port.message({ ...emptyMessage(), kind: LENT, id: 99 })).toBe(true);
  expect(events).toEqual([[7, 3, bytes(1, 2)]]);
});

describe("a network that is gone", () => {
  test("answers every call with WSAENETDOWN, those to come too, takes no post, and is told of once", async () => {
    const { port, sent, state, heard, settled } = setUp();
    const why: string[] = [];
    port.onDown = (text) => why.push(text);
    const calls = [heard(port.call(REQUEST_FIELDS)), heard(port.call(REQUEST_FIELDS))];
    const posted: CallReply[] = [];
    port.post(REQUEST_FIELDS, (reply) => posted.push(reply));
    const controller = new AbortController();
    calls.push(heard(port.call(REQUEST_FIELDS, controller.signal)));
    port.down("it ended");
    await settled();
    for (const replies of calls) expect(replies).toMatchObject([{ result: -1, error: WSAENETDOWN }]);
    expect(posted).toMatchObject([{ result: -1, error: WSAENETDOWN }]);
    const before = sent.length;
    controller.abort();
    expect(await port.call(REQUEST_FIELDS)).toMatchObject({ error: WSAENETDOWN });
    expect(port.post(REQUEST_FIELDS, () => {})).toBe(false);
    expect([sent.length, why, state.isReferenced]).toEqual([before, ["it ended"], false]);
  });

  test("by the program's own close is closed once", async () => {
    const { port, state, heard, settled } = setUp();
    const replies = heard(port.call(REQUEST_FIELDS));
    port.close();
    port.close();
    await settled();
    expect(replies).toMatchObject([{ error: WSAENETDOWN }]);
    expect([state.closed, state.portClosed]).toEqual([1, 1]);
  });
});
