import { describe, expect, test } from "@jest/globals";
import { EphemeralPorts } from "../../../src/stack/core/ports.ts";
import { SeededRandom } from "../../../src/stack/core/random.ts";

describe("ephemeral ports", () => {
  test("[SEC-12] [UDP-08] spread over the whole range, both ends included (RFC 6056 §3.3.1)", () => {
    const ports = new EphemeralPorts(new SeededRandom(1), [50000, 50007]);
    const counts = new Map<number, number>();
    for (let i = 0; i < 800; i++) {
      const port = ports.choose(() => true);
      if (port !== undefined) counts.set(port, (counts.get(port) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual([50000, 50001, 50002, 50003, 50004, 50005, 50006, 50007]);
    for (const count of counts.values()) expect(count).toBeGreaterThan(60);
  });

  test("walk on from a taken port, and round the end of the range", () => {
    for (let seed = 0; seed < 50; seed++) {
      const ports = new EphemeralPorts(new SeededRandom(seed), [50000, 50007]);
      expect(ports.choose((port) => port === 50003)).toBe(50003);
    }
  });

  test("are undefined when none is free, after each was asked for once", () => {
    const asked: number[] = [];
    const ports = new EphemeralPorts(new SeededRandom(7), [50000, 50007]);
    const chosen = ports.choose((port) => {
      asked.push(port);
      return false;
    });
    expect(chosen).toBeUndefined();
    expect(asked.sort()).toEqual([50000, 50001, 50002, 50003, 50004, 50005, 50006, 50007]);
  });

  test("the last free one is found at the first look (RFC 6056 §3.3.1 walks the whole range)", () => {
    const ports = new EphemeralPorts(new SeededRandom(3), [49152, 65535]);
    for (let port = 49152; port <= 65535; port++) if (port !== 60000) ports.use(port, 1);
    let asked = 0;
    expect(ports.choose(() => ++asked > 0)).toBe(60000);
    expect(asked).toBe(1);
    ports.use(60000, 1);
    expect(ports.choose(() => ++asked > 0)).toBeUndefined();
    expect(asked).toBe(1);
    ports.use(50001, -1);
    expect(ports.choose(() => true)).toBe(50001);
  });

  test("those in TIME-WAIT come last, those in use never; a port with both is in use", () => {
    const ports = new EphemeralPorts(new SeededRandom(3), [50000, 50002]);
    ports.wait(50000, 1);
    ports.use(50001, 1);
    ports.wait(50001, 1);
    expect(ports.choose(() => true)).toBe(50002);
    ports.use(50002, 1);
    expect(ports.choose(() => true)).toBe(50000);
    expect(ports.hasWaiting).toBe(true);
    ports.wait(50000, -1);
    expect(ports.hasWaiting).toBe(false);
    ports.use(50001, -1);
    expect([ports.choose(() => true), ports.hasWaiting]).toEqual([50000, true]);
  });
});
