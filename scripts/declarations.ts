/** Reads the declarations that the compiler writes: what each file declares and exports, with its doc comments. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface DeclaredThing {
  readonly name: string;
  readonly kind: "class" | "const" | "function" | "interface" | "type";
  /** As the compiler wrote it, without the doc comment before it; overloads of a function one below the other. */
  readonly text: string;
  /** The text of the doc comment, without its stars; empty where there is none. */
  readonly doc: string;
  readonly path: string;
}

/** What an entry, or any file, exports under a name. */
export interface ExportedThing {
  readonly name: string;
  readonly thing: DeclaredThing;
  /** Exported for its type alone, so that nobody can construct it. */
  readonly isTypeOnly: boolean;
}

interface DeclarationFile {
  /** The comment that the file begins with. */
  readonly doc: string;
  readonly things: ReadonlyMap<string, DeclaredThing>;
  /** What is said by a local name and comes from another file. */
  readonly imports: ReadonlyMap<string, { readonly path: string; readonly name: string }>;
  readonly exportedNames: ReadonlyMap<string, { readonly path: string; readonly name: string; readonly isTypeOnly: boolean }>;
  /** Files whose exports are all exported. */
  readonly passedOn: readonly string[];
}

const files = new Map<string, DeclarationFile>();

/** The comment at the top of a file. */
export const moduleDoc = (path: string): string => declarationFile(path).doc;

/** Everything that a file exports, by name. */
export function exportsOf(path: string): ExportedThing[] {
  const { exportedNames, passedOn } = declarationFile(path);
  const own = [...exportedNames].map(([name, { path: from, name: original, isTypeOnly }]) => ({
    name,
    thing: thingIn(from, original),
    isTypeOnly,
  }));
  const others = passedOn.flatMap(exportsOf).filter((each) => !exportedNames.has(each.name));
  return [...own, ...others].sort((a, b) => compare(a.name, b.name));
}

/** What a name means in a file, or undefined for names of the language and its library. */
export function meaningIn(path: string, name: string): DeclaredThing | undefined {
  const file = declarationFile(path);
  const imported = file.imports.get(name);
  return imported === undefined ? file.things.get(name) : thingIn(imported.path, imported.name);
}

/** Names that a declaration says, without those of its members, its comments and what is private. */
export function namesIn({ text, kind }: DeclaredThing, isTypeOnly: boolean): Set<string> {
  const said = text
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/"(?:[^"\\]|\\.)*"/g, "")
    .split("\n")
    .filter((line) => !/^\s+(private |#)/.test(line))
    .filter((line) => !(kind === "class" && isTypeOnly && /^\s+constructor\(/.test(line)))
    .join("\n");
  return new Set(said.match(/(?<![\w$.])[A-Za-z_$][\w$]*(?!\??:|\(|[\w$])/g));
}

/** The declaration of a name that a file exports, wherever it stands. */
function thingIn(path: string, name: string): DeclaredThing {
  const file = declarationFile(path);
  const passed = file.exportedNames.get(name);
  const thing = passed === undefined || passed.path === path ? file.things.get(passed?.name ?? name) : thingIn(passed.path, passed.name);
  if (thing === undefined) throw new Error(`Cannot find the declaration of ${name} in ${path}`);
  return thing;
}

function declarationFile(path: string): DeclarationFile {
  const known = files.get(path);
  if (known !== undefined) return known;
  const read = readDeclarations(path, readFileSync(path, "utf8"));
  files.set(path, read);
  return read;
}

/** The compiler begins each statement at the beginning of a line, with its doc comment before it. */
const STATEMENT = /^(\/\*\*[\s\S]*?\*\/\n)?((?:export|import|declare|interface|type)\b[\s\S]*?(?:;|\}))$(?=\n(?:\S)|\n*(?![\s\S]))/gm;
const DECLARED = /^(export )?(?:declare )?(?:abstract )?(class|const|function|interface|let|type) ([\w$]+)/;

function readDeclarations(path: string, whole: string): DeclarationFile {
  const things = new Map<string, DeclaredThing>();
  const imports = new Map<string, { path: string; name: string }>();
  const exportedNames = new Map<string, { path: string; name: string; isTypeOnly: boolean }>();
  const passedOn: string[] = [];
  const text = whole.replace(/^\/\/# sourceMappingURL.*$/m, "");
  const [first] = text.match(/^\/\*\*[\s\S]*?\*\/\n/) ?? [""];
  // The comment of the file is one that another comment, an import or an export of others' follows.
  const isOfFile = /^(\/\*\*|import |export (\*|\{|type \{))/.test(text.slice(first.length));
  const doc = isOfFile ? docText(first) : "";
  for (const [, comment = "", statement = ""] of text.slice(isOfFile ? first.length : 0).matchAll(STATEMENT)) {
    const [, exported, kind, name = ""] = DECLARED.exec(statement) ?? [];
    if (kind !== undefined && !/^(import|export) type \{/.test(statement)) {
      const before = things.get(name);
      const body = before === undefined ? statement : `${before.text}\n${statement}`;
      const docs = [before?.doc ?? "", docText(comment)].filter((each) => each !== "").join("\n");
      things.set(name, { name, kind: kind as DeclaredThing["kind"], text: body, doc: docs, path });
      if (exported !== undefined) exportedNames.set(name, { path, name, isTypeOnly: kind === "interface" || kind === "type" });
      continue;
    }
    const [, word, isType, list, specifier = ""] = /^(import|export) (type )?(\*|\{[^}]*\})(?: from "([^"]+)")?;$/.exec(statement) ?? [];
    if (word === undefined || (word === "import" && !specifier.startsWith("."))) continue;
    const from = specifier === "" ? path : join(dirname(path), specifier.replace(/\.ts$/, ".d.ts"));
    if (list === "*") {
      passedOn.push(from);
      continue;
    }
    for (const each of list!.slice(1, -1).split(",")) {
      const [, typed, original, as] = /^\s*(type )?([\w$]+)(?: as ([\w$]+))?\s*$/.exec(each) ?? [];
      if (original === undefined) continue;
      const local = as ?? original;
      if (word === "import") imports.set(local, { path: from, name: original });
      else exportedNames.set(local, { path: from, name: original, isTypeOnly: isType !== undefined || typed !== undefined });
    }
  }
  return { doc, things, imports, exportedNames, passedOn };
}

const docText = (comment: string): string =>
  comment
    .trim()
    .replace(/^\/\*\*\s?/, "")
    .replace(/\s*\*\/$/, "")
    .replace(/^\s*\* ?/gm, "")
    .trim();

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
