import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { drill } from "../../src/drill/drill.ts";
import { parseScript } from "../../src/drill/parse-script.ts";
import type { ScriptEvent, TcpLine } from "../../src/drill/script.ts";
import { ScriptError, UnsupportedScript } from "../../src/drill/script-error.ts";

const SOCKET = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n";
const events = (source: string, definitions = new Map<string, string>()): readonly ScriptEvent[] =>
  parseScript("test", SOCKET + source, definitions).events.slice(1);
const event = (source: string): ScriptEvent => events(source)[0]!;
const packet = (source: string): TcpLine => event(source).action as TcpLine;
const problem = (source: string): string => {
  try {
    parseScript("test", source);
  } catch (error) {
    if (error instanceof ScriptError || error instanceof UnsupportedScript) return `${error.line}: ${error.message}`;
    throw error;
  }
  return "none";
};

describe("times", () => {
  test.each([
    ["0.5", { kind: "at", isRelative: false, us: 500_000 }],
    ["+.002", { kind: "at", isRelative: true, us: 2000 }],
    ["+ .5", { kind: "at", isRelative: true, us: 500_000 }],
    ["+0...0.1", { kind: "while", isRelative: true, us: 0, untilUs: 100_000 }],
    ["+.01 ... 0.02", { kind: "while", isRelative: true, us: 10_000, untilUs: 20_000 }],
  ])("%s", (text, time) => {
    expect(event(`${text} close(3) = 0`).time).toEqual(time);
  });

  test.each([
    ["*", { kind: "any" }],
    ["1~2", { kind: "window", isRelative: false, us: 1_000_000, untilUs: 2_000_000 }],
    ["+.02 ~ +1.1", { kind: "window", isRelative: true, us: 20_000, untilUs: 1_100_000 }],
  ])("%s, of a packet that is expected", (text, time) => {
    expect(event(`${text} > . 1:1(0)`).time).toEqual(time);
  });

  test("what makes no sense is refused with its line", () => {
    expect(problem("1 close(3) = 0")).toBe("1: the first event must be at time 0");
    expect(problem(`${SOCKET}\n* close(3) = 0`)).toBe("3: only packets that are expected may come at any time or within a window");
    expect(problem(`${SOCKET}+2~+1 > . 1:1(0)`)).toBe("2: a window cannot end before it begins");
    expect(problem(`${SOCKET}+1~2 > . 1:1(0)`)).toBe("2: both ends of a window are relative, or neither");
    expect(problem(`${SOCKET}+2...1 close(3) = 0`)).toBe("2: a call cannot return before it begins");
    expect(problem(`${SOCKET}+0...1 > . 1:1(0)`)).toBe("2: only a call has a time that it waits for");
    expect(problem(`${SOCKET}-1 close(3) = 0`)).toMatch(/^2: expected a time in seconds; none is negative/);
  });
});

describe("packets", () => {
  test("a segment with everything", () => {
    expect(
      packet("+0 < (tos 0x08, ttl 9) 5 > 6 FPU. 1:1001 (1000) ack 7 win 9 urg 3 < mss 1460 , nop,wscale 8,sackOK,nop,nop >"),
    ).toMatchObject({
      isInbound: true,
      ip: { tos: 8, ttl: 9 },
      sourcePort: 5,
      destinationPort: 6,
      flags: { text: "FPU.", bits: 0x39 },
      seq: 1,
      length: 1000,
      ack: 7,
      window: 9,
      urgent: 3,
      options: [
        { kind: "mss", value: 1460 },
        { kind: "nop" },
        { kind: "wscale", value: 8 },
        { kind: "sackOK" },
        { kind: "nop" },
        { kind: "nop" },
      ],
    });
  });

  test.each([
    ["S", 0x02, undefined],
    [".", 0x10, undefined],
    ["-", 0, undefined],
    ["SEW", 0xc2, undefined],
    ["SEWA", 0x1c2, undefined],
    [".5", 0x150, 5],
    ["P5.", 0x158, 5],
    ["P.2", 0x98, 2],
    [".0", 0x10, undefined],
  ])("flags %s", (text, bits, ace) => {
    expect(packet(`+0 > ${text} 1:1(0)`).flags).toEqual({ text, bits, ace });
  });

  test.each([
    [
      "sack 1:2 3:4,nop,nop",
      [
        {
          kind: "sack",
          blocks: [
            [1, 2],
            [3, 4],
          ],
        },
        { kind: "nop" },
        { kind: "nop" },
      ],
    ],
    ["TS val 5 ecr 6,nop,nop", [{ kind: "TS", val: 5, ecr: 6 }, { kind: "nop" }, { kind: "nop" }]],
    ["FO,nop,nop", [{ kind: "FO", hex: "" }, { kind: "nop" }, { kind: "nop" }]],
    ["FO 3021b9d889017eeb,nop,nop", [{ kind: "FO", hex: "3021b9d889017eeb" }, { kind: "nop" }, { kind: "nop" }]],
    ["FOEXP 1234,nop,nop", [{ kind: "FOEXP", hex: "1234" }, { kind: "nop" }, { kind: "nop" }]],
    ["ECN e1b 1 ceb 0 e0b 1,nop", [{ kind: "ECN", isE1First: true, counters: [1, 0, 1] }, { kind: "nop" }]],
  ])("options %s", (text, options) => {
    expect(packet(`+0 < . 1:1(0) win 1 <${text}>`).options).toEqual(options);
  });

  test("<...> is any options, none is none", () => {
    expect(packet("+0 > . 1:1(0) <...>").options).toBeUndefined();
    expect(packet("+0 > . 1:1(0)").options).toEqual([]);
  });

  test("sequence numbers wrap", () => {
    expect(packet("+0 > . 4294967295:1(2)")).toMatchObject({ seq: 4294967295, length: 2 });
  });

  test.each([
    ["< . 1:1(0)", "a packet that is sent needs its window"],
    ["< . 1:1(0) win 70000", "win must be from 0 to 65535, and not 70000"],
    ["< . 1:1(0) win 1 <...>", "the options of a packet that is sent must be written out"],
    ["< [ect01] . 1:1(0) win 1", "ect01 can only be expected, not sent"],
    ["> .5E 1:1(0)", "a digit stands for E, W and A, and not beside them"],
    ["> . 1:1(0) <FO 123,nop>", "FO wants an even number of digits"],
    ["> X 1:1(0)", 'expected TCP flags, not "X", found "1:1(0)"'],
    ["< icmp unreachable [1:2(1)", 'expected "]", found the end of the script'],
  ])("%s is wrong", (text, message) => {
    expect(problem(`${SOCKET}+0 ${text}`)).toMatch(new RegExp(`^\\d: ${message.replace(/[()[\]]/g, "\\$&")}`));
  });
});

