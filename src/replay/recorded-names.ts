import { formatAddress, parseAddress } from "../stack/core/address.ts";
import type { DnsService } from "../stack/dns/dns-service.ts";
import type { Setup } from "./recording.ts";

type RecordedNames = NonNullable<Setup["names"]>;

/** How a host resolves names when its recording begins; undefined where nothing was said about it. */
export function recordedNames({ configurations, hostsText }: DnsService): RecordedNames | undefined {
  if (configurations.size === 0 && hostsText === "") return undefined;
  return {
    configurations: [...configurations].map(([source, { servers, searchList = [] }]) => ({
      source,
      servers: servers.map(({ address, port }) => ({ address: formatAddress(address), ...(port === undefined ? {} : { port }) })),
      searchList: [...searchList],
    })),
    hosts: hostsText,
  };
}

export function resolveAsRecorded(dns: DnsService, { configurations, hosts }: RecordedNames): void {
  dns.setHosts(hosts);
  for (const { source, servers, searchList } of configurations) {
    dns.configure(source, {
      servers: servers.map(({ address, port }) => ({ address: parseAddress(address), ...(port === undefined ? {} : { port }) })),
      searchList,
    });
  }
}
