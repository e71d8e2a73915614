import { type ChildProcess, execFileSync, type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { ENTRIES, ROOT } from "./entries.ts";
import { programsOf, sessionsOf } from "./readme-programs.ts";

jest.setTimeout(300_000);

/** What only the daemon and the command line need. */
const OF_PROGRAMS_ALONE = ["commander", "pino"];

let folder = "";
let installed = "";
const children: ChildProcess[] = [];

/** npm as a user has it: the checkout's settings, which come by the environment too, are not the user's. */
function npm(args: readonly string[], cwd: string): string {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  return execFileSync("npm", args, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/**
 * Installs the tarball with npm, from its cache or from a registry. Where neither has the dependencies, the checkout's take their place,
 * and what npm itself does (its choice of files, its links) is done by hand.
 */
function install(tarball: string): void {
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "somebodys-program", private: true, type: "module" }));
  try {
    npm(["install", "--prefer-offline", "--no-audit", "--no-fund", "--fetch-retries=0", tarball], folder);
  } catch (error) {
    process.stderr.write(`npm cannot install here, so dependencies are linked: ${(error as SpawnSyncReturns<string>).stderr}\n`);
    mkdirSync(installed, { recursive: true });
    execFileSync("tar", ["-xzf", tarball, "-C", installed, "--strip-components=1"]);
    for (const name of readdirSync(`${ROOT}node_modules`)) {
      const link = join(folder, "node_modules", name);
      if (!name.startsWith(".") && !existsSync(link)) symlinkSync(`${ROOT}node_modules/${name}`, link);
    }
    mkdirSync(join(folder, "node_modules/.bin"));
    for (const [name, path] of Object.entries(packageJson().bin))
      symlinkSync(join(installed, path), join(folder, "node_modules/.bin", name));
  }
}

const packageJson = () =>
  JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as {
    readonly bin: Readonly<Record<string, string>>;
    readonly dependencies: Readonly<Record<string, string>>;
  };

/** What the program prints. @throws Error when it fails */
function run(program: string, env: Readonly<Record<string, string>> = {}): string {
  const file = join(folder, "program.mjs");
  writeFileSync(file, program);
  return execFileSync(process.execPath, [file], { cwd: folder, env: { ...process.env, TAPSOCK: "", ...env }, encoding: "utf8" });
}

/** Starts something that says a line of this kind when it is ready. */
async function start(command: string, args: readonly string[], ready: RegExp, env: Readonly<Record<string, string>> = {}): Promise<void> {
  const child = spawn(command, args, { cwd: folder, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  let said = "";
  child.stderr.on("data", (chunk) => {
    said += chunk;
  });
  for await (const chunk of child.stdout) {
    said += chunk;
    if (ready.test(said)) return;
  }
  throw new Error(`${command} ended: ${said}`);
}

/** Every file below, by its path. */
const filesBelow = (path: string): string[] =>
  readdirSync(path, { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(path, name)).isFile());

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tapsock-installed-"));
  installed = join(folder, "node_modules/tapsock");
  // What a source that is gone since had become: the build's last step takes it away, and its folder.
  mkdirSync(`${ROOT}dist/gone`, { recursive: true });
  writeFileSync(`${ROOT}dist/gone/no-source.js`, "");
  execFileSync(process.execPath, [`${ROOT}scripts/finish-build.mjs`]);
  // Built already: the build would take files away under the tests that run beside this one.
  const [tarball = ""] = npm(["pack", "--ignore-scripts", "--silent", "--pack-destination", folder], ROOT).trim().split("\n").slice(-1);
  install(join(folder, tarball));
});

afterAll(async () => {
  for (const child of children.reverse()) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill();
      await once(child, "exit");
    }
  }
  rmSync(folder, { recursive: true, force: true });
});

