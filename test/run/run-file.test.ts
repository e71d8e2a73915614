import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { EVENT_SHAPES } from "../../src/run/event-shapes.ts";
import type { RunEvent, RunHeader } from "../../src/run/run-event.ts";
import { RunEventError, readRunEvent, runEventJson } from "../../src/run/run-event-json.ts";
import { looksLikeRunFile, RunFileError, readRunFile, runFileText, runHeaderLine } from "../../src/run/run-file.ts";
import { plainFrame } from "../../src/stack/core/frame-info.ts";
import { Endpoint, PEER_ADDRESS, TwoHosts } from "../support/two-hosts.ts";

const HEADER: RunHeader = {
  title: "A connect",
  kind: "live",
  madeBy: "tapsock 0.1.0",
  epochMs: 1_700_000_000_000,
  hosts: [{ name: "tapsock", title: "tapsock", addresses: ["203.0.113.2"], profile: "windows", isTraced: true }],
};

const FRAME: RunEvent = {
  type: "frame",
  host: "tapsock",
  number: 7,
  atMs: 12.5,
  cause: { kind: "call", number: 3 },
  direction: "out",
  device: "tap0",
  bytes: Uint8Array.of(1, 2, 255),
  length: 60,
  info: plainFrame(),
};

/** What a host tells of a connect and its refusal, all kinds of events that this has. */
function eventsOfConnect(): RunEvent[] {
  const hosts = new TwoHosts();
  const events: RunEvent[] = [];
  hosts.ours.trace.subscribe((event) => {
    if ("bytes" in event) events.push({ ...event, host: "ours", bytes: event.bytes.slice(), length: event.bytes.length } as RunEvent);
    else events.push({ ...event, host: "ours" });
  });
  const endpoint = new Endpoint();
  hosts.ours.tcp.open({ remote: PEER_ADDRESS, remotePort: 80, user: endpoint.user });
  hosts.simulation.run(() => endpoint.events.length > 0, 60_000);
  return events;
}

const throughJson = (event: RunEvent): RunEvent => readRunEvent(JSON.parse(JSON.stringify(runEventJson(event))));

describe("an event in JSON", () => {
  test("is the same event afterwards, frames with their bytes", () => {
    expect(throughJson(FRAME)).toEqual(FRAME);
    expect(runEventJson(FRAME)).toMatchObject({ base64: "AQL/", length: 60 });
    expect(runEventJson(FRAME)).not.toHaveProperty("bytes");
  });

  test("whatever a host tells of a connect", () => {
    const events = eventsOfConnect();
    expect(new Set(events.map(({ type }) => type)).size).toBeGreaterThan(6);
    for (const event of events) expect(throughJson(event)).toEqual(event);
  });

  test("that says less than its type wants is refused, the field named", () => {
    for (const [type, shape] of Object.entries(EVENT_SHAPES)) {
      for (const [field, kind] of Object.entries(shape)) {
        if (kind.endsWith("?")) continue;
        const whole = { type, host: "h", number: 0, atMs: 0, base64: "", length: 0, ...wholeFields(shape) };
        expect(readRunEvent(whole).type).toBe(type);
        expect(() => readRunEvent({ ...whole, [field]: undefined })).toThrow(new RegExp(`^${field} of `));
      }
    }
  });

  test.each([
    ["no object", 5, /expected an event/],
    ["a type that there is not", { type: "constructor" }, /no event of the type "constructor"/],
    ["a length below the bytes", { ...runEventJson(FRAME), length: 2 }, /length of "frame": expected 3 to/],
    ["a frame that is no base64", { ...runEventJson(FRAME), base64: "*" }, /base64 of "frame"/],
    ["a time that is none", { ...runEventJson(FRAME), atMs: "12" }, /atMs of "frame": expected a number/],
    ["a cause of no kind", { ...runEventJson(FRAME), cause: { kind: "magic", number: 1 } }, /cause of "frame"/],
  ])("that is %s is refused in words", (_what, value, sentence) => {
    expect(() => readRunEvent(value)).toThrow(sentence);
  });

  test("of anything at all is an event or a RunEventError", () => {
    const types = Object.keys(EVENT_SHAPES);
    const field = fc.oneof(fc.jsonValue(), fc.integer(), fc.string());
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.dictionary(fc.constantFrom(...allFields()), field), (type, fields) => {
        try {
          readRunEvent({ host: "h", number: 1, atMs: 1, ...fields, type });
        } catch (error) {
          expect(error).toBeInstanceOf(RunEventError);
        }
      }),
    );
  });
});

