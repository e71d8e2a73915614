/** A moment that a ladder draws something at. */
export interface LadderMoment {
  /** Place of the event in the run. */
  readonly place: number;
  readonly atMs: number;
  /** Pixels that its words want below the words before; 0 when it has none. */
  readonly room: number;
}

/** A stretch in which nothing happens, drawn shorter than it is. */
export interface LadderFold {
  /** Place of the event that ends it: its name. */
  readonly place: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly top: number;
  readonly height: number;
  readonly isFolded: boolean;
}

export interface LadderScaleOptions {
  readonly pixelsPerMs: number;
  /** Words get their room, even where time would not give it. */
  readonly spreads: boolean;
  /** Folds, by their places, that are shown at their length. */
  readonly unfolded: ReadonlySet<number>;
}

/** Quiet stretches that would be longer are folded. */
export const FOLD_OVER = 320;
const FOLDED_HEIGHT = 60;
/** Even at its length a stretch is no longer than browsers can scroll. */
const MAX_STRETCH = 30_000;
const MARGIN = 24;

/** Where the moments of a run stand on a ladder, in pixels from its top: true to time but for folds and the room for words. */
export class LadderScale {
  readonly folds: readonly LadderFold[];
  readonly height: number;
  readonly #places: readonly number[];
  readonly #times: readonly number[];
  readonly #tops: Float64Array;
  readonly #pixelsPerMs: number;

  /** @param moments in the order of their places; times do not fall */
  constructor(moments: readonly LadderMoment[], { pixelsPerMs, spreads, unfolded }: LadderScaleOptions) {
    const tops = new Float64Array(moments.length);
    const folds: LadderFold[] = [];
    let lastWords = Number.NEGATIVE_INFINITY;
    let top = MARGIN;
    let beforeMs = moments[0]?.atMs ?? 0;
    moments.forEach(({ place, atMs, room }, i) => {
      const natural = Math.max(0, atMs - beforeMs) * pixelsPerMs;
      if (natural > FOLD_OVER) {
        const isFolded = !unfolded.has(place);
        const height = isFolded ? FOLDED_HEIGHT : Math.min(natural, MAX_STRETCH);
        folds.push({ place, fromMs: beforeMs, toMs: atMs, top, height, isFolded });
        top += height;
      } else top += natural;
      if (room > 0) {
        if (spreads) top = Math.max(top, lastWords + room);
        lastWords = top;
      }
      tops[i] = top;
      beforeMs = Math.max(beforeMs, atMs);
    });
    this.folds = folds;
    this.height = top + MARGIN;
    this.#places = moments.map(({ place }) => place);
    this.#times = moments.map(({ atMs }) => atMs);
    this.#tops = tops;
    this.#pixelsPerMs = pixelsPerMs;
  }

  /** Where the event at a place stands, or the last one before it. */
  topOf(place: number): number {
    const index = lastNotAbove(this.#places, place);
    return index < 0 ? MARGIN : this.#tops[index]!;
  }

  /** Where a time stands when events until a place, and not that one, have happened. */
  topAt(count: number, atMs: number): number {
    const index = lastNotAbove(this.#places, count - 1);
    const here = index < 0 ? MARGIN : this.#tops[index]!;
    const next = this.#tops[index + 1];
    const passed = index < 0 ? 0 : Math.max(0, atMs - this.#times[index]!);
    if (next === undefined) return here + Math.min(passed * this.#pixelsPerMs, MARGIN - 4);
    const span = this.#times[index + 1]! - (this.#times[index] ?? 0);
    return span <= 0 ? here : here + (next - here) * Math.min(1, passed / span);
  }

  /** The time at a height. */
  timeAt(top: number): number {
    let low = 0;
    let high = this.#tops.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#tops[middle]! <= top) low = middle + 1;
      else high = middle;
    }
    const index = low - 1;
    if (index < 0) return this.#times[0] ?? 0;
    const next = this.#tops[index + 1];
    const here = this.#tops[index]!;
    if (next === undefined || next <= here) return this.#times[index]!;
    return this.#times[index]! + ((this.#times[index + 1]! - this.#times[index]!) * (top - here)) / (next - here);
  }
}

/** Pixels that a frame's way may take, so that both its ends are in sight. */
const LONGEST_WAY = 120;

/**
 * A scale at which most of what happens stands apart.
 * @param wayMs how long a frame is on its way
 */
export function readableScale(moments: readonly LadderMoment[], wayMs = 0): number {
  const gaps: number[] = [];
  for (let i = 1; i < moments.length; i++) {
    const gap = moments[i]!.atMs - moments[i - 1]!.atMs;
    if (gap > 0) gaps.push(gap);
  }
  gaps.sort((a, b) => a - b);
  const typical = gaps[Math.floor(gaps.length * 0.4)] ?? 1;
  return withinScale(Math.min(28 / typical, wayMs > 0 ? LONGEST_WAY / wayMs : Number.POSITIVE_INFINITY));
}

/** A scale at which all is to be seen in a height, as far as folds allow. */
export function fittingScale(moments: readonly LadderMoment[], height: number): number {
  let low = Math.log(MIN_SCALE);
  let high = Math.log(MAX_SCALE);
  for (let i = 0; i < 28; i++) {
    const middle = (low + high) / 2;
    const scale = new LadderScale(moments, { pixelsPerMs: Math.exp(middle), spreads: false, unfolded: new Set() });
    if (scale.height > height) high = middle;
    else low = middle;
  }
  return Math.exp(low);
}

const MIN_SCALE = 1e-5;
/** A microsecond is 40 pixels. */
const MAX_SCALE = 40_000;

export const withinScale = (pixelsPerMs: number): number => Math.min(MAX_SCALE, Math.max(MIN_SCALE, pixelsPerMs));

/** Index of the last value that is not above one; −1 when all are. */
function lastNotAbove(values: readonly number[], wanted: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! <= wanted) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
