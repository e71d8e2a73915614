import { computed } from "@preact/signals";
import { insideDe } from "./words/inside.de.ts";
import { type InsideWords, insideEn } from "./words/inside.en.ts";
import { language } from "./words.ts";

/** The words of the views of the inside, in the language that is chosen. */
export const insideWords = computed<InsideWords>(() => (language.value === "de" ? insideDe : insideEn));
