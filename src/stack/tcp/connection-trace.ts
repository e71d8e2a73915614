import { formatEndpoint, type IpAddress } from "../core/address.ts";
import { type Seq, seqShown } from "../core/seq.ts";
import type { SequenceSpace, TraceOpening } from "../core/trace.ts";
import type { TcpState } from "./tcp-user.ts";

/** A connection, one that is packed, or what is left of one in TIME-WAIT, as the trace introduces it. */
interface Introduced {
  readonly id: number;
  readonly local: IpAddress;
  readonly localPort: number;
  readonly remote: IpAddress;
  readonly remotePort: number;
  readonly label: string;
  readonly state: TcpState;
}

/** Where both sides of one stand. */
interface Positions {
  readonly sndUna: Seq;
  readonly sndNxt: Seq;
  readonly sndWnd: number;
  readonly rcvNxt: Seq;
  readonly rcvWnd: number;
}

/** The one event that has more of a connection than its number. */
export const connectionOpened = ({ id, local, localPort, remote, remotePort, label, state }: Introduced): TraceOpening => ({
  type: "connection-opened",
  connection: id,
  local: formatEndpoint(local, localPort),
  remote: formatEndpoint(remote, remotePort),
  label,
  state,
});

/** Where the connection stands now. */
export const sequenceSpace = ({ sndUna, sndNxt, sndWnd, rcvNxt, rcvWnd }: Positions): SequenceSpace => ({
  sndUna: seqShown(sndUna),
  sndNxt: seqShown(sndNxt),
  sndWnd,
  rcvNxt: seqShown(rcvNxt),
  rcvWnd,
});
