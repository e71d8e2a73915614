import { parseV4 } from "../../src/stack/core/address.ts";
import { LINUX, type Profile, WINDOWS } from "../../src/stack/core/profile.ts";
import { SeededRandom } from "../../src/stack/core/random.ts";
import type { Host } from "../../src/stack/host/host.ts";
import { Simulation } from "../../src/stack/host/simulation.ts";
import { MAX_DATA } from "../../src/transport/message.ts";
import { htons } from "../../src/winsock/abi/byte-order.ts";
import { AF_INET, MAKEWORD, SOCK_STREAM } from "../../src/winsock/abi/constants.ts";
import { ERROR_FILE_NOT_FOUND, WSAENOBUFS } from "../../src/winsock/abi/errors.ts";
import { new_sockaddr_in, new_WSADATA, type SOCKET, sizeof_sockaddr_in, type sockaddr_in } from "../../src/winsock/abi/structures.ts";
import { type BlockingFace, createBlockingFace } from "../../src/winsock/faces/blocking-face.ts";
import type { ReadableFile } from "../../src/winsock/faces/file-functions.ts";
import type { AsyncPort, BlockingPort, CallReply, CallRequest } from "../../src/winsock/provider/calls.ts";
import { CALL } from "../../src/winsock/provider/calls.ts";
import { Provider } from "../../src/winsock/provider/provider.ts";
import { newProcessMemory, SharedProcess } from "../../src/winsock/provider/shared-process.ts";
import { ImpairedDevice } from "../../src/wire/impaired-device.ts";
import { tellTrace } from "../../src/wire/line-trace.ts";
import { Loopback } from "../../src/wire/loopback.ts";
import { MemoryWire } from "../../src/wire/memory-wire.ts";
import { ipOf, tcpOf } from "./insides.ts";
import { LendingRings } from "./lending-rings.ts";

export const OURS = "203.0.113.2";
export const PEER = "203.0.113.1";
/** On the link, but nobody has it. */
export const NOBODY_THERE = "203.0.113.77";
/** No route leads there. */
export const ELSEWHERE = "198.51.100.1";
export const BROADCAST = "203.0.113.255";

export interface VirtualWinsockOptions {
  readonly seed?: number;
  readonly profile?: Profile;
  readonly peerProfile?: Profile;
  /** Our host lends its programs what it shows them, instead of copying it. */
  readonly lends?: boolean;
}

/** One thread of a program; `end` ends it as it stands. */
export type VirtualThread = BlockingFace & { end(): void };

/** More than one message of the ports carries. */
const isTooLong = ({ data }: Omit<CallRequest, "id">): boolean => data !== null && data.length > MAX_DATA;
const NO_ROOM = { result: -1, error: WSAENOBUFS, a: 0, b: 0, data: null };

/**
 * Two hosts on one wire in virtual time, each with a provider. The blocking face runs for real: a call that has to wait moves the
 * time from event to event until its answer is there, so 21 seconds of SYNs pass in microseconds.
 */
export class VirtualWinsock {
  readonly simulation: Simulation;
  readonly ours: Host;
  readonly peer: Host;
  /** Between our host and the wire, to lose what a test wants lost. */
  readonly cable: ImpairedDevice;
  readonly provider: Provider;
  readonly peerProvider: Provider;
  /** Started up, on our host. */
  readonly winsock: BlockingFace;
  /** Started up, on the peer. */
  readonly peerWinsock: BlockingFace;
  /** A call waited for something that can never come; it was answered with WSAENETDOWN. */
  isStuck = false;
  readonly rings: LendingRings | undefined;
  /** What CreateFile finds. */
  readonly files = new MemoryFiles();
  #lastClient = 0;
  #lastProcess = 0;

