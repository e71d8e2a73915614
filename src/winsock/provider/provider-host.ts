import type { HostContext } from "../../stack/core/context.ts";
import type { DnsService } from "../../stack/dns/dns-service.ts";
import type { IpService } from "../../stack/ip/ip-service.ts";
import type { RawService } from "../../stack/raw/raw-service.ts";
import type { TcpService } from "../../stack/tcp/tcp-service.ts";
import type { UdpService } from "../../stack/udp/udp-service.ts";

/** What the provider needs of the host that it serves; a `Host` is one. */
export interface ProviderHost {
  readonly context: HostContext;
  readonly tcp: TcpService;
  readonly udp: Pick<UdpService, "open" | "choosePort" | "newMemberships">;
  readonly raw: Pick<RawService, "open">;
  readonly ip: Pick<
    IpService,
    "localAddress" | "isLocalAddress" | "isBroadcast" | "interfaces" | "addresses" | "scoped" | "mtuTo" | "sourceTowards" | "watchWays"
  >;
  readonly dns: Pick<DnsService, "lookup" | "reverse" | "status">;
  /** What it calls itself. */
  readonly name: string;
}
