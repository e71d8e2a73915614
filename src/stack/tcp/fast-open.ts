import { type AddressWords, type IpAddress, networkBytes } from "../core/address.ts";
import { AddressMap } from "../core/address-map.ts";
import type { HostContext } from "../core/context.ts";
import { SipHash } from "../core/sip-hash.ts";
import type { SegmentOptions } from "../packet/tcp-options.ts";

/** TCP Fast Open, RFC 7413: text on the SYN, for who has been here before and can show the cookie that it was given then. */

/** The key of a server's cookies, lowest word first; whoever has the same one takes them. */
export type FastOpenKey = readonly [number, number, number, number];

/** The option as it leaves: a cookie, or the wish for one. */
export interface FastOpenOption {
  /** Of no length for a request. */
  readonly cookie: Uint8Array;
  /** In the kind that was used before the option had a number of its own. */
  readonly isExperimental: boolean;
}

/** A key of our own choice serves so long for new cookies, and as long again for old ones (RFC 7413 §4.1.2). */
export const KEY_LIFE_MS = 3_600_000;
/** Peers that a client knows cookies of; beyond them the one that was not used for longest is forgotten. */
const PEERS = 1024;
/** A peer to whom a SYN with the option was lost gets none for twice so long, and doubled with each loss in a row. */
const LOSS_MS = 60_000;
const MOST_DOUBLINGS = 10;
/** Of a peer of whom no cookie is known. */
const ASK = new Uint8Array(0);

/** What a client knows of a peer. */
interface KnownPeer {
  readonly cookie: Uint8Array;
  readonly isExperimental: boolean;
  readonly mss: number;
  readonly losses: number;
  readonly lostAtMs: number;
}

export class FastOpen {
  readonly #context: HostContext;
  readonly #peers = new AddressMap<KnownPeer>();
  /** The one that cookies are made with, and the one before it. */
  #hashes: SipHash[] = [];
  #keyMadeMs: number | undefined;

  constructor(context: HostContext) {
    this.#context = context;
  }

  // Of a server

  /** Cookies are made with this key from now on; those of the last one count until the next. It does not change by itself any more. */
  setKey(key: FastOpenKey): void {
    this.#use(key);
    this.#keyMadeMs = Number.POSITIVE_INFINITY;
  }

  cookieFor(client: AddressWords, server: AddressWords): Uint8Array {
    this.#renewKey();
    return this.#hashes[0]!.of(networkBytes(client, server));
  }

  /** @returns `old` for a cookie of the key before this one: it counts, and the client should have another */
  judge(client: AddressWords, server: AddressWords, { fastOpenLength, fastOpenCookie }: SegmentOptions): "valid" | "old" | "invalid" {
    this.#renewKey();
    const bytes = networkBytes(client, server);
    const place = this.#hashes.findIndex((hash) => isSame(hash.of(bytes), fastOpenCookie, fastOpenLength));
    return place < 0 ? "invalid" : place === 0 ? "valid" : "old";
  }

  #renewKey(): void {
    const { now, random } = this.#context;
    if (this.#keyMadeMs !== undefined && now - this.#keyMadeMs < KEY_LIFE_MS) return;
    // Of one that has not served for so long nothing is left.
    if (this.#keyMadeMs !== undefined && now - this.#keyMadeMs >= 2 * KEY_LIFE_MS) this.#hashes = [];
    this.#use([random.u32(), random.u32(), random.u32(), random.u32()]);
    this.#keyMadeMs = now;
  }

  #use(key: FastOpenKey): void {
    this.#hashes = [new SipHash(key), ...this.#hashes.slice(0, 1)];
  }

  // Of a client

  /** What a SYN to this peer carries; undefined while SYNs that had it were lost. */
  optionTowards(remote: AddressWords): FastOpenOption | undefined {
    const known = this.#peers.get(remote);
    if (known === undefined) return { cookie: ASK, isExperimental: false };
    if (known.losses > 0 && this.#context.now - known.lostAtMs < LOSS_MS * 2 ** Math.min(known.losses, MOST_DOUBLINGS)) return undefined;
    return known;
  }

  /** As the peer's last SYN-ACK said it; 0 where there was none. */
  mssOf(remote: AddressWords): number {
    return this.#peers.get(remote)?.mss ?? 0;
  }

  /** A SYN-ACK has come. @param wasLost the SYN had to be sent again without the option */
  answered(
    remote: IpAddress,
    mss: number,
    { fastOpenLength, fastOpenCookie, fastOpenIsExperimental }: SegmentOptions,
    wasLost: boolean,
  ): void {
    const known = this.#peers.get(remote);
    const hasCookie = fastOpenLength > 0;
    if (!hasCookie && known === undefined && !wasLost) return;
    this.#keep(remote, {
      cookie: hasCookie ? fastOpenCookie.slice(0, fastOpenLength) : (known?.cookie ?? ASK),
      isExperimental: hasCookie ? fastOpenIsExperimental : (known?.isExperimental ?? false),
      mss,
      losses: wasLost ? (known?.losses ?? 0) + 1 : 0,
      lostAtMs: wasLost ? this.#context.now : 0,
    });
  }

  /** Nothing came of an attempt whose first SYN had the option. */
  lost(remote: IpAddress): void {
    const { cookie = ASK, isExperimental = false, mss = 0, losses = 0 } = this.#peers.get(remote) ?? {};
    this.#keep(remote, { cookie, isExperimental, mss, losses: losses + 1, lostAtMs: this.#context.now });
  }

  forgetPeers(): void {
    for (const remote of [...this.#peers.keys()]) this.#peers.delete(remote);
  }

  #keep(remote: IpAddress, known: KnownPeer): void {
    // The newest is the last.
    this.#peers.delete(remote);
    this.#peers.set(remote, known);
    if (this.#peers.size <= PEERS) return;
    for (const oldest of this.#peers.keys()) {
      this.#peers.delete(oldest);
      return;
    }
  }
}

/** In a time that does not tell where they differ. */
function isSame(cookie: Uint8Array, other: Uint8Array, length: number): boolean {
  if (length !== cookie.length) return false;
  let difference = 0;
  for (let i = 0; i < length; i++) difference |= cookie[i]! ^ other[i]!;
  return difference === 0;
}