describe("calls", () => {
  test("structures, lists, flags and notes", () => {
    expect(event("+0 recvmsg(3, {msg_name(...)=..., msg_iov(1)=[{..., 10}],\n msg_flags=0}, A|B) = -1 EAGAIN (try again)").action).toEqual({
      kind: "call",
      name: "recvmsg",
      args: [
        { kind: "int", value: 3, text: "3" },
        {
          kind: "struct",
          items: [
            { kind: "field", name: "msg_name", value: { kind: "ellipsis" } },
            {
              kind: "field",
              name: "msg_iov",
              value: { kind: "list", items: [{ kind: "struct", items: [{ kind: "ellipsis" }, { kind: "int", value: 10, text: "10" }] }] },
            },
            { kind: "field", name: "msg_flags", value: { kind: "int", value: 0, text: "0" } },
          ],
        },
        {
          kind: "or",
          parts: [
            { kind: "word", name: "A" },
            { kind: "word", name: "B" },
          ],
        },
      ],
      result: { kind: "int", value: -1, text: "-1" },
      error: "EAGAIN",
    });
  });

  test("strings have escapes, and adjacent ones are one", () => {
    const action = event('+0 f("a\\x41\\n" "b") = 0x10').action;
    expect(action).toMatchObject({ args: [{ kind: "string", value: "aA\nb" }], result: { value: 16 } });
  });
});

describe("the whole", () => {
  test("options, an init command, events, a cleanup command, and comments anywhere", () => {
    const script = parseScript(
      "test",
      '// words\n--mtu=1500 /* more */\n--strict_segments\n--define=A="b c"\n`first\nsecond` // why\n0 /* x */ close(3) = 0 // y\n`last`\n',
    );
    expect(script.options).toEqual([
      { line: 2, name: "mtu", value: "1500" },
      { line: 3, name: "strict_segments", value: undefined },
      { line: 4, name: "define", value: 'A="b c"' },
    ]);
    expect(script.init).toEqual({ line: 5, text: "first\nsecond" });
    expect(script.events.map(({ line, text }) => [line, text])).toEqual([[7, "0 /* x */ close(3) = 0"]]);
    expect(script.cleanup).toEqual({ line: 8, text: "last" });
  });

  test("defined words are replaced, but not in strings, commands and comments", () => {
    const definitions = new Map([
      ["N", "1000"],
      ["COOKIE", "0a0b"],
    ]);
    expect(events('+0 write(3, "N", N) = N', definitions)[0]!.action).toMatchObject({
      args: [{ value: 3 }, { kind: "string", value: "N" }, { value: 1000 }],
      result: { value: 1000 },
    });
    expect((events("+0 > . 1:1(0) <FO COOKIE>", definitions)[0]!.action as TcpLine).options).toEqual([{ kind: "FO", hex: "0a0b" }]);
    expect(events("+0 `echo N`", definitions)[0]!.action).toMatchObject({ text: "echo N" });
  });

  test.each([
    ["`a`\n`b`\n0 close(3) = 0", "2: only one command may stand before the first event"],
    [`${SOCKET}\`a\`\n+0 close(3) = 0`, "3: nothing may follow the last command"],
    ["// nothing", "1: the script has no events"],
    [`${SOCKET}+0 \`never closed`, '2: "`" is not closed by "`"'],
    ["--mtu=\n0 close(3) = 0", ""],
    ["--psp_udp_port=1000\n0 close(3) = 0", "1: option --psp_udp_port"],
  ])("%j", (source, message) => {
    expect(problem(source).startsWith(message)).toBe(true);
  });
});

const FOLDER = new URL("linux/", import.meta.url);
const SCRIPTS = readdirSync(FOLDER).map((name) => readFileSync(new URL(name, FOLDER), "utf8"));

test("whatever stands in a script, it fails or is skipped and nothing else happens", () => {
  const choices = { profile: "linux", psh: "strict", seed: 1, unexpected: "fail", options: new Map(), definitions: new Map() } as const;
  fc.assert(
    fc.property(fc.constantFrom(...SCRIPTS), fc.nat(), fc.nat(60), fc.string({ maxLength: 12 }), (script, at, cut, put) => {
      const from = at % script.length;
      const report = drill("changed", script.slice(0, from) + put + script.slice(from + cut), choices);
      expect(["passed", "failed", "skipped"]).toContain(report.outcome);
    }),
    { numRuns: 200 },
  );
});
