import { formatAddress } from "../core/address.ts";
import type { LeaseUser } from "../dhcp/dhcp-client.ts";
import type { DhcpLease, LeaseRoute } from "../dhcp/dhcp-service.ts";
import type { DnsService } from "../dns/dns-service.ts";
import type { Ip } from "../ip/ip.ts";
import type { NetworkInterface } from "../link/network-interface.ts";

/** Does in its host what a DHCP server says beside the address: routes, name servers, search list and MTU, for as long as the lease lasts. */
export class LeaseUse implements LeaseUser {
  readonly #ip: Ip;
  readonly #dns: DnsService;
  readonly #through: NetworkInterface;
  #routes: readonly LeaseRoute[] = [];
  #dnsWords = "";

  constructor(ip: Ip, dns: DnsService, through: NetworkInterface) {
    this.#ip = ip;
    this.#dns = dns;
    this.#through = through;
  }

  leased(lease: DhcpLease): void {
    this.#setRoutes(lease.routes);
    this.#setDns(lease);
    this.#through.limitMtu(lease.mtu ?? Number.POSITIVE_INFINITY);
  }

  lost(): void {
    this.#setRoutes([]);
    this.#setDns({ dnsServers: [], searchList: [] });
    this.#through.limitMtu(Number.POSITIVE_INFINITY);
  }

  #setRoutes(routes: readonly LeaseRoute[]): void {
    const kept = new Set(routes.map(wordsOf));
    for (const route of this.#routes) {
      const { destination, prefixLength, gateway } = route;
      if (!kept.has(wordsOf(route))) this.#ip.routes.remove(destination, prefixLength, gateway, this.#through, "dhcp");
    }
    const known = new Set(this.#routes.map(wordsOf));
    for (const route of routes) if (!known.has(wordsOf(route))) this.#ip.addRoute({ ...route, interface: this.#through, origin: "dhcp" });
    this.#routes = routes;
  }

  /** Only when it changes: a resolver that is told anew forgets what it has learned. */
  #setDns({ dnsServers, searchList }: Pick<DhcpLease, "dnsServers" | "searchList">): void {
    const words = [...dnsServers.map(formatAddress), ...searchList].join(" ");
    if (words === this.#dnsWords) return;
    this.#dnsWords = words;
    this.#dns.configure(`dhcp ${this.#through.name}`, { servers: dnsServers.map((address) => ({ address })), searchList });
  }
}

const wordsOf = ({ destination, prefixLength, gateway }: LeaseRoute): string =>
  `${formatAddress(destination)}/${prefixLength} ${gateway === undefined ? "" : formatAddress(gateway)}`;
