import { createHash } from "node:crypto";
import { traceRecord } from "../../src/management/trace-record.ts";
import { Recorder } from "../../src/replay/recorder.ts";
import { Replay } from "../../src/replay/replay.ts";
import { parseV4 } from "../../src/stack/core/address.ts";
import type { FrameInfo } from "../../src/stack/core/frame-info.ts";
import { LINUX, type Profile, WINDOWS } from "../../src/stack/core/profile.ts";
import { SeededRandom } from "../../src/stack/core/random.ts";
import type { Trace } from "../../src/stack/core/trace.ts";
import type { Host } from "../../src/stack/host/host.ts";
import { Simulation } from "../../src/stack/host/simulation.ts";
import type { LinkDevice, Offloads } from "../../src/stack/link/link-device.ts";
import { htonl, htons } from "../../src/winsock/abi/byte-order.ts";
import { AF_INET, IPPROTO_TCP, MAKEWORD, SD_SEND, SOCK_STREAM } from "../../src/winsock/abi/constants.ts";
import { WSAEOPNOTSUPP } from "../../src/winsock/abi/errors.ts";
import { sizeof_sockaddr_in, sockaddrBytes } from "../../src/winsock/abi/structures.ts";
import { CALL, type CallHandler, type CallReply, type CallRequest } from "../../src/winsock/provider/calls.ts";
import { Provider } from "../../src/winsock/provider/provider.ts";
import { ImpairedDevice } from "../../src/wire/impaired-device.ts";
import type { Impairment } from "../../src/wire/impairment.ts";
import { MemoryWire } from "../../src/wire/memory-wire.ts";
import { pattern } from "../support/two-hosts.ts";

/** What left a host, and what was traced in it: every byte and every event counts. */
export interface Digests {
  readonly frames: number;
  readonly framesOut: string;
  readonly events: number;
  readonly trace: string;
}

class Digest {
  readonly #hash = createHash("sha256");
  count = 0;

  add(text: string): void {
    this.#hash.update(`${text}\n`);
    this.count++;
  }

  /** Enough of it to tell runs apart, and to read. */
  end(): string {
    return this.#hash.digest("hex").slice(0, 16);
  }
}

const frameText = (device: string, bytes: Uint8Array, info: FrameInfo): string =>
  `${device} ${Buffer.from(bytes).toString("hex")} ${JSON.stringify(info)}`;

/** Sums up a run from its trace alone, which has the frames in it. */
export function digestsOf(trace: Trace): () => Digests {
  const frames = new Digest();
  const events = new Digest();
  trace.observe((event) => {
    events.add(JSON.stringify(traceRecord(event, 0)));
    if (event.type === "frame" && event.direction === "out") frames.add(frameText(event.device, event.bytes, event.info));
  });
  return () => ({ frames: frames.count, framesOut: frames.end(), events: events.count, trace: events.end() });
}

/** Replays a recording and sums up what comes out of it, the frames as they reach the devices. */
export function replayed(recording: Uint8Array): Digests {
  const replay = new Replay(recording);
  const digests = digestsOf(replay.host.trace);
  const frames = new Digest();
  replay.onFrameOut = (device, bytes, info) => frames.add(frameText(device, bytes, info));
  replay.run();
  if (replay.mistakes.length > 0) throw replay.mistakes[0];
  return { ...digests(), frames: frames.count, framesOut: frames.end() };
}

/** The blocks of a recorder, as a file has them. */
export function recordingIn(blocks: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(blocks));
}

interface Side {
  readonly host: Host;
  readonly handler: CallHandler;
  readonly recorder: Recorder;
  readonly blocks: Uint8Array[];
  readonly digests: () => Digests;
}

function side(simulation: Simulation, device: LinkDevice, address: string, seed: number, profile: Profile): Side {
  const blocks: Uint8Array[] = [];
  const recorder = new Recorder((block) => blocks.push(block));
  const host = simulation.host({ random: recorder.random(new SeededRandom(seed)), profile });
  host.attach(recorder.device(device), { address: parseV4(address), prefixLength: 24 });
  const provider = new Provider(host);
  recorder.begin(host);
  return { host, handler: recorder.handler(provider), recorder, blocks, digests: digestsOf(host.trace) };
}

type Call = (op: number, fields: Partial<CallRequest>, then: (reply: CallReply) => void) => void;

/** A program that makes its next call when it hears the answer to the one before. */
function program(handler: CallHandler, client: number): Call {
  handler.openClient(client);
  let lastId = 0;
  return (op, fields, then) =>
    handler.call(client, { s: 0, a: 0, b: 0, c: 0, data: null, ...fields, op, id: ++lastId }, (reply) =>
      then({ ...reply, data: reply.data?.slice() ?? null }),
    );
}

const PORT = 7;
const OURS = "203.0.113.2";
const PEER = "203.0.113.1";

const nameOf = (address: string) =>
  sockaddrBytes({ sin_family: AF_INET, sin_port: htons(PORT), sin_addr: { s_addr: htonl(parseV4(address).w3) } });

