import { describe, expect, test } from "@jest/globals";
import { SeededRandom } from "../../../src/stack/core/random.ts";
import { Host } from "../../../src/stack/host/host.ts";
import { AF_INET, AF_INET6, AF_IRDA, AF_UNSPEC, AI_CANONNAME, AI_PASSIVE } from "../../../src/winsock/abi/constants.ts";
import {
  WSA_NOT_ENOUGH_MEMORY,
  WSAEAFNOSUPPORT,
  WSAEFAULT,
  WSAEINTR,
  WSAHOST_NOT_FOUND,
  WSANOTINITIALISED,
} from "../../../src/winsock/abi/errors.ts";
import { nameLength } from "../../../src/winsock/abi/socket-address-text.ts";
import { sockaddrBytes } from "../../../src/winsock/abi/structures.ts";
import { callText } from "../../../src/winsock/provider/call-text.ts";
import { CALL, type CallReply, type CallRequest } from "../../../src/winsock/provider/calls.ts";
import type { ProviderLimits } from "../../../src/winsock/provider/limits.ts";
import { asciiBytes, decodeAddresses } from "../../../src/winsock/provider/name-reply.ts";
import { Provider } from "../../../src/winsock/provider/provider.ts";
import { address } from "../../support/virtual-winsock.ts";
import { namesRig } from "../../support/winsock-names.ts";

/** A program that makes calls as records, on a host whose name server says nothing until told otherwise. */
function program(limits: Partial<ProviderLimits> = {}, isStarted = true) {
  const { v, server } = namesRig();
  const { answer } = server;
  server.answer = () => undefined;
  const provider = new Provider(v.ours, limits);
  const { client } = v.blockingPort(provider);
  let lastId = 0;
  const call = (op: number, fields: Partial<CallRequest> = {}): { readonly id: number; readonly replies: CallReply[] } => {
    const id = ++lastId;
    const replies: CallReply[] = [];
    const copy = (reply: CallReply) => ({ ...reply, data: reply.data?.slice() ?? null });
    provider.call(client, { id, op, s: 0, a: 0, b: 0, c: 0, data: null, ...fields }, (reply) => replies.push(copy(reply)));
    return { id, replies };
  };
  if (isStarted) call(CALL.startup, { a: 0x0202 });
  const lookUp = (name: string, a = AF_INET) => call(CALL.getaddrinfo, { a, data: asciiBytes(name) });
  const speak = () => {
    server.answer = answer;
  };
  return { v, provider, client, call, lookUp, speak };
}

const WAITS: readonly (readonly [string, (p: ReturnType<typeof program>) => { readonly id: number; readonly replies: CallReply[] }])[] = [
  ["getaddrinfo", (p) => p.lookUp("www.example")],
  ["getnameinfo", (p) => p.call(CALL.getnameinfo, { data: sockaddrBytes(address("198.51.100.80", 0)) })],
];

describe.each(WAITS)("%s that waits for a name server", (_name, begin) => {
  test("is answered when the server answers", () => {
    const p = program();
    const waiting = begin(p);
    p.v.advance(900);
    expect([waiting.replies, p.provider.usage.pendingCalls]).toEqual([[], 1]);
    p.speak();
    p.v.advance(5000);
    expect(waiting.replies).toMatchObject([{ id: waiting.id, error: 0 }]);
    expect(p.provider.usage).toMatchObject({ pendingCalls: 0, waitingBytes: 0 });
  });

  test("ends with WSAEINTR at WSACleanup, and nobody asks the server any more", () => {
    const p = program();
    const { replies } = begin(p);
    p.call(CALL.cleanup);
    expect(replies).toMatchObject([{ error: WSAEINTR }]);
    expect([p.v.ours.dns.status().waiting, p.provider.usage.waitingBytes]).toEqual([0, 0]);
    p.speak();
    p.v.advance(10_000);
    expect(replies).toHaveLength(1);
  });

  test("ends with WSAEINTR when it is cancelled", () => {
    const p = program();
    const { id, replies } = begin(p);
    p.call(CALL.cancel, { a: id });
    expect(replies).toMatchObject([{ error: WSAEINTR }]);
    expect(p.v.ours.dns.status().waiting).toBe(0);
  });

  test("ends with its program, without an answer", () => {
    const p = program();
    const { replies } = begin(p);
    p.provider.closeClient(p.client);
    expect(p.v.ours.dns.status().waiting).toBe(0);
    p.speak();
    p.v.advance(10_000);
    expect(replies).toEqual([]);
  });

  test("stays waiting while its program does not take its replies", () => {
    const p = program();
    p.speak();
    p.provider.hold(p.client, true);
    const { replies } = begin(p);
    p.v.advance(10_000);
    expect(replies).toEqual([]);
    p.provider.hold(p.client, false);
    expect(replies).toMatchObject([{ error: 0 }]);
  });

  test("counts what it may have to keep: the one too many is WSA_NOT_ENOUGH_MEMORY", () => {
    const p = program({ waitingBytes: 40_000 });
    const all = [begin(p), begin(p), begin(p)];
    expect(all.map(({ replies }) => replies.map(({ error }) => error))).toEqual([[], [], [WSA_NOT_ENOUGH_MEMORY]]);
  });
});

