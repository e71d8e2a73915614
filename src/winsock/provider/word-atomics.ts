/** What is needed of Atomics. */
interface WordAtomics {
  load(words: Int32Array, at: number): number;
  store(words: Int32Array, at: number, value: number): number;
  add(words: Int32Array, at: number, value: number): number;
  sub(words: Int32Array, at: number, value: number): number;
  exchange(words: Int32Array, at: number, value: number): number;
  compareExchange(words: Int32Array, at: number, expected: number, value: number): number;
  wait(words: Int32Array, at: number, value: number, timeoutMs: number): string;
  notify(words: Int32Array, at: number): number;
}

/** Where a program has no memory to share it has one thread, to which its own reads and writes are atomic. */
const ofOneThread: WordAtomics = {
  load: (words, at) => words[at]!,
  store(words, at, value) {
    words[at] = value;
    return value;
  },
  add: (words, at, value) => changed(words, at, (before) => before + value),
  sub: (words, at, value) => changed(words, at, (before) => before - value),
  exchange: (words, at, value) => changed(words, at, () => value),
  compareExchange: (words, at, expected, value) => changed(words, at, (before) => (before === expected ? value : before)),
  wait: () => "timed-out",
  notify: () => 0,
};

/** @returns what stood there before */
function changed(words: Int32Array, at: number, change: (before: number) => number): number {
  const before = words[at]!;
  words[at] = change(before);
  return before;
}

/** Reads and writes of words that other threads may use at the same time. */
export const atomics: WordAtomics = typeof Atomics === "undefined" ? ofOneThread : Atomics;
