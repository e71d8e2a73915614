/** Frames of the infrared medium, from the trace of a real host in virtual time: as rungs of the ladder, and in a file for Wireshark. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { InfraredCall } from "../../src/irda/infrared-station.ts";
import { lapFrameBytes } from "../../src/irda/irlap-frame.ts";
import { Ladder, type LadderOptions } from "../../src/lab/ladder.ts";
import { eventOf } from "../../src/lab/trace-stream.ts";
import { readTraceRecord, traceRecord } from "../../src/management/trace-record.ts";
import type { TraceEvent } from "../../src/stack/core/trace.ts";
import { CaptureDevice } from "../../src/wire/capture-device.ts";
import { MemoryWire } from "../../src/wire/memory-wire.ts";
import { End, PHONE, PRINTER } from "../support/infrared-room.ts";
import { connectIrda, devicesAround, InfraredWinsock, irdaListener, irdaStream, OTHER_LAPTOP } from "../support/infrared-winsock.ts";

function watched(act: (v: InfraredWinsock) => void): TraceEvent[] {
  const v = new InfraredWinsock();
  const events: TraceEvent[] = [];
  v.ours.trace.subscribe((event) => events.push("bytes" in event ? { ...event, bytes: event.bytes.slice() } : event));
  act(v);
  return events;
}

function echo(v: InfraredWinsock): void {
  const s = irdaStream(v.winsock);
  connectIrda(v.winsock, s, PHONE, "Echo");
  v.winsock.send(s, new TextEncoder().encode("hello"), 5, 0);
  v.winsock.recv(s, new Uint8Array(10), 10, 0);
  v.winsock.closesocket(s);
  v.simulation.advance(5000);
}

function drawn(events: readonly TraceEvent[], options: Partial<LadderOptions> = {}): string[] {
  const lines: string[] = [];
  const ladder = new Ladder({ write: (line) => lines.push(line), ...options });
  for (const event of events) ladder.event(event);
  ladder.pause();
  return lines;
}

/** What stands on the arrows, with their direction. */
const rungs = (lines: readonly string[]): string[] =>
  lines.filter((line) => /[▶◀]/.test(line)).map((line) => (line.includes("▶") ? "→ " : "← ") + /─ (.*?) ─/.exec(line)?.[1]);

describe("the ladder of infrared", () => {
  test("draws a connection from SNRM to DISC, with what IAS, IrLMP and TinyTP say in it", () => {
    const lines = drawn(watched(echo));
    expect(lines.filter((line) => line.includes("seconds"))).toEqual([expect.stringMatching(/tapsock 00000777 +peer 0a0b0c0d$/)]);
    expect(rungs(lines).map((rung) => rung.replace(/link \w\w/, "link"))).toEqual([
      "→ SNRM, link",
      "← UA 115200 bit/s, 2048 bytes, window 7",
      "→ I ns=0 nr=0 P LM-Connect 10→00",
      "← I ns=0 nr=1 F LM-Confirm 00→10",
      "→ I ns=1 nr=1 P IAS Echo IrDA:TinyTP:LsapSel?",
      "← I ns=1 nr=2 F IAS = 16",
      "→ I ns=2 nr=2 LM-Disconnect (user request) 10→00",
      "→ I ns=3 nr=2 P LM-Connect credit=16 10→10",
      "← I ns=2 nr=4 F LM-Confirm credit=16 10→10",
      "→ RR nr=3 P",
      "→ I ns=4 nr=3 P TinyTP 10→10 len=5",
      "← I ns=3 nr=5 F TinyTP 10→10 len=5 credit=1",
      "→ RR nr=4 P",
      "→ I ns=5 nr=4 P LM-Disconnect (user request) 10→10",
      "← RR nr=6 F",
      "→ DISC",
      "← UA",
    ]);
    expect(lines.join("\n")).toContain('connect(s=4, "Echo" of');
    expect(lines.join("\n")).toContain("⇒ Connected: the service was asked for by its name");
    expect(new Set(lines.filter((line) => line.includes("│")).map((line) => line.length))).toEqual(new Set([100]));
  });

  test("draws idle polls and alarms only where all is to be seen", () => {
    const events = watched(echo);
    expect(drawn(events).join("\n")).not.toContain("timer");
    expect(drawn(events, { detailed: true }).join("\n")).toContain("irlap timer set");
    expect(rungs(drawn(events)).filter((rung) => rung.includes("RR")).length).toBeLessThan(6);
    expect(rungs(drawn(events, { detailed: true })).filter((rung) => rung.includes("RR")).length).toBeGreaterThan(50);
  });

  test("draws a discovery between us and everybody, who answers in slots", () => {
    const lines = drawn(watched((v) => devicesAround(v.winsock, irdaStream(v.winsock))));
    expect(lines.filter((line) => line.includes("seconds"))).toEqual([expect.stringMatching(/tapsock 00000777 +peer everybody in sight$/)]);
    const all = rungs(lines);
    expect(all.slice(0, 1)).toEqual(["→ XID slot 0 of 8"]);
    expect(all).toContain('← XID response "phone" of 0a0b0c0d');
    expect(all).toContain('← XID response "printer" of 11223344');
    expect(all.at(-1)).toBe('→ XID that was all: "laptop"');
  });

  test("leaves out what others say to each other, and shows one peer alone where that is wanted", () => {
    const events = watched((v) => {
      devicesAround(v.winsock, irdaStream(v.winsock));
      irdaListener(v.winsock, "Chat");
      const call = v.medium.station(OTHER_LAPTOP)!.connect(PHONE, "Echo", false, new End()) as InfraredCall;
      v.simulation.advance(5000);
      call.close();
      v.simulation.advance(20_000);
      connectIrda(v.winsock, irdaStream(v.winsock), PRINTER, "Fax");
    });
    const isOther = (event: TraceEvent): boolean => event.type === "infrared-frame" && event.direction === "in";
    expect(events.filter(isOther).length).toBeGreaterThan(20);
    expect(rungs(drawn(events)).join("\n")).not.toContain("Echo");
    expect(rungs(drawn(events)).at(-1)).toContain("LM-Disconnect (user request)");
    const printer = rungs(drawn(events, { peer: "11223344" }));
    expect(printer).toContain("← I ns=1 nr=2 F IAS no class");
    expect(printer.join("\n")).not.toContain("of 0a0b0c0d");
    expect(rungs(drawn(events, { peer: "203.0.113.1" }))).toEqual([]);
  });

  test("says what a damaged or cut frame is, and draws frames of a link whose beginning nobody saw", () => {
    const events = watched(echo).filter((event) => event.type === "infrared-frame");
    const [first] = events;
    const damaged = drawn([{ ...first!, bytes: Uint8Array.of(1, 2, 3) } as TraceEvent]);
    expect(rungs(damaged)).toEqual(["→ damaged frame, 3 bytes"]);
    expect(rungs(drawn(events.slice(2)))[0]).toBe("→ I ns=0 nr=0 P LM-Connect 10→00");
  });

  test("draws the same of the events as another process gets them", () => {
    const events = watched(echo);
    const sent = events.map((event) => eventOf(readTraceRecord(new TextEncoder().encode(JSON.stringify(traceRecord(event, 0))))));
    expect(drawn(sent)).toEqual(drawn(events));
  });
});

