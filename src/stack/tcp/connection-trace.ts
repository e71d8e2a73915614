import { formatEndpoint } from "../core/address.ts";
import { seqShown } from "../core/seq.ts";
import type { SequenceSpace, TraceOpening } from "../core/trace.ts";
import type { Path } from "../ip/path.ts";
import type { Connection } from "./connection.ts";
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

/** Where the connection stands now. */
export const sequenceSpace = ({ sndUna, sndNxt, sndWnd, rcvNxt, rcvWnd }: Connection): SequenceSpace => ({
  sndUna: seqShown(sndUna),
  sndNxt: seqShown(sndNxt),
  sndWnd,
  rcvNxt: seqShown(rcvNxt),
  rcvWnd,
});
