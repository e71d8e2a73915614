import type { IpAddress } from "../core/address.ts";
import type { IcmpErrorKind } from "./transport.ts";

export interface PingOptions {
  /** 16 bits; together with `sequence` it names the request. */
  readonly id: number;
  readonly sequence: number;
  /** Data to be echoed, 0 to 65507. */
  readonly payloadBytes: number;
  readonly timeoutMs: number;
}

export type PingResult =
  | { readonly kind: "reply"; readonly rttMs: number; readonly ttl: number; readonly payloadBytes: number }
  | { readonly kind: "timed-out" }
  /** A router, or our own neighbour cache, says that it did not arrive. */
  | { readonly kind: IcmpErrorKind; readonly reporter: IpAddress };

/** Why a request did not leave. */
export type PingFailure = "too-long" | "in-use" | "too-many" | "full" | "dropped";
