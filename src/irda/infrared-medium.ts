import type { Timer } from "../stack/core/timers.ts";
import type { Trace } from "../stack/core/trace.ts";
import { InfraredStation, type StationSettings } from "./infrared-station.ts";
import type { Hearer, InfraredTime, Transceiver } from "./transceiver.ts";

interface Transmission {
  readonly from: InfraredPort;
  readonly frame: Uint8Array;
  readonly startMs: number;
  readonly endMs: number;
  isGarbled: boolean;
}

/** A start bit, eight bits and a stop bit to the byte (IrPHY, SIR). */
const BITS_PER_BYTE = 10;
/** Who has just heard light is blind for its own (minimum turnaround). */
const TURNAROUND_MS = 1;
/** More than a window of any station. */
const QUEUE_LIMIT = 16;
export const MOST_DEVICES = 64;

/** What a host calls its transceiver. */
const INFRARED_DEVICE = "irda0";

class InfraredPort implements Transceiver {
  readonly medium: InfraredMedium;
  /** Of the host whose transceiver this is; a simulated device has none. */
  readonly #trace: Trace | undefined;
  hearer: Hearer | undefined;
  /** Its beam reaches the others, and theirs reach it. */
  isInSight = true;
  freeAtMs = 0;
  constructor(medium: InfraredMedium, trace: Trace | undefined) {
    this.medium = medium;
    this.#trace = trace;
  }

  get time(): InfraredTime {
    return this.medium.time;
  }

  transmit(frame: Uint8Array, bitsPerSecond: number): number {
    const trace = this.#trace;
    if (trace?.isOn) trace.emit({ type: "infrared-frame", direction: "out", device: INFRARED_DEVICE, bytes: frame });
    return this.medium.transmit(this, frame, bitsPerSecond);
  }

  /** Every frame that comes by, for whom ever it is. */
  hear(frame: Uint8Array): void {
    if (!this.isInSight) return;
    const trace = this.#trace;
    if (!trace?.isOn) {
      this.hearer?.heard(frame);
      return;
    }
    const before = trace.begin({ type: "infrared-frame", direction: "in", device: INFRARED_DEVICE, bytes: frame });
    this.hearer?.heard(frame);
    trace.end(before);
  }
}

/** The settings of a test's or lesson's room. */
export interface InfraredMediumOptions {
  readonly devices: readonly StationSettings[];
}

/** The medium as whoever made it has it. */
export interface InfraredMediumService {
  /** A device is carried out of the room, or back. */
  setInSight(id: number, isInSight: boolean): void;
  /** Sees each frame as it begins, garbled or not: address, control, payload and FCS. `from` is its sender's id. */
  observer: ((frame: Uint8Array, from: number) => void) | undefined;
}

/**
 * A room with infrared devices, each in sight of all others: half-duplex, what two send at once is lost, and a byte takes its time.
 * It lives in the time of the first host that joins, and hosts in one room share one time.
 */
export class InfraredMedium implements InfraredMediumService {
  readonly #ports = new Map<InfraredStation, InfraredPort>();
  readonly #inAir: Transmission[] = [];
  #time: InfraredTime | undefined;
  #arrival: Timer | undefined;
  #beyond: ((frame: Uint8Array) => void) | undefined;
  observer: ((frame: Uint8Array, from: number) => void) | undefined;
  readonly #settings: readonly StationSettings[];

  constructor({ devices }: InfraredMediumOptions) {
    this.#settings = devices;
    if (devices.length > MOST_DEVICES) throw new RangeError(`Cannot put ${devices.length} devices into one room: at most ${MOST_DEVICES}`);
  }

  /** A host joins with a transceiver of its own. The first one brings the time, in which the room's own devices begin to live. */
  join(time: InfraredTime, settings: StationSettings): InfraredStation {
    if (this.#time === undefined) {
      this.#time = time;
      this.#arrival = time.timers.timer(
        "infrared-arrival",
        () => "infrared medium",
        () => this.#arrive(),
      );
      for (const each of this.#settings) this.#add(each);
    }
    return this.#add(settings, time.trace);
  }

  /**
   * Opens a window: devices that live in another time than ours hear those in this room, and are heard. What both send at once is not lost.
   * @param emit gets each frame when its last bit has left a device of this room
   * @returns takes a frame from beyond the window when its last bit has come in
   */
  openWindow(emit: (frame: Uint8Array) => void): (frame: Uint8Array) => void {
    this.#beyond = emit;
    return (frame) => {
      for (const port of this.#ports.values()) port.hear(frame);
    };
  }

  /** The device with this id; undefined before a host has joined, too. */
  station(id: number): InfraredStation | undefined {
    return [...this.#ports.keys()].find((station) => station.id === id);
  }

  setInSight(id: number, isInSight: boolean): void {
    const station = this.station(id);
    if (station !== undefined) this.#ports.get(station)!.isInSight = isInSight;
  }

  get time(): InfraredTime {
    return this.#time!;
  }

  #add(settings: StationSettings, trace?: Trace): InfraredStation {
    const { id } = settings;
    if (!Number.isInteger(id) || id <= 0 || id >= 0xffffffff)
      throw new RangeError(`Cannot use ${id} as an infrared device id: expected 1 to 0xfffffffe`);
    if (this.station(id) !== undefined) throw new RangeError(`Two infrared devices with the id ${id}`);
    const port = new InfraredPort(this, trace);
    const station = new InfraredStation(port, settings);
    port.hearer = station;
    this.#ports.set(station, port);
    return station;
  }

  transmit(from: InfraredPort, frame: Uint8Array, bitsPerSecond: number): number {
    const { now } = this.time;
    const startMs = Math.max(now + TURNAROUND_MS, from.freeAtMs);
    const endMs = startMs + (frame.length * BITS_PER_BYTE * 1000) / bitsPerSecond;
    if (this.#inAir.filter((each) => each.from === from).length >= QUEUE_LIMIT) return from.freeAtMs;
    from.freeAtMs = endMs;
    const transmission: Transmission = { from, frame, startMs, endMs, isGarbled: !from.isInSight };
    for (const other of this.#inAir) {
      if (other.from === from || other.endMs <= startMs || other.startMs >= endMs || !other.from.isInSight || !from.isInSight) continue;
      other.isGarbled = true;
      transmission.isGarbled = true;
    }
    this.#inAir.push(transmission);
    if (this.observer !== undefined) {
      for (const [station, port] of this.#ports) if (port === from) this.observer(frame, station.id);
    }
    this.#setArrival();
    this.time.requestTurn();
    return endMs;
  }

  #setArrival(): void {
    const next = Math.min(...this.#inAir.map(({ endMs }) => endMs));
    if (Number.isFinite(next)) this.#arrival!.set(next - this.time.now);
  }

  #arrive(): void {
    const { now } = this.time;
    const over = this.#inAir.filter(({ endMs }) => endMs <= now);
    for (const transmission of over) this.#inAir.splice(this.#inAir.indexOf(transmission), 1);
    for (const { from, frame, isGarbled } of over) {
      if (isGarbled) continue;
      for (const port of this.#ports.values()) if (port !== from) port.hear(frame);
      this.#beyond?.(frame);
    }
    this.#setArrival();
  }
}

/** A room with these devices; a host joins it by `joinInfrared`. */
export const createInfraredMedium = (options: InfraredMediumOptions): InfraredMediumService => new InfraredMedium(options);