function serveEcho(call: Call): void {
  call(CALL.startup, { a: MAKEWORD(2, 2) }, () =>
    call(CALL.socket, { a: AF_INET, b: SOCK_STREAM, c: IPPROTO_TCP }, ({ result: listener }) =>
      call(CALL.bind, { s: listener, data: nameOf(PEER), a: sizeof_sockaddr_in }, () =>
        call(CALL.listen, { s: listener, a: 5 }, () =>
          call(CALL.accept, { s: listener, a: -1 }, ({ result: s }) => {
            const echo = () =>
              call(CALL.recv, { s, a: 16_384 }, ({ data }) => {
                if (data === null || data.length === 0) call(CALL.closesocket, { s }, () => {});
                else call(CALL.send, { s, data }, echo);
              });
            echo();
          }),
        ),
      ),
    ),
  );
}

function exchange(call: Call, bytes: Uint8Array, done: (received: Uint8Array) => void): void {
  const pieces: Uint8Array[] = [];
  call(CALL.startup, { a: MAKEWORD(2, 2) }, () =>
    call(CALL.socket, { a: AF_INET, b: SOCK_STREAM, c: IPPROTO_TCP }, ({ result: s }) =>
      call(CALL.connect, { s, data: nameOf(PEER), a: sizeof_sockaddr_in }, ({ error }) => {
        if (error !== 0) throw new Error(`connect failed with ${error}`);
        // As a face does: what can be shown is looked at where it lies, and said to be taken with the next look.
        let taken = 0;
        let isShown = true;
        const heard = ({ data, error }: CallReply) => {
          if (error === WSAEOPNOTSUPP) {
            isShown = false;
            receive();
          } else if (data !== null && data.length > 0) {
            pieces.push(data);
            taken = data.length;
            receive();
          } else call(CALL.closesocket, { s }, () => done(Buffer.concat(pieces)));
        };
        const receive = () => {
          if (isShown) call(CALL.show, { s, a: 65_536, c: taken }, heard);
          else call(CALL.recv, { s, a: 65_536 }, heard);
        };
        const send = (at: number) => {
          if (at >= bytes.length) call(CALL.shutdown, { s, a: SD_SEND }, () => {});
          else call(CALL.send, { s, data: bytes.subarray(at, at + 10_000) }, () => send(at + 10_000));
        };
        receive();
        send(0);
      }),
    ),
  );
}

export interface RecordedSide {
  readonly recording: Uint8Array;
  /** Of the run that was recorded. */
  readonly digests: Digests;
}

export interface RunOptions {
  /** Of the cable between the hosts, both ways. */
  readonly impairment?: Partial<Impairment>;
  readonly offloads?: Offloads;
  /** What the peer's device holds before it is full. */
  readonly peerQueueFrames?: number;
  /** Our host's trace is watched, so that receives are made as calls. */
  readonly isWatched?: boolean;
  /** When the cable is pulled out of our host, for 300 ms. */
  readonly pulledAtMs?: number;
  readonly byteCount?: number;
}

/** A program sends bytes to an echo and reads them again. Both hosts are recorded, and live in the time of one simulation. */
export function recordedRun(options: RunOptions): readonly [ours: RecordedSide, peer: RecordedSide] {
  const { impairment, offloads, peerQueueFrames, isWatched = false, pulledAtMs, byteCount = 200_000 } = options;
  const simulation = new Simulation(11);
  const wire = new MemoryWire(offloads === undefined ? {} : { offloads });
  const plug = wire.device({ name: "ours" });
  const cable = new ImpairedDevice(plug, { timers: simulation.timers, random: simulation.random });
  if (impairment !== undefined) for (const direction of ["in", "out"] as const) cable.configure(direction, impairment);
  const ours = side(simulation, cable, OURS, 1, WINDOWS);
  const peerPlug = wire.device({ name: "peer", ...(peerQueueFrames === undefined ? {} : { queueFrames: peerQueueFrames }) });
  const peer = side(simulation, peerPlug, PEER, 2, { ...LINUX, delayedAckMs: 25 });
  if (isWatched) ours.host.trace.subscribe(() => {});
  if (pulledAtMs !== undefined) {
    simulation.at(pulledAtMs, () => plug.setLink(false));
    simulation.at(pulledAtMs + 300, () => plug.setLink(true));
  }
  serveEcho(program(peer.handler, 1));
  const bytes = pattern(byteCount, 5);
  let received: Uint8Array | undefined;
  exchange(program(ours.handler, 1), bytes, (all) => {
    received = all;
  });
  simulation.run(() => received !== undefined, 600_000);
  if (received === undefined || Buffer.compare(received, bytes) !== 0) throw new Error("The echo is not what was sent");
  ours.handler.closeClient(1);
  simulation.advance(5000);
  const ended = ({ recorder, blocks, digests }: Side): RecordedSide => {
    recorder.end();
    return { recording: recordingIn(blocks), digests: digests() };
  };
  return [ended(ours), ended(peer)];
}
