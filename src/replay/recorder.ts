import { formatAddress } from "../stack/core/address.ts";
import type { Random } from "../stack/core/random.ts";
import type { DhcpOptions } from "../stack/dhcp/dhcp-service.ts";
import type { Host } from "../stack/host/host.ts";
import type { InterfaceService } from "../stack/link/interface-service.ts";
import type { LinkDevice } from "../stack/link/link-device.ts";
import type { CallHandler } from "../winsock/provider/calls.ts";
import type { ProviderLimits } from "../winsock/provider/limits.ts";
import { recordedNames } from "./recorded-names.ts";
import { block, callBody, KIND, MAX_QUIET, numbersBody, profileChanges, type Setup, setupBody } from "./recording.ts";
import { RecordingDevice } from "./recording-device.ts";

export interface RecorderOptions {
  /** Where the recording ends, though the run goes on; 1 GiB by default. */
  readonly limitBytes?: number;
  /** Called once when it has come to that. */
  readonly onLimit?: () => void;
}

/** What a recording must know of a run that cannot be seen of its host. */
export interface RecordedRun {
  /** Of the provider, where they differ from the defaults. */
  readonly limits?: Partial<ProviderLimits>;
  /** A `ManagementService` answers, and each device stands behind an `ImpairedDevice` that has the host's timers and randomness. */
  readonly isManaged?: boolean;
  /** Smallest ring that the host's `RingSource` lends; undefined where it has none. */
  readonly lentFromBytes?: number | undefined;
}

/**
 * Writes down everything that comes into a host from outside: the time of each turn and call, frames, what devices answer, calls of
 * programs and of management, random numbers. `Replay` makes the same run of it.
 *
 * A host is made with `random(…)`, its devices with `device(…)` (a loopback as it is), then comes `begin`, and all calls go through
 * `handler(…)`. What is done to the host or its TCP directly is not seen; programs stand on the provider. A recording holds all data in
 * clear, and the secrets of the host.
 */
export class Recorder {
  readonly #sink: (block: Uint8Array) => void;
  readonly #onLimit: () => void;
  #left: number;
  #host: Host | undefined;
  #hasEnded = false;
  readonly #devices: RecordingDevice[] = [];
  #words: number[] = [];
  #quiet = 0;
  #blocks = 0;
  #depth = 0;
  #isWatched = false;

  /** @param sink gets whole blocks, which are its own */
  constructor(sink: (block: Uint8Array) => void, options: RecorderOptions = {}) {
    this.#sink = sink;
    this.#left = options.limitBytes ?? 2 ** 30;
    this.#onLimit = options.onLimit ?? (() => {});
  }

