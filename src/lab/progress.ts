/** On a terminal the counter's line is drawn anew this often; elsewhere a line is printed once in LINE_MS of silence. */
const TICK_MS = 250;
const LINE_MS = 3000;

/** Shows that time passes while nothing else happens, without getting in the way of the lines that do come. */
export class Progress {
  readonly #out: NodeJS.WriteStream;
  readonly #isTerminal: boolean;
  readonly #startMs = performance.now();
  readonly #limitText: string;
  readonly #timer: NodeJS.Timeout;
  #lastLineMs = performance.now();
  #isShown = false;

  /** @param limitText what the counter runs up to, such as ` of 21 s`; may be empty */
  constructor(out: NodeJS.WriteStream, limitText: string) {
    this.#out = out;
    this.#isTerminal = out.isTTY === true;
    this.#limitText = limitText;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Writes a line of real news. */
  line(text: string): void {
    this.#clear();
    this.#lastLineMs = performance.now();
    this.#out.write(`${text}\n`);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#clear();
  }

  #tick(): void {
    const now = performance.now();
    const seconds = Math.floor((now - this.#startMs) / 1000);
    if (seconds === 0) return;
    if (this.#isTerminal) {
      this.#clear();
      this.#out.write(`         … ${seconds} s${this.#limitText}`);
      this.#isShown = true;
    } else if (now - this.#lastLineMs >= LINE_MS) {
      this.#lastLineMs = now;
      this.#out.write(`         … ${seconds} s${this.#limitText}\n`);
    }
  }

  #clear(): void {
    if (!this.#isShown) return;
    this.#out.write("\r\x1b[K");
    this.#isShown = false;
  }
}
