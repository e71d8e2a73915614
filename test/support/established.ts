import { type Profile, RFC } from "../../src/stack/core/profile.ts";
import type { ConnectionOptions } from "../../src/stack/tcp/tcp-user.ts";
import { ScriptPeer, type ScriptSegment } from "./script-peer.ts";
import { Endpoint, PEER_ADDRESS } from "./two-hosts.ts";

export interface EstablishedOptions {
  readonly profile?: Profile;
  readonly synAck?: ScriptSegment;
  readonly options?: Partial<ConnectionOptions>;
  /** The peer takes so long to answer the SYN: the first round trip. */
  readonly handshakeMs?: number;
  readonly link?: ConstructorParameters<typeof ScriptPeer>[2];
}

/** Our host connected to a script: the next numbers are 1 on both sides. */
export function established({ profile = RFC, synAck = {}, options, link, handshakeMs = 0 }: EstablishedOptions = {}) {
  const peer = new ScriptPeer(profile, true, link);
  const app = new Endpoint();
  const opened = peer.host.tcp.open({ remote: PEER_ADDRESS, remotePort: 80, user: app.user, ...(options ? { options } : {}) });
  if (typeof opened === "string") throw new Error(opened);
  app.connection = opened;
  const conn = opened;
  peer.expect("S", { seq: 0 });
  if (handshakeMs > 0) peer.advance(handshakeMs);
  peer.send("S.", { seq: 0, ack: 1, mss: 1000, ...synAck });
  peer.expect(".", { seq: 1, ack: 1 });
  const write = (bytes: number) => {
    conn.write(new Uint8Array(bytes).fill(0x62), 0, bytes);
    peer.settle();
  };
  return { peer, app, conn, write };
}
