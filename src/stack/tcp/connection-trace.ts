import { formatEndpoint } from "../core/address.ts";
import type { TraceOpening } from "../core/trace.ts";
import type { Path } from "../ip/path.ts";
import type { TcpState } from "./tcp-user.ts";

/** A connection, or what is left of one in TIME-WAIT, as the trace introduces it. */
interface Introduced {
  readonly id: number;
  readonly path: Path;
  readonly localPort: number;
  readonly remotePort: number;
  readonly label: string;
  readonly state: TcpState;
}

/** The one event that has more of a connection than its number. */
export const connectionOpened = ({ id, path, localPort, remotePort, label, state }: Introduced): TraceOpening => ({
  type: "connection-opened",
  connection: id,
  local: formatEndpoint(path.local, localPort),
  remote: formatEndpoint(path.remote, remotePort),
  label,
  state,
});
