import type { LinkCounters } from "./link-device.ts";

/** What a device counts, as it counts. */
export class DeviceCounters implements LinkCounters {
  framesIn = 0;
  framesOut = 0;
  bytesIn = 0;
  bytesOut = 0;
  readonly drops = new Map<string, number>();

  cameIn(bytes: number): void {
    this.framesIn++;
    this.bytesIn += bytes;
  }

  wentOut(bytes: number): void {
    this.framesOut++;
    this.bytesOut += bytes;
  }

  drop(reason: string): void {
    this.drops.set(reason, (this.drops.get(reason) ?? 0) + 1);
  }
}
