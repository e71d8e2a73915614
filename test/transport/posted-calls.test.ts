import { describe, expect, test } from "@jest/globals";
import { CLOSE, EVENT, emptyMessage, LENT, type Message, REPLY } from "../../src/transport/message.ts";
import { PostedCalls } from "../../src/transport/posted-calls.ts";
import { WSAENETDOWN } from "../../src/winsock/abi/errors.ts";
import type { CallReply } from "../../src/winsock/provider/calls.ts";

const reply = (id: number, fields: Partial<Message> = {}): Message => ({ ...emptyMessage(), kind: REPLY, id, ...fields });

describe("posted calls", () => {
  test("each hear the answer to their own number, once", () => {
    const posted = new PostedCalls();
    const heard: [string, CallReply][] = [];
    const [one, two] = [posted.nextId(), posted.nextId()];
    posted.add(one, (r) => heard.push(["one", r]));
    posted.add(two, (r) => heard.push(["two", r]));
    expect(posted.size).toBe(2);
    expect(posted.deliver(reply(two, { value: 7, a: 1, b: 2, c: 10035, data: Uint8Array.of(9) }))).toBe(true);
    expect(heard).toEqual([["two", { id: two, result: 7, error: 10035, a: 1, b: 2, data: Uint8Array.of(9) }]]);
    expect([posted.size, posted.deliver(reply(two))]).toEqual([1, false]);
    expect(posted.deliver(reply(one))).toBe(true);
    expect(heard.map(([who]) => who)).toEqual(["two", "one"]);
  });

  test("hear nothing that is no reply, nor of bytes in the host's rings where nothing is lent", () => {
    const posted = new PostedCalls();
    const id = posted.nextId();
    posted.add(id, () => {
      throw new Error("answered");
    });
    for (const kind of [EVENT, CLOSE, LENT]) expect(posted.deliver(reply(id, { kind }))).toBe(false);
    expect(posted.size).toBe(1);
  });

  test("hear of lent bytes where they lie in the memory of the host's rings, once", () => {
    const memory = new SharedArrayBuffer(8192);
    const bytes = new Uint8Array(memory);
    const posted = new PostedCalls(memory);
    const heard: CallReply[] = [];
    const id = posted.nextId();
    posted.add(id, (r) => heard.push(r));
    bytes.set([1, 2, 3, 4], 5001);
    expect(posted.deliver(reply(id, { kind: LENT, value: 4, a: 5001 }))).toBe(true);
    expect(heard).toEqual([{ id, result: 4, error: 0, a: 0, b: 0, data: Uint8Array.of(1, 2, 3, 4), isLent: true }]);
    bytes[5002] = 9;
    expect(heard[0]!.data).toEqual(Uint8Array.of(1, 9, 3, 4));
    expect(posted.deliver(reply(id, { kind: LENT, value: 4, a: 5001 }))).toBe(false);
    const whole = posted.nextId();
    posted.add(whole, (r) => heard.push(r));
    posted.deliver(reply(whole, { kind: LENT, value: 8192, a: 0 }));
    expect(heard[1]!.data).toHaveLength(8192);
  });

  test("have numbers that no other of them has", () => {
    const posted = new PostedCalls();
    const first = posted.nextId();
    posted.add(first + 1, () => {});
    posted.add(first + 2, () => {});
    expect(posted.nextId()).toBe(first + 3);
  });

  test("all fail with WSAENETDOWN when the network is gone, and what they do then is heard by nobody twice", () => {
    const posted = new PostedCalls();
    const heard: CallReply[] = [];
    posted.add(1, (r) => {
      heard.push(r);
      posted.add(3, () => {});
    });
    posted.add(2, (r) => heard.push(r));
    posted.fail();
    const down = { result: -1, error: WSAENETDOWN, a: 0, b: 0, data: null };
    expect(heard).toEqual([
      { id: 1, ...down },
      { id: 2, ...down },
    ]);
    expect(posted.size).toBe(1);
  });
});
