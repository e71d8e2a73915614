// The build's last step: programs that package.json names under "bin" become executable.
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";

const root = new URL("../", import.meta.url);
const { bin } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
for (const path of Object.values(bin)) chmodSync(new URL(path, root), 0o755);

// Links under their own names, which `tapsock shell` puts on the path.
const links = new URL("dist/bin/", root);
mkdirSync(links, { recursive: true });
for (const [name, path] of Object.entries(bin)) {
  const link = new URL(name, links);
  rmSync(link, { force: true });
  symlinkSync(path.replace("./dist/", "../"), link);
}
