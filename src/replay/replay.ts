import { withManagement } from "../management/managed-handler.ts";
import { type ManagedDevice, ManagementService } from "../management/management-service.ts";
import { parseAddress } from "../stack/core/address.ts";
import type { FrameInfo } from "../stack/core/frame-info.ts";
import { PROFILES, type Profile, WINDOWS } from "../stack/core/profile.ts";
import type { Random } from "../stack/core/random.ts";
import { Trace } from "../stack/core/trace.ts";
import type { DhcpOptions } from "../stack/dhcp/dhcp-service.ts";
import { Host } from "../stack/host/host.ts";
import type { AutoconfigurationSettings } from "../stack/ip/ip-service.ts";
import type { LinkDevice } from "../stack/link/link-device.ts";
import type { RingSource } from "../stack/tcp/ring-pool.ts";
import type { CallHandler, CallReply } from "../winsock/provider/calls.ts";
import { Provider } from "../winsock/provider/provider.ts";
import { CaptureDevice } from "../wire/capture-device.ts";
import { ImpairedDevice } from "../wire/impaired-device.ts";
import { tellTrace } from "../wire/line-trace.ts";
import { Loopback } from "../wire/loopback.ts";
import { resolveAsRecorded } from "./recorded-names.ts";
import { KIND, Recording, RecordingError, type Setup } from "./recording.ts";
import { ReplayedDevice } from "./replayed-device.ts";

/** The host does something else than the recorded one did: it is of another version of tapsock, or was acted on past its provider. */
export class ReplayError extends Error {
  override readonly name = "ReplayError";
}

/** The recording stops in the middle of something. */
class RecordingEnds extends Error {}

/** Hears of a frame that the host sent; the bytes and the information are valid during the call only. */
export type FrameListener = (device: string, bytes: Uint8Array, info: FrameInfo) => void;

/**
 * A recorded run once more, on a fresh host: the same frames leave it, programs get the same answers, and the trace is the same. It
 * needs no device, no privileges and no time, and may be run any number of times.
 *
 * ```ts
 * const replay = new Replay(readFileSync("run.recording"));
 * replay.onFrameOut = (device, bytes) => console.log(describeFrame(bytes, 0, bytes.length).summary);
 * replay.host.trace.observe((event) => console.log(event.atMs, event.type));
 * replay.run();
 * ```
 */
export class Replay {
  readonly host: Host;
  readonly recording: Recording;
  onFrameOut: FrameListener | undefined;
  /** Hears what programs were answered. The data is valid during the call only. */
  onReply: ((client: number, reply: CallReply) => void) | undefined;
  /** What was thrown in the host. The recorded one has gone on after it too. */
  readonly mistakes: unknown[] = [];
  readonly #handler: CallHandler;
  readonly #devices = new Map<number, ReplayedDevice>();
  #words = 0;
  #unwatch: (() => void) | undefined;

