import { type Seq, seqDiff } from "../core/seq.ts";

/** Urgent bytes that one connection remembers; of those whose place is unread, the ones beyond are bytes like all others. */
export const MAX_URGENT_MARKS = 64;

/** An urgent byte that has come in its turn: the last before an urgent pointer (RFC 6093 §2.1 and 3.1). */
interface Mark {
  readonly seq: Seq;
  readonly byte: number;
  /** To be had by itself, and left out of the stream. */
  isApart: boolean;
  /** It was apart, and is a byte of the stream again. */
  isReturned: boolean;
  /** Its user has had it. */
  isTaken: boolean;
  /** The user has read the stream beyond it. */
  isPassed: boolean;
}

/** Urgent bytes of a received stream, oldest first: marks in the stream where they are read with it, holes in it where they stand apart. */
export class UrgentMarks {
  #marks: Mark[] = [];
  #holes = 0;

  /** Bytes of the ring that the stream leaves out. */
  get holes(): number {
    return this.#holes;
  }

  /** Bytes that stand apart and that the user has not had. */
  get apart(): number {
    return this.#marks.reduce((count, { isApart, isTaken }) => count + Number(isApart && !isTaken), 0);
  }

  /** Some byte that stood apart waits in the stream now. */
  get hasReturned(): boolean {
    return this.#marks.some(({ isReturned }) => isReturned);
  }

  /** The last that is unread, whichever way it is to be read. */
  get last(): Seq | undefined {
    return this.#marks.findLast(({ isTaken, isPassed }) => !isTaken && !isPassed)?.seq;
  }

  /** The first that is read with the stream. */
  get nextInline(): Seq | undefined {
    return this.#marks.find(({ isApart }) => !isApart)?.seq;
  }

  /** Of too many the oldest that the stream was read beyond is forgotten; while there is none, the new one is no mark. */
  add(seq: Seq, byte: number, isApart: boolean): void {
    if (this.#marks.length >= MAX_URGENT_MARKS) {
      const unwanted = this.#marks.findIndex(({ isPassed }) => isPassed);
      if (unwanted < 0) return;
      this.#marks.splice(unwanted, 1);
    }
    this.#marks.push({ seq, byte, isApart, isReturned: false, isTaken: false, isPassed: false });
    this.#count();
  }

  /** The oldest that stands apart. @param isPeek leaves it */
  take(isPeek: boolean): number | undefined {
    const oldest = this.#marks.find(({ isApart, isTaken }) => isApart && !isTaken);
    if (oldest !== undefined && !isPeek) {
      oldest.isTaken = true;
      this.#count();
    }
    return oldest?.byte;
  }

  /** What stands apart and has its place in front of the user yet is read with the stream from now on. */
  returnToStream(): void {
    for (const mark of this.#marks) {
      if (!mark.isApart || mark.isTaken || mark.isPassed) continue;
      mark.isApart = false;
      mark.isReturned = true;
    }
    this.#count();
  }

  /** The user's next byte is `next`. */
  passed(next: Seq): void {
    for (const mark of this.#marks) mark.isPassed ||= seqDiff(mark.seq, next) < 0;
    this.#count();
  }

  /** Of bytes from `start`: the first hole at or after `offset`, as an offset; Infinity for none. */
  holeFrom(start: Seq, offset: number): number {
    for (const { seq, isApart, isPassed } of this.#marks) {
      if (!isApart || isPassed) continue;
      const at = seqDiff(seq, start);
      if (at >= offset) return at;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** The byte at `start` stands apart, and the user has had it. */
  isDone(start: Seq): boolean {
    return this.#marks.some(({ seq, isApart, isTaken }) => isApart && isTaken && seq === start);
  }

  #count(): void {
    this.#marks = this.#marks.filter(({ isApart, isTaken, isPassed }) => !isPassed || (isApart && !isTaken));
    this.#holes = this.#marks.reduce((count, { isApart, isPassed }) => count + Number(isApart && !isPassed), 0);
  }
}
