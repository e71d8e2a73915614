import { readFileSync } from "node:fs";
import type { DoorLimits } from "../management/door-usage.ts";
import type { EventSender } from "../management/event-streams.ts";
import { withManagement } from "../management/managed-handler.ts";
import { type ManagedDevice, ManagementService } from "../management/management-service.ts";
import { AUTO } from "../management/setting-text.ts";
import { Recorder } from "../replay/recorder.ts";
import { IPV6_ANY, parseAddress, parseV4 } from "../stack/core/address.ts";
import { PROFILES, WINDOWS } from "../stack/core/profile.ts";
import { below } from "../stack/core/random.ts";
import { Host } from "../stack/host/host.ts";
import type { AttachOptions } from "../stack/host/host-options.ts";
import type { InterfaceService } from "../stack/link/interface-service.ts";
import type { LinkDevice } from "../stack/link/link-device.ts";
import { configureInterface } from "../tap/interface-config.ts";
import { isLibcLoaded, preloadLibc } from "../tap/libc.ts";
import { type LinuxTap, openTap } from "../tap/linux-tap.ts";
import type { Doorbell } from "../transport/doorbell.ts";
import { NetworkError } from "../transport/network-error.ts";
import type { ClientNumbers } from "../transport/request-server.ts";
import { SharedRings, SMALLEST_SHARED } from "../transport/shared-rings.ts";
import type { CallHandler } from "../winsock/provider/calls.ts";
import type { ProviderLimits } from "../winsock/provider/limits.ts";
import { Provider } from "../winsock/provider/provider.ts";
import { CaptureDevice } from "../wire/capture-device.ts";
import { ImpairedDevice } from "../wire/impaired-device.ts";
import { tellTrace } from "../wire/line-trace.ts";
import { Loopback } from "../wire/loopback.ts";
import { MemoryWire } from "../wire/memory-wire.ts";
import { tellOfAddresses } from "./address-news.ts";
import { BlockFile } from "./block-file.ts";
import { guardedHandler } from "./guarded-handler.ts";
import type { LoopHost, Waiter } from "./host-loop.ts";
import { InfraredHost } from "./infrared-host.ts";
import { MistakeReports } from "./mistake-reports.ts";
import { type HostSettings, hasInfrared } from "./network-url.ts";
import { PollWaiter } from "./poll-waiter.ts";
import { type Clock, RealClock } from "./real-clock.ts";
import { type Administrators, type DoorNotice, SocketDoor } from "./socket-door.ts";
import { SystemRandom } from "./system-random.ts";
import { WallClock } from "./wall-clock.ts";
import { WordWaiter } from "./word-waiter.ts";

/** A host in real time with everything around it that a thread needs to drive it. */
export interface RunningHost {
  readonly host: LoopHost;
  readonly handler: CallHandler;
  /** Memory that programs of this process read in; undefined when there is none. */
  readonly rings: SharedRings | undefined;
  /** Where other processes come in, if they may. */
  readonly door: SocketDoor | undefined;
  readonly waiter: Waiter;
  readonly now: () => number;
  readonly idle: () => void;
  /** Looks after its devices, once a turn. @throws NetworkError when the one that leads out is gone for good */
  readonly watch: () => void;
  /** The end begins: tells whom it must be told. */
  readonly leave: () => void;
  /** Nothing is left to be sent or acknowledged. */
  readonly isQuiet: () => boolean;
  readonly close: () => void;
}

/** Tells whoever runs the host something that they should know, in a sentence. */
export type Notice = (text: string) => void;

/** A listening Unix socket through which other processes shall be served. */
export interface DoorSettings {
  /** The descriptor; the host's thread closes it. */
  readonly listener: number;
  readonly limits: DoorLimits;
  readonly administrators: Administrators;
}

/** What a thread that runs a host is started with. */
export interface HostThreadSettings {
  readonly host: HostSettings;
  readonly door: DoorSettings | undefined;
  /** What one program may have, where it differs from the defaults. */
  readonly programs: Partial<ProviderLimits> | undefined;
}

export interface HostParts {
  readonly settings: HostSettings;
  readonly doorbell: Doorbell;
  readonly send: EventSender;
  readonly numbers: ClientNumbers;
  /** For large rings, where programs have this memory too. */
  readonly rings: SharedArrayBuffer | undefined;
  readonly door: DoorSettings | undefined;
  readonly programs: Partial<ProviderLimits> | undefined;
  readonly doorNotice: (notice: DoorNotice) => void;
  readonly notice: Notice;
  /** As `notice`, of what goes as it should. */
  readonly news: Notice;
}

/**
 * Opens the device and puts a host on it, with a loopback beside.
 * @throws TapError or NetworkError when that cannot be had; nothing stays open then
 */