  /**
   * @param bytes a file that a `Recorder` made
   * @throws RecordingError when it is none, or damaged
   */
  constructor(bytes: Uint8Array) {
    this.recording = new Recording(bytes);
    const { setup } = this.recording;
    if (this.recording.isAtEnd) throw new RecordingError("Cannot read the recording: it ends before the host is set up");
    const random: Random = { u32: () => this.#word() };
    this.host = new Host({
      ...(setup.hostName === undefined ? {} : { name: setup.hostName }),
      startMs: setup.startMs,
      random,
      profile: profileOf(setup),
      ...(setup.lentFromBytes === null ? {} : { rings: new PlainRings(setup.lentFromBytes) }),
      onMistake: (error) => this.#mistake(error),
    });
    const devices = setup.interfaces.map((each): LinkDevice => {
      if (each.kind === "loopback") return new Loopback({ name: each.name });
      const device = new ReplayedDevice(this.#owner(), each.device, each.name, Uint8Array.from(each.mac), each.mtu);
      this.#devices.set(each.device, device);
      return device;
    });
    // How the devices were when the host was set up.
    while (this.recording.kind === KIND.state) this.#deviceNext().readState();
    const managed = setup.isManaged ? devices.map((device) => this.#managed(device, random)) : undefined;
    setUp(this.host, setup, managed?.map((each) => each.capture) ?? devices);
    for (const device of this.#devices.values()) device.isRecorded = true;
    const provider = new Provider(this.host, setup.limits);
    this.#handler = managed === undefined ? provider : this.#withManagement(provider, managed);
  }

  /**
   * Runs to the end of the recording. One that was not ended in order, of a process that died say, goes as far as it goes.
   * @throws ReplayError when the host goes another way than the recorded one
   */
  run(): void {
    while (this.step());
  }

  /** One turn, one call, or what came between. @returns false at the end */
  step(): boolean {
    try {
      return this.#step();
    } catch (error) {
      if (error instanceof RecordingEnds) return false;
      throw error;
    }
  }

  #step(): boolean {
    const { recording } = this;
    if (recording.isAtEnd || recording.kind === KIND.end) return false;
    if (this.#tell() || this.#perform()) return true;
    if (recording.kind !== KIND.turn) this.#diverged("has come to rest");
    const nowMs = recording.number(0);
    recording.next();
    this.host.turn(nowMs);
    this.#expect(KIND.turned, "ends its turn");
    return true;
  }

  /** What a device told, what had changed about it, or who watched, if that stands next. */
  #tell(): boolean {
    const { recording } = this;
    switch (recording.kind) {
      case KIND.state:
        this.#deviceNext().readState();
        return true;
      case KIND.watched: {
        const isWatched = recording.byte(0) === 1;
        recording.next();
        this.#unwatch?.();
        this.#unwatch = isWatched ? this.host.trace.subscribe(() => {}) : undefined;
        return true;
      }
      case KIND.link: {
        const device = this.#deviceNext();
        const isUp = recording.byte(8) === 1;
        this.host.enter(recording.number(0));
        recording.next();
        device.listener?.linkChanged(isUp);
        return true;
      }
      case KIND.writable: {
        const device = this.#deviceNext();
        this.host.enter(recording.number(0));
        recording.next();
        device.listener?.writable();
        return true;
      }
      case KIND.readable: {
        const device = this.#deviceNext();
        recording.next();
        device.listener?.readable();
        return true;
      }
    }
    return false;
  }

  /** A program's doing, if that stands next. */
  #perform(): boolean {
    const { recording } = this;
    const act = this.#actNext();
    if (act === undefined) return false;
    this.host.enter(recording.number(0));
    recording.next();
    try {
      act();
    } catch (error) {
      this.#mistake(error);
    }
    this.#expect(KIND.called, "has done a call");
    return true;
  }

  #actNext(): (() => void) | undefined {
    const { recording } = this;
    const handler = this.#handler;
    const client = () => recording.number(1);
    switch (recording.kind) {
      case KIND.openClient: {
        const opened = client();
        const process = recording.numbers > 2 ? recording.number(2) : 0;
        const isAdministrator = recording.numbers <= 3;
        return () => handler.openClient(opened, process, isAdministrator);
      }
      case KIND.closeClient: {
        const closed = client();
        return () => handler.closeClient(closed);
      }
      case KIND.hold: {
        const held = client();
        const isHeld = recording.number(2) === 1;
        return () => handler.hold(held, isHeld);
      }
      case KIND.call: {
        const caller = client();
        const { request } = recording;
        return () =>
          handler.call(caller, request, (reply) => {
            this.onReply?.(caller, reply);
            this.#heard();
          });
      }
    }
    return undefined;
  }

  /** A program hears an answer or an event; it does what it did then. */
  #heard(): void {
    const { recording } = this;
    if (recording.takeQuiet()) return;
    while (recording.kind !== KIND.heard) if (!this.#tell() && !this.#perform()) this.#diverged("answers a program");
    recording.next();
  }

  #mistake(error: unknown): void {
    if (isOurs(error)) throw error;
    this.mistakes.push(error);
  }

