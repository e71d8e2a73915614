import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const { exports } = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")) as {
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
};

/** What programs may import of the package: the name that they say, and the built files behind it. */
export const ENTRIES = Object.entries(exports).flatMap(([name, target]) =>
  typeof target === "string"
    ? []
    : [{ name: name.replace(/^\./, "tapsock"), types: `${ROOT}${target.types.slice(2)}`, code: `${ROOT}${target.default.slice(2)}` }],
);