export function startHost(parts: HostParts): RunningHost {
  const closers: (() => void)[] = [];
  const close = () => {
    for (const end of closers.splice(0).reverse()) end();
  };
  try {
    return build(parts, closers, close);
  } catch (error) {
    close();
    throw error;
  }
}

function build(parts: HostParts, closers: (() => void)[], close: () => void): RunningHost {
  preloadLibc();
  const { settings, doorbell, send, notice, news } = parts;
  const clock = new RealClock();
  const record = settings.record === undefined ? undefined : recordTo(settings.record, clock, notice, closers);
  const random = record?.recorder.random(new SystemRandom()) ?? new SystemRandom();
  const tap = settings.device === "tap" ? openTapFor(settings) : undefined;
  const outer = tap ?? wireDevice(settings);
  closers.push(() => outer.close());
  const isPolled = tap !== undefined || parts.door !== undefined || settings.infrared !== undefined;
  const waiter = !isPolled ? new WordWaiter(doorbell) : pollWaiter(doorbell, tap, closers);

  // Without the library the host's own copies would be slower than what is gained.
  const rings = parts.rings !== undefined && isLibcLoaded() ? new SharedRings(parts.rings) : undefined;
  closers.push(() => rings?.close());
  const host = new Host({
    ...(settings.hostname === undefined ? {} : { name: settings.hostname }),
    startMs: clock.now(),
    random,
    ...(rings === undefined ? {} : { rings }),
    profile: PROFILES.get(settings.profile) ?? WINDOWS,
    onMistake: (error) => reports.report("internal-error", "a packet, an alarm or a connection", error),
  });
  const wall = new WallClock(clock);
  const managed = (device: LinkDevice): ManagedDevice => {
    const impaired = new ImpairedDevice(device, { timers: host.timers, random });
    tellTrace(impaired, host.trace);
    // Outermost, so that it sees what the host sees.
    const capture = new CaptureDevice(impaired, {
      time: host.context,
      get epochOffsetMs() {
        return wall.offsetMs;
      },
    });
    return { name: device.name, impaired, capture };
  };
  const reports = new MistakeReports(host.context, host.context.drops, notice);
  const devices = [managed(record?.recorder.device(outer) ?? outer), managed(new Loopback())];
  const outwards = host.attach(devices[0]!.capture, attachOptions(settings));
  useIpv6(host, outwards, settings);
  tellOfAddresses(host, outwards, { warn: notice, inform: news });
  host.attach(devices[1]!.capture);
  configureNames(host, settings);
  const lentFromBytes = rings === undefined ? undefined : SMALLEST_SHARED;
  record?.recorder.begin(host, { limits: parts.programs ?? {}, isManaged: true, lentFromBytes });
  const file = settings.capture === undefined ? undefined : captureTo(settings.capture, devices[0]!, host, clock, notice, closers);

  const provider = new Provider(host, parts.programs);
  const infrared = hasInfrared(settings) ? infraredHost(host, provider, settings) : undefined;
  if (infrared?.descriptor !== undefined && waiter instanceof PollWaiter) waiter.watch(infrared.descriptor);
  closers.push(() => infrared?.close());
  let door: SocketDoor | undefined;
  const management = new ManagementService({
    host,
    devices,
    send,
    shutdown: () => doorbell.stop(),
    doorUsage: () => door?.usage,
    programUsage: () => provider.usage,
    infrared: () => infrared?.status,
  });
  const mistake = (error: unknown) => reports.report("internal-error-in-call", "a call", error);
  const answering = guardedHandler(withManagement(provider, management), mistake);
  const handler = record?.recorder.handler(answering) ?? answering;
  if (parts.door !== undefined && waiter instanceof PollWaiter) {
    const { numbers, doorNotice } = parts;
    door = new SocketDoor({ ...parts.door, handler, numbers, timers: host.timers, notice: doorNotice, mistake });
    waiter.watch(door.descriptor);
  }
  return {
    host: infrared ?? host,
    handler,
    door,
    waiter,
    now: () => clock.now(),
    idle: () => {
      for (const { capture } of devices) if (capture.isCapturing) capture.flush();
      file?.flush();
      record?.file.flush();
    },
    rings,
    watch: tap === undefined ? () => {} : watchTap(tap, notice),
    leave: () => infrared?.leave(),
    isQuiet: () => host.tcp.unfinishedCount === 0 && !host.tcp.hasUndelivered && infrared?.isQuiet !== false,
    close,
  };
}

/** @throws TapError when the room cannot be had */
function infraredHost(host: Host, provider: Provider, settings: HostSettings): InfraredHost {
  const { infrared: room, infraredDevices: devices = [], infraredId, infraredName: name = host.name } = settings;
  let id = infraredId;
  while (id === undefined || devices.some((other) => other.id === id)) id = 1 + below(host.context.random, 0xfffffffe);
  return new InfraredHost(host, provider, { id, name }, { room, devices });
}

