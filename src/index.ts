/**
 * tapsock for programs that bring their own host: a TCP/IP host over any link device, in real or virtual time. Programs that only
 * want sockets use `tapsock/winsock` or `tapsock/winsock/promises`.
 */

export type { EventPort } from "./runtime/async-call-port.ts";
export { manage } from "./runtime/manage.ts";
export type { HostStatus, ManagementRequest, ManagementResults } from "./runtime/management.ts";
export { NetworkError } from "./runtime/network-error.ts";
export { closeNetwork, openAsyncPort, openBlockingPort, openDaemonPort, useNetwork } from "./runtime/networks.ts";
export { RealClock } from "./runtime/real-clock.ts";
export { SystemRandom } from "./runtime/system-random.ts";
export { formatAddress, type IpAddress, type Ipv4Address, ipv4, parseV4 } from "./stack/core/address.ts";
export { type Clock, VirtualClock } from "./stack/core/clock.ts";
export { type Random, SeededRandom } from "./stack/core/random.ts";
export { Trace, type TraceEvent, type TraceSubscriber } from "./stack/core/trace.ts";
export { Host } from "./stack/host.ts";
export type { AttachOptions, HostOptions } from "./stack/host-options.ts";
export { describeFrame, type FrameDescription } from "./stack/packet/describe.ts";
export { LINUX, PROFILES, type Profile, RFC, WINDOWS } from "./stack/profile.ts";
export { CaptureDevice, type CaptureOptions, type CaptureStart } from "./tap/capture-device.ts";
export { DuplexDevice, type DuplexDeviceOptions } from "./tap/duplex-device.ts";
export { ImpairedDevice } from "./tap/impaired-device.ts";
export type { Impairment, Pick as FramePick } from "./tap/impairment.ts";
export type { FrameInfo, FrameSink, LinkDevice, LinkListener, Offloads, TransmitResult } from "./tap/link-device.ts";
export { LinuxTap, openTap, type TapOptions } from "./tap/linux-tap.ts";
export { Loopback, type LoopbackOptions } from "./tap/loopback.ts";
export { MemoryWire, type WireDevice, type WireDeviceOptions, type WireOptions } from "./tap/memory-wire.ts";
export { Poller } from "./tap/poll.ts";
export { TapError } from "./tap/tap-error.ts";
export { type BlockingFace, createBlockingFace } from "./winsock/blocking-face.ts";
export type { AsyncPort, BlockingPort, CallHandler, CallReply, CallRequest } from "./winsock/provider/calls.ts";
export { Provider } from "./winsock/provider/provider.ts";
