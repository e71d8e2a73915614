import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";

const SOURCE = fileURLToPath(new URL("../../src", import.meta.url));

/** The folders, the ground first: a file may import from its own folder and from those before it (ARCHITECTURE.md, "Layers"). */
const LAYERS = [
  "stack/core",
  "stack/packet",
  "stack/link",
  "stack/ip/groups",
  "stack/ip",
  "stack/ip/v4",
  "stack/ip/v6",
  "stack/udp",
  "stack/raw",
  "stack/dhcp",
  "stack/tcp/congestion",
  "stack/tcp",
  "stack/dns",
  "stack/host",
  "irda",
  "wire",
  "run",
  "tap",
  "winsock/abi",
  "winsock/provider",
  "transport",
  "management",
  "replay",
  "network",
  "winsock/faces",
  "winsock",
  "live",
  "daemon",
  "lab/scene",
  "lab/lessons",
  "lab",
  "drill",
  "cli",
];

/** The entry for programs that bring their own host: it shows what lies anywhere below. */
const ENTRY = "";

interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly file: string;
  readonly imported: string;
}

function arrows(): Arrow[] {
  const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  expect(files.length).toBeGreaterThan(200);
  return files.flatMap((file) => {
    const text = readFileSync(join(SOURCE, file), "utf8");
    const specifiers = [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)"/g)].map((match) => match[1]!);
    return specifiers.map((specifier) => {
      const imported = relative(SOURCE, join(SOURCE, dirname(file), specifier));
      return { from: folderOf(file), to: folderOf(imported), file, imported };
    });
  });
}

const folderOf = (file: string): string => {
  const folder = dirname(file);
  return folder === "." ? ENTRY : folder;
};

test("every folder has its place among the layers", () => {
  const folders = new Set(arrows().flatMap(({ from, to }) => [from, to]));
  folders.delete(ENTRY);
  expect([...folders].sort()).toEqual([...LAYERS].sort());
});

test("every arrow between two folders points down", () => {
  const upward = arrows()
    .filter(({ from, to }) => from !== ENTRY && from !== to && LAYERS.indexOf(to) >= LAYERS.indexOf(from))
    .map(({ file, imported }) => `${file} → ${imported}`);
  expect(upward).toEqual([]);
});
