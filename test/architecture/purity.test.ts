import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

function sourcesUnder(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(ROOT, folder, name));
}

/** What the linter's rules for imports and globals cannot see; comments do not count. */
const WORLD = [/\bMath\.random\b/, /\bcrypto\b/, /\bglobalThis\b/, /\bimport\(/, /\brequire\(/];

/** Asking what time it is, whoever is asked: in a turn and in a call time stands still, so `now` is a number there and no function. */
const CLOCK = [/(?<!get )\bnow\s*\(/, /\bnow\s*:\s*\(\s*\)\s*=>/, /\bhrtime\b/, /\btimeOrigin\b/, /\bClock\b/];

function linesThatMatch(folder: string, patterns: readonly RegExp[]): string[] {
  const sources = sourcesUnder(folder);
  expect(sources.length).toBeGreaterThan(5);
  return sources.flatMap((path) =>
    readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => !/^\s*(\/?\*|\/\/)/.test(line) && patterns.some((pattern) => pattern.test(line)))
      .map((line) => `${relative(ROOT, path)}: ${line.trim()}`),
  );
}

test.each(["src/stack", "src/irda", "src/winsock/provider"])(
  "[SYS-07] [SEC-22] %s has no contact with the world but its arguments (ARCHITECTURE.md)",
  (folder) => {
    expect(linesThatMatch(folder, WORLD)).toEqual([]);
  },
);

test.each(["src/stack", "src/irda", "src/winsock/provider", "src/wire", "src/management"])(
  "[SYS-07] %s asks no clock: it is told the time",
  (folder) => {
    expect(linesThatMatch(folder, CLOCK)).toEqual([]);
  },
);

/** What a page loads; their build would fail too, with less to say. */
test.each(["src/run", "src/lab/scene", "src/lab/lessons"])("%s is fit for a browser", (folder) => {
  expect(linesThatMatch(folder, [/from "node:/, /\bBuffer\b/, /\bprocess\./])).toEqual([]);
});

/** What only IPv4, what lies below it and the names of sockets may know: that an address has 32 bits. */
const THIRTY_TWO_BITS = [/\.w[0-3]\b/, /\b\w+V4\b/, /\bmaskOf\b/, /\b0x7f0000/];
const KNOWS_SOCKADDRS = "src/winsock/provider/socket-family.ts";

test.each(["src/stack/udp", "src/stack/tcp", "src/stack/host", "src/winsock/provider", "src/transport", "src/management", "src/network"])(
  "%s treats addresses of both families alike",
  (folder) => {
    const found = sourcesUnder(folder).flatMap((path) =>
      readFileSync(path, "utf8")
        .split("\n")
        // Text of one family is read at the edges.
        .map((line) => line.replaceAll(/\bparseV4\b|\bisIpv4\b/g, ""))
        .filter((line) => !/^\s*(\/?\*|\/\/)/.test(line) && THIRTY_TWO_BITS.some((pattern) => pattern.test(line)))
        .map((line) => `${relative(ROOT, path)}: ${line.trim()}`),
    );
    expect(found.filter((line) => !line.startsWith(KNOWS_SOCKADDRS))).toEqual([]);
  },
);

test("[URG-06] no program of ours sends urgent data, or asks for it", () => {
  const folders = ["src/cli", "src/daemon", "src/lab", "src/management", "examples", "bench"];
  const paths = folders.flatMap(sourcesUnder);
  expect(paths.length).toBeGreaterThan(20);
  expect(paths.filter((path) => /\b(MSG_OOB|SO_OOBINLINE|writeUrgent)\b/.test(readFileSync(path, "utf8")))).toEqual([]);
});