  #expect(kind: number, what: string): void {
    if (this.recording.kind !== kind) this.#diverged(what);
    this.recording.next();
  }

  #diverged(what: string): never {
    if (this.recording.isAtEnd) throw new RecordingEnds();
    throw new ReplayError(`The replay has left the recording at ${this.host.context.now} ms: the host ${what} at ${this.recording.place}`);
  }

  #word(): number {
    const { words } = this.recording;
    if (this.#words < words.length) return words[this.#words++]!;
    if (this.recording.isWhole) {
      throw new ReplayError(`The replay has left the recording at ${this.recording.place}: the host draws more random numbers`);
    }
    throw new RecordingEnds();
  }

  #deviceNext(): ReplayedDevice {
    return this.#devices.get(this.recording.device)!;
  }

  #owner(): ConstructorParameters<typeof ReplayedDevice>[0] {
    return {
      recording: this.recording,
      tellNext: () => {
        while (this.#tell());
      },
      frameOut: (device, bytes, at, end, info) => this.onFrameOut?.(device.name, bytes.subarray(at, end), info),
      diverged: (what) => this.#diverged(what),
    };
  }

  #managed(device: LinkDevice, random: Random): ManagedDevice {
    const impaired = new ImpairedDevice(device, { timers: this.host.timers, random });
    tellTrace(impaired, this.host.trace);
    return { name: device.name, impaired, capture: new CaptureDevice(impaired, { time: this.host.context, epochOffsetMs: 0 }) };
  }

  #withManagement(provider: Provider, devices: readonly ManagedDevice[]): CallHandler {
    const { omitsEvents } = this.recording.setup;
    const management = new ManagementService({
      host: this.host,
      devices,
      // Who watched is in the recording for itself; nothing else followed from it.
      ...(omitsEvents ? { trace: new Trace(this.host.context) } : {}),
      send: () => {
        if (!omitsEvents) this.#heard();
        return true;
      },
      shutdown: () => {},
      doorUsage: () => undefined,
      programUsage: () => provider.usage,
    });
    return withManagement(provider, management);
  }
}

/** The end of the recording and a divergence are no mistakes of the host, which would go on after them. */
const isOurs = (error: unknown): boolean => error instanceof RecordingEnds || error instanceof ReplayError;

const profileOf = (setup: Setup): Profile => ({ ...(PROFILES.get(setup.profile) ?? WINDOWS), ...setup.profileChanges });

type DhcpSetup = NonNullable<Extract<Setup["interfaces"][number], { readonly kind: "device" }>["dhcp"]>;

const dhcpOptions = ({ address, clientId, hostName, broadcast }: DhcpSetup): DhcpOptions => ({
  ...(address === undefined ? {} : { address: parseAddress(address) }),
  ...(clientId === undefined ? {} : { clientId: Uint8Array.from(clientId) }),
  ...(hostName === undefined ? {} : { hostName }),
  ...(broadcast === undefined ? {} : { broadcast }),
});

function setUp(host: Host, setup: Setup, devices: readonly LinkDevice[]): void {
  setup.interfaces.forEach((each, i) => {
    const attach = each.kind === "device" && each.dhcp !== undefined ? { dhcp: dhcpOptions(each.dhcp) } : undefined;
    const added = host.attach(devices[i]!, attach);
    if (each.kind === "loopback") return;
    host.ip.setConflictPolicy(added, each.conflictPolicy);
    for (const { address, prefixLength, detectConflicts = false } of each.addresses) {
      host.ip.addAddress(added, parseAddress(address), prefixLength, { detectConflicts });
    }
    if (each.autoconfiguration !== undefined) host.ip.autoconfigure(added, each.autoconfiguration as AutoconfigurationSettings);
  });
  for (const { destination, prefixLength, gateway, interface: name, metric } of setup.routes) {
    host.ip.addRoute({
      destination: parseAddress(destination),
      prefixLength,
      gateway: gateway === undefined ? undefined : parseAddress(gateway),
      interface: host.ip.interfaces.find((i) => i.name === name),
      metric,
    });
  }
  if (setup.names !== undefined) resolveAsRecorded(host.dns, setup.names);
}

/** Rings that are lent as those of the recorded host were, in ordinary memory. */
class PlainRings implements RingSource {
  readonly #fromBytes: number;
  readonly #lent = new Set<Uint8Array>();

  constructor(fromBytes: number) {
    this.#fromBytes = fromBytes;
  }

  take(capacity: number): Uint8Array | undefined {
    if (capacity < this.#fromBytes) return undefined;
    const ring = new Uint8Array(capacity);
    this.#lent.add(ring);
    return ring;
  }

  owns(ring: Uint8Array): boolean {
    return this.#lent.has(ring);
  }

  give(ring: Uint8Array): void {
    this.#lent.delete(ring);
  }
}
