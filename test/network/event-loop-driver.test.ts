import { afterEach, expect, test } from "@jest/globals";
import { EventLoopDriver } from "../../src/network/event-loop-driver.ts";
import { RealClock } from "../../src/network/real-clock.ts";
import { parseV4 } from "../../src/stack/core/address.ts";
import { SeededRandom } from "../../src/stack/core/random.ts";
import { Host } from "../../src/stack/host/host.ts";
import { NOBODY } from "../../src/stack/tcp/notices.ts";
import { htonl, htons } from "../../src/winsock/abi/byte-order.ts";
import { AF_INET, IPPROTO_TCP, MAKEWORD, SOCK_STREAM } from "../../src/winsock/abi/constants.ts";
import { WSAECONNREFUSED } from "../../src/winsock/abi/errors.ts";
import { sizeof_sockaddr_in, sockaddrBytes } from "../../src/winsock/abi/structures.ts";
import { CALL, type CallReply, type CallRequest } from "../../src/winsock/provider/calls.ts";
import { Provider } from "../../src/winsock/provider/provider.ts";
import { MemoryWire } from "../../src/wire/memory-wire.ts";

const drivers: EventLoopDriver[] = [];
afterEach(() => {
  for (const driver of drivers.splice(0)) driver.stop();
});

function hostOnLoop(seed: number) {
  const host = new Host({ startMs: new RealClock().now(), random: new SeededRandom(seed) });
  const driver = new EventLoopDriver(host);
  drivers.push(driver);
  return { host, driver };
}

/** Two hosts on a wire, each with its driver; a program on ours, whose peer echoes on port 7. */
function program() {
  const wire = new MemoryWire();
  const ours = hostOnLoop(1);
  const peer = hostOnLoop(2);
  ours.host.attach(wire.device({ name: "ours" }), { address: parseV4("203.0.113.2"), prefixLength: 24 });
  peer.host.attach(wire.device({ name: "peer" }), { address: parseV4("203.0.113.1"), prefixLength: 24 });
  const listener = peer.host.tcp.listen({
    localPort: 7,
    backlog: 8,
    acceptable: () => {
      const accepted = listener.accept()!;
      const echo = () => {
        const bytes = new Uint8Array(accepted.readableBytes);
        accepted.read(bytes, 0, bytes.length);
        accepted.write(bytes, 0, bytes.length);
      };
      accepted.user = { ...NOBODY, readable: echo, endOfStream: () => accepted.close(false) };
    },
  });
  const handler = ours.driver.timed(new Provider(ours.host));
  handler.openClient(1);
  let lastId = 0;
  const call = (op: number, fields: Partial<CallRequest> = {}): Promise<CallReply> =>
    new Promise((resolve) => {
      const request = { s: 0, a: 0, b: 0, c: 0, data: null, ...fields, op, id: ++lastId };
      handler.call(1, request, (reply) => resolve({ ...reply, data: reply.data?.slice() ?? null }));
    });
  const connect = async (port: number) => {
    await call(CALL.startup, { a: MAKEWORD(2, 2) });
    const { result: s } = await call(CALL.socket, { a: AF_INET, b: SOCK_STREAM, c: IPPROTO_TCP });
    const name = { sin_family: AF_INET, sin_port: htons(port), sin_addr: { s_addr: htonl(parseV4("203.0.113.1").w3) } };
    const { error } = await call(CALL.connect, { s, data: sockaddrBytes(name), a: sizeof_sockaddr_in });
    return { s, error };
  };
  return { call, connect };
}

test("two hosts talk on the event loop, without a thread and without anybody who calls turn()", async () => {
  const { call, connect } = program();
  const { s, error } = await connect(7);
  expect(error).toBe(0);
  const text = new TextEncoder().encode("there and back");
  await call(CALL.send, { s, data: text });
  const reply = await call(CALL.recv, { s, a: 100 });
  expect(reply.data).toEqual(text);
  await call(CALL.closesocket, { s });
});

test("alarms go off: Windows' attempts to connect to a closed port come to their end", async () => {
  const { connect } = program();
  expect((await connect(9)).error).toBe(WSAECONNREFUSED);
});

test("an alarm set after a quiet time counts from the call, and comes though no frame does", async () => {
  const { host, driver } = hostOnLoop(3);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const quietSinceMs = host.context.now;
  driver.enter();
  const setAtMs = host.context.now;
  const rangAtMs = await new Promise<number>((resolve) => {
    const alarm = host.timers.timer(
      "alarm",
      () => "test",
      () => resolve(host.context.now),
    );
    alarm.set(15);
  });
  expect(setAtMs).toBeGreaterThan(quietSinceMs);
  expect(rangAtMs - setAtMs).toBeGreaterThanOrEqual(15);
});

test("a host has no turns after stop()", async () => {
  const { host, driver } = hostOnLoop(4);
  const alarm = host.timers.timer(
    "alarm",
    () => "test",
    () => {},
  );
  driver.enter();
  alarm.set(0);
  driver.stop();
  host.context.requestTurn();
  driver.enter();
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(alarm.isPending).toBe(true);
});
