import { describe, expect, test } from "@jest/globals";
import { faultsOf, pickAgain, readSetting, shownSetting } from "../../src/run/fault-form.ts";
import {
  begunAnew,
  NO_PROGRESS,
  progressOf,
  progressText,
  readProgress,
  withGuess,
  withPredictions,
  withRun,
} from "../../src/run/lesson-progress.ts";
import type { CallState, HostState } from "../../src/run/run-state.ts";
import { numberAt, receiveBar, sendBar } from "../../src/run/sequence-bars.ts";
import { socketFacts } from "../../src/run/socket-facts.ts";
import {
  DIAGRAM_EDGES,
  DIAGRAM_HEIGHT,
  DIAGRAM_NODES,
  DIAGRAM_WIDTH,
  diagramPath,
  middleOf,
  straightPoints,
} from "../../src/run/state-diagram.ts";
import { translatedWait } from "../../src/run/wait-words.ts";
import { callLanes } from "../../src/run/winsock-lanes.ts";
import { type ConnectionWait, WAIT_REASONS, type WaitReason, waitSentence } from "../../src/stack/core/wait-reasons.ts";
import { isEdge } from "../../src/stack/tcp/state-diagram.ts";
import { insideDe } from "../../web/words/inside.de.ts";
import { recordHosts } from "../support/recorded-run.ts";
import { connectPair, TwoHosts } from "../support/two-hosts.ts";