describe("a file of a run", () => {
  test("holds header, events and what else its header says", () => {
    const inputs = { seed: 7, lesson: "refused" };
    const file = readRunFile(runFileText(HEADER, [FRAME, FRAME], { inputs }));
    expect(file).toEqual({ header: HEADER, others: { inputs }, events: [FRAME, FRAME], faults: [], faultCount: 0 });
    expect(JSON.parse(runHeaderLine(HEADER))).toMatchObject({ format: "tapsock-run", formatVersion: 1 });
  });

  test("is known by its beginning", () => {
    expect(looksLikeRunFile(new TextEncoder().encode(runFileText(HEADER, [])))).toBe(true);
    expect(looksLikeRunFile(new TextEncoder().encode('{"format":"other"}\n'))).toBe(false);
    expect(looksLikeRunFile(Uint8Array.of(0x0a, 0x0d, 0x0d, 0x0a))).toBe(false);
  });

  test("whose writer was killed lacks its last line, which is named", () => {
    const text = runFileText(HEADER, [FRAME, FRAME]);
    const file = readRunFile(text.slice(0, -10));
    expect(file.events).toHaveLength(1);
    expect(file.faults).toEqual([{ line: 3, problem: "it is no whole line of JSON" }]);
  });

  test("with lines of another version has the others, and counts what it passed over", () => {
    const strange = `${JSON.stringify({ type: "teleported", host: "tapsock", number: 1, atMs: 1 })}\n`;
    const file = readRunFile(`${runHeaderLine(HEADER)}${strange.repeat(50)}\n${runFileText(HEADER, [FRAME]).split("\n")[1]}\n`);
    expect(file.events).toEqual([FRAME]);
    expect(file.faultCount).toBe(50);
    expect(file.faults.length).toBeLessThan(50);
    expect(file.faults[0]).toEqual({ line: 2, problem: 'there is no event of the type "teleported"' });
  });

  test.each([
    ["nothing", "", /line 1: it is no JSON/],
    ["JSON of something else", '{"a":1}\n', /does not say "format"/],
    ["a later version", '{"format":"tapsock-run","formatVersion":2}\n', /of version 2/],
    ["a kind that there is not", '{"format":"tapsock-run","formatVersion":1,"kind":"x","hosts":[]}\n', /kind: expected/],
    ["hosts that are none", '{"format":"tapsock-run","formatVersion":1,"kind":"live","hosts":[1]}\n', /hosts\[0\].name: expected text/],
  ])("that is %s is refused in a sentence", (_what, text, sentence) => {
    expect(() => readRunFile(text)).toThrow(sentence);
    expect(() => readRunFile(text)).toThrow(RunFileError);
  });

  test("is bounded", () => {
    const text = runFileText(HEADER, [FRAME, FRAME, FRAME]);
    expect(() => readRunFile(text, { bytes: 1e6, events: 2 })).toThrow(/more than 2 events/);
    expect(() => readRunFile(text, { bytes: 100, events: 10 })).toThrow(/more than 100 bytes/);
  });

  test("of any bytes is read, or refused in a sentence", () => {
    const good = new TextEncoder().encode(runFileText(HEADER, [FRAME]));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 20 }), (changes) => {
        const bytes = good.slice();
        for (const [at, value] of changes) bytes[at] = value;
        try {
          expect(readRunFile(bytes).events.length).toBeLessThanOrEqual(2);
        } catch (error) {
          expect(error).toBeInstanceOf(RunFileError);
        }
      }),
    );
  });
});

const allFields = (): string[] => [...new Set(Object.values(EVENT_SHAPES).flatMap((shape) => Object.keys(shape)))];

function wholeFields(shape: Readonly<Record<string, string>>): Record<string, unknown> {
  const values: Record<string, unknown> = {
    text: "x",
    number: 1,
    boolean: true,
    texts: ["x"],
    direction: "in",
    "frame-info": plainFrame(),
    variables: { cwnd: 1, sacked: [[1, 2]], recovery: "open", held: null },
    faults: { in: [], out: [], picks: [] },
  };
  return Object.fromEntries(Object.entries(shape).map(([field, kind]) => [field, values[kind]]));
}
