import type { Trace } from "../stack/core/trace.ts";
import type { ImpairedDevice } from "./impaired-device.ts";

/** The host's trace tells from now on what the device does to frames. */
export function tellTrace(device: ImpairedDevice, trace: Trace): void {
  device.observer = (direction, fate, bytes, at, end, delayMs) => {
    if (!trace.isOn) return;
    const { name } = device;
    const later = delayMs === 0 ? {} : { delayMs };
    trace.emit({ type: "frame-impaired", device: name, direction, fate, ...later, bytes: bytes.subarray(at, end) });
  };
}
