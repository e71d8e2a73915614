import { addressOf, libc } from "./libc.ts";
import { TapError } from "./tap-error.ts";

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;

/** Who connected a Unix socket: unix(7), SO_PEERCRED, as they were at the time of the connect. */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** @throws TapError when the descriptor is not a connected Unix socket */
export function peerCredentials(fd: number): PeerCredentials {
  const c = libc();
  const out = new Int32Array(4);
  out[3] = 12;
  const address = addressOf(out);
  if (c.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, address, address + 12) < 0) {
    throw new TapError("learn who is at the other end of a socket", c.errno(), "give a connected Unix socket");
  }
  return { pid: out[0]!, uid: out[1]! >>> 0, gid: out[2]! >>> 0 };
}
