import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { connectDaemon } from "../../src/transport/daemon-link.ts";
import * as message from "../../src/transport/message.ts";
import { CALL } from "../../src/winsock/provider/calls.ts";

const PAGE = readFileSync(fileURLToPath(new URL("../../docs/reference/daemon-protocol.md", import.meta.url)), "utf8");

/** Rows of the table under a heading, as cells. */
function rowsUnder(heading: string): string[][] {
  const section = PAGE.split(/^## /m).find((each) => each.startsWith(heading)) ?? "";
  const lines = section.split("\n").filter((line) => line.startsWith("| "));
  return lines.slice(2).map((line) => line.slice(2, -2).split(" | "));
}

const READERS: Readonly<Record<string, (view: DataView, at: number) => number>> = {
  u8: (view, at) => view.getUint8(at),
  u16: (view, at) => view.getUint16(at, true),
  u32: (view, at) => view.getUint32(at, true),
  f64: (view, at) => view.getFloat64(at, true),
};

const SIZES: Readonly<Record<string, number>> = { u8: 1, u16: 2, u32: 4, f64: 8 };

describe("the page of the daemon's protocol says what the code does", () => {
  test("each field of a message where the page says, and nothing between them", () => {
    const data = new Uint8Array(3);
    const written = {
      kind: 3,
      op: 0x1234,
      client: 0x23456789,
      id: 0x3456789a,
      value: -5,
      a: 2 ** 40,
      b: 6.0,
      c: 10061,
      d: 7,
      e: 2 ** 24,
      more: true,
      data,
    };
    const bytes = message.encodeMessage(written);
    const view = new DataView(bytes.buffer);
    const expected: Readonly<Record<string, number>> = { ...written, length: message.HEADER_BYTES + 3, flags: 1 + 2, more: 0, data: 0 };
    let end = 0;
    for (const [field = "", at = "", type = ""] of rowsUnder("A message")) {
      expect([field, Number(at)]).toEqual([field, end]);
      expect([field, READERS[type]?.(view, Number(at))]).toEqual([field, expected[field]]);
      end = Number(at) + SIZES[type]!;
    }
    expect(end).toBe(message.HEADER_BYTES);
    expect(PAGE).toContain(`header of ${message.HEADER_BYTES} bytes`);
    expect(PAGE).toContain(`${message.HEADER_BYTES} to ${message.MAX_MESSAGE}`);
  });

  test("each kind by its number", () => {
    const { HELLO, REQUEST, REPLY, EVENT, OPEN, CLOSE, LENT } = message;
    expect(Object.fromEntries(rowsUnder("Kinds").map(([name, number]) => [name, Number(number)]))).toEqual({
      ...{ HELLO, REQUEST, REPLY, EVENT, OPEN, CLOSE, LENT },
    });
  });

  test("each operation by its number", () => {
    expect(Object.fromEntries(rowsUnder("Operations").map(([name, number]) => [name, Number(number)]))).toEqual(CALL);
  });

  test("the first words", () => {
    const { HELLO_MAGIC, PROTOCOL_VERSION } = message;
    expect(PAGE).toContain(`${HELLO_MAGIC} (0x${HELLO_MAGIC.toString(16)})`);
    expect(PAGE).toContain(`the version, which is **${PROTOCOL_VERSION}**`);
  });

  test("the bytes of its example", () => {
    const name = Uint8Array.of(2, 0, 0, 80, 203, 0, 113, 1, 0, 0, 0, 0, 0, 0, 0, 0);
    const request = { ...message.emptyMessage(), kind: message.REQUEST, op: CALL.connect, id: 7, value: 4, a: 16, data: name };
    const shown = [...PAGE.matchAll(/^ {4}((?:[0-9a-f]{2} {1,2})+)/gm)].flatMap(([, line]) => line!.trim().split(/ +/));
    expect(shown.join(" ")).toBe(
      Buffer.from(message.encodeMessage(request))
        .toString("hex")
        .replace(/..(?!$)/g, "$& "),
    );
  });
});

test("a daemon of another version is refused in the sentence that the page shows", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tapsock-version-"));
  const path = join(folder, "tapsock.sock");
  const version = message.PROTOCOL_VERSION + 1;
  const daemon = createServer((client) => {
    client.on("error", () => {});
    client.end(message.encodeMessage({ ...message.helloMessage(), op: version }));
  });
  try {
    await new Promise<void>((resolve) => daemon.listen(path, resolve));
    const sentence = `it speaks version ${version}, this program ${message.PROTOCOL_VERSION}; update the older one`;
    await expect(connectDaemon(path)).rejects.toThrow(`Cannot use the daemon at ${path}: ${sentence}`);
    expect(PAGE).toContain(sentence);
  } finally {
    daemon.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
