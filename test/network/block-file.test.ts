import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { BlockFile } from "../../src/network/block-file.ts";
import { sectionHeader } from "../../src/wire/pcapng-writer.ts";

test("a file that somebody deletes while blocks are collected ends the capture once, however much comes after", () => {
  const directory = mkdtempSync(join(tmpdir(), "tapsock-capture-"));
  const path = join(directory, "x.pcapng");
  const reasons: string[] = [];
  let nowMs = 0;
  const file = new BlockFile(
    path,
    "capture file",
    () => nowMs,
    (why) => reasons.push(why),
  );
  const block = sectionHeader("a test");
  file.write(block);
  file.flush();
  expect(readFileSync(path)).toEqual(Buffer.from(block));
  rmSync(directory, { recursive: true });
  nowMs += 60_000;
  for (let i = 0; i < 10_000; i++) file.write(block);
  file.flush();
  file.close();
  expect(reasons).toEqual(["somebody deleted the file"]);
});