  constructor(options: VirtualWinsockOptions = {}) {
    const { seed = 1, profile = WINDOWS, peerProfile = LINUX, lends = false } = options;
    this.rings = lends ? new LendingRings() : undefined;
    this.simulation = new Simulation(seed);
    const { timers, random } = this.simulation;
    const wire = new MemoryWire();
    this.cable = new ImpairedDevice(wire.device({ name: "ours" }), { timers, random });
    this.ours = this.simulation.host({ random: new SeededRandom(seed * 2 + 1), profile, ...(this.rings && { rings: this.rings }) });
    tellTrace(this.cable, this.ours.trace);
    // What is given back is spoilt at once.
    if (lends) tcpOf(this.ours).rings.spareLimit = 0;
    this.peer = this.simulation.host({ random: new SeededRandom(seed * 2 + 2), profile: peerProfile });
    this.ours.attach(this.cable, { address: parseV4(OURS), prefixLength: 24 });
    this.peer.attach(wire.device({ name: "peer" }), { address: parseV4(PEER), prefixLength: 24 });
    this.ours.attach(new Loopback());
    this.peer.attach(new Loopback());
    this.provider = new Provider(this.ours);
    this.peerProvider = new Provider(this.peer);
    this.winsock = this.program();
    this.peerWinsock = this.program(this.peerProvider);
  }

  /** A program of its own, started up. */
  program(provider: Provider = this.provider, version = MAKEWORD(2, 2), isAdministrator = true): BlockingFace {
    const face = createBlockingFace(
      () => this.blockingPort(provider, undefined, isAdministrator),
      (path) => this.files.open(path),
    );
    face.WSAStartup(version, new_WSADATA());
    return face;
  }

