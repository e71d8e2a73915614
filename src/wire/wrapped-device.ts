import type { FrameInfo } from "../stack/core/frame-info.ts";
import type { FrameSink, LinkCounters, LinkDevice, LinkListener, Offloads, TransmitResult } from "../stack/link/link-device.ts";

/** What every device around another has in common: it is, to whoever looks, the inner device. */
export abstract class WrappedDevice implements LinkDevice {
  protected readonly inner: LinkDevice;

  constructor(inner: LinkDevice) {
    this.inner = inner;
  }

  get name(): string {
    return this.inner.name;
  }

  get mac(): Uint8Array {
    return this.inner.mac;
  }

  get mtu(): number {
    return this.inner.mtu;
  }

  get offloads(): Offloads {
    return this.inner.offloads;
  }

  get isUp(): boolean {
    return this.inner.isUp;
  }

  get isGone(): boolean {
    return this.inner.isGone;
  }

  get isLoopback(): boolean {
    return this.inner.isLoopback;
  }

  abstract readonly counters: LinkCounters;
  abstract transmit(bytes: Uint8Array, at: number, end: number, info: FrameInfo): TransmitResult;
  abstract receive(sink: FrameSink, budget: number): number;
  abstract setListener(listener: LinkListener): void;
  abstract setSegmentation(on: boolean): void;
  abstract close(): void;
}
