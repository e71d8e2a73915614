import type { FrameInfo } from "../stack/core/frame-info.ts";
import type { FrameSink, LinkCounters, LinkDevice, LinkListener, Offloads, TransmitResult } from "../stack/link/link-device.ts";
import { WrappedDevice } from "../wire/wrapped-device.ts";
import type { Recorder } from "./recorder.ts";
import { frameBody, KIND, NOT_SENT, STATE } from "./recording.ts";

/**
 * A device around another, whose doings are recorded. What can be asked of it (is it up, what does it offload) changes only where the
 * recorder has written it down: after an operation, and before a turn or a call.
 */
export class RecordingDevice extends WrappedDevice {
  readonly #recorder: Recorder;
  readonly #index: number;
  /** Told or handed over something within the `receive` that is under way. */
  #isEventful = false;
  #sink: FrameSink | undefined;
  readonly #seen: FrameSink = {
    frame: (bytes, at, end, info) => {
      this.#isEventful = true;
      this.#recorder.write(KIND.frame, this.#index, frameBody(bytes, at, end, info));
      this.#sink!.frame(bytes, at, end, info);
    },
  };
  #isUp: boolean;
  #isGone: boolean;
  #offloads: Offloads;

  constructor(inner: LinkDevice, recorder: Recorder, index: number) {
    super(inner);
    this.#recorder = recorder;
    this.#index = index;
    this.#isUp = inner.isUp;
    this.#isGone = inner.isGone;
    this.#offloads = inner.offloads;
  }

  get counters(): LinkCounters {
    return this.inner.counters;
  }

  override get isUp(): boolean {
    return this.#isUp;
  }

  override get isGone(): boolean {
    return this.#isGone;
  }

  override get offloads(): Offloads {
    return this.#offloads;
  }

  transmit(bytes: Uint8Array, at: number, end: number, info: FrameInfo): TransmitResult {
    const result = this.inner.transmit(bytes, at, end, info);
    if (result === "sent") this.#recorder.quiet();
    else this.#recorder.write(KIND.notSent, this.#index, Uint8Array.of(NOT_SENT[result]));
    this.look();
    return result;
  }

  receive(sink: FrameSink, budget: number): number {
    this.#isEventful = false;
    this.#sink = sink;
    const count = this.inner.receive(this.#seen, budget);
    this.#sink = undefined;
    if (count === 0 && !this.#isEventful) this.#recorder.quiet();
    else this.#recorder.write(KIND.received, this.#index, Uint8Array.of(count & 0xff, count >>> 8));
    this.look();
    return count;
  }

  setListener(listener: LinkListener): void {
    const recorder = this.#recorder;
    this.inner.setListener({
      readable: () => {
        // Between turns it only asks for one, and that the next one came is recorded.
        if (recorder.isWithin) this.#tell(KIND.readable, new Uint8Array(0));
        listener.readable();
      },
      writable: () => {
        this.#tell(KIND.writable, recorder.nowBody());
        listener.writable();
      },
      linkChanged: (up) => {
        this.#tell(KIND.link, Uint8Array.of(...recorder.nowBody(), up ? 1 : 0));
        listener.linkChanged(up);
      },
    });
  }

  setSegmentation(on: boolean): void {
    this.inner.setSegmentation(on);
    this.#recorder.quiet();
    this.look();
  }

  close(): void {
    this.inner.close();
  }

  /** Writes down what has changed about the inner device. */
  look(): void {
    const { isUp, isGone, offloads } = this.inner;
    if (isUp === this.#isUp && isGone === this.#isGone && isSame(offloads, this.#offloads)) return;
    this.#isUp = isUp;
    this.#isGone = isGone;
    this.#offloads = offloads;
    this.writeState();
  }

  writeState(): void {
    const { checksum, tso4, tso6, uso } = this.#offloads;
    const bits =
      (this.#isUp ? STATE.up : 0) |
      (this.#isGone ? STATE.gone : 0) |
      (checksum ? STATE.checksum : 0) |
      (tso4 ? STATE.tso4 : 0) |
      (tso6 ? STATE.tso6 : 0) |
      (uso === true ? STATE.uso : 0);
    this.#recorder.write(KIND.state, this.#index, Uint8Array.of(bits));
  }

  #tell(kind: number, body: Uint8Array): void {
    this.#isEventful = true;
    // Whoever hears of it looks at the device.
    this.look();
    this.#recorder.write(kind, this.#index, body);
  }
}

const isSame = (a: Offloads, b: Offloads): boolean =>
  a === b || (a.checksum === b.checksum && a.tso4 === b.tso4 && a.tso6 === b.tso6 && a.uso === b.uso);
