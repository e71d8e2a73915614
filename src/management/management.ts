import * as z from "zod";
import type { DhcpState } from "../stack/dhcp/dhcp-service.ts";
import type { DnsFailure, DnsOrigin, DnsRecord, DnsStatus } from "../stack/dns/dns-service.ts";
import type { RouteListing } from "../stack/ip/routes.ts";
import type { AddressOrigin, AddressState } from "../stack/link/interface-service.ts";
import type { NeighbourListing } from "../stack/link/neighbours.ts";
import type { ConnectionStatus } from "../stack/tcp/tcp-user.ts";
import type { ProviderUsage } from "../winsock/provider/provider.ts";
import { FRAME_KINDS } from "../wire/frame-match.ts";
import type { ImpairmentReport } from "../wire/impairment.ts";
import type { DoorUsage } from "./door-usage.ts";
import { addressSetting, macSetting, prefixSetting } from "./setting-text.ts";

/** What the command line and the page ask of a running host: one JSON object each way, in the data of a `control` call. */

const share = z.number().min(0).max(1);
const milliseconds = z.number().min(0).max(3_600_000);
const count = z.number().int().min(1).max(1_000_000);

/** Settings of an impaired direction; what is left out stays as it is. */
const impairment = z.strictObject({
  loss: share.optional(),
  duplicate: share.optional(),
  reorder: share.optional(),
  reorderDelayMs: milliseconds.optional(),
  corrupt: share.optional(),
  delayMs: milliseconds.optional(),
  jitterMs: milliseconds.optional(),
  rateBitsPerSecond: z.number().min(0).optional(),
  queueFrames: count.optional(),
});

/** The interface, by its name; the one that leads out when left out. */
const device = z.string().min(1).max(64).optional();
const direction = z.enum(["in", "out", "both"]).default("both");

const requests = [
  z.strictObject({ op: z.literal("status") }),
  z.strictObject({ op: z.literal("ss") }),
  z.strictObject({ op: z.literal("timers") }),
  z.strictObject({ op: z.literal("route-list") }),
  z.strictObject({ op: z.literal("route-add"), destination: prefixSetting, gateway: addressSetting.optional() }),
  z.strictObject({ op: z.literal("route-del"), destination: prefixSetting, gateway: addressSetting.optional() }),
  z.strictObject({ op: z.literal("neigh-list") }),
  z.strictObject({ op: z.literal("neigh-add"), address: addressSetting, mac: macSetting }),
  z.strictObject({ op: z.literal("neigh-del"), address: addressSetting }),
  /** One echo request; the answer comes when the reply has come or `timeoutMs` is over. */
  z.strictObject({
    op: z.literal("ping"),
    address: addressSetting,
    bytes: z.number().int().min(0).max(65_507).default(32),
    timeoutMs: milliseconds.default(1000),
  }),
  /** What a name means: its addresses, or records of one type. The answer comes when there is one, or nobody has answered. */
  z.strictObject({
    op: z.literal("resolve"),
    name: z.string().min(1).max(1024),
    type: z.enum(["A", "AAAA", "CNAME", "PTR", "SRV", "TXT"]).optional(),
  }),
  z.strictObject({ op: z.literal("dns-status") }),
  z.strictObject({ op: z.literal("dns-flush") }),
  /** Events of the client's subscription follow, each a `TraceRecord`. */
  z.strictObject({ op: z.literal("trace-start"), snapLength: z.number().int().min(0).max(65_549).default(256) }),
  z.strictObject({ op: z.literal("trace-stop"), subscription: count }),
  /** A trace that sums up while the host is busy: events of the subscription follow, each a `FeedRecord`. */
  z.strictObject({
    op: z.literal("feed-start"),
    snapLength: z.number().int().min(0).max(65_549).default(256),
    eventsPerSecond: z.number().int().min(100).max(100_000).default(4000),
  }),
  z.strictObject({ op: z.literal("feed-stop"), subscription: count }),
  /** Blocks of one pcapng file follow as the bytes of events. */
  z.strictObject({ op: z.literal("capture-start"), device, snapLength: z.number().int().min(0).max(65_549).default(0) }),
  z.strictObject({ op: z.literal("capture-stop"), subscription: count }),
  z.strictObject({ op: z.literal("fault-set"), device, direction, settings: impairment }),
  z.strictObject({
    op: z.literal("fault-pick"),
    device,
    match: z.enum(FRAME_KINDS),
    action: z.enum(["drop", "duplicate", "delay", "corrupt", "reset"]),
    direction,
    count: count.default(1),
    skip: z.number().int().min(0).max(1_000_000).optional(),
    delayMs: milliseconds.optional(),
    sequence: z.number().int().min(0).max(0xffffffff).optional(),
    port: z.number().int().min(1).max(65_535).optional(),
  }),
  z.strictObject({ op: z.literal("fault-clear"), device }),
  z.strictObject({ op: z.literal("fault-list"), device }),
  z.strictObject({ op: z.literal("shutdown") }),
] as const;

export const managementRequest = z.discriminatedUnion("op", requests, { error: "not a request that a host knows" });

/** As a caller writes it: keys that have defaults may be left out. */
export type ManagementRequest = z.input<typeof managementRequest>;
/** As the host sees it. */
export type CheckedRequest = z.output<typeof managementRequest>;
export type ManagementOp = ManagementRequest["op"];

