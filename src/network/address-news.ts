import { formatAddress } from "../stack/core/address.ts";
import type { DhcpLease } from "../stack/dhcp/dhcp-service.ts";
import type { Host } from "../stack/host/host.ts";
import type { AddressEnd, AddressState, InterfaceAddress, InterfaceService } from "../stack/link/interface-service.ts";

/** Where sentences go: those that somebody should do something about, and the others. */
export interface AddressNews {
  warn(sentence: string): void;
  inform(sentence: string): void;
}

/** Tells in sentences what becomes of an interface's addresses and of its lease, from now on. */
export function tellOfAddresses(host: Host, through: InterfaceService, news: AddressNews): void {
  through.watchAddresses((address, state) => {
    if (state === "duplicate") news.warn(addressSentence(through.name, address, state));
    else news.inform(addressSentence(through.name, address, state));
  });
  const client = host.dhcpOn(through);
  client?.watch(() => {
    const { state, lease } = client;
    const words = state === "BOUND" && lease !== undefined ? ` with ${leaseWords(lease, host.context.now)}` : "";
    news.inform(`The DHCP client of ${through.name} is in ${state}${words}`);
  });
}

function addressSentence(device: string, { address, prefixLength, origin }: InterfaceAddress, state: AddressState | AddressEnd): string {
  const which = `${formatAddress(address)}/${prefixLength} (${origin}) of ${device}`;
  switch (state) {
    case "tentative":
      return `The address ${which} is tried for conflicts`;
    case "preferred":
      return `The address ${which} is in use`;
    case "deprecated":
      return `The address ${which} is deprecated: new traffic takes another`;
    case "expired":
      return `The address ${which} is gone: its time is over`;
    case "removed":
      return `The address ${which} is gone`;
    case "duplicate":
      return `The address ${which} is given up: another station has it`;
  }
}

function leaseWords({ address, server, expiresAtMs, routes, dnsServers, mtu }: DhcpLease, now: number): string {
  const time = Number.isFinite(expiresAtMs) ? `for ${Math.round((expiresAtMs - now) / 1000)} s` : "for ever";
  const beside = [
    ...routes
      .filter(({ prefixLength }) => prefixLength === 0)
      .map(({ gateway }) => `router ${gateway === undefined ? "" : formatAddress(gateway)}`),
    ...(dnsServers.length > 0 ? [`name servers ${dnsServers.map(formatAddress).join(", ")}`] : []),
    ...(mtu === undefined ? [] : [`MTU ${mtu}`]),
  ];
  return [`${formatAddress(address)} from ${formatAddress(server)} ${time}`, ...beside].join("; ");
}