describe("the package", () => {
  test("has what its exports and programs name, and nothing that a build or a test left", () => {
    const files = filesBelow(installed);
    const parts = new Set(files.map((name) => name.split("/")[0]));
    expect([...parts].sort()).toEqual([
      "ARCHITECTURE.md",
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "dist",
      "docs",
      "examples",
      "package.json",
    ]);
    for (const { types, code } of ENTRIES) {
      expect(files).toContain(types.slice(ROOT.length));
      expect(files).toContain(code.slice(ROOT.length));
    }
    expect(files.filter((name) => name.split("/").some((part) => part.startsWith(".")))).toEqual([]);
    expect(existsSync(`${ROOT}dist/gone`)).toBe(false);
    expect(files.filter((name) => /^dist\/(?!bin\/|page\/)/.test(name) && !existsSync(join(ROOT, sourceOf(name))))).toEqual([]);
  });

  test("has source maps that hold their sources", () => {
    const maps = filesBelow(installed).filter((name) => name.endsWith(".map"));
    expect(maps.length).toBeGreaterThan(200);
    for (const name of maps) {
      const { sourcesContent } = JSON.parse(readFileSync(join(installed, name), "utf8")) as { readonly sourcesContent?: readonly string[] };
      expect(`${name}: ${typeof sourcesContent?.[0]}`).toBe(`${name}: string`);
    }
  });

  test("brings nothing that must be compiled", () => {
    expect(Object.keys(packageJson().dependencies)).not.toContain("raw-socket");
    // What a dependency compiles would be its own gyp file's, beside the ready-made binaries that koffi has.
    const compiled = Object.keys(packageJson().dependencies).filter((name) =>
      existsSync(join(folder, "node_modules", name, "binding.gyp")),
    );
    expect(compiled).toEqual([]);
  });

  test("has its programs under their names, also where `tapsock shell` looks for them", () => {
    const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")) as { readonly version: string };
    for (const name of ["tapsock", "tapsockd"]) {
      expect(execFileSync(join(folder, "node_modules/.bin", name), ["--version"], { encoding: "utf8" }).trim()).toBe(version);
      expect(execFileSync(join(installed, "dist/bin", name), ["--version"], { encoding: "utf8" }).trim()).toBe(version);
    }
  });
});

describe("the command line of an installed package", () => {
  /** Whatever its status is: this machine may lack something. */
  const said = (...words: string[]): string => {
    const { stdout, stderr } = spawnSync(join(folder, "node_modules/.bin/tapsock"), words, { cwd: folder, encoding: "utf8" });
    return stdout + stderr;
  };

  test("names no script that only a checkout has, or says where the checkout comes from", () => {
    expect(said("doctor")).toMatch(/main job can/);
    expect(said("doctor")).not.toContain("scripts/");
    expect(said("--help")).not.toContain("scripts/");
    expect(said("shell", "--network", `daemon:${join(folder, "nobody.sock")}`)).toMatch(/git clone \S+ && tapsock\/scripts\/start/);
  });
});

describe("a program that installed it", () => {
  const [blockingProgram = "", promiseProgram = ""] = programsOf("README.md");

  test("the README's first program connects over a host of its own", () => {
    expect(blockingProgram).toContain('from "tapsock/winsock"');
    expect(run(blockingProgram)).toBe("connect failed with error: 10061\n");
  });

  test("the README's second program reads a page through a daemon, from the server among the examples", async () => {
    expect(promiseProgram).toContain('from "tapsock/winsock/promises"');
    const socket = join(folder, "tapsock.sock");
    const env = { TAPSOCK: `daemon:${socket}` };
    await start(join(folder, "node_modules/.bin/tapsockd"), ["--socket", socket], /ready/);
    await start(process.execPath, [join(installed, "dist/examples/http-server.js"), "8080"], /listening/, env);
    expect(run(promiseProgram, env)).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*Hello from tapsock/);
  });

  describe.each(["docs/guide.md", "docs/porting.md"])("%s", (page) => {
    const sessions = sessionsOf(page);

    test("has programs, each with what it prints", () => {
      expect(sessions.length).toBeGreaterThan(0);
      expect(sessions.filter(({ printed }) => printed === undefined)).toEqual([]);
    });

    test.each(sessions)("program $# prints what stands below it", ({ program, printed }) => {
      expect(run(program)).toBe(printed);
    });
  });

  test("the example on a wire in memory runs", () => {
    const printed = execFileSync(process.execPath, [join(installed, "dist/examples/virtual-wire.js")], { encoding: "utf8" });
    expect(printed).toContain("the connect failed: refused");
  });

  describe("where the packages of the daemon and the command line are missing", () => {
    const moved = OF_PROGRAMS_ALONE.map((name) => [name, `${name}-is-missing`] as const);
    const move = (from: string, to: string) => renameSync(join(folder, "node_modules", from), join(folder, "node_modules", to));
    beforeAll(() => {
      for (const [name, away] of moved) move(name, away);
    });
    afterAll(() => {
      for (const [name, away] of moved) move(away, name);
    });

    test("the programs do not run, so they are missing indeed", () => {
      expect(() => execFileSync(join(folder, "node_modules/.bin/tapsock"), ["--version"], { stdio: "pipe" })).toThrow(/commander/);
    });

    test("every entry loads, and sockets work, threads and all", () => {
      const imports = ENTRIES.map(({ name }) => `await import("${name}");`).join("\n");
      expect(run(imports)).toBe("");
      expect(run(blockingProgram)).toBe("connect failed with error: 10061\n");
    });
  });
});

/** Of a file under dist; the folders of both are alike. */
function sourceOf(name: string): string {
  const path = name.replace(/^dist\//, "").replace(/(\.d\.ts|\.js|\.js\.map)$/, ".ts");
  return dirname(path).split("/")[0] === "examples" ? path : `src/${path}`;
}
