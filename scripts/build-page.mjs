// Makes dist/page: static files that any file server can hand out from any folder. The page is one script and one sheet; workers are files
// of their own. No source maps, since the page is read by classes and not by its makers.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
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

rmSync(page, { recursive: true, force: true });
mkdirSync(page, { recursive: true });
const present = Object.entries(ENTRIES).filter(([, source]) => existsSync(`${root}web/${source}`));
await build({
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
});
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

const sizes = Object.fromEntries(
  readdirSync(page).map((name) => {
    const bytes = readFileSync(`${page}/${name}`);
    return [name, { bytes: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length, brotli: brotliCompressSync(bytes).length }];
  }),
);
writeFileSync(`${page}/sizes.json`, `${JSON.stringify(sizes, undefined, 2)}\n`);
