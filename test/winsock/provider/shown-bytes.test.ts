import { describe, expect, test } from "@jest/globals";
import {
  AF_INET,
  FIONBIO,
  FIONREAD,
  MSG_OOB,
  SD_SEND,
  SO_OOBINLINE,
  SO_RCVTIMEO,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../../../src/winsock/abi/constants.ts";
import { WSAEINVAL, WSAENOTCONN, WSAEOPNOTSUPP } from "../../../src/winsock/abi/errors.ts";
import { sockaddrBytes } from "../../../src/winsock/abi/structures.ts";
import { CALL, type CallRequest } from "../../../src/winsock/provider/calls.ts";
import { OVERLAPPED } from "../../../src/winsock/provider/overlapped.ts";
import { address, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { bytes, say } from "../../support/winsock-calls.ts";

/** A connected stream whose program makes its calls as records. `copied` and `lent` bytes are to look alike. */
function connected(lends: boolean) {
  const v = new VirtualWinsock({ lends });
  const { client } = v.blockingPort();
  const listener = v.listener(80);
  let lastId = 0;
  /** Each answer as `result` or `error CODE`, with its text where there is any. */
  const call = (
    op: number,
    fields: Partial<CallRequest> = {},
  ): { readonly said: string[]; readonly value: number; readonly id: number } => {
    const said: string[] = [];
    let value = 0;
    const id = ++lastId;
    v.provider.call(client, { id, op, s, a: 0, b: 0, c: 0, data: null, ...fields }, (reply) => {
      value = op === CALL.ioctlsocket ? reply.a : reply.result;
      const text = reply.data === null ? "" : ` ${new TextDecoder().decode(reply.data)}`;
      said.push(reply.error === 0 ? `${reply.result}${text}` : `error ${reply.error}`);
    });
    return {
      said,
      id,
      get value() {
        return value;
      },
    };
  };
  let s = 0;
  call(CALL.startup, { a: 0x0202 });
  s = call(CALL.socket, { a: AF_INET, b: SOCK_STREAM }).value;
  call(CALL.connect, { a: 16, data: sockaddrBytes(address(PEER, 80)) });
  v.advance(10);
  const peer = v.peerWinsock.accept(listener, null, null);
  const hear = (text: string) => {
    say(v.peerWinsock, peer, text);
    v.advance(100);
  };
  const urge = (text: string) => {
    v.peerWinsock.send(peer, bytes(text), text.length, MSG_OOB);
    v.advance(100);
  };
  const inline = () => call(CALL.setsockopt, { a: SOL_SOCKET, b: SO_OOBINLINE, data: new Uint8Array([1, 0, 0, 0]), c: 4 });
  const show = (wanted: number, held: number, taken = 0) => call(CALL.show, { a: wanted, b: held, c: taken }).said;
  const unread = () => call(CALL.ioctlsocket, { a: FIONREAD }).value;
  return { v, call, show, unread, hear, urge, inline, peer };
}

describe.each([
  ["copied", false],
  ["lent", true],
])("bytes that are shown, %s", (_how, lends) => {
  test("stay unread until they are taken, and what follows is shown after them", () => {
    const { call, show, unread, hear } = connected(lends);
    hear("abcdefgh");
    expect([show(3, 0), show(100, 3)]).toEqual([["3 abc"], ["5 defgh"]]);
    expect(unread()).toBe(8);
    call(CALL.taken, { a: 2 });
    expect(unread()).toBe(6);
    // Nothing is unseen: the call waits, and has heard on its way that four more were taken.
    const more = show(100, 2, 4);
    expect([more, unread()]).toEqual([[], 2]);
    hear("ij");
    expect(more).toEqual(["2 ij"]);
  });

  test("end before an urgent byte that is read with the stream, where the host has to be asked, and begin again behind it", () => {
    const { call, show, hear, urge, inline } = connected(lends);
    inline();
    hear("ab");
    urge("cd!");
    hear("ef");
    expect([show(100, 0), show(100, 4)]).toEqual([["4 abcd"], [`error ${WSAEOPNOTSUPP}`]]);
    call(CALL.taken, { a: 4 });
    expect([call(CALL.recv, { a: 9 }).said, show(9, 0)]).toEqual([["1 !"], ["2 ef"]]);
    const waiting = show(100, 0, 2);
    urge("!");
    expect(waiting).toEqual([`error ${WSAEOPNOTSUPP}`]);
  });

  test("leave out urgent bytes that stand apart", () => {
    const { show, hear, urge, unread } = connected(lends);
    hear("ab");
    urge("cd!");
    hear("ef");
    const shown = [...show(100, 0), ...show(100, 4)].map((said) => said.slice(2));
    expect([shown.join(""), unread()]).toEqual(["abcdef", 6]);
    show(100, 4, 2);
    expect(unread()).toBe(4);
  });

  test("are shown in the order in which they were asked for, as soon as they come, where the face says that it has thrown nothing away", () => {
    const { show, hear, unread } = connected(lends);
    const asked = [show(3, 0), show(3, -1), show(3, -1)];
    hear("abcd");
    const fourth = show(100, -1);
    hear("efgh");
    expect([...asked, fourth]).toEqual([["3 abc"], ["1 d"], ["3 efg"], ["1 h"]]);
    expect(show(100, 0)).toEqual(["8 abcdefgh"]);
    expect(show(100, 2, 5)).toEqual(["1 h"]);
    expect(unread()).toBe(3);
  });

  test("and thrown away by the face are shown again", () => {
    const { show, hear, unread } = connected(lends);
    hear("abcdefgh");
    show(100, 0);
    expect(show(2, 3)).toEqual(["2 de"]);
    expect(show(100, 0)).toEqual(["8 abcdefgh"]);
    expect(unread()).toBe(8);
  });

  test("are had again by a receive", () => {
    const { call, show, hear } = connected(lends);
    hear("abcdefgh");
    show(5, 0);
    expect(call(CALL.recv, { a: 3 }).said).toEqual(["3 abc"]);
    expect(show(100, 0)).toEqual(["5 defgh"]);
  });

  test("cannot be more than were shown, nor fewer than none; nobody takes more of them than there are", () => {
    const { call, show, hear, unread } = connected(lends);
    hear("abcdefgh");
    const invalid = [`error ${WSAEINVAL}`];
    expect([show(100, 1), show(100, -2), show(0, 0), show(-1, 0)]).toEqual([invalid, invalid, invalid, invalid]);
    expect(show(3, 0)).toEqual(["3 abc"]);
    expect(show(100, 4)).toEqual(invalid);
    call(CALL.taken, { a: 100 });
    expect(unread()).toBe(5);
    call(CALL.taken, { a: -1 });
    expect(unread()).toBe(5);
  });

  test("are filled by their face into receives behind them, which wait as long as any are shown or asked for", () => {
    const { call, show, hear, unread } = connected(lends);
    const asked = show(100, 0);
    const [first, second] = [call(CALL.recv, { a: 4, c: 1, d: OVERLAPPED }), call(CALL.recv, { a: 4, c: 1, d: OVERLAPPED })];
    hear("abcdef");
    expect([asked, first.said, second.said, unread()]).toEqual([["6 abcdef"], [], [], 6]);
    expect(call(CALL.taken, { a: 4, b: 4, e: first.id }).said).toEqual(["4"]);
    // Two bytes are still shown: the host leaves the second alone.
    expect([first.said, second.said, unread()]).toEqual([["4"], [], 2]);
    call(CALL.taken, { a: 2, b: 2, e: second.id });
    expect([second.said, unread()]).toEqual([["2"], 0]);
  });

  test("are had by the receives behind them, in their order, when the face gives them back", () => {
    const { call, show, hear } = connected(lends);
    const asked = show(100, 0);
    const receives = [3, 2].map((a) => call(CALL.recv, { a, c: 1, d: OVERLAPPED }));
    hear("abcdefgh");
    const more = show(100, -1);
    call(CALL.taken, { c: 1 });
    expect([asked, receives.map(({ said }) => said), more]).toEqual([["8 abcdefgh"], [["3 abc"], ["2 de"]], ["0"]]);
    // What is asked to be shown now comes behind no receive, and one that was behind and is not over has what comes first.
    const [third, next] = [call(CALL.recv, { a: 9, c: 1, d: OVERLAPPED }), call(CALL.recv, { a: 9, c: 1, d: OVERLAPPED })];
    expect([third.said, next.said]).toEqual([["3 fgh"], []]);
    call(CALL.taken, { c: 1 });
    const shown = show(100, 0);
    hear("xy");
    hear("z");
    expect([next.said, shown]).toEqual([["2 xy"], ["1 z"]]);
  });

  test("are had by the receives behind them when they were all taken and no more are asked for, by an ordinary receive after those, and by all when a thread comes", () => {
    const { call, show, hear } = connected(lends);
    hear("ab");
    show(100, 0);
    const one = call(CALL.recv, { a: 9, c: 1, d: OVERLAPPED });
    call(CALL.taken, { a: 2 });
    hear("cd");
    expect(one.said).toEqual(["2 cd"]);
    const asked = show(100, 0);
    const two = call(CALL.recv, { a: 1, c: 1, d: OVERLAPPED });
    const three = call(CALL.recv, { a: 9, d: OVERLAPPED });
    hear("efg");
    expect([asked, two.said, three.said]).toEqual([["0"], ["1 e"], ["2 fg"]]);
    const last = show(100, 0);
    const four = call(CALL.recv, { a: 9, c: 1, d: OVERLAPPED });
    hear("h");
    expect([last, four.said]).toEqual([["1 h"], []]);
    call(CALL.fence, { s: 0, b: 1 });
    expect(four.said).toEqual(["1 h"]);
  });

  test("fill no receive that is not behind them, and none of another's", () => {
    const { call, show, hear } = connected(lends);
    const plain = call(CALL.recv, { a: 4, d: OVERLAPPED });
    expect(call(CALL.taken, { b: 4, e: plain.id }).said).toEqual(["4"]);
    call(CALL.taken, { b: 4, e: 12_345 });
    expect(plain.said).toEqual([]);
    // One that stands in the order of calls has what comes first.
    const asked = show(100, 0);
    hear("abcdef");
    expect([plain.said, asked]).toEqual([["4 abcd"], ["2 ef"]]);
  });

  test("end with the stream", () => {
    const { v, show, hear, peer } = connected(lends);
    hear("ab");
    v.peerWinsock.shutdown(peer, SD_SEND);
    v.advance(10);
    expect([show(100, 0), show(100, 2), show(100, 0, 2)]).toEqual([["2 ab"], ["0"], ["0"]]);
  });
});

test("a ring whose bytes were lent is held no longer than until a receive has had them", () => {
  const { v, call, show, hear } = connected(true);
  hear("abcdefgh");
  show(100, 0);
  call(CALL.recv, { a: 100 });
  v.advance(5000);
  expect(v.rings?.count).toBe(0);
});

test("nothing is shown before there is a connection, and where receives must be seen or may not wait", () => {
  const { call, show, hear } = connected(false);
  const refused = [`error ${WSAEOPNOTSUPP}`];
  hear("abc");
  call(CALL.ioctlsocket, { a: FIONBIO, b: 1 });
  expect(show(100, 0)).toEqual(refused);
  call(CALL.ioctlsocket, { a: FIONBIO, b: 0 });
  call(CALL.setsockopt, { a: SOL_SOCKET, b: SO_RCVTIMEO, c: 4, data: Uint8Array.of(1, 0, 0, 0) });
  expect(show(100, 0)).toEqual(refused);
  const s = call(CALL.socket, { a: AF_INET, b: SOCK_STREAM }).value;
  expect(call(CALL.show, { s, a: 100 }).said).toEqual([`error ${WSAENOTCONN}`]);
});
