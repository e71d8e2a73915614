/**
 * tapsock for programs that bring their own host: a TCP/IP host over any link device, in real or virtual time. Programs that only
 * want sockets use `tapsock/winsock` or `tapsock/winsock/promises`.
 */

export { manage } from "./management/manage.ts";
export type { HostStatus, ManagementRequest, ManagementResults } from "./management/management.ts";
export { EventLoopDriver } from "./network/event-loop-driver.ts";
export { closeNetwork, openAsyncPort, openBlockingPort, openDaemonPort, useNetwork } from "./network/networks.ts";
export { type Clock, RealClock } from "./network/real-clock.ts";
export { SystemRandom } from "./network/system-random.ts";
export { type RecordedRun, Recorder, type RecorderOptions } from "./replay/recorder.ts";
export { RecordingError } from "./replay/recording.ts";
export { type FrameListener, Replay, ReplayError } from "./replay/replay.ts";
export { formatAddress, type IpAddress, type Ipv4Address, ipv4, parseV4 } from "./stack/core/address.ts";
export type { FrameInfo } from "./stack/core/frame-info.ts";
export { LINUX, PROFILES, type Profile, RFC, WINDOWS } from "./stack/core/profile.ts";
export { type Random, SeededRandom } from "./stack/core/random.ts";
export type { Time } from "./stack/core/time.ts";
export { Trace, type TraceEvent, type TraceSubscriber } from "./stack/core/trace.ts";
export { Host } from "./stack/host/host.ts";
export type { AttachOptions, HostOptions } from "./stack/host/host-options.ts";
export { Simulation } from "./stack/host/simulation.ts";
export type { FrameSink, LinkDevice, LinkListener, Offloads, TransmitResult } from "./stack/link/link-device.ts";
export { describeFrame, type FrameDescription } from "./stack/packet/describe.ts";
export { LinuxTap, openTap, type TapOptions } from "./tap/linux-tap.ts";
export { Poller } from "./tap/poll.ts";
export { TapError } from "./tap/tap-error.ts";
export type { EventPort } from "./transport/async-call-port.ts";
export { NetworkError } from "./transport/network-error.ts";
export { type BlockingFace, createBlockingFace } from "./winsock/faces/blocking-face.ts";
export type { AsyncPort, BlockingPort, CallHandler, CallReply, CallRequest } from "./winsock/provider/calls.ts";
export { Provider } from "./winsock/provider/provider.ts";
export { CaptureDevice, type CaptureOptions, type CaptureStart } from "./wire/capture-device.ts";
export { DuplexDevice, type DuplexDeviceOptions } from "./wire/duplex-device.ts";
export { ImpairedDevice } from "./wire/impaired-device.ts";
export type { Impairment, Pick as FramePick } from "./wire/impairment.ts";
export { Loopback, type LoopbackOptions } from "./wire/loopback.ts";
export { MemoryWire, type WireDevice, type WireDeviceOptions, type WireOptions } from "./wire/memory-wire.ts";