describe("an answer", () => {
  test("has no more than 256 addresses and 32 aliases", () => {
    const p = program();
    const names = Array.from({ length: 99 }, (_, i) => `alias${i}`).join(" ");
    p.v.ours.dns.setHosts(Array.from({ length: 300 }, (_, i) => `10.0.${i >> 8}.${i & 255} many.lan ${names}`).join("\n"));
    const [{ result, data, a } = { result: 0, data: null, a: 0 }] = p.lookUp("many.lan").replies;
    const { addresses, aliases } = decodeAddresses(data!, a, nameLength);
    expect([result, addresses.length, aliases.length]).toEqual([256, 256, 32]);
  });

  test("comes at once where the host knows it", () => {
    const p = program();
    expect(p.call(CALL.gethostname).replies).toMatchObject([{ error: 0, data: asciiBytes("tapsock") }]);
    expect(p.lookUp("localhost").replies).toMatchObject([{ result: 1 }]);
    expect(p.call(CALL.getaddrinfo, { b: AI_PASSIVE }).replies).toMatchObject([{ result: 2, a: 44 }]);
  });
});

describe("what is no question", () => {
  test.each<[string, number, Partial<CallRequest>, number]>([
    ["a name as long as a page", CALL.getaddrinfo, { data: new Uint8Array(100_000).fill(97) }, WSAHOST_NOT_FOUND],
    ["a name of noise", CALL.getaddrinfo, { data: Uint8Array.from({ length: 256 }, (_, i) => i) }, WSAHOST_NOT_FOUND],
    ["a family that is none", CALL.getaddrinfo, { a: 99, data: asciiBytes("localhost") }, WSAEAFNOSUPPORT],
    ["a family without names in DNS", CALL.getaddrinfo, { a: AF_IRDA }, WSAEAFNOSUPPORT],
    ["no address", CALL.getnameinfo, {}, WSAEFAULT],
    ["half a family", CALL.getnameinfo, { data: Uint8Array.of(2) }, WSAEFAULT],
    ["half an address", CALL.getnameinfo, { data: Uint8Array.of(AF_INET6, 0, 0, 0, 0) }, WSAEFAULT],
    ["an address of no family", CALL.getnameinfo, { data: new Uint8Array(28) }, WSAEAFNOSUPPORT],
  ])("%s", (_what, op, fields, error) => {
    expect(program().call(op, fields).replies).toMatchObject([{ error }]);
  });

  test("before WSAStartup", () => {
    const p = program({}, false);
    for (const op of [CALL.getaddrinfo, CALL.getnameinfo, CALL.gethostname]) {
      expect(p.call(op, { data: asciiBytes("localhost") }).replies).toMatchObject([{ error: WSANOTINITIALISED }]);
    }
  });
});

test("in the trace it stands as a C programmer would write it", () => {
  const text = (op: number, fields: Partial<CallRequest>) => callText({ id: 1, op, s: 0, a: 0, b: 0, c: 0, data: null, ...fields });
  expect(text(CALL.getaddrinfo, { a: AF_INET, b: AI_CANONNAME, data: asciiBytes("www.example") })).toBe(
    'getaddrinfo("www.example", AF_INET, AI_CANONNAME)',
  );
  expect(text(CALL.getaddrinfo, { a: AF_UNSPEC })).toBe("getaddrinfo(NULL, AF_UNSPEC, 0)");
  expect(text(CALL.getnameinfo, { data: sockaddrBytes(address("198.51.100.80", 25)) })).toBe("getnameinfo(198.51.100.80:25)");
  expect(text(CALL.gethostname, {})).toBe("gethostname()");
});

test.each(["", "-a", "a-", "a b", "a.b", "a".repeat(64)])("a host cannot be called %j", (name) => {
  expect(() => new Host({ random: new SeededRandom(1), name })).toThrow("expected 1 to 63 letters, digits and hyphens");
});
