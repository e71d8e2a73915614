import { describe, expect, test } from "@jest/globals";
import { Recorder } from "../../src/replay/recorder.ts";
import { BLOCK_HEADER, KIND, Recording, RecordingError } from "../../src/replay/recording.ts";
import { Replay, ReplayError } from "../../src/replay/replay.ts";
import { parseAddress, parseV4 } from "../../src/stack/core/address.ts";
import { SeededRandom } from "../../src/stack/core/random.ts";
import { Host } from "../../src/stack/host/host.ts";
import { Simulation } from "../../src/stack/host/simulation.ts";
import { AF_INET, IPPROTO_ICMP, SOCK_RAW } from "../../src/winsock/abi/constants.ts";
import { WSAEACCES } from "../../src/winsock/abi/errors.ts";
import { CALL } from "../../src/winsock/provider/calls.ts";
import { Provider } from "../../src/winsock/provider/provider.ts";
import { MemoryWire } from "../../src/wire/memory-wire.ts";
import { digestsOf, type RunOptions, recordedRun, recordingIn, replayed } from "./recorded-run.ts";

const LOSSY = { loss: 0.05, duplicate: 0.02, reorder: 0.05, reorderDelayMs: 4, delayMs: 8, jitterMs: 3 };

interface Block {
  readonly at: number;
  readonly kind: number;
  readonly length: number;
}

function blocksOf(recording: Uint8Array): Block[] {
  const view = new DataView(recording.buffer, recording.byteOffset, recording.length);
  const blocks: Block[] = [];
  for (let at = 0; at < recording.length; at += view.getUint32(at + 4, true)) {
    blocks.push({ at, kind: view.getUint8(at), length: view.getUint32(at + 4, true) });
  }
  return blocks;
}

const kindsOf = (recording: Uint8Array): Set<number> => new Set(blocksOf(recording).map(({ kind }) => kind));

describe.each<readonly [string, RunOptions, readonly number[]]>([
  ["a lossy wire", { impairment: LOSSY }, [KIND.frame, KIND.received, KIND.call]],
  ["a device that is full", { peerQueueFrames: 2 }, [KIND.notSent, KIND.writable]],
  ["a wire that carries super-segments", { offloads: { checksum: true, tso4: true, tso6: false } }, [KIND.frame]],
  ["a trace that somebody watches", { isWatched: true, impairment: { loss: 0.02 } }, [KIND.watched]],
  ["a cable that is pulled out and put back", { pulledAtMs: 60, impairment: { delayMs: 10 } }, [KIND.link, KIND.state]],
])("a run over %s, recorded", (_, options, ours) => {
  const sides = recordedRun(options);

  test("has in it what makes it special", () => {
    for (const kind of ours) expect(kindsOf(sides[0].recording)).toContain(kind);
  });

  test.each(["ours", "the peer's"])("on %s, replayed twice: the same frames leave the host, and the trace is the same", (whose) => {
    const { recording, digests } = sides[whose === "ours" ? 0 : 1];
    expect(digests.frames).toBeGreaterThan(5);
    expect(replayed(recording)).toEqual(digests);
    expect(replayed(recording)).toEqual(digests);
  });
});

