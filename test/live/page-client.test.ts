import { afterEach, describe, expect, test } from "@jest/globals";
import { PAGE_CLIENT_LIMITS } from "../../src/live/page-client.ts";
import { readRunEvent } from "../../src/run/run-event-json.ts";
import { readRunFile } from "../../src/run/run-file.ts";
import { PageOfTest } from "./page-of-test.ts";

const INFO = { checksumStart: 0, checksumOffset: 0, checksumVerified: false, gsoType: 0, gsoSize: 0, headerLength: 0 };
const frame = (number: number) => ({
  ...{ type: "frame", number, atMs: 1000 + number, direction: "out", device: "tap0", info: INFO },
  ...{ base64: "AQID", bytes: 60 },
});
const closed = (connection: number) => ({ type: "connection-closed", number: connection, atMs: 1000 + connection, connection });

let pages: PageOfTest[] = [];
afterEach(async () => {
  for (const page of pages) await page.close();
  pages = [];
});
async function start(...given: Parameters<typeof PageOfTest.start>): Promise<PageOfTest> {
  const page = await PageOfTest.start(...given);
  pages.push(page);
  return page;
}
async function opened(page: PageOfTest, as: "owner" | "reader" = "owner") {
  const visitor = page.visit(as);
  await visitor.until(() => visitor.of("clock").length > 0);
  return visitor;
}