/** The result of each request. */
export interface ManagementResults {
  readonly status: HostStatus;
  readonly ss: { readonly tcp: readonly ConnectionStatus[]; readonly udp: readonly UdpStatus[] };
  readonly timers: readonly { readonly name: string; readonly owner: string; readonly inMs: number }[];
  readonly "route-list": readonly RouteListing[];
  readonly "route-add": null;
  readonly "route-del": null;
  readonly "neigh-list": readonly NeighbourListing[];
  readonly "neigh-add": null;
  readonly "neigh-del": null;
  readonly ping: PingReport;
  readonly resolve: ResolveReport;
  readonly "dns-status": DnsStatus;
  readonly "dns-flush": { readonly forgotten: number };
  readonly "trace-start": { readonly subscription: number };
  readonly "trace-stop": { readonly sent: number; readonly lost: number };
  /** `nowMs`: the host's clock. */
  readonly "feed-start": { readonly subscription: number; readonly nowMs: number };
  readonly "feed-stop": { readonly sent: number; readonly lost: number };
  readonly "capture-start": { readonly subscription: number };
  readonly "capture-stop": { readonly sent: number; readonly lost: number };
  readonly "fault-set": ImpairmentReport;
  readonly "fault-pick": ImpairmentReport;
  readonly "fault-clear": ImpairmentReport;
  readonly "fault-list": ImpairmentReport;
  readonly shutdown: null;
}

export type ManagementResponse<Op extends ManagementOp = ManagementOp> =
  | { readonly ok: true; readonly result: ManagementResults[Op] }
  | { readonly ok: false; readonly error: string };

export interface HostStatus {
  readonly version: string;
  readonly pid: number;
  readonly upMs: number;
  readonly profile: string;
  readonly clients: number;
  /** The daemon's socket: what its clients hold, and what they may; undefined for a host that serves one program. */
  readonly door: DoorUsage | undefined;
  /** What the programs have, all together and each, and what one may have. */
  readonly programs: ProviderUsage;
  readonly interfaces: readonly InterfaceStatus[];
  /** Undefined for a host without an infrared device. */
  readonly infrared?: InfraredStatus | undefined;
  readonly connections: number;
  /** Memory of TCP's send and receive buffers, that kept for the next connection included. */
  readonly bufferBytes: number;
  readonly drops: Readonly<Record<string, number>>;
  readonly impaired: boolean;
  readonly capturing: boolean;
  /** Sums over the trace and capture subscriptions there are: `lost` to slow subscribers. */
  readonly events: { readonly subscriptions: number; readonly sent: number; readonly lost: number };
}

export interface InfraredStatus {
  /** Eight digits. */
  readonly id: string;
  /** What other devices see. */
  readonly name: string;
  /** Directory that is its room; undefined where only simulated devices are in sight. */
  readonly room: string | undefined;
  /** The id of the device at the other end of the link, while there is one. */
  readonly peer: string | undefined;
  /** On the link. */
  readonly connections: number;
}

export interface InterfaceStatus {
  readonly name: string;
  /** The zone of its link-local addresses. */
  readonly index: number;
  readonly mac: string;
  readonly mtu: number;
  readonly isUp: boolean;
  readonly addresses: readonly AddressStatus[];
  /** Undefined where the operator has said the address. */
  readonly dhcp: DhcpStatus | undefined;
  readonly offloads: { readonly checksum: boolean; readonly tso4: boolean; readonly tso6: boolean; readonly uso?: boolean };
  readonly framesIn: number;
  readonly framesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly drops: Readonly<Record<string, number>>;
}

/** The DHCP client of an interface; undefined times are of a lease that there is not, or that has no end. */
export interface DhcpStatus {
  readonly state: DhcpState;
  readonly address: string | undefined;
  readonly server: string | undefined;
  readonly renewInMs: number | undefined;
  readonly rebindInMs: number | undefined;
  readonly endsInMs: number | undefined;
}

export interface AddressStatus {
  /** `203.0.113.2/24`. */
  readonly address: string;
  readonly state: AddressState;
  readonly origin: AddressOrigin;
  /** Until new traffic takes another address, and until it is removed; undefined for never. */
  readonly preferredForMs: number | undefined;
  readonly validForMs: number | undefined;
}

export interface UdpStatus {
  readonly local: string;
  readonly remote: string | undefined;
  readonly receiveQueueBytes: number;
}

/** `reply` has the time of the way there and back; the other outcomes say why there is none. */
export type PingReport =
  | { readonly outcome: "reply"; readonly rttMs: number; readonly ttl: number; readonly bytes: number }
  | { readonly outcome: "timeout" }
  | { readonly outcome: "unreachable"; readonly reason: string; readonly reporter?: string };

/** A record as JSON has it, the address in text. */
export type NameRecord = { readonly type: "A" | "AAAA"; readonly address: string } | Exclude<DnsRecord, { readonly type: "A" | "AAAA" }>;

/** What a name means, or in a word why that is not known; `DNS_FAILURES` has the sentence. */
export type ResolveReport =
  | {
      readonly outcome: "answer";
      /** With the domain of the search list that led to it. */
      readonly name: string;
      readonly canonicalName: string;
      readonly aliases: readonly string[];
      readonly origin: DnsOrigin;
      /** Addresses in the order in which they should be tried. */
      readonly records: readonly NameRecord[];
    }
  | { readonly outcome: "failure"; readonly reason: DnsFailure };
