/**
 * What a program knows of its stream's send queue. The host takes a send whenever less is queued than the quota (Windows' rule for
 * SO_SNDBUF), and says with each answer how much that is. The queue only gets shorter meanwhile, so where what was queued then and
 * what was sent since stay below the quota, the next send will be taken for certain, and needs no answer to be waited for.
 */
export class SendCredit {
  #queued = 0;
  #unanswered = 0;
  #unansweredSends = 0;
  /** Sends whose answers are older than what was changed since, and say nothing of it. */
  #outdatedSends = 0;
  #quota = 0;

  /** A send of any length would be taken now. */
  get isOpen(): boolean {
    return this.#queued + this.#unanswered < this.#quota;
  }

  /** It is full, as far as is known, and not merely unknown. */
  get isUsedUp(): boolean {
    return this.#quota > 0 && !this.isOpen;
  }

  /** It was full when the host last told of it, and bytes that have left since keep it so for now. */
  get isFilling(): boolean {
    return this.isUsedUp && this.#unanswered > 0;
  }

  /** Bytes have left whose answer nobody waits for. */
  posted(bytes: number): void {
    this.#unanswered += bytes;
    this.#unansweredSends++;
  }

  /** They have not left after all. */
  notPosted(bytes: number): void {
    this.#unanswered -= bytes;
    this.#unansweredSends--;
  }

  /** The host has answered such a send. */
  answered(bytes: number, error: number, queued: number, quota: number): void {
    this.notPosted(bytes);
    if (this.#outdatedSends > 0) this.#outdatedSends--;
    else this.learn(error, queued, quota);
  }

  /** What an answer says of the queue. After a failure only the host can tell what is next. */
  learn(error: number, queued: number, quota: number): void {
    this.#queued = queued;
    this.#quota = error === 0 ? quota : 0;
  }

  /** Something was changed that the quota, or whether a send is taken at all, depends on. */
  forget(): void {
    this.#quota = 0;
    this.#outdatedSends = this.#unansweredSends;
  }
}
