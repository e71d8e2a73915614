/** What the peer sends: byte i of its stream. */
export const peerByte = (i: number): number => (i * 7 + (i >> 8)) & 255;

/** The bytes of one of the program's sends, in which those of others can hardly be mistaken for them. */
export const sendBytes = (index: number, length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (index * 31 + i) % 251);

/** What is known of one send, in the order in which they were made. */
export interface KnownSend {
  readonly index: number;
  readonly length: number;
  /** Undefined where nobody was told: it was interrupted, or its thread ended. */
  readonly taken: number | undefined;
}

/**
 * Whether what the peer has read is what the program sent: each send whole, or as much of it as was told to be taken, or some beginning of it
 * where nobody was told.
 * @param isAll nothing may be missing at the end
 * @returns what is wrong; undefined when nothing is
 */
export function wrongWithRead(read: Uint8Array, sends: readonly KnownSend[], isAll: boolean): string | undefined {
  /** Where the next send may begin: at more than one place after one that was broken off. */
  let places = new Set([0]);
  for (const { index, length, taken } of sends) {
    const bytes = sendBytes(index, length);
    const next = new Set<number>();
    for (const place of places) {
      let n = 0;
      while (n < (taken ?? length) && place + n < read.length && read[place + n] === bytes[n]) {
        if (taken === undefined) next.add(place + n);
        n++;
      }
      if (taken === undefined || n === taken) next.add(place + n);
      else if (!isAll && place + n === read.length) return undefined;
    }
    if (next.size === 0) return `send ${index}, of which ${taken} of ${length} bytes were taken, was not read so`;
    places = next;
  }
  return places.has(read.length) ? undefined : `${read.length - Math.max(...places)} bytes were read that nobody sent there`;
}
