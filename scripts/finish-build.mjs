// The build's last step. The compiler only adds and replaces, so that what it made of sources that are gone, or have moved, is taken away
// here; and programs that package.json names under "bin" become executable.
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const { bin } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));

// Lessons are data, and lie beside what reads them.
const LESSONS = "lab/lessons/files";
mkdirSync(`${root}dist/${LESSONS}`, { recursive: true });
for (const name of readdirSync(`${root}src/${LESSONS}`)) copyFileSync(`${root}src/${LESSONS}/${name}`, `${root}dist/${LESSONS}/${name}`);

/** What stands in dist without a source: these folders are made here, by build-page.mjs, and by the compiler's own book-keeping. */
const isOurs = (path) => path.startsWith("bin/") || path.startsWith("page/") || /^\.(built|tsbuildinfo)/.test(path);
const sourceOf = (path) => path.replace(/(\.d\.ts|\.js|\.js\.map)$/, ".ts").replace(/^(examples\/)?/, (folder) => folder || "src/");

for (const entry of readdirSync(`${root}dist`, { recursive: true, withFileTypes: true })) {
  const path = `${entry.parentPath}/${entry.name}`.slice(`${root}dist/`.length);
  if (!entry.isDirectory() && !isOurs(path) && !existsSync(root + sourceOf(path))) rmSync(`${root}dist/${path}`);
}
removeEmptyFolders(`${root}dist`);

// Under their own names for `tapsock shell`, which puts them on the path. No links: a package has none.
mkdirSync(`${root}dist/bin`, { recursive: true });
for (const [name, path] of Object.entries(bin)) {
  chmodSync(root + path, 0o755);
  const command = `${root}dist/bin/${name}`;
  const text = `#!/bin/sh\nexec node "$(dirname -- "$(readlink -f -- "$0")")/${path.replace("./dist/", "../")}" "$@"\n`;
  if (existsSync(command) && readFileSync(command, "utf8") === text) continue;
  // A link of an earlier build would be written through.
  rmSync(command, { force: true });
  writeFileSync(command, text, { mode: 0o755 });
}

function removeEmptyFolders(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) if (entry.isDirectory()) removeEmptyFolders(`${folder}/${entry.name}`);
  if (readdirSync(folder).length === 0) rmSync(folder, { recursive: true });
}
