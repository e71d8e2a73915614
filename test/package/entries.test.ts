import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type ExportedThing, exportsOf, meaningIn, moduleDoc, namesIn } from "../../scripts/declarations.ts";
import type { BlockingFace } from "../../src/winsock/faces/blocking-face.ts";
import type { PromiseFace } from "../../src/winsock/faces/promise-face.ts";
import type * as blocking from "../../src/winsock/index.ts";
import type * as promises from "../../src/winsock/promises.ts";
import { ENTRIES, ROOT } from "./entries.ts";

test.each(ENTRIES)("$name has its code, its types and a word of what it is for", ({ types, code }) => {
  expect(existsSync(code)).toBe(true);
  expect(moduleDoc(types)).not.toBe("");
});

describe("types", () => {
  const shown = new Set(ENTRIES.flatMap(({ types }) => exportsOf(types).map(({ thing }) => thing)));

  test.each(ENTRIES)("every type that a signature of $name says can be imported from an entry", ({ types }) => {
    const hidden = ({ name, thing, isTypeOnly }: ExportedThing): string[] =>
      [...namesIn(thing, isTypeOnly)].flatMap((said) => {
        const meant = meaningIn(thing.path, said);
        return meant === undefined || meant.kind === "const" || shown.has(meant) ? [] : [`${name} says ${said}`];
      });
    expect(exportsOf(types).flatMap(hidden)).toEqual([]);
  });

  test("a host shows its layers' services, not their insides", () => {
    const members = exportsOf(join(ROOT, "dist/index.d.ts"))
      .filter(({ name }) => ["Host", "TcpService", "UdpService", "UdpEndpoint", "IpService", "InterfaceService"].includes(name))
      .flatMap(({ thing }) => [...thing.text.matchAll(/^ {4}(?:readonly )?(\w+)/gm)].map(([, member]) => member));
    for (const service of ["open", "listen", "endpoints", "addRoute", "ping", "isOnLink"]) expect(members).toContain(service);
    for (const inside of ["input", "emitControl", "released", "rings", "flush", "register", "deliver", "matchFor", "transmit"]) {
      expect(members).not.toContain(inside);
    }
  });
});

describe("the C face and the promise face, as programs import them", () => {
  /** Compiles only while the entry has each of the face's functions with the face's own signature. */
  const isWhole = <Face>(_entry: Pick<Face, keyof Face> | undefined): boolean => true;
  isWhole<BlockingFace>(undefined as typeof blocking | undefined);
  isWhole<PromiseFace>(undefined as typeof promises | undefined);

  test.each(["tapsock/winsock", "tapsock/winsock/promises"])("each function of %s has a doc comment", (name) => {
    const { types } = ENTRIES.find((entry) => entry.name === name)!;
    const functions = exportsOf(types).filter(({ thing }) => thing.kind === "function");
    expect(functions.map((each) => each.name)).toEqual(
      expect.arrayContaining(["connect", "getsockopt", "ioctlsocket", "select", "useNetwork"]),
    );
    expect(functions.filter(({ thing }) => thing.doc === "").map((each) => each.name)).toEqual([]);
  });
});

describe("a program in TypeScript", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tapsock-types-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("needs no types but a browser's for tapsock and tapsock/winsock/abi", () => {
    const entry = (path: string): string => JSON.stringify(join(ROOT, path));
    writeFileSync(
      join(folder, "program.ts"),
      `import { Host, MemoryWire, SeededRandom, parseV4, type TcpUser } from ${entry("dist/index.js")};
import { WSAECONNREFUSED } from ${entry("dist/winsock/abi/index.js")};
const host = new Host({ random: new SeededRandom(1) });
host.attach(new MemoryWire().device({ name: "wire" }), { address: parseV4("203.0.113.2"), prefixLength: 24 });
const user: TcpUser = { connectFailed: (reason) => reason satisfies string };
export const outcome: object | string = host.tcp.open({ remote: parseV4("203.0.113.1"), remotePort: 80, user });
export const code: 10061 = WSAECONNREFUSED;
// @ts-expect-error the insides of TCP are nobody's business
host.tcp.rings;
`,
    );
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: { target: "es2022", lib: ["es2022", "dom"], module: "nodenext", types: [], strict: true, noEmit: true },
        files: ["program.ts"],
      }),
    );
    const compile = () =>
      execFileSync(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", folder], { encoding: "utf8" });
    expect(compile()).toBe("");
  });
});