describe("a recording", () => {
  const [{ recording }] = recordedRun({ impairment: LOSSY, byteCount: 20_000 });
  const blocks = blocksOf(recording);

  /** With one byte changed. */
  function changed(at: number, value: number): Uint8Array {
    const copy = recording.slice();
    copy[at] = value;
    return copy;
  }

  const setUpAs = (from: string, to: string): Uint8Array => {
    const text = new TextDecoder().decode(recording.subarray(BLOCK_HEADER, blocks[0]!.length));
    const body = new TextEncoder().encode(text.replace(from, to));
    const first = new Uint8Array(BLOCK_HEADER + body.length);
    first.set(recording.subarray(0, BLOCK_HEADER));
    new DataView(first.buffer).setUint32(4, first.length, true);
    first.set(body, BLOCK_HEADER);
    return recordingIn([first, recording.subarray(blocks[0]!.length)]);
  };

  test.each<readonly [string, () => Uint8Array, RegExp]>([
    ["nothing", () => new Uint8Array(0), /it ends before it begins/],
    ["another file", () => new TextEncoder().encode("PCAPNG or whatever else a file may hold"), /it does not begin as one/],
    ["another format", () => setUpAs("tapsock recording", "another recording"), /format: this is no recording/],
    ["another version", () => setUpAs('"version":2', '"version":1'), /version: this program reads version 2/],
    ["a profile that there is not", () => setUpAs('"profile":"windows"', '"profile":"window"'), /profile: there is no such profile/],
    ["a beginning that is no JSON", () => changed(BLOCK_HEADER, 0), /its beginning is damaged/],
    ["a block of no kind", () => changed(blocks[5]!.at, 77), new RegExp(`block 5, at byte ${blocks[5]!.at}, is damaged`)],
    ["a length that cannot be", () => changed(blocks[5]!.at + 7, 0x7f), /block 5, at byte \d+, is damaged/],
    [
      "a device that there is not",
      () => changed(blocks.find(({ kind }) => kind === KIND.frame)!.at + 1, 3),
      /block \d+, at byte \d+, is of a device that there is not/,
    ],
  ])("with %s is refused with a sentence that says where", (_, file, why) => {
    expect(() => new Replay(file())).toThrow(RecordingError);
    expect(() => new Replay(file())).toThrow(why);
  });

  test("that was cut anywhere is replayed as far as it goes", () => {
    let most = 0;
    const first = blocks.find(({ kind }) => kind === KIND.openClient)!;
    for (let length = first.at; length < recording.length; length += 1117) {
      const cut = recording.subarray(0, length);
      expect(new Recording(cut).isWhole).toBe(false);
      const { frames } = replayed(cut);
      expect(frames).toBeGreaterThanOrEqual(most);
      most = frames;
    }
    expect(most).toBeGreaterThan(20);
    expect(() => new Replay(recording.subarray(0, blocks[0]!.length))).toThrow(/it ends before the host is set up/);
    expect(new Recording(recording).isWhole).toBe(true);
  });

  test("knows which programs were administrators' and had raw sockets", () => {
    const made: Uint8Array[] = [];
    const recorder = new Recorder((one) => made.push(one));
    const host = new Host({ random: recorder.random(new SeededRandom(1)) });
    host.attach(recorder.device(new MemoryWire().device({ name: "wire0" })), { address: parseV4("203.0.113.2"), prefixLength: 24 });
    const handler = recorder.handler(new Provider(host));
    recorder.begin(host);
    const call = (client: number, id: number, op: number, numbers: { a: number; b?: number; c?: number }) => {
      let heard: readonly number[] = [];
      handler.call(client, { id, op, s: 0, b: 0, c: 0, data: null, ...numbers }, ({ result, error }) => {
        heard = [result > 0 ? 1 : result, error];
      });
      return heard;
    };
    handler.openClient(1, 0, false);
    handler.openClient(2);
    const lived = [1, 2].map((client) => {
      call(client, 1, CALL.startup, { a: 0x202 });
      return call(client, 2, CALL.socket, { a: AF_INET, b: SOCK_RAW, c: IPPROTO_ICMP });
    });
    expect(lived).toEqual([
      [-1, WSAEACCES],
      [1, 0],
    ]);
    recorder.end();
    const replay = new Replay(recordingIn(made));
    const heard: (readonly number[])[] = [];
    replay.onReply = (_, { id, result, error }) => {
      if (id === 2) heard.push([result > 0 ? 1 : result, error]);
    };
    replay.run();
    expect(heard).toEqual(lived);
  });

  test("that another host would not have made ends the replay with the place where they part", () => {
    // A frame that comes damaged is dropped, and nothing is answered to it.
    const segment = blocks.filter(({ kind, length }) => kind === KIND.frame && length > 1000)[3]!;
    const replay = new Replay(changed(segment.at + segment.length - 1, recording[segment.at + segment.length - 1]! ^ 0xff));
    expect(() => replay.run()).toThrow(ReplayError);
    expect(() => new Replay(setUpAs('"startMs":0', '"startMs":0.5')).run()).toThrow(RangeError);
  });

  test("answers programs as the recorded host did", () => {
    const replay = new Replay(recording);
    const received: Uint8Array[] = [];
    replay.onReply = (_, reply) => reply.data !== null && received.push(reply.data.slice());
    replay.run();
    expect(Buffer.concat(received)).toHaveLength(20_000);
  });
});

test("a recorder stops at its limit with a whole block, and the run goes on", () => {
  const blocks: Uint8Array[] = [];
  let isLimited = 0;
  const recorder = new Recorder((block) => blocks.push(block), { limitBytes: 2000, onLimit: () => isLimited++ });
  const host = new Host({ random: recorder.random(new SeededRandom(1)) });
  host.attach(recorder.device(new MemoryWire().device({ name: "wire" })));
  recorder.begin(host);
  for (let i = 0; i < 1000; i++) host.turn(i);
  expect(isLimited).toBe(1);
  expect(host.context.now).toBe(999);
  const bytes = recordingIn(blocks);
  expect(bytes.length).toBeLessThanOrEqual(2000);
  const replay = new Replay(bytes);
  replay.run();
  expect(replay.host.context.now).toBeGreaterThan(5);
});

