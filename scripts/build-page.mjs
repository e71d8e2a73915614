// Makes dist/page: static files that any file server can hand out from any folder. The page is one script and one sheet; workers are files
// of their own. No source maps, since the page is read by classes and not by its makers. With --sizes it says what the files weigh.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { minify } from "@swc/core";
import { build } from "esbuild";
import { readLessons } from "../dist/lab/lesson-file.js";

const root = fileURLToPath(new URL("../", import.meta.url));
const page = `${root}dist/page`;

/** What the page is made of; a worker that has no source yet is left out, and the page does without. */
const ENTRIES = {
  app: "main.tsx",
  "sim-worker": "sim-worker.ts",
  "program-worker": "program-worker.ts",
  "isolation-worker": "isolation-worker.ts",
};

/** Modules that hosts with fixed addresses and without name servers do not come to: web/fixed-hosts.ts stands for them. */
const OF_OTHER_HOSTS = [
  "dhcp/dhcp-client",
  "dns/open-question",
  "ip/v6/advertised-names",
  "ip/v6/interface-ids",
  "ip/v6/router-discovery",
  "ip/v6/slaac",
  "ip/v6/temporary-addresses",
].map((name) => `${root}src/stack/${name}.ts`);
const met = new Set();

rmSync(page, { recursive: true, force: true });
mkdirSync(page, { recursive: true });
const present = Object.entries(ENTRIES).filter(([, source]) => existsSync(`${root}web/${source}`));
const { outputFiles } = await build({
  entryPoints: Object.fromEntries(present.map(([name, source]) => [name, `${root}web/${source}`])),
  outdir: page,
  bundle: true,
  // Classic scripts: modules are refused by some simple file servers, which know no type for them.
  format: "iife",
  target: "es2022",
  platform: "browser",
  jsx: "automatic",
  jsxImportSource: "preact",
  minify: true,
  sourcemap: false,
  legalComments: "none",
  logLevel: "warning",
  write: false,
  plugins: [{ name: "fixed-hosts", setup: useFixedHosts }],
});
for (const path of OF_OTHER_HOSTS)
  if (!met.has(path)) throw new Error(`The page is to be built without ${path}, which nothing of it imports`);
for (const { path, text } of outputFiles) writeFileSync(path, path.endsWith(".js") ? await smaller(text) : text);
copyFileSync(`${root}web/index.html`, `${page}/index.html`);

// Lessons and programs are data of their own, each written in a file of its own.
const programs = `${root}src/lab/programs/`;
const data = {
  lessons: readLessons(),
  programs: readdirSync(programs)
    .sort()
    .map((name) => ({ title: name.replace(/^\d+-/, ""), source: readFileSync(programs + name, "utf8") })),
};
writeFileSync(`${page}/data.json`, JSON.stringify(data));

if (process.argv.includes("--sizes")) printSizes();

function useFixedHosts(build) {
  build.onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ path, resolveDir, importer }) => {
    const wanted = resolve(resolveDir, path);
    if (!OF_OTHER_HOSTS.includes(wanted) || importer.endsWith("/web/fixed-hosts.ts")) return undefined;
    met.add(wanted);
    return { path: `${root}web/fixed-hosts.ts` };
  });
}

/** esbuild renames private fields, which the other does not; the other folds and renames the rest better: together a sixteenth less, compressed. */
async function smaller(text) {
  const { code } = await minify(text, {
    compress: { passes: 3, ecma: 2022, hoist_props: true, sequences: 0 },
    mangle: { toplevel: true },
    ecma: 2022,
    module: false,
  });
  return code;
}

/** In bytes. Lessons and programs are texts that teachers write: they are listed, and not in the sum. */
function printSizes() {
  const rows = readdirSync(page).map((name) => {
    const bytes = readFileSync(`${page}/${name}`);
    return { name, bytes: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length, brotli: brotliCompressSync(bytes).length };
  });
  const sum = (what) => rows.reduce((total, row) => total + (row.name === "data.json" ? 0 : row[what]), 0);
  rows.push({ name: "without data.json", bytes: sum("bytes"), gzip: sum("gzip"), brotli: sum("brotli") });
  for (const { name, bytes, gzip, brotli } of [{ name: "", bytes: "bytes", gzip: "gzip", brotli: "brotli" }, ...rows])
    console.log([name.padEnd(20), ...[bytes, gzip, brotli].map((each) => String(each).padStart(9))].join(""));
}
