import type { Time } from "../core/time.ts";
import type { DnsAnswer, DnsRecordType } from "./dns-service.ts";

/** That there is no such name, or nothing of the type that was asked for (RFC 2308 §1). */
export type NegativeAnswer = "no-such-name" | "no-data";

interface CacheEntry {
  readonly answer: DnsAnswer | NegativeAnswer;
  readonly untilMs: number;
  readonly bytes: number;
}

export interface DnsCacheLimits {
  readonly entries: number;
  /** As `add` was told them. */
  readonly bytes: number;
}

export const DNS_CACHE_LIMITS: DnsCacheLimits = { entries: 1024, bytes: 1024 * 1024 };

/** No answer is kept longer than a day, and none that there is nothing longer than a quarter of an hour (RFC 2308 §5: hours at most). */
const MAX_TTL_SECONDS = 86_400;
const MAX_NEGATIVE_TTL_SECONDS = 900;
/** What an entry takes beside what is in it. */
const ENTRY_OVERHEAD = 256;

/** What servers have said, for as long as they said that it holds. The entry that was used longest ago goes first. */
export class DnsCache {
  readonly #time: Time;
  readonly #limits: DnsCacheLimits;
  /** In the order of their last use. */
  readonly #entries = new Map<string, CacheEntry>();
  #bytes = 0;

  constructor(time: Time, limits = DNS_CACHE_LIMITS) {
    this.#time = time;
    this.#limits = limits;
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @returns the answer with the rest of its time to live */
  find(name: string, type: DnsRecordType): DnsAnswer | NegativeAnswer | undefined {
    return this.#take(keyOf(name, type)) ?? this.#take(keyOf(name, undefined));
  }

  /**
   * @param type undefined for a name that does not exist, whatever is asked about it (RFC 2308 §5)
   * @param bytes about how much memory it takes
   */
  add(name: string, type: DnsRecordType | undefined, answer: DnsAnswer | NegativeAnswer, ttlSeconds: number, bytes: number): void {
    const key = keyOf(name, type);
    this.#remove(key);
    const size = bytes + ENTRY_OVERHEAD;
    const most = typeof answer === "string" ? MAX_NEGATIVE_TTL_SECONDS : MAX_TTL_SECONDS;
    if (ttlSeconds <= 0 || size > this.#limits.bytes) return;
    this.#entries.set(key, { answer, untilMs: this.#time.now + Math.min(ttlSeconds, most) * 1000, bytes: size });
    this.#bytes += size;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#limits.entries && this.#bytes <= this.#limits.bytes) break;
      this.#remove(oldest);
    }
  }

  /** @returns how many answers are forgotten */
  clear(): number {
    const { size } = this;
    this.#entries.clear();
    this.#bytes = 0;
    return size;
  }

  #take(key: string): DnsAnswer | NegativeAnswer | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const leftMs = entry.untilMs - this.#time.now;
    if (leftMs <= 0) {
      this.#remove(key);
      return undefined;
    }
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (typeof entry.answer === "string") return entry.answer;
    return { ...entry.answer, origin: "cache", ttlSeconds: Math.ceil(leftMs / 1000) };
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }
}

const keyOf = (name: string, type: DnsRecordType | undefined): string => `${type ?? "*"} ${name}`;