  /** For the host, and for what else has its randomness in `RecordedRun.isManaged`. */
  random(random: Random): Random {
    return {
      u32: () => {
        const word = random.u32();
        if (!this.#hasEnded) this.#words.push(word);
        return word;
      },
    };
  }

  /** A device of which everything is recorded, to be attached in place of `device`. */
  device(device: LinkDevice): LinkDevice {
    const recording = new RecordingDevice(device, this, this.#devices.length);
    this.#devices.push(recording);
    return recording;
  }

  /**
   * Begins with the host as it is set up: before its first turn, and with addresses and routes configured.
   * @throws RangeError for an interface whose device is neither recorded nor a loopback
   */
  begin(host: Host, run: RecordedRun = {}): void {
    this.#host = host;
    // What was done while the host was being set up is not asked of the devices again.
    this.#quiet = 0;
    this.write(KIND.setup, 0, setupBody(setupOf(host, run, this.#devices)));
    for (const device of this.#devices) device.writeState();
    host.turnObserver = {
      turnBegins: (nowMs) => this.#begin(KIND.turn, numbersBody(nowMs)),
      turnEnded: () => this.#end(KIND.turned),
    };
  }

  /** The handler that calls are to go through, from when the host is begun with. */
  handler(handler: CallHandler): CallHandler {
    return {
      openClient: (client, process = 0, isAdministrator = true) =>
        this.#called(KIND.openClient, numbersBody(this.#now, client, process, ...(isAdministrator ? [] : [0])), () =>
          handler.openClient(client, process, isAdministrator),
        ),
      closeClient: (client) => this.#called(KIND.closeClient, numbersBody(this.#now, client), () => handler.closeClient(client)),
      hold: (client, isHeld) => this.#called(KIND.hold, numbersBody(this.#now, client, isHeld ? 1 : 0), () => handler.hold(client, isHeld)),
      call: (client, request, reply) =>
        this.#called(KIND.call, callBody(this.#now, client, request), () =>
          handler.call(client, request, (answer) => this.#heard(() => reply(answer))),
        ),
    };
  }

  /** Nothing more is recorded; the run may go on. */
  end(): void {
    if (this.#hasEnded || this.#host === undefined) return;
    this.write(KIND.end, 0, NOTHING);
    this.#stop();
  }

  /** In a turn or a call. */
  get isWithin(): boolean {
    return this.#depth > 0;
  }

  nowBody(): Uint8Array {
    return numbersBody(this.#now);
  }

  /** A device did what it does mostly, or a program heard an answer and did nothing more. */
  quiet(): void {
    if (++this.#quiet === MAX_QUIET) this.write(KIND.quiet, 0, NOTHING);
  }

  write(kind: number, device: number, body: Uint8Array): void {
    if (this.#hasEnded || this.#host === undefined) return;
    if (kind !== KIND.setup && this.#words.length > 0) {
      const words = new Uint8Array(Uint32Array.from(this.#words).buffer);
      this.#words = [];
      this.#put(block(KIND.words, 0, 0, words));
    }
    this.#put(block(kind, device, this.#quiet, body));
    this.#quiet = 0;
  }

  get #now(): number {
    return this.#host?.context.now ?? 0;
  }

  #put(bytes: Uint8Array): void {
    if (this.#hasEnded) return;
    this.#left -= bytes.length;
    this.#blocks++;
    if (this.#left >= 0) this.#sink(bytes);
    else {
      this.#stop();
      this.#onLimit();
    }
  }

  #stop(): void {
    this.#hasEnded = true;
    this.#words = [];
    if (this.#host !== undefined) this.#host.turnObserver = undefined;
  }

  #called(kind: number, body: Uint8Array, act: () => void): void {
    this.#begin(kind, body);
    try {
      act();
    } finally {
      this.#end(KIND.called);
    }
  }

  #heard(act: () => void): void {
    const before = this.#blocks;
    try {
      act();
    } finally {
      if (this.#blocks === before) this.quiet();
      else this.write(KIND.heard, 0, NOTHING);
    }
  }

  #begin(kind: number, body: Uint8Array): void {
    for (const device of this.#devices) device.look();
    const isWatched = this.#host?.trace.isWatched ?? false;
    if (isWatched !== this.#isWatched) {
      this.#isWatched = isWatched;
      this.write(KIND.watched, 0, Uint8Array.of(isWatched ? 1 : 0));
    }
    this.write(kind, 0, body);
    this.#depth++;
  }

  #end(kind: number): void {
    this.#depth--;
    this.write(kind, 0, NOTHING);
  }
}

const NOTHING = new Uint8Array(0);

const dhcpSetup = ({ address, clientId, hostName, broadcast }: DhcpOptions) => ({
  ...(address === undefined ? {} : { address: formatAddress(address) }),
  ...(clientId === undefined ? {} : { clientId: [...clientId] }),
  ...(hostName === undefined ? {} : { hostName }),
  ...(broadcast === undefined ? {} : { broadcast }),
});

function setupOf(host: Host, run: RecordedRun, devices: readonly RecordingDevice[]): Setup {
  const { interfaces, routes } = host.ip;
  const recorded = (i: InterfaceService): Setup["interfaces"][number] => {
    if (i.isLoopback) return { kind: "loopback", name: i.name };
    const device = devices.findIndex((candidate) => candidate.name === i.name);
    if (device < 0) throw new RangeError(`Cannot record ${i.name}: its device is not recorded`);
    // Those of DHCP and of autoconfiguration come by these.
    const said = i.addresses.filter(({ origin }) => origin === "manual");
    const addresses = said.map(({ address, prefixLength, state }) => ({
      address: formatAddress(address),
      prefixLength,
      ...(state === "tentative" ? { detectConflicts: true } : {}),
    }));
    const client = host.dhcpOn(i);
    const { name, mtu, conflictPolicy } = i;
    const dhcp = client === undefined ? {} : { dhcp: dhcpSetup(client.options) };
    const settings = host.ip.autoconfigurationOf(i);
    const autoconfiguration = settings === undefined ? {} : { autoconfiguration: { ...settings } };
    return { kind: "device", device, name, mac: [...i.mac], mtu, addresses, ...dhcp, ...autoconfiguration, conflictPolicy };
  };
  // The others come with addresses, leases and advertisements.
  const configured = routes.list().filter(({ origin }) => origin === "manual");
  const names = recordedNames(host.dns);
  return {
    hostName: host.name,
    startMs: host.context.now,
    profile: host.context.profile.name,
    profileChanges: profileChanges(host.context.profile),
    isManaged: run.isManaged ?? false,
    omitsEvents: true,
    lentFromBytes: run.lentFromBytes ?? null,
    limits: { ...run.limits },
    interfaces: interfaces.map(recorded),
    routes: configured.map(({ destination, prefixLength, gateway, interface: through, metric }) => ({
      destination,
      prefixLength,
      ...(gateway === undefined ? {} : { gateway }),
      interface: through,
      metric,
    })),
    ...(names === undefined ? {} : { names }),
  };
}
