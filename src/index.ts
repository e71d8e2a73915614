/**
 * `tapsock`: a TCP/IP host over any link device, in real or virtual time, and Winsock's provider and faces over it. Nothing here needs
 * Node.js: it loads in a browser too. What does need it has entries of its own: `tapsock/tap` (devices of the system),
 * `tapsock/network` (hosts in threads and daemons) and `tapsock/winsock` (what programs want that only want sockets).
 */

// The host

export {
  type AddressWords,
  formatAddress,
  IPV4_ANY,
  IPV6_ANY,
  type IpAddress,
  ipv4,
  ipv6,
  parseAddress,
  parseV4,
} from "./stack/core/address.ts";
export type { BoundAddress } from "./stack/core/bound-address.ts";
export type { HostContext } from "./stack/core/context.ts";
export type { DropReason, PacketVerdict, SegmentVerdict } from "./stack/core/drop-reasons.ts";
export type { DropCounters } from "./stack/core/drops.ts";
export {
  type CongestionControlName,
  LINUX,
  PROFILES,
  type Profile,
  RFC,
  type SlowStartBursts,
  type SynOption,
  WINDOWS,
} from "./stack/core/profile.ts";
export {
  type AlarmOwner,
  type Alarms,
  type PendingTimer,
  type QueueEntry,
  type Timer,
  type TimerHolder,
  type TimerObserver,
  TimerQueue,
  type TimerSubject,
} from "./stack/core/timers.ts";
export { Host, type TurnObserver } from "./stack/host/host.ts";
export type {
  AttachOptions,
  CommonAttachOptions,
  DhcpAttachOptions,
  HostOptions,
  Ip6AttachOptions,
  ManualAttachOptions,
} from "./stack/host/host-options.ts";

// What drives it

export { EventLoopDriver } from "./network/event-loop-driver.ts";
export { type Clock, RealClock } from "./network/real-clock.ts";
export { SystemRandom } from "./network/system-random.ts";
export { type Random, SeededRandom } from "./stack/core/random.ts";
export type { Time } from "./stack/core/time.ts";
export { Simulation } from "./stack/host/simulation.ts";

// What can be seen of it

export type {
  LineFate,
  PostponedCauses,
  SequenceSpace,
  Trace,
  TraceBeginning,
  TraceCause,
  TraceContent,
  TraceEvent,
  TraceIntroduction,
  TraceOpening,
  TraceStamp,
  TraceSubscriber,
} from "./stack/core/trace.ts";
export { TraceLabels } from "./stack/core/trace-labels.ts";
export type { WaitReason } from "./stack/core/wait-reasons.ts";
export { describeFrame } from "./stack/packet/describe.ts";
export type {
  ArpDescription,
  Described,
  EthernetDescription,
  FrameDescription,
  IcmpDescription,
  Icmpv6Description,
  IpFields,
  Ipv4Description,
  Ipv4Fields,
  Ipv6Description,
  Ipv6Fields,
  MalformedFrame,
  TcpDescription,
  UdpDescription,
} from "./stack/packet/frame-description.ts";

// Its layers, as their users see them

export type { DhcpClientService, DhcpLease, DhcpOptions, DhcpState, LeaseRoute } from "./stack/dhcp/dhcp-service.ts";
export {
  type AddressFamilies,
  DNS_FAILURES,
  type DnsAnswer,
  type DnsConfiguration,
  type DnsFailure,
  type DnsOrigin,
  type DnsRecord,
  type DnsRecordType,
  type DnsRequest,
  type DnsServer,
  type DnsServerStatus,
  type DnsService,
  type DnsStatus,
  type HostAddresses,
} from "./stack/dns/dns-service.ts";
export type { SourceCandidate } from "./stack/ip/address-selection.ts";
export type { Datagram, DatagramChannel, DatagramSendResult, MulticastOptions } from "./stack/ip/datagram.ts";
export type { Membership, MembershipFailure, MembershipService } from "./stack/ip/groups/memberships.ts";
export type { SourceFilter } from "./stack/ip/groups/source-filter.ts";
export type { AddressOptions, AutoconfigurationSettings, IpService, RouteRequest, RouteService } from "./stack/ip/ip-service.ts";
export type { RouteFailure } from "./stack/ip/path.ts";
export type { PingFailure, PingOptions, PingResult } from "./stack/ip/ping.ts";
export type { RouteListing, RouteOrigin } from "./stack/ip/routes.ts";
export type { IcmpErrorKind } from "./stack/ip/transport.ts";
export type {
  AddressEnd,
  AddressOrigin,
  AddressSettings,
  AddressState,
  AddressWatcher,
  ConflictPolicy,
  InterfaceAddress,
  InterfaceService,
  NeighbourService,
} from "./stack/link/interface-service.ts";
export type { NeighbourListing, NeighbourState } from "./stack/link/neighbours.ts";
export type { Overhearing, RawEndpoint, RawOpenRequest, RawSendResult, RawService, RawUser } from "./stack/raw/raw-service.ts";
export type { FastOpenKey } from "./stack/tcp/fast-open.ts";
export type { Loans } from "./stack/tcp/loans.ts";
export { NOBODY } from "./stack/tcp/notices.ts";
export type { RingSource } from "./stack/tcp/ring-pool.ts";
export type { Incoming, TcpConnection, TcpListener, TcpService } from "./stack/tcp/tcp-service.ts";
export type {
  AbortReason,
  ConnectFailure,
  ConnectionOptions,
  ConnectionStatus,
  IcmpReport,
  ListenRequest,
  OpenFailure,
  OpenRequest,
  PortShortage,
  TcpState,
  TcpUser,
  WaitStatus,
  WriteEnding,
} from "./stack/tcp/tcp-user.ts";
export type { UdpEndpoint, UdpOpenFailure, UdpOpenRequest, UdpService } from "./stack/udp/udp-service.ts";
export type { UdpSendResult, UdpUser } from "./stack/udp/udp-user.ts";