test("a host with a device that is not recorded is not recorded", () => {
  const recorder = new Recorder(() => {});
  const host = new Host({ random: recorder.random(new SeededRandom(1)) });
  host.attach(new MemoryWire().device({ name: "wire" }));
  expect(() => recorder.begin(host)).toThrow(/Cannot record wire: its device is not recorded/);
});

test("a host that tries its address first does so in the replay", () => {
  const simulation = new Simulation();
  const blocks: Uint8Array[] = [];
  const recorder = new Recorder((block) => blocks.push(block));
  const host = simulation.host({ random: recorder.random(new SeededRandom(7)) });
  const device = recorder.device(new MemoryWire().device({ name: "tap0" }));
  host.attach(device, { address: parseV4("203.0.113.2"), prefixLength: 24, detectConflicts: true, conflictPolicy: "keep" });
  recorder.begin(host);
  const digests = digestsOf(host.trace);
  simulation.advance(10_000);
  recorder.end();
  const recording = recordingIn(blocks);
  expect(replayed(recording)).toEqual(digests());
  const replay = new Replay(recording);
  expect(replay.host.ip.interfaces[0]).toMatchObject({ conflictPolicy: "keep", addresses: [{ state: "tentative" }] });
});

test("what a host of IPv6 says of its groups while it is set up comes before the recording, and is not looked for in it", () => {
  const simulation = new Simulation();
  const blocks: Uint8Array[] = [];
  const recorder = new Recorder((block) => blocks.push(block));
  const host = simulation.host({ random: recorder.random(new SeededRandom(7)) });
  const device = new MemoryWire().device({ name: "tap0" });
  host.attach(recorder.device(device), { address: parseAddress("2001:db8::2"), prefixLength: 64 });
  expect(device.counters.framesOut).toBe(1);
  recorder.begin(host);
  const digests = digestsOf(host.trace);
  simulation.advance(10_000);
  recorder.end();
  expect(replayed(recordingIn(blocks))).toEqual(digests());
});

test("a host that asks for its address by DHCP does so in the replay", () => {
  const simulation = new Simulation();
  const blocks: Uint8Array[] = [];
  const recorder = new Recorder((block) => blocks.push(block));
  const host = simulation.host({ random: recorder.random(new SeededRandom(7)) });
  const dhcp = { address: parseV4("203.0.113.9"), clientId: Uint8Array.of(0, 7), hostName: "seven", broadcast: true };
  host.attach(recorder.device(new MemoryWire().device({ name: "tap0" })), { dhcp });
  recorder.begin(host);
  const digests = digestsOf(host.trace);
  simulation.advance(100_000);
  recorder.end();
  const recording = recordingIn(blocks);
  const run = digests();
  expect(run.frames).toBeGreaterThan(4);
  expect(replayed(recording)).toEqual(run);
  const { host: again } = new Replay(recording);
  expect(again.dhcpOn(again.ip.interfaces[0]!)?.options).toEqual(dhcp);
});

test("a host that autoconfigures itself does so in the replay, to the same addresses", () => {
  const simulation = new Simulation();
  const blocks: Uint8Array[] = [];
  const recorder = new Recorder((block) => blocks.push(block));
  const host = simulation.host({ random: recorder.random(new SeededRandom(7)) });
  const wire = new MemoryWire();
  host.attach(recorder.device(wire.device({ name: "tap0" })), { ip6: "auto", temporaryAddresses: false });
  recorder.begin(host);
  const digests = digestsOf(host.trace);
  simulation.advance(100_000);
  recorder.end();
  const recording = recordingIn(blocks);
  const run = digests();
  expect(run.frames).toBeGreaterThan(3);
  expect(replayed(recording)).toEqual(run);
  const replay = new Replay(recording);
  const [again] = replay.host.ip.interfaces;
  expect(replay.host.ip.autoconfigurationOf(again!)).toEqual({ temporaryAddresses: false });
  replay.run();
  expect(again!.addresses).toMatchObject([{ origin: "link-local", state: "preferred" }]);
  expect(again!.addresses).toEqual(host.ip.interfaces[0]!.addresses);
});
