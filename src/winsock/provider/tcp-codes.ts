/** What TCP says of connections, in Winsock's codes. */
import type { AbortReason, ConnectFailure, OpenFailure } from "../../stack/tcp/tcp-user.ts";
import {
  WSAEACCES,
  WSAEADDRINUSE,
  WSAECONNABORTED,
  WSAECONNREFUSED,
  WSAECONNRESET,
  WSAEHOSTUNREACH,
  WSAENETDOWN,
  WSAENETUNREACH,
  WSAENOBUFS,
  WSAETIMEDOUT,
} from "../abi/errors.ts";
import { codeOfRouteFailure } from "./socket.ts";

export function codeOfOpenFailure(failure: OpenFailure): number {
  switch (failure) {
    case "address-in-use":
      return WSAEADDRINUSE;
    case "no-free-port":
      return WSAENOBUFS;
    default:
      return codeOfRouteFailure(failure);
  }
}

export function codeOfConnectFailure(reason: ConnectFailure): number {
  switch (reason) {
    case "refused":
      return WSAECONNREFUSED;
    case "timed-out":
      return WSAETIMEDOUT;
    case "host-unreachable":
      return WSAEHOSTUNREACH;
    case "net-unreachable":
      return WSAENETUNREACH;
    case "network-down":
      return WSAENETDOWN;
  }
}

/** What an accept fails with whose connection is over. @param failure of its handshake; else it was reset while it was queued (Microsoft, "accept function") */
export function codeOfHandshake(failure: AbortReason | undefined): number {
  switch (failure) {
    case "timed-out":
      return WSAEACCES;
    case "network-down":
      return WSAENETDOWN;
    default:
      return WSAECONNRESET;
  }
}

/** A reset after the peer's FIN answers what we sent into a closed socket: WSAECONNABORTED (Wine's test shutdown). Unacknowledged data: KB170359. */
export function codeOfAbort(reason: AbortReason, finReceived: boolean): number {
  switch (reason) {
    case "reset":
      return finReceived ? WSAECONNABORTED : WSAECONNRESET;
    case "timed-out":
      return WSAECONNABORTED;
    case "network-down":
      return WSAENETDOWN;
  }
}