  /** Faces of the threads of one program of our host, the first of which has started up. */
  threads(count: number): readonly VirtualThread[] {
    const process = new SharedProcess(newProcessMemory(++this.#lastProcess));
    const threads = Array.from({ length: count }, () => {
      let port: BlockingPort | undefined;
      const openPort = (): BlockingPort => {
        port = this.blockingPort(this.provider, process);
        return port;
      };
      const face = createBlockingFace(openPort, undefined, { joinPort: () => (process.isInUse ? openPort() : undefined) });
      return { ...face, end: () => port?.close() };
    });
    threads[0]?.WSAStartup(MAKEWORD(2, 2), new_WSADATA());
    return threads;
  }

  blockingPort(
    provider: Provider = this.provider,
    process?: SharedProcess,
    isAdministrator = true,
  ): BlockingPort & { readonly client: number } {
    const client = ++this.#lastClient;
    provider.openClient(client, process?.number, isAdministrator);
    const place = process?.join(client);
    let lastId = 0;
    const answered: (() => void)[] = [];
    const takeReplies = () => {
      for (const tell of answered.splice(0)) tell();
    };
    return {
      client,
      process,
      post: (request, replied) => {
        const id = ++lastId;
        if (isTooLong(request)) replied({ id, ...NO_ROOM });
        else
          provider.call(client, { ...request, id }, (reply) => {
            const copy = this.#carried(reply);
            answered.push(() => replied(copy));
          });
        return id;
      },
      takeReplies,
      awaitPosted: () => {
        if (answered.length === 0 && !this.simulation.run(() => answered.length > 0)) this.isStuck = true;
        answered.shift()?.();
        return !this.isStuck;
      },
      call: (request) => {
        takeReplies();
        const id = ++lastId;
        if (isTooLong(request)) return { id, ...NO_ROOM };
        let answer: CallReply | undefined;
        let before: (() => void)[] = [];
        provider.call(client, { ...request, id }, (reply) => {
          answer = { ...reply, data: reply.data?.slice() ?? null };
          before = answered.splice(0);
        });
        // An answer given at once comes before anything else happens.
        if (answer === undefined && !this.simulation.run(() => answer !== undefined)) this.isStuck = true;
        // As in a ring: what was answered before comes before.
        for (const tell of before) tell();
        return answer ?? { id, result: -1, error: 10050, a: 0, b: 0, data: null };
      },
      close: () => {
        if (place !== undefined) process?.leave(place);
        provider.closeClient(client);
      },
    };
  }

  /** Answers come when the test moves the time. */
  asyncPort(provider: Provider = this.provider): AsyncPort & { readonly client: number } {
    const client = ++this.#lastClient;
    provider.openClient(client);
    let lastId = 0;
    return {
      client,
      call: (request, signal) =>
        new Promise((resolve) => {
          const id = ++lastId;
          const cancel: CallRequest = { id: -id, op: CALL.cancel, s: 0, a: id, b: 0, c: 0, data: null };
          const aborted = () => provider.call(client, cancel, () => {});
          signal?.addEventListener("abort", aborted);
          provider.call(client, { ...request, id }, (reply) => {
            signal?.removeEventListener("abort", aborted);
            resolve({ ...reply, data: reply.data?.slice() ?? null });
          });
        }),
      post: (request, replied) => {
        provider.call(client, { ...request, id: ++lastId }, (reply) => {
          const copy = this.#carried(reply);
          queueMicrotask(() => replied(copy));
        });
        return true;
      },
      waitingFor: (answer) => answer,
      close: () => provider.closeClient(client),
    };
  }

  /** A reply on its way to the program. */
  #carried(reply: CallReply): CallReply {
    if (reply.data !== null && this.rings?.owns(reply.data)) return { ...reply, isLent: true };
    return { ...reply, data: reply.data?.slice() ?? null };
  }

  get nowMs(): number {
    return this.simulation.now;
  }

  /** `what` happens `delayMs` from now, whoever is waiting. */
  after(delayMs: number, what: () => void): void {
    this.simulation.at(this.nowMs + delayMs, what);
  }

  /** Our device is gone, as a TAP that was deleted. */
  unplug(): void {
    this.cable.close();
    const ip = ipOf(this.ours);
    ip.linkChanged(ip.interfaces[0]!, false);
  }

  advance(byMs: number): void {
    this.simulation.advance(byMs);
  }

  // ---- What most tests begin with ----

  stream(face: BlockingFace = this.winsock): SOCKET {
    return face.socket(AF_INET, SOCK_STREAM, 0);
  }

  /** A listening socket of the peer. */
  listener(port: number, face: BlockingFace = this.peerWinsock, backlog = 8): SOCKET {
    const s = this.stream(face);
    face.bind(s, address("0.0.0.0", port), sizeof_sockaddr_in);
    face.listen(s, backlog);
    return s;
  }

  /** One of our sockets connected to one of the peer's. */
  pair(port = 80): { readonly s: SOCKET; readonly peer: SOCKET; readonly listener: SOCKET } {
    const listener = this.listener(port);
    const s = this.stream();
    if (this.winsock.connect(s, address(PEER, port), sizeof_sockaddr_in) !== 0) {
      throw new Error(`connect: ${this.winsock.WSAGetLastError()}`);
    }
    return { s, peer: this.peerWinsock.accept(listener, null, null), listener };
  }
}

/** Files by their paths, of which a test wants to know how many are open. */
export class MemoryFiles {
  readonly #contents = new Map<string, Uint8Array>();
  openCount = 0;

  write(path: string, contents: Uint8Array): void {
    this.#contents.set(path, contents);
  }

  open(path: string): ReadableFile | number {
    const contents = this.#contents.get(path);
    if (contents === undefined) return ERROR_FILE_NOT_FOUND;
    this.openCount++;
    return {
      size: contents.length,
      read: (target, position) => {
        const piece = contents.subarray(position, position + target.length);
        target.set(piece);
        return piece.length;
      },
      close: () => {
        this.openCount--;
      },
    };
  }
}

/** A sockaddr_in. */
export function address(text: string, port: number, family = AF_INET): sockaddr_in {
  const name = new_sockaddr_in();
  name.sin_family = family;
  name.sin_port = htons(port);
  const [a = 0, b = 0, c = 0, d = 0] = text.split(".").map(Number);
  name.sin_addr.s_addr = (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
  return name;
}
