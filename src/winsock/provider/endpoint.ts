import type { IpAddress } from "../../stack/core/address.ts";

/** An address and a port, both in host byte order. */
export interface Endpoint {
  readonly address: IpAddress;
  readonly port: number;
}
