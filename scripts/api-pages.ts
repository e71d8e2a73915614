/** The pages of docs/reference/api: what each entry of the package exports, from the declarations that the build writes. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type ExportedThing, exportsOf, moduleDoc } from "./declarations.ts";
import { page, table } from "./markdown.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const ABI = "dist/winsock/abi/";

interface Entry {
  /** As programs say it. */
  readonly name: string;
  readonly types: string;
}

const entries = (): Entry[] => {
  const { exports } = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")) as {
    readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
  };
  return Object.entries(exports).flatMap(([name, target]) =>
    typeof target === "string" ? [] : [{ name: name.replace(/^\./, "tapsock"), types: target.types.slice(2) }],
  );
};

const pathOf = (name: string): string => `docs/reference/api/${name.replaceAll("/", "-")}.md`;

/** The text of each page by its path from the root of the project. The build must be up to date. */
export const apiPages = (): ReadonlyMap<string, string> => new Map(entries().map((entry) => [pathOf(entry.name), entryPage(entry)]));

const KINDS = [
  ["Functions", ["function"]],
  ["Classes", ["class"]],
  ["Types", ["interface", "type"]],
  ["Constants", ["const", "let"]],
] as const;

function entryPage({ name, types }: Entry): string {
  const all = exportsOf(ROOT + types);
  const isAbi = types.startsWith(ABI);
  const shown = isAbi ? all : all.filter(({ thing }) => !thing.path.includes(ABI));
  const passedOn = !isAbi && all.some(({ thing }) => thing.path.includes(`${ABI}constants`));
  const sections = KINDS.flatMap(([title, kinds]) => {
    const things = shown.filter(({ thing }) => (kinds as readonly string[]).includes(thing.kind));
    if (things.length === 0) return [];
    const isTable = isAbi && title === "Constants";
    return ["", `## ${title}`, ...(isTable ? ["", ...constantsTable(things)] : things.flatMap(thingLines))];
  });
  const rest = passedOn
    ? ["", "It exports what [tapsock/winsock/abi](tapsock-winsock-abi.md) does as well, or the part of it that its calls need."]
    : [];
  return page([`# ${name}`, "", moduleDoc(ROOT + types).replace(/^\S+: /, ""), ...rest, ...sections]);
}

function thingLines({ name, thing }: ExportedThing): string[] {
  const text = thing.text
    .split("\n")
    .filter((line) => !/^\s+(private |#)/.test(line))
    .join("\n")
    .replace(/^export (declare )?/gm, "");
  const doc = thing.doc === "" ? [] : ["", paragraphs(thing.doc)];
  return ["", `### ${name}`, ...doc, "", "```ts", text, "```"];
}

/** Tags begin lines of their own. */
const paragraphs = (doc: string): string => doc.replace(/\s*(@(?:param|returns|throws)) /g, "\n\n*$1* ").replace(/\*@(\w+)\*/g, "*$1*");

const constantsTable = (things: readonly ExportedThing[]): string[] =>
  table(
    ["name", "value or type", "meaning"],
    things.map(({ name, thing }) => {
      const [, type = ""] = /\b[\w$]+\s*(?::|=)\s*([\s\S]*);$/.exec(thing.text) ?? [];
      return [`\`${name}\``, type.length > 40 || type.includes("\n") ? "" : `\`${type}\``, thing.doc.replaceAll("\n", " ")];
    }),
  );
