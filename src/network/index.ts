/**
 * `tapsock/network`: the network that a program's sockets are on, by its URL, with ports for faces of one's own (`createBlockingFace` and
 * `createPromiseFace` of `tapsock`), the questions that a running host answers, and records of runs that happen again.
 */

export type { DoorLimits, DoorUsage } from "../management/door-usage.ts";
export type { EventSender } from "../management/event-streams.ts";
export { manage } from "../management/manage.ts";
export type {
  AddressStatus,
  DhcpStatus,
  HostStatus,
  InfraredStatus,
  InterfaceStatus,
  ManagementOp,
  ManagementRequest,
  ManagementResponse,
  ManagementResults,
  NameRecord,
  PingReport,
  ResolveReport,
  UdpStatus,
} from "../management/management.ts";
export type { FrameEvent, TraceRecord, WithoutBytes } from "../management/trace-record.ts";
export { type RecordedRun, Recorder, type RecorderOptions } from "../replay/recorder.ts";
export { Recording, RecordingError, type Setup } from "../replay/recording.ts";
export { type FrameListener, Replay, ReplayError } from "../replay/replay.ts";
export type { EventListener, EventPort } from "../transport/async-call-port.ts";
export { NetworkError } from "../transport/network-error.ts";
export type { AsyncPort, BlockingPort, CallReply, CallRequest } from "../winsock/provider/calls.ts";
export type { SharedProcess, SystemThread } from "../winsock/provider/shared-process.ts";
export type { TakenCounter } from "../winsock/provider/taken-counter.ts";
export { closeNetwork, type NetworkUse, networkUrl, openAsyncPort, openBlockingPort, openDaemonPort, useNetwork } from "./networks.ts";
