import { type IpAddress, isUnspecified } from "../core/address.ts";
import * as dhcp from "../packet/dhcp.ts";
import type { DhcpOptions } from "./dhcp-service.ts";

/** Fixed part, and all options with the longest client id. */
const ROOM = 1024;
/** The largest message that is taken: one Ethernet frame's (RFC 2132 §9.10). */
const MAX_MESSAGE = 1500;
const HARDWARE_ETHERNET = 1;
const HOST_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/** Classless routes come before routers (RFC 3442). */
const WANTED = [
  ...[dhcp.OPTION_MASK, dhcp.OPTION_CLASSLESS_ROUTES, dhcp.OPTION_ROUTERS, dhcp.OPTION_DNS_SERVERS, dhcp.OPTION_DOMAIN],
  ...[dhcp.OPTION_MTU, dhcp.OPTION_NTP_SERVERS, dhcp.OPTION_SEARCH_LIST, dhcp.OPTION_LEASE_TIME],
  ...[dhcp.OPTION_RENEWAL_TIME, dhcp.OPTION_REBINDING_TIME],
];

/** What differs from message to message. */
export interface DhcpMessageParts {
  readonly xid: number;
  readonly secs: number;
  /** Goes into ciaddr: 0.0.0.0 while the client may not use an address. */
  readonly from: IpAddress;
  readonly wantsBroadcast: boolean;
  readonly requested: IpAddress | undefined;
  readonly server: IpAddress | undefined;
}

/** Writes the messages of one client, RFC 2131 §4.4 table 5. */
export class DhcpMessages {
  readonly #mac: Uint8Array;
  readonly #clientId: Uint8Array;
  readonly #hostName: Uint8Array | undefined;
  readonly #bytes = new Uint8Array(ROOM);

  /** @throws RangeError for a client id or a host name that no server takes */
  constructor(mac: Uint8Array, { clientId, hostName }: DhcpOptions) {
    if (clientId !== undefined && (clientId.length < 2 || clientId.length > 255)) {
      throw new RangeError(`Cannot use a DHCP client id of ${clientId.length} bytes: expected 2 to 255`);
    }
    if (hostName !== undefined && !HOST_NAME.test(hostName)) {
      throw new RangeError(`Cannot tell a DHCP server the name "${hostName}": expected 1 to 63 letters, digits and hyphens`);
    }
    this.#mac = mac;
    this.#clientId = clientId?.slice() ?? Uint8Array.of(HARDWARE_ETHERNET, ...mac);
    this.#hostName = hostName === undefined ? undefined : Uint8Array.from(hostName, (c) => c.charCodeAt(0));
  }

  /** @returns a view that holds until the next message is written */
  write(type: number, { xid, secs, from, wantsBroadcast, requested, server }: DhcpMessageParts): Uint8Array {
    const b = this.#bytes;
    dhcp.writeRequest(b, 0, xid, secs, wantsBroadcast, from.w3, this.#mac);
    let at = dhcp.writeOption(b, dhcp.HEADER, dhcp.OPTION_MESSAGE_TYPE, [type]);
    at = dhcp.writeOption(b, at, dhcp.OPTION_CLIENT_ID, this.#clientId);
    if (requested !== undefined && !isUnspecified(requested)) at = dhcp.writeWordOption(b, at, dhcp.OPTION_REQUESTED_ADDRESS, requested.w3);
    if (server !== undefined) at = dhcp.writeWordOption(b, at, dhcp.OPTION_SERVER_ID, server.w3);
    if (type === dhcp.DISCOVER || type === dhcp.REQUEST) {
      at = dhcp.writeOption(b, at, dhcp.OPTION_MAX_MESSAGE, [MAX_MESSAGE >>> 8, MAX_MESSAGE & 0xff]);
      at = dhcp.writeOption(b, at, dhcp.OPTION_PARAMETERS, WANTED);
      if (this.#hostName !== undefined) at = dhcp.writeOption(b, at, dhcp.OPTION_HOST_NAME, this.#hostName);
    }
    return b.subarray(0, dhcp.writeEnd(b, 0, at));
  }
}
