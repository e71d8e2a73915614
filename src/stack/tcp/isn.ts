import type { AddressWords } from "../core/address.ts";
import type { KeyedHash } from "../core/keyed-hash.ts";
import { type Seq, seq } from "../core/seq.ts";
import type { Time } from "../core/time.ts";

/** Chooses ISS for a flow. */
export type SequenceGenerator = (local: AddressWords, localPort: number, remote: AddressWords, remotePort: number) => Seq;

/** ISN = M + F(flow, secret), RFC 6528 §3: M ticks every 4 µs, F is a keyed hash, so that every flow has a sequence space of its own. */
export function keyedSequences(time: Time, hash: KeyedHash): SequenceGenerator {
  return (local, localPort, remote, remotePort) =>
    seq(Math.floor(time.now * 250) + hash.ofPair(local, remote, (localPort << 16) | remotePort));
}