test("whatever bytes a frame has, the ladder draws printable lines of its own width", () => {
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc
      .tuple(
        fc.constantFrom(0, 0x10, 0x80, 0x90),
        fc.constantFrom(0, 0x10),
        fc.constantFrom(0x84, 1, 0x81, 2, 3),
        fc.uint8Array({ maxLength: 60 }),
      )
      .map(([to, from, first, rest]) => Uint8Array.of(to, from, first, ...rest)),
    // What a device says of itself.
    fc.uint8Array({ minLength: 4, maxLength: 30 }).map((rest) => Uint8Array.of(1, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 2, 0xff, 0, ...rest)),
  );
  const kinds = ["i", "rr", "rnr", "snrm", "ua", "disc", "xidCommand", "xidResponse"] as const;
  const whole = fc
    .record({
      address: fc.nat(127),
      kind: fc.constantFrom(...kinds),
      isCommand: fc.boolean(),
      isFinal: fc.boolean(),
      nr: fc.nat(7),
      ns: fc.nat(7),
      body,
    })
    .map(lapFrameBytes);
  const events = fc.array(fc.tuple(fc.oneof(whole, fc.uint8Array({ maxLength: 40 })), fc.constantFrom("in" as const, "out" as const)), {
    maxLength: 30,
  });
  fc.assert(
    fc.property(events, (frames) => {
      const lines = drawn(
        frames.map(([bytes, direction], i) => ({ type: "infrared-frame", number: i, atMs: i, direction, device: "irda0", bytes })),
      );
      for (const line of lines) expect(line).toMatch(/^[\x20-\x7e\xa0-\uffff]{1,100}$/);
    }),
    { numRuns: 300 },
  );
});

const hasTshark = spawnSync("tshark", ["--version"]).status === 0;

describe("a capture", () => {
  function captured(infrared: boolean): Uint8Array {
    const v = new InfraredWinsock();
    const blocks: Uint8Array[] = [];
    const device = new CaptureDevice(new MemoryWire().device({ name: "wire0" }), { time: v.ours.context, epochOffsetMs: 0 });
    device.start({ sink: (block) => void blocks.push(block), trace: v.ours.trace, infrared });
    devicesAround(v.winsock, irdaStream(v.winsock));
    echo(v);
    v.winsock.send(irdaStream(v.winsock), new Uint8Array(1), 1, 0);
    device.stop();
    return Buffer.concat(blocks);
  }

  test("has no infrared frames where they are not wanted", () => {
    expect(captured(false).length).toBeLessThan(1000);
    expect(captured(true).length).toBeGreaterThan(5000);
  });

  (hasTshark ? test : test.skip)("is dissected by tshark down to IAS and TinyTP, with its verdicts as comments", () => {
    const folder = mkdtempSync(join(tmpdir(), "tapsock-infrared-"));
    try {
      const file = join(folder, "x.pcapng");
      writeFileSync(file, captured(true));
      const columns = 'gui.column.format:"P","%p","I","%i","C","%Cus:frame.comment"';
      const read = execFileSync("tshark", ["-n", "-r", file, "-o", columns], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
      const lines = read.split("\n").map((line) => line.trim());
      expect(lines).toContain('IrLAP U F, func=XID, "phone"');
      expect(lines).toContain('IAP GetValueByClass: "Echo" "IrDA:TinyTP:LsapSel"');
      expect(lines).toContain("IAP Result: Success, Integer: 16");
      expect(lines).toContain("IrLMP 16 > 16, Connect Confirm connect: 0");
      expect(lines).toContain("IrLAP U P, func=DISC");
      expect(read).not.toMatch(/malformed|unknown/i);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
