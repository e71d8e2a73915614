import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "@jest/globals";
import { daemonConfig } from "../../src/daemon/config.ts";
import { listenOn } from "../../src/daemon/control-socket.ts";
import { Daemon } from "../../src/daemon/daemon.ts";
import { makeLog } from "../../src/daemon/log.ts";
import { closeDescriptor, connectTo } from "../../src/tap/unix-socket.ts";

const directory = mkdtempSync(join(tmpdir(), "tapsock-control-"));
afterAll(() => rmSync(directory, { recursive: true }));

const descriptors: number[] = [];
afterEach(() => {
  for (const descriptor of descriptors.splice(0)) closeDescriptor(descriptor);
});

async function listening(path: string): Promise<void> {
  descriptors.push(await listenOn(path));
}

describe("the control socket (hardening §9)", () => {
  test("is 0600, in a directory of 0750 that is made for it, whatever the umask", async () => {
    const umask = process.umask(0);
    try {
      const path = join(directory, "made", "s.sock");
      await listening(path);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(statSync(join(directory, "made")).mode & 0o777).toBe(0o750);
      expect(process.umask(0)).toBe(0);
    } finally {
      process.umask(umask);
    }
  });

  test("is not made through a link, and what that leads to stays as it is", async () => {
    const target = join(directory, "precious");
    writeFileSync(target, "precious", { mode: 0o644 });
    const path = join(directory, "link.sock");
    symlinkSync(target, path);
    await expect(listening(path)).rejects.toThrow("something else lies there");
    const dangling = join(directory, "dangling.sock");
    symlinkSync(join(directory, "nowhere"), dangling);
    await expect(listening(dangling)).rejects.toThrow("something else lies there");
    expect(readFileSync(target, "utf8")).toBe("precious");
    expect(statSync(target).mode & 0o777).toBe(0o644);
  });

  test("does not replace a directory", async () => {
    const path = join(directory, "folder");
    mkdirSync(path);
    await expect(listening(path)).rejects.toThrow("something else lies there");
  });

  test("says in a sentence what the system has against it", async () => {
    const path = join(directory, `${"x".repeat(200)}.sock`);
    await expect(listening(path)).rejects.toThrow(`Cannot listen on ${path}: ENAMETOOLONG`);
    expect(existsSync(path)).toBe(false);
  });
});

test("a daemon that stops frees its socket at once, never touches its successor's, and every stop waits for the end", async () => {
  const socket = join(directory, "d.sock");
  const log = makeLog(true);
  log.level = "silent";
  const daemon = await Daemon.start(daemonConfig({ socket }, undefined, {}), log);
  const stopped: string[] = [];
  const first = daemon.stop().then(() => stopped.push("first"));
  expect(existsSync(socket)).toBe(false);
  await listening(socket);
  await daemon.stop();
  await first;
  expect(stopped).toEqual(["first"]);
  expect(existsSync(socket)).toBe(true);
  descriptors.push(connectTo(socket));
  expect(descriptors.at(-1)).toBeGreaterThan(0);
});