describe("a page", () => {
  test("is told first whose run it is, then what happens, on the run's time", async () => {
    const page = await start();
    const visitor = await opened(page);
    page.host.say(frame(1), { type: "waits-changed", number: 2, atMs: 1010, connection: 1, reason: "timer", untilMs: 1500 });
    await visitor.until(() => visitor.events.length === 2);
    expect(visitor.messages[0]).toMatchObject({
      type: "opened",
      header: { kind: "live", hosts: [{ name: "tapsock", addresses: ["203.0.113.2"], profile: "windows", isTraced: true }] },
      abilities: { controlsTime: false, faults: true, connects: true, saves: true },
    });
    expect(readRunEvent(visitor.events[0])).toMatchObject({
      type: "frame",
      host: "tapsock",
      atMs: 1,
      length: 60,
      bytes: Uint8Array.of(1, 2, 3),
    });
    expect(visitor.events[1]).toMatchObject({ atMs: 10, untilMs: 500 });
  });

  test("that comes later sees what was before", async () => {
    const page = await start();
    const first = await opened(page);
    page.host.say(frame(1), frame(2), frame(3));
    await first.until(() => first.events.length === 3);
    const second = await opened(page);
    await second.until(() => second.events.length === 3);
    expect(second.events).toEqual(first.events);
    expect(page.host.ports).toHaveLength(1);
  });

  test("asks for tables, faults and the run as a file", async () => {
    const page = await start();
    const visitor = await opened(page);
    expect(await visitor.ask({ type: "tables", host: "tapsock" })).toMatchObject({
      type: "answered",
      value: {
        interfaces: [{ name: "tap0", addresses: ["203.0.113.2/24"] }],
        routes: [{ gateway: "203.0.113.1" }],
        drops: { "tcp-bad-checksum": 2 },
      },
    });
    await visitor.ask({ type: "impair", host: "tapsock", direction: "out", settings: { loss: 0.1 } });
    await visitor.until(() => visitor.events.length === 1);
    expect(visitor.events[0]).toMatchObject({ type: "faults-changed", device: "tap0", faults: { in: [], out: ["loss 10 %"], picks: [] } });
    await visitor.ask({ type: "clear-faults" });
    await visitor.until(() => visitor.events.length === 2);
    expect(visitor.events[1]).toMatchObject({ faults: { out: [] } });
    const saved = await visitor.ask({ type: "save" });
    expect(readRunFile((saved as { value: string }).value)).toMatchObject({ header: { kind: "live" }, events: [{}, {}], faultCount: 0 });
  });

  test("is told at once when a pick has taken its frame", async () => {
    const page = await start({ faultsMs: 3_600_000 });
    const visitor = await opened(page);
    await visitor.ask({ type: "impair", host: "tapsock", direction: "out", settings: { loss: 0.1 } });
    await visitor.until(() => visitor.events.length === 1);
    page.host.loss = 0;
    const impaired = { type: "frame-impaired", direction: "in", device: "tap0", fate: "picked", base64: "AQID", bytes: 60 };
    page.host.say({ ...impaired, number: 1, atMs: 1100 });
    await visitor.until(() => visitor.events.length === 3);
    expect(visitor.events[2]).toMatchObject({ type: "faults-changed", faults: { in: [], out: [], picks: [] } });
  });

  test("lets frames pass before a pick, and picks one segment again", async () => {
    const page = await start();
    const visitor = await opened(page);
    const pick = { match: "tcp", action: "drop", direction: "out", count: 1, skip: 1, sequence: 4_294_967_295, port: 80 };
    expect(await visitor.ask({ type: "pick", host: "tapsock", pick })).toMatchObject({ type: "answered" });
    expect(page.host.asked.at(-1)).toMatchObject({ op: "fault-pick", ...pick });
  });

  test.each([
    ["what a simulation can", { type: "step", to: "frame" }, /a host that runs by itself knows no "step"/],
    ["a setting out of bounds", { type: "impair", host: "h", direction: "out", settings: { loss: 2 } }, /^Cannot do that: settings.loss/],
    ["a setting that there is not", { type: "impair", host: "h", direction: "out", settings: { magic: 1 } }, /magic/],
    ["what nobody knows", { type: "shutdown" }, /not a request that a host knows/],
    ["a pick of no kind", { type: "pick", host: "h", pick: { match: "all", action: "drop" } }, /pick.match/],
  ])("is refused %s, in words", async (_what, request, sentence) => {
    const visitor = await opened(await start());
    expect(await visitor.ask(request)).toMatchObject({ type: "refused", problem: expect.stringMatching(sentence) });
  });

  test("of a reader changes nothing", async () => {
    const page = await start();
    const reader = await opened(page, "reader");
    expect(reader.of("opened")[0]!.abilities).toMatchObject({ faults: false, connects: false, saves: true });
    for (const request of [
      { type: "impair", host: "tapsock", direction: "out", settings: { loss: 1 } },
      { type: "pick", host: "tapsock", pick: { match: "syn", action: "drop" } },
      { type: "clear-faults" },
      { type: "connect", host: "tapsock", address: "203.0.113.1", port: 80 },
    ]) {
      expect(await reader.ask(request)).toMatchObject({ type: "refused", problem: expect.stringMatching(/reader's address/) });
    }
    expect((await reader.ask({ type: "tables", host: "tapsock" })).type).toBe("answered");
    const changes = page.host.asked.filter(
      ({ op }) => op !== "status" && op !== "feed-start" && op !== "fault-list" && op !== "route-list",
    );
    expect(changes).toEqual([]);
    expect(page.host.ports).toHaveLength(1);
  });

  test.each([
    ["no JSON", "{", 1008],
    ["JSON without a number", '{"type":"save"}', 1008],
    ["nothing", "", 1008],
    ["bytes", Buffer.from([1, 2, 3]), 1008],
    ["more than a message may be", JSON.stringify({ id: 1, type: "run-program", host: "h", title: "t", source: "x".repeat(70_000) }), 1009],
  ])("that sends %s is shown out", async (_what, message, code) => {
    const page = await start();
    const [rude, other] = [await opened(page), await opened(page)];
    rude.socket.send(message);
    await rude.until(() => rude.closeCode !== undefined);
    expect(rude.closeCode).toBe(code);
    expect((await other.ask({ type: "tables", host: "tapsock" })).type).toBe("answered");
  });

  test("that asks too often is refused, and in the end shown out", async () => {
    const page = await start({}, { ...PAGE_CLIENT_LIMITS, requests: 5, requestsPerSecond: 0.001 });
    const visitor = await opened(page);
    for (let id = 1; id <= 20; id++) visitor.socket.send(JSON.stringify({ id, type: "tables", host: "tapsock" }));
    await visitor.until(() => visitor.of("refused").length === 15);
    expect(visitor.of("refused")[0]!.problem).toContain("too much was asked");
    expect(visitor.of("answered")).toHaveLength(5);
    for (let id = 100; id <= 400; id++) visitor.socket.send(JSON.stringify({ id, type: "tables", host: "tapsock" }));
    await visitor.until(() => visitor.closeCode !== undefined);
    expect(visitor.closeCode).toBe(1008);
  });

  test("that is far behind goes on near the end, and is told how much it missed", async () => {
    const page = await start({}, { ...PAGE_CLIENT_LIMITS, behindEvents: 100 });
    const visitor = await opened(page);
    page.host.say(...Array.from({ length: 1000 }, (_, i) => (i % 2 === 0 ? frame(i + 1) : closed(i + 1))));
    await visitor.until(() => visitor.events.at(-1)?.["number"] === 1000);
    const [leftOut, ...shown] = visitor.events;
    expect(leftOut).toMatchObject({ type: "left-out", events: 950, frames: 475, bytes: 475 * 60, forMs: 950 });
    expect(shown).toHaveLength(50);
    expect(shown[0]!["number"]).toBe(951);
  });

  test("sums of what the host left out count for what they stand for", async () => {
    const page = await start({}, { ...PAGE_CLIENT_LIMITS, behindEvents: 10 });
    const visitor = await opened(page);
    const leftOut = { type: "left-out", number: 0, atMs: 1001, events: 5000, frames: 700, bytes: 1e6, forMs: 150 };
    page.host.say(leftOut, ...Array.from({ length: 20 }, (_, i) => closed(i + 1)));
    await visitor.until(() => visitor.events.at(-1)?.["number"] === 20);
    expect(visitor.events[0]).toMatchObject({ type: "left-out", events: 5000 + 15, frames: 700, bytes: 1e6 });
  });

  test("hears that the host is gone, and of its new run when it is back", async () => {
    const page = await start();
    const visitor = await opened(page);
    page.host.say(frame(1));
    page.host.goDown();
    await visitor.until(() => visitor.of("clock").at(-1)?.state === "ended" && visitor.events.length === 2);
    expect(visitor.events[1]).toMatchObject({ type: "noted", text: "The host is gone: it was killed." });
    expect(await visitor.ask({ type: "tables", host: "tapsock" })).toMatchObject({ problem: "Cannot do that: the host is not there." });
    expect((await visitor.ask({ type: "save" })).type).toBe("answered");
    page.host.isThere = true;
    await visitor.until(() => visitor.of("opened").length === 2);
    page.host.say(closed(1));
    await visitor.until(() => visitor.events.length === 3);
    expect(visitor.of("clock").at(-1)!.state).toBe("running");
  });

  test("that comes before the host waits for it", async () => {
    const page = await start();
    page.host.isThere = false;
    const visitor = page.visit();
    await visitor.until(() => visitor.socket.readyState === visitor.socket.OPEN);
    page.host.isThere = true;
    await visitor.until(() => visitor.of("opened").length === 1);
  });

  test("that was the last lets the host go; a new one begins a new run", async () => {
    const page = await start();
    const visitor = await opened(page);
    page.host.say(frame(1));
    await visitor.until(() => visitor.events.length === 1);
    visitor.socket.close();
    await visitor.until(() => page.host.ports[0]!.isClosed);
    const next = await opened(page);
    expect(page.host.ports).toHaveLength(2);
    expect(next.events).toEqual([]);
  });

  test("is told of events that were lost on their way", async () => {
    const page = await start();
    const visitor = await opened(page);
    page.host.ports[0]!.onEvent!(1, 7, new TextEncoder().encode(JSON.stringify(closed(1))));
    await visitor.until(() => visitor.events.length === 2);
    expect(visitor.events[0]).toMatchObject({ type: "noted", text: "7 events were lost on their way from the host." });
  });
});