/** @throws NetworkError when the hosts file cannot be read */
function configureNames({ dns }: Host, { dns: servers = [], search: searchList = [], hosts }: HostSettings): void {
  dns.configure("configured", { servers: servers.map((address) => ({ address: parseAddress(address) })), searchList });
  if (hosts === undefined) return;
  try {
    dns.setHosts(readFileSync(hosts, "utf8"));
  } catch (error) {
    throw new NetworkError(`Cannot read the hosts file: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function attachOptions(settings: HostSettings): AttachOptions {
  const { ip, prefixLength, gateway, detectConflicts = false, conflictPolicy = "defend-once" } = settings;
  if (ip === undefined || prefixLength === undefined) return { dhcp: true, conflictPolicy };
  return {
    address: parseV4(ip),
    prefixLength,
    detectConflicts,
    conflictPolicy,
    ...(gateway === undefined ? {} : { gateway: parseV4(gateway) }),
  };
}

function useIpv6({ ip }: Host, outwards: InterfaceService, { ip6 = [], gateway6, detectConflicts = false }: HostSettings): void {
  for (const text of ip6) {
    if (text === AUTO) continue;
    const [address = "", length = ""] = text.split("/");
    ip.addAddress(outwards, parseAddress(address), Number(length), { detectConflicts });
  }
  if (ip6.includes(AUTO)) ip.autoconfigure(outwards);
  if (gateway6 === undefined) return;
  ip.addRoute({ destination: IPV6_ANY, prefixLength: 0, gateway: parseAddress(withoutZone(gateway6)), interface: outwards });
}

/** There is one interface that leads out. */
const withoutZone = (address: string): string => address.replace(/%.*/, "");

function openTapFor(settings: HostSettings): LinuxTap {
  const { name, offloads, mac, mtu, kernelIp } = settings;
  const tap = openTap({ name, offloads, ...(mac === undefined ? {} : { mac: macIn(mac) }), ...(mtu === undefined ? {} : { mtu }) });
  if (kernelIp === undefined) return tap;
  try {
    for (const prefix of kernelIp) {
      const [address = "", length = ""] = prefix.split("/");
      configureInterface(tap.name, { address, prefixLength: Number(length), up: true });
    }
    return tap;
  } catch (error) {
    tap.close();
    throw error;
  }
}

function wireDevice({ name, mac, mtu }: HostSettings): LinkDevice {
  return new MemoryWire().device({ name, ...(mac === undefined ? {} : { mac: macIn(mac) }), ...(mtu === undefined ? {} : { mtu }) });
}

function pollWaiter(doorbell: Doorbell, tap: LinuxTap | undefined, closers: (() => void)[]): PollWaiter {
  const waiter = new PollWaiter(doorbell, tap);
  closers.push(() => {
    // Rather one descriptor too many than a late ring into another's.
    if (doorbell.withdrawDescriptor()) waiter.close();
  });
  return waiter;
}

function captureTo(path: string, device: ManagedDevice, host: Host, clock: Clock, notice: Notice, closers: (() => void)[]): BlockFile {
  const file = new BlockFile(
    path,
    "capture file",
    () => clock.now(),
    (why) => {
      notice(`Cannot go on with the capture in "${path}", which ends with its last whole frame: ${why}`);
      device.capture.stop();
    },
  );
  device.capture.start({ sink: (block) => file.write(block), trace: host.trace, infrared: true });
  closers.push(() => {
    device.capture.stop();
    file.close();
  });
  return file;
}

/** All that the host is given goes to a file, for `Replay`. */
function recordTo(path: string, clock: Clock, notice: Notice, closers: (() => void)[]): { recorder: Recorder; file: BlockFile } {
  const file = new BlockFile(
    path,
    "recording",
    () => clock.now(),
    (why) => {
      notice(`Cannot go on with the recording in "${path}", which ends with its last whole block: ${why}`);
      recorder.end();
    },
  );
  const onLimit = () => notice(`The recording in "${path}" is as long as it may get, and ends`);
  const recorder = new Recorder((block) => file.write(block), { onLimit });
  closers.push(() => {
    recorder.end();
    file.close();
  });
  return { recorder, file };
}

/** @returns to be called once a turn */
function watchTap(tap: LinuxTap, notice: Notice): () => void {
  let wasUp = tap.isUp;
  return () => {
    if (tap.isUp === wasUp) return;
    wasUp = tap.isUp;
    if (tap.isGone) throw new NetworkError(`The TAP ${tap.name} is gone: somebody deleted it`);
    notice(wasUp ? `The TAP ${tap.name} is up again` : `The TAP ${tap.name} is down; set it up with: ip link set ${tap.name} up`);
  };
}

const macIn = (text: string): Uint8Array => Uint8Array.from(text.split(":"), (byte) => Number.parseInt(byte, 16));