// Devices

export { clearFrameInfo, type FrameInfo, GSO_NONE, GSO_TCPV4, GSO_TCPV6, GSO_UDP, plainFrame } from "./stack/core/frame-info.ts";
export type { DeviceCounters } from "./stack/link/device-counters.ts";
export {
  FRAME_HEADROOM,
  type FrameSink,
  type LinkCounters,
  type LinkDevice,
  type LinkListener,
  MAX_FRAME,
  NO_OFFLOADS,
  type Offloads,
  type TransmitResult,
} from "./stack/link/link-device.ts";
export { CaptureDevice, type CaptureOptions, type CaptureStart } from "./wire/capture-device.ts";
export { FRAME_KINDS, type FrameKind } from "./wire/frame-match.ts";
export { ImpairedDevice, type LineObserver } from "./wire/impaired-device.ts";
export type { Direction, DirectionReport, FramePick, Impairment, ImpairmentReport } from "./wire/impairment.ts";
export { tellTrace } from "./wire/line-trace.ts";
export { Loopback, type LoopbackOptions } from "./wire/loopback.ts";
export { MemoryWire, type WireDevice, type WireDeviceOptions, type WireOptions } from "./wire/memory-wire.ts";
export type { WrappedDevice } from "./wire/wrapped-device.ts";

// Winsock over it

export { createInfraredMedium, type InfraredMediumOptions, type InfraredMediumService } from "./irda/infrared-medium.ts";
export type { InfraredAttributeSettings, InfraredConversation, InfraredServiceSettings, StationSettings } from "./irda/infrared-station.ts";
export type { StreamMode } from "./irda/tinytp.ts";
export { describeError, errorName, WinsockError, type WsaErrorName } from "./winsock/abi/errors.ts";
export type {
  Box,
  fd_set,
  in_addr,
  in6_addr,
  linger,
  SOCKET,
  sockaddr,
  sockaddr_in,
  sockaddr_in6,
  timeval,
  WSADATA,
} from "./winsock/abi/structures.ts";
export type { AcceptPromises } from "./winsock/faces/accept-promises.ts";
export type { AddressTextFunctions } from "./winsock/faces/address-text-functions.ts";
export { type BlockingFace, createBlockingFace, type ProgramOptions, type SockaddrPointer } from "./winsock/faces/blocking-face.ts";
export type { BlockingHook, HookFunctions } from "./winsock/faces/blocking-hooks.ts";
export type { ChangePromises } from "./winsock/faces/change-promises.ts";
export type { CompletionFunctions } from "./winsock/faces/completion-functions.ts";
export type { ConnectByNameParameters, ConnectFunctions } from "./winsock/faces/connect-functions.ts";
export type { ConnectPromises } from "./winsock/faces/connect-promises.ts";
export type { EventFunctions, HANDLE } from "./winsock/faces/event-functions.ts";
export type { EventPromises, NetworkEventRecord, PollEntry } from "./winsock/faces/event-promises.ts";
export type { ExtensionFunctions } from "./winsock/faces/extension-functions.ts";
export type { FileFunctions, FileOpener, ReadableFile } from "./winsock/faces/file-functions.ts";
export type { MessageFunctions } from "./winsock/faces/message-functions.ts";
export type { MessagePromises } from "./winsock/faces/message-promises.ts";
export type { NameFunctions } from "./winsock/faces/name-functions.ts";
export type { NamePromises } from "./winsock/faces/name-promises.ts";
export type { OptionPointer } from "./winsock/faces/option-values.ts";
export type { OverlappedFunctions } from "./winsock/faces/overlapped-functions.ts";
export type { InfraredAddress, NamedAddress, SocketAddress } from "./winsock/faces/promise-addresses.ts";
export type { Cancellable, SelectOptions } from "./winsock/faces/promise-calls.ts";
export {
  createPromiseFace,
  type OptionValue,
  type PromiseFace,
  type SocketSets,
  type TransferOptions,
} from "./winsock/faces/promise-face.ts";
export type { ConditionFunction, ProtocolInfoPointer, SocketFunctions } from "./winsock/faces/socket-functions.ts";
export type { SocketPromises } from "./winsock/faces/socket-promises.ts";
export type { CompletionRoutine } from "./winsock/faces/transfers.ts";
export type { TransmitFunctions } from "./winsock/faces/transmit-functions.ts";
export type { TransmitPromises } from "./winsock/faces/transmit-promises.ts";
export type { WindowFunctions, WindowProcedure } from "./winsock/faces/window-functions.ts";
export {
  type AsyncPort,
  type BlockingPort,
  CALL,
  type CallHandler,
  type CallName,
  type CallReply,
  type CallRequest,
  type Replier,
} from "./winsock/provider/calls.ts";
export { joinInfrared } from "./winsock/provider/infrared-sockets.ts";
export type { ProviderLimits } from "./winsock/provider/limits.ts";
export type { ProcessUsage } from "./winsock/provider/process.ts";
export { type ControlHandler, Provider, type ProviderUsage } from "./winsock/provider/provider.ts";
export type { ProviderHost } from "./winsock/provider/provider-host.ts";
export type { SharedProcess, SystemThread } from "./winsock/provider/shared-process.ts";
export type { TakenCounter } from "./winsock/provider/taken-counter.ts";
