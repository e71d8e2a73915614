import { readFileSync } from "node:fs";
import { ROOT } from "./entries.ts";

/** The programs of a page, in their order: what stands between ```js (or ts) and ```. */
export function programsOf(page: string): string[] {
  return [...readFileSync(`${ROOT}${page}`, "utf8").matchAll(/^```(?:js|ts)\n([\s\S]*?)^```$/gm)].map(([, program]) => program!);
}
