import type { HostContext } from "../../stack/core/context.ts";
import type { Ip } from "../../stack/ip/ip.ts";
import type { TcpService } from "../../stack/tcp/tcp-service.ts";
import type { Udp } from "../../stack/udp/udp.ts";

/** What the provider needs of the host that it serves; a `Host` is one. */
export interface ProviderHost {
  readonly context: HostContext;
  readonly tcp: TcpService;
  readonly udp: Pick<Udp, "open" | "choosePort">;
  readonly ip: Pick<Ip, "isLocalAddress" | "isBroadcast">;
}
