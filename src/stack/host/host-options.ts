import type { IpAddress } from "../core/address.ts";
import type { Profile } from "../core/profile.ts";
import type { Random } from "../core/random.ts";
import type { DhcpOptions } from "../dhcp/dhcp-service.ts";
import type { ConflictPolicy } from "../link/interface-service.ts";
import type { RingSource } from "../tcp/ring-pool.ts";

/** Whether a host can be called so: a label as RFC 1123 §2.1 has it. */
export const isHostName = (text: string): boolean => /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(text);

export interface HostOptions {
  /** What it calls itself, one label of letters, digits and hyphens; `tapsock` unless given. */
  readonly name?: string;
  /** What time it is when the host is made, by whatever its driver goes by; 0 unless given. In milliseconds. */
  readonly startMs?: number;
  /** Feeds ports, sequence numbers and jitter, and keys their secrets; from the operating system in real use. */
  readonly random: Random;
  /** WINDOWS unless given. */
  readonly profile?: Profile;
  /** Where large buffers have their memory, if others may read it. */
  readonly rings?: RingSource;
  /**
   * Hears of an exception in the handling of one packet, timer or connection, and the host goes on without it: that packet is lost,
   * that connection reset. Without this the exception comes out of `turn`, as a test wants it.
   */
  readonly onMistake?: (error: unknown) => void;
}

/** How a device is put to use: with an address of the operator's, with one that a server gives, or with those of IPv6 that it gives itself. */
export type AttachOptions = ManualAttachOptions | DhcpAttachOptions | Ip6AttachOptions;

export interface ManualAttachOptions extends CommonAttachOptions {
  readonly address: IpAddress;
  readonly prefixLength: number;
  /** Default router; without one only the prefix itself can be reached. */
  readonly gateway?: IpAddress;
  /** Whether the address is tried before it is used (`AddressOptions.detectConflicts`); off unless given, since that takes seconds. */
  readonly detectConflicts?: boolean;
  readonly dhcp?: undefined;
}

export interface DhcpAttachOptions extends CommonAttachOptions {
  /** Asks for an IPv4 address, and for routes and name servers. */
  readonly dhcp: true | DhcpOptions;
}

export interface Ip6AttachOptions extends CommonAttachOptions {
  readonly ip6: "auto";
  readonly address?: undefined;
  readonly dhcp?: undefined;
}

/** Whoever says the address. */
export interface CommonAttachOptions {
  /** `auto`: IPv6 addresses, routers and name servers are taken from what routers advertise (`IpService.autoconfigure`), beside what else is said. */
  readonly ip6?: "auto";
  /** Of `ip6`: beside addresses that stay there are some that change (RFC 8981); the profile's unless given. */
  readonly temporaryAddresses?: boolean;
  /** What becomes of an address that another station uses too; `defend-once` unless given. */
  readonly conflictPolicy?: ConflictPolicy;
}
