import type { IpAddress } from "../stack/core/address.ts";

/** The ends of a conversation, as the host sees them. */
export interface ConversationEnds {
  readonly local: IpAddress;
  readonly localPort: number;
  readonly remote: IpAddress;
  readonly remotePort: number;
}

const u32 = (value: number): number => value >>> 0;

/**
 * One connection of the script with what its numbers are on the wire: sequence numbers count from each side's ISN, which the script need
 * not know, and timestamps are names of those that the host chose.
 */
export class Conversation implements ConversationEnds {
  readonly local: IpAddress;
  readonly localPort: number;
  readonly remote: IpAddress;
  readonly remotePort: number;
  /** As the script's first SYN or SYN-ACK from there says it, which goes on the wire so. */
  #remoteIsn = 0;
  #hasRemoteIsn = false;
  #localIsn: { readonly script: number; readonly live: number } | undefined;
  readonly #liveTimestamps = new Map<number, number>();
  #firstTimestamp: { readonly script: number; readonly live: number } | undefined;
  /** Where writes of the program ended, as sequence numbers of the script. */
  readonly writeEnds = new Set<number>();
  #written = 1;
  readonly #flowLabels = new Map<number, number>();

  constructor({ local, localPort, remote, remotePort }: ConversationEnds) {
    this.local = local;
    this.localPort = localPort;
    this.remote = remote;
    this.remotePort = remotePort;
  }

  /** The program has handed over so many bytes. @param isMore and says that more belongs to them */
  wrote(bytes: number, isMore: boolean): void {
    this.#written += bytes;
    if (!isMore) this.writeEnds.add(this.#written);
  }

  // What the script sends

  remoteSent(scriptSeq: number, isSyn: boolean): number {
    if (!isSyn) return u32(scriptSeq + this.#remoteIsn);
    if (!this.#hasRemoteIsn) {
      this.#hasRemoteIsn = true;
      this.#remoteIsn = scriptSeq;
    }
    return scriptSeq;
  }

  /** A number of our sequence space, as on the wire. */
  localOnWire(script: number, isSyn: boolean): number {
    const isn = this.#localIsn;
    if (isn === undefined) return script;
    return u32(isSyn ? script - isn.script + isn.live : script + isn.live);
  }

  // What the host sends

  /** The host's first SYN or SYN-ACK tells where its numbers begin. */
  learnLocalIsn(script: number, live: number): void {
    this.#localIsn ??= { script, live };
  }

  localInScript(live: number, isSyn: boolean): number {
    const isn = this.#localIsn;
    if (isn === undefined) return live;
    return u32(isSyn ? live - isn.live + isn.script : live - isn.live);
  }

  remoteInScript(live: number, isSyn: boolean): number {
    return isSyn ? live : u32(live - this.#remoteIsn);
  }

  // Timestamps

  sawTimestamp(script: number, live: number): void {
    this.#firstTimestamp ??= { script, live };
    this.#liveTimestamps.set(script, live);
  }

  /** The host's value, counted on from the first that the script named. */
  timestampInScript(live: number): number | undefined {
    const first = this.#firstTimestamp;
    return first === undefined ? undefined : u32(first.script + (live - first.live));
  }

  /** The value that the host sent where the script says `script`. */
  timestampOnWire(script: number, isScaled: boolean): number | undefined {
    const known = this.#liveTimestamps.get(script);
    if (known !== undefined) return known;
    const first = this.#firstTimestamp;
    return isScaled && first !== undefined ? u32(script - first.script + first.live) : undefined;
  }

  /** Whether a flow label of the host may be what the script calls `script`: one name, one label, and never zero. */
  isFlowLabel(script: number, live: number): boolean {
    const known = this.#flowLabels.get(script);
    if (known !== undefined) return known === live;
    if (live === 0 || [...this.#flowLabels.values()].includes(live)) return false;
    this.#flowLabels.set(script, live);
    return true;
  }
}
