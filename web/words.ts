import { computed, signal } from "@preact/signals";
import { rememberAs, remembered } from "./store/remembered.ts";
import { de } from "./words/de.ts";
import { en, type Words } from "./words/en.ts";

/** Languages by the names that they give themselves. */
export const LANGUAGES = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof LANGUAGES;

const WORDS: Readonly<Record<Language, Words>> = { en, de };

const isLanguage = (text: string | undefined): text is Language => text !== undefined && Object.hasOwn(WORDS, text);

function firstLanguage(): Language {
  const chosen = remembered("language");
  if (isLanguage(chosen)) return chosen;
  const ofBrowser = navigator.language.slice(0, 2);
  return isLanguage(ofBrowser) ? ofBrowser : "en";
}

export const language = signal<Language>(firstLanguage());

/** The words of the language that is chosen: `words.value.views.ladder`. */
export const words = computed<Words>(() => WORDS[language.value]);

export function chooseLanguage(chosen: Language): void {
  language.value = chosen;
  rememberAs("language", chosen);
}

/** Making one takes longer than to use it a hundred times. */
const formats = new Map<string, Intl.NumberFormat>();

function numberFormat(minimumFractionDigits: number, maximumFractionDigits: number): Intl.NumberFormat {
  const key = `${language.value} ${minimumFractionDigits} ${maximumFractionDigits}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.NumberFormat(language.value, { minimumFractionDigits, maximumFractionDigits });
    formats.set(key, format);
  }
  return format;
}

/** A number in the manner of the language, with at most so many digits behind the point. */
export function formatNumber(value: number, digits = 0): string {
  return numberFormat(0, digits).format(value);
}

/** A span of time with the unit that suits it: `12 µs`, `3.5 ms`, `19 s`, `2 min 5 s`. */
export function formatSpan(ms: number): string {
  const size = Math.abs(ms);
  if (size === 0) return "0 ms";
  if (size < 1) return `${formatNumber(ms * 1000, size < 0.01 ? 1 : 0)} µs`;
  if (size < 1000) return `${formatNumber(ms, size < 10 ? 2 : size < 100 ? 1 : 0)} ms`;
  if (size < 60_000) return `${formatNumber(ms / 1000, size < 10_000 ? 2 : 1)} s`;
  const seconds = Math.round(size / 1000);
  return `${ms < 0 ? "−" : ""}${formatNumber(Math.floor(seconds / 60))} min ${seconds % 60} s`;
}

/** A moment of the run, to the microsecond: `1.234567 s`. */
export function formatMoment(ms: number): string {
  return `${numberFormat(6, 6).format(ms / 1000)} s`;
}
