/**
 * `tapsock/tap`: devices that need Node.js, for hosts of one's own (`tapsock`): the TAP device of Linux with what waits for it, and any
 * `Duplex` that carries frames.
 */
export { DuplexDevice, type DuplexDeviceOptions } from "./duplex-device.ts";
export { LinuxTap, openTap, type TapOptions } from "./linux-tap.ts";
export { type Interest, Poller } from "./poll.ts";
export { TapError } from "./tap-error.ts";
