import { expect, test } from "@jest/globals";
import { parseAddress } from "../../../src/stack/core/address.ts";
import { SeededRandom } from "../../../src/stack/core/random.ts";
import { Host } from "../../../src/stack/host/host.ts";
import { MemoryWire } from "../../../src/wire/memory-wire.ts";

function setUp() {
  const host = new Host({ random: new SeededRandom(1) });
  const eth = host.attach(new MemoryWire().device({ name: "eth0" }), { address: parseAddress("203.0.113.2"), prefixLength: 24 });
  host.turn(0);
  let count = 0;
  const end = host.ip.watchWays(() => count++);
  host.turn(1);
  let wanted = 0;
  host.onTurnRequested = () => wanted++;
  return { host, eth, end, told: () => count, wanted: () => wanted };
}

test("whoever watches ways hears of what changed between two turns once, in the next, which is asked for", () => {
  const { host, eth, told, wanted } = setUp();
  expect(told()).toBeLessThanOrEqual(1);
  const before = told();
  host.ip.addAddress(eth, parseAddress("203.0.113.3"), 24);
  host.ip.addRoute({ destination: parseAddress("198.51.100.0"), prefixLength: 24, gateway: parseAddress("203.0.113.1") });
  expect([told() - before, wanted()]).toEqual([0, 1]);
  host.turn(2);
  expect(told() - before).toBe(1);
  host.turn(3);
  expect(told() - before).toBe(1);
  host.ip.routes.remove(parseAddress("198.51.100.0"), 24);
  host.turn(4);
  expect(told() - before).toBe(2);
});

test("whoever has ended it hears nothing, and no turn is asked for without watchers", () => {
  const { host, eth, end, told, wanted } = setUp();
  const before = told();
  end();
  host.ip.addAddress(eth, parseAddress("2001:db8::3"), 64);
  expect(wanted()).toBe(0);
  host.turn(2);
  expect(told()).toBe(before);
});

test("a watcher that trips costs the others nothing, and one that another has ended hears nothing more", () => {
  const mistakes: unknown[] = [];
  const host = new Host({ random: new SeededRandom(1), onMistake: (error) => mistakes.push(error) });
  host.turn(0);
  const heard: string[] = [];
  host.ip.watchWays(() => {
    endLast();
    heard.push("first");
    throw new Error("tripped");
  });
  host.ip.watchWays(() => heard.push("second"));
  const endLast = host.ip.watchWays(() => heard.push("last"));
  host.attach(new MemoryWire().device({ name: "eth0" }), { address: parseAddress("203.0.113.2"), prefixLength: 24 });
  host.turn(1);
  expect(heard).toEqual(["first", "second"]);
  expect(mistakes).toEqual([new Error("tripped")]);
});
