import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

/**
 * Writes down which tests that name requirements (`[IP4-05] a source …`) ran and how they ended, one file for each project, which
 * `npm run requirements` reads. A run of some test files replaces what was known of those; a run of some tests by name says nothing.
 */
export default class RequirementReporter {
  #root;
  #directory;
  #isPartial;
  /** Project → test file → its entry. */
  #ran = new Map();

  constructor({ rootDir, testNamePattern }, { directory = ".cache/requirements" } = {}) {
    this.#root = rootDir;
    this.#directory = join(rootDir, directory);
    this.#isPartial = Boolean(testNamePattern);
  }

  onTestResult(test, { testFilePath, testResults }) {
    const project = test.context.config.displayName.name;
    const tests = testResults
      .map(({ ancestorTitles, title, status, location }) => ({ names: [...ancestorTitles, title], status, line: location?.line ?? 0 }))
      .filter(({ names }) => names.some((name) => /\[[A-Z]/.test(name)));
    const files = this.#ran.get(project) ?? new Map();
    this.#ran.set(project, files);
    files.set(relative(this.#root, testFilePath), { digest: digestOf(testFilePath), tests });
  }

  onRunComplete() {
    if (this.#isPartial) return;
    mkdirSync(this.#directory, { recursive: true });
    for (const [project, files] of this.#ran) {
      const path = join(this.#directory, `${project}.json`);
      const before = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
      const kept = Object.entries(before).filter(([file]) => !files.has(file) && existsSync(join(this.#root, file)));
      // Not in the order in which they ended, which is another each time.
      const all = [...kept, ...files].sort(([a], [b]) => (a < b ? -1 : 1));
      writeFileSync(path, JSON.stringify(Object.fromEntries(all)));
    }
  }
}

const digestOf = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");