describe("the state diagram", () => {
  const walk = (...states: string[]) => diagramPath(states.map((state, event) => ({ state, atMs: event, event })));

  test("has all eleven states, and every arrow begins and ends at the rim of its nodes", () => {
    expect(new Set(DIAGRAM_NODES.map(({ state }) => state)).size).toBe(11);
    for (const { from, to, points } of DIAGRAM_EDGES) {
      for (const [id, [x, y]] of [
        [from, points[0]!],
        [to, points.at(-1)!],
      ] as const) {
        const node = DIAGRAM_NODES.find((each) => each.id === id)!;
        expect({ id, dx: Math.abs(x - node.x) <= 62, dy: Math.abs(y - node.y) <= 17 }).toEqual({ id, dx: true, dy: true });
      }
      for (const [x, y] of points) expect(x >= 0 && x <= DIAGRAM_WIDTH && y >= 0 && y <= DIAGRAM_HEIGHT).toBe(true);
    }
  });

  test("has no arrow between a connection's states that the stack's own diagram has not", () => {
    const plain = (id: string) => id.replace(" again", "") as Parameters<typeof isEdge>[0];
    const ofConnections = DIAGRAM_EDGES.filter(({ from, to }) => from !== "LISTEN" && to !== "LISTEN");
    expect(ofConnections).toHaveLength(16);
    for (const { from, to } of ofConnections)
      expect({ from, to, isEdge: isEdge(plain(from), plain(to)) }).toEqual({ from, to, isEdge: true });
  });

  test("an active close goes down the left side and ends at the other CLOSED", () => {
    const { at, steps } = walk("CLOSED", "SYN-SENT", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT", "CLOSED");
    expect(at).toBe("CLOSED again");
    expect(steps.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(steps.every(({ edge }) => edge !== undefined)).toBe(true);
  });

  test("a refused connect goes back to where it came from; a reset of a connection has no arrow", () => {
    expect(walk("CLOSED", "SYN-SENT", "CLOSED")).toMatchObject({ at: "CLOSED" });
    const { at, steps } = walk("CLOSED", "SYN-SENT", "ESTABLISHED", "CLOSED");
    expect([at, steps.at(-1)?.edge]).toEqual(["CLOSED again", undefined]);
    expect(straightPoints("ESTABLISHED", "CLOSED again")).toHaveLength(2);
  });

  test("a passive connection comes from LISTEN, and states of other versions are passed over", () => {
    const { steps, walked } = walk("CLOSED", "SYN-RECEIVED", "UNHEARD-OF", "ESTABLISHED");
    expect(steps.map(({ from, to }) => `${from} ${to}`)).toEqual(["LISTEN SYN-RECEIVED", "SYN-RECEIVED ESTABLISHED"]);
    expect(walked.has("LISTEN")).toBe(true);
  });

  test("the middle of a line lies on it", () => {
    expect(
      middleOf([
        [0, 0],
        [10, 0],
        [10, 30],
      ]),
    ).toEqual([10, 10]);
  });
});

describe("the bars of sequence space", () => {
  test("sending: acknowledged, in flight, usable, beyond, without gaps, across the wrap", () => {
    const sndUna = 2 ** 32 - 100;
    const bar = sendBar({ iss: 2 ** 32 - 1000, sndUna, sndNxt: 200, sndWnd: 1000, sendQueueBytes: 500, sacked: [[0, 100]] }, [
      [2 ** 32 - 150, 2 ** 32 - 50],
    ])!;
    expect(bar.stretches).toEqual([
      { kind: "acknowledged", start: -120, end: 0 },
      { kind: "in-flight", start: 0, end: 300 },
      { kind: "usable", start: 300, end: 1000 },
      { kind: "beyond", start: 1000, end: 1120 },
    ]);
    expect(bar.marks).toEqual([
      { kind: "sacked", start: 100, end: 200 },
      { kind: "retransmitted", start: 0, end: 50 },
      { kind: "queued", start: 300, end: 500 },
    ]);
    expect([numberAt(bar, 0, false), numberAt(bar, 300, false), numberAt(bar, 0, true), numberAt(bar, 300, true)]).toEqual([
      sndUna,
      200,
      900,
      1200,
    ]);
  });

  test("a shut window leaves nothing usable, and one drawn back does not hide what is in flight", () => {
    const kinds = (sndWnd: number) =>
      sendBar({ iss: 0, sndUna: 1000, sndNxt: 1500, sndWnd })!.stretches.map(({ kind, start, end }) => `${kind} ${start} ${end}`);
    expect(kinds(0)).toEqual(["acknowledged -60 0", "in-flight 0 500", "beyond 500 560"]);
    expect(kinds(200)).toEqual(["acknowledged -60 0", "in-flight 0 500", "beyond 500 560"]);
    expect(sendBar({})).toBeUndefined();
  });

  test("receiving: taken, unread, window; held blocks with the holes before them", () => {
    const bar = receiveBar({
      irs: 2 ** 32 - 500,
      rcvNxt: 100,
      rcvWnd: 1000,
      receiveQueueBytes: 200,
      held: [
        [600, 700],
        [300, 400],
      ],
    })!;
    expect(bar.stretches).toEqual([
      { kind: "taken", start: -344, end: -200 },
      { kind: "unread", start: -200, end: 0 },
      { kind: "window", start: 0, end: 1000 },
      { kind: "beyond", start: 1000, end: 1144 },
    ]);
    expect(bar.marks).toEqual([
      { kind: "held", start: 200, end: 300 },
      { kind: "held", start: 500, end: 600 },
      { kind: "hole", start: 0, end: 200 },
      { kind: "hole", start: 300, end: 500 },
    ]);
    expect(receiveBar({ irs: 0, rcvNxt: 0, rcvWnd: 0 })).toBeUndefined();
  });
});

const call = (fields: Partial<CallState> & Pick<CallState, "call" | "name" | "event">): CallState => ({
  client: 1,
  text: `${fields.name}()`,
  calledMs: fields.event,
  ...fields,
});

describe("calls of programs", () => {
  test("a lane for each program; calls that overlap have rows of their own, and one that waits lasts until now", () => {
    const returned = [
      call({ call: 1, name: "socket", event: 0, returnedMs: 0, returnEvent: 1, error: 0 }),
      call({ call: 3, name: "send", event: 4, returnedMs: 6, returnEvent: 6, error: 0 }),
      call({ call: 4, name: "WSASend", event: 5, returnedMs: 8, returnEvent: 8, error: 0 }),
      call({ call: 5, name: "recv", event: 7, returnedMs: 9, returnEvent: 9, error: 0 }),
    ];
    const calls = new Map([
      ["1/2", call({ call: 2, name: "WSARecv", event: 2 })],
      ["2/1", call({ client: 2, call: 1, name: "connect", event: 5 })],
    ]);
    const lanes = callLanes({ calls, returned }, 50);
    expect(lanes.map(({ client, rows }) => [client, rows])).toEqual([
      [1, 3],
      [2, 1],
    ]);
    expect(lanes[0]!.bars.map(({ call: { name }, row, endMs, isPending }) => [name, row, endMs, isPending])).toEqual([
      ["socket", 0, 0, false],
      ["WSARecv", 0, 50, true],
      ["send", 1, 6, false],
      ["WSASend", 2, 8, false],
      ["recv", 1, 9, false],
    ]);
  });

  test("a socket's phase and options follow from its calls", () => {
    const done = (number: number, name: string, error = 0): CallState =>
      call({ call: number, name, socket: 7, event: number, returnedMs: number, returnEvent: number, error });
    const facts = (returned: readonly CallState[], calls: ReadonlyMap<string, CallState> = new Map()) =>
      socketFacts({ returned, calls, sockets: new Map() } as unknown as HostState, 7);
    expect(facts([]).phase).toBe("new");
    expect(facts([done(1, "bind"), done(2, "listen")]).phase).toBe("listening");
    expect(facts([done(1, "connect", 10035)]).phase).toBe("connecting");
    expect(facts([done(1, "connect", 10035), done(2, "send")]).phase).toBe("connected");
    expect(facts([done(1, "connect", 10061)]).phase).toBe("failed");
    expect(facts([], new Map([["1/1", call({ call: 1, name: "connect", socket: 7, event: 1 })]])).phase).toBe("connecting");
    expect(facts([done(1, "connect"), done(2, "shutdown"), done(3, "recv")]).phase).toBe("shut down");
    expect(facts([done(1, "setsockopt"), done(2, "setsockopt", 10042)]).options).toEqual(["setsockopt()"]);
  });
});

describe("waits in words", () => {
  test("numbers and timers are filled in, and what has no words there is left to the stack's own", () => {
    const { reasons, blanks } = insideDe.why;
    const german = (facts: ConnectionWait) => translatedWait(facts, reasons, blanks);
    expect(german({ reason: "loss-timeout", byteCount: 2920, timer: "retransmission" })).toBe(
      "hat 2920 Bytes gesendet, ohne rechtzeitig eine Bestätigung zu erhalten; sendet erneut, wenn der Timer retransmission abläuft",
    );
    expect(german({ reason: "acknowledgement", byteCount: 0 })).toContain("ein FIN");
    expect(german({ reason: "unread" })).toContain("hat etwas für");
    expect(translatedWait({ reason: "nagle" }, {}, blanks)).toBeUndefined();
    // Of another version, or of somebody who wants to see a page fail.
    for (const reason of ["to-be-invented", "__proto__", "constructor"] as unknown as ConnectionWait["reason"][]) {
      expect(translatedWait({ reason }, reasons, blanks)).toBeUndefined();
      expect(waitSentence(reason, {}, 0)).toBe(`waits: ${reason}`);
    }
  });

  test("every reason has German words, which name what the English ones name", () => {
    for (const [reason, sentence] of Object.entries(WAIT_REASONS)) {
      const german = insideDe.why.reasons[reason as WaitReason] ?? "";
      const placeholders = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([word]) => word).sort();
      expect({ reason, placeholders: placeholders(german), isThere: german !== "" }).toEqual({
        reason,
        placeholders: placeholders(sentence),
        isThere: true,
      });
    }
  });
});

describe("faults", () => {
  test("fields are read in the units that people see, and nothing out of range", () => {
    expect([
      readSetting("loss", "3"),
      readSetting("rateBitsPerSecond", "4000"),
      readSetting("delayMs", "1,5"),
      readSetting("queueFrames", "9.6"),
    ]).toEqual([0.03, 4_000_000, 1.5, 10]);
    for (const text of ["", "x", "-1", "101", "NaN", "Infinity"]) expect(readSetting("loss", text)).toBeUndefined();
    expect([shownSetting("loss", 0.07), shownSetting("rateBitsPerSecond", 1500)]).toEqual([7, 1.5]);
  });

  test("all that is in force is told with where it is", () => {
    const faults = new Map([["tap0", { in: ["loss 1 %"], out: ["delay 5 ms"], picks: ["drop the next SYN"] }]]);
    expect(faultsOf(faults).map(({ where }) => where)).toEqual(["out", "in", "pick"]);
  });

  test("a segment that can be sent again is picked by its number; others are not", () => {
    const hosts = new TwoHosts();
    const timeline = recordHosts({ ours: hosts.ours });
    connectPair(hosts);
    const picks = timeline.events.filter(({ type }) => type === "frame").map(pickAgain);
    const syn = picks.find((pick) => pick !== undefined);
    expect(syn).toMatchObject({ match: "tcp", direction: "out", action: "drop", count: 1, port: 80 });
    // ARP twice, SYN, SYN-ACK, ACK.
    expect(picks.map((pick) => pick !== undefined)).toEqual([false, false, true, true, false]);
    expect(pickAgain(undefined)).toBeUndefined();
  });
});

describe("progress of lessons", () => {
  test("a prediction stays until the lesson is begun anew, and what was passed stays passed", () => {
    let all = withPredictions(NO_PROGRESS, "refused", { syns: 3 });
    all = withPredictions(all, "refused", { syns: 5 });
    expect(progressOf(all, "refused").predictions).toEqual({ syns: 3 });
    all = withRun(withRun(all, "refused", true), "refused", false);
    expect(progressOf(all, "refused")).toMatchObject({ runs: 2, isPassed: true });
    expect(progressOf(begunAnew(all, "refused"), "refused")).toEqual({ runs: 2, isPassed: true });
  });

  test("guesses of a mystery count until it is solved", () => {
    let all = withGuess(NO_PROGRESS, 3, false);
    all = withGuess(withGuess(all, 3, true), 3, false);
    expect(all.mysteries[3]).toEqual({ guesses: 2, isSolved: true });
  });

  test("comes back from its text, and other texts are nothing", () => {
    const all = withGuess(withRun(withPredictions(NO_PROGRESS, "refused", { syns: 3, error: "WSAETIMEDOUT" }), "refused", true), 1, false);
    expect(readProgress(progressText(all))).toEqual(all);
    for (const text of [undefined, "", "{", "null", "[]", "3", '{"lessons":{}}', '{"format":"tapsock-lessons","version":2}']) {
      expect(readProgress(text)).toEqual(NO_PROGRESS);
    }
    const spoilt =
      '{"format":"tapsock-lessons","version":1,"lessons":{"a":{"runs":-1,"isPassed":1,"predictions":{"x":[]}},"b":3},"mysteries":[]}';
    expect(readProgress(spoilt)).toEqual({ lessons: { a: { runs: 0, isPassed: false, predictions: {} } }, mysteries: {} });
  });
});
