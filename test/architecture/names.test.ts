import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";

const SOURCE = fileURLToPath(new URL("../../src", import.meta.url));

/**
 * Formats of packets: each is imported as a whole, and what it has is said with its name before it (`udp.check`, `arp.REPLY`), so that
 * two of them may name the same part of a packet alike.
 */
const FORMATS = ["arp", "dhcp", "dns", "ethernet", "icmp", "icmpv6", "igmp", "ipv4", "mld", "ipv6", "ndp", "tcp", "tcp-options", "udp"].map(
  (name) => `stack/packet/${name}.ts`,
);

/** What programs import: functions with Winsock's names, once in C's manner and once awaited. Nothing in here imports them. */
const FACES = ["index", "promises", "awaited-connections", "awaited-messages"].map((name) => `winsock/${name}.ts`);

/** Types of TypeScript's own that are said without an import. */
const BUILT_IN = [
  ..."Awaited Capitalize ConstructorParameters Exclude Extract InstanceType Iterator Lowercase NoInfer NonNullable Omit".split(" "),
  ..."Parameters Partial Pick PropertyKey Readonly Record Required ReturnType Uncapitalize Uppercase".split(" "),
  ..."Array Date Error Event Function Map Number Object Promise Request Response Set String Symbol URL".split(" "),
];

interface Declaration {
  readonly name: string;
  readonly file: string;
  readonly isExported: boolean;
  readonly isType: boolean;
}

interface Source {
  readonly file: string;
  readonly text: string;
}

const sources: readonly Source[] = readdirSync(SOURCE, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((file) => ({ file, text: readFileSync(join(SOURCE, file), "utf8") }));

/** What stands at the beginning of a line is of the file's top level; `export { … } from` declares nothing. */
const DECLARED = /^(export )?(?:default |declare |abstract |async )*(function\*?|class|interface|type|const|let) ([\w$]+)/gm;

const declarations: readonly Declaration[] = sources.flatMap(({ file, text }) =>
  [...text.matchAll(DECLARED)].map(([, exported, kind, name]) => ({
    name: name!,
    file,
    isExported: exported !== undefined,
    isType: ["class", "interface", "type"].includes(kind!),
  })),
);

/** `name: file, file` of each name that more than one file declares. */
function shared(among: readonly Declaration[]): string[] {
  const files = new Map<string, Set<string>>();
  for (const { name, file } of among) files.set(name, (files.get(name) ?? new Set()).add(file));
  return [...files].filter(([, where]) => where.size > 1).map(([name, where]) => `${name}: ${[...where].join(", ")}`);
}

test("a name that a file exports means one thing in all of the project", () => {
  const exported = declarations.filter(({ isExported, file }) => isExported && !FORMATS.includes(file) && !FACES.includes(file));
  expect(exported.length).toBeGreaterThan(500);
  expect(shared(exported)).toEqual([]);
});

test("a type has a name of its own, exported or not", () => {
  const types = declarations.filter(({ isType, file }) => isType && !FORMATS.includes(file));
  expect(types.length).toBeGreaterThan(200);
  expect(shared(types)).toEqual([]);
  expect(types.filter(({ name }) => BUILT_IN.includes(name)).map(({ name, file }) => `${name}: ${file}`)).toEqual([]);
});

test("what a packet format names as another file does is never said without the format's name", () => {
  const bare = sources.flatMap(({ file, text }) =>
    [...text.matchAll(/^(?:import|export) (?:type )?\{([^}]*)\} from "(\.[^"]+)"/gm)].flatMap(([, names, specifier]) => {
      const from = relative(SOURCE, join(SOURCE, dirname(file), specifier!));
      if (!FORMATS.includes(from)) return [];
      return names!.split(",").map((each) => ({
        file,
        from,
        name: each
          .trim()
          .replace(/^type /, "")
          .replace(/ as .*/, ""),
      }));
    }),
  );
  expect(bare.length).toBeGreaterThan(10);
  const elsewhere = ({ name, from }: { name: string; from: string }): boolean =>
    declarations.some((each) => each.isExported && each.name === name && each.file !== from);
  expect(bare.filter(elsewhere).map(({ file, from, name }) => `${file}: ${name} of ${from}`)).toEqual([]);
});
