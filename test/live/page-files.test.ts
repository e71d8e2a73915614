import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { announcedPage, announcePage, keptTokens, withdrawPage } from "../../src/live/page-files.ts";

const ORIGIN = "http://127.0.0.1:8077";
let directory: string;
let socket: string;
let tokensFile: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "tapsock-page-files-"));
  socket = join(directory, "tapsock.sock");
  tokensFile = `${socket}.page-tokens`;
});
afterEach(() => rmSync(directory, { recursive: true }));

describe("the tokens of a page", () => {
  test("are the same the next time, in a file that only its owner may read", () => {
    const { tokens, problem } = keptTokens(socket);
    expect(problem).toBeUndefined();
    expect(statSync(tokensFile).mode & 0o777).toBe(0o600);
    const again = keptTokens(socket).tokens;
    expect([again.owner, again.reader]).toEqual([tokens.owner, tokens.reader]);
    expect(tokens.owner).not.toBe(tokens.reader);
  });

  test.each([
    ["others may read", (path: string) => chmodSync(path, 0o644), "others may read"],
    [
      "is a link",
      (path: string) => {
        rmSync(path);
        symlinkSync("/etc/hostname", path);
      },
      "ELOOP",
    ],
    ["has short tokens", (path: string) => writeFileSync(path, '{"owner":"a","reader":"b"}'), "has no tokens"],
    [
      "has one token for both",
      (path: string) => writeFileSync(path, JSON.stringify({ owner: "a".repeat(22), reader: "a".repeat(22) })),
      "has no tokens",
    ],
    ["is no JSON", (path: string) => writeFileSync(path, "x"), "JSON"],
  ] as const)("of a file that %s are not believed", (_how, spoil, why) => {
    const { tokens: before } = keptTokens(socket);
    spoil(tokensFile);
    const { tokens, problem } = keptTokens(socket);
    expect(problem).toContain(why);
    expect(tokens.owner).not.toBe(before.owner);
    expect(tokens.owner.length).toBeGreaterThan(20);
  });

  test("are new where nothing can be kept", () => {
    const nowhere = join(directory, "missing", "tapsock.sock");
    const { tokens, problem } = keptTokens(nowhere);
    expect(problem).toContain("ENOENT");
    expect(tokens.owner).not.toBe(keptTokens(nowhere).tokens.owner);
  });
});

describe("the notice of a page", () => {
  test("says where it is until it is withdrawn", () => {
    expect(announcedPage(socket)).toBeUndefined();
    const { tokens } = keptTokens(socket);
    announcePage(socket, ORIGIN);
    expect(announcedPage(socket)).toEqual({ url: `${ORIGIN}/?token=${tokens.owner}`, urlToRead: `${ORIGIN}/?token=${tokens.reader}` });
    withdrawPage(socket);
    expect(announcedPage(socket)).toBeUndefined();
    expect(existsSync(tokensFile)).toBe(true);
  });

  test("has no token in it, and who may not read the tokens is told none", () => {
    const { tokens } = keptTokens(socket);
    announcePage(socket, ORIGIN);
    const notice = readFileSync(`${socket}.page`, "utf8");
    expect(notice).not.toContain(tokens.owner);
    expect(notice).not.toContain(tokens.reader);
    rmSync(tokensFile);
    expect(announcedPage(socket)).toEqual({ url: `${ORIGIN}/` });
  });

  test("of a process that is gone, or of nonsense, is none", () => {
    for (const text of [
      "",
      "{}",
      '{"pid":2147483646,"origin":"http://127.0.0.1:1"}',
      `{"pid":${process.pid},"origin":"javascript:alert(1)"}`,
    ]) {
      writeFileSync(`${socket}.page`, text);
      expect(announcedPage(socket)).toBeUndefined();
    }
  });
});
