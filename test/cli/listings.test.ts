import { describe, expect, jest, test } from "@jest/globals";
import { print, printJson, table } from "../../src/cli/output.ts";
import { socketLines } from "../../src/cli/ss.ts";
import { addressText, dhcpText, upTime } from "../../src/cli/status.ts";
import { CASES, codeInOutput, verdictText } from "../../src/lab/demonstration-cases.ts";
import { enterCommand } from "../../src/lab/demonstration-state.ts";
import { EmbeddedStage } from "../../src/lab/embedded-stage.ts";
import { styleFor, wrap } from "../../src/lab/text-style.ts";
import { defaultSocketPath } from "../../src/network/default-socket-path.ts";
import { EMPTY_STATUS } from "../../src/stack/tcp/status.ts";

describe("listings", () => {
  test("a table has columns as wide as their widest cell, numbers to the right", () => {
    expect(
      table(
        ["name", "n"],
        [
          ["tap0", 7],
          ["a-long-name", 12345],
        ],
      ),
    ).toEqual(["name         n", "tap0             7", "a-long-name  12345"]);
  });

  test("what others wrote is shown in its cell, and no order to the terminal", () => {
    const [, row] = table(["student", "n"], [["\u001b[2JEve\nMal  passed\u009b31m\u202e", 1]]);
    expect(row).toBe("\\u001b[2JEve Mal passed\\u009b31m\\u202e  1");
  });

  test("lines are printed with our colours and nobody's orders, and JSON stays JSON", () => {
    const said: string[] = [];
    const write = jest.spyOn(process.stdout, "write").mockImplementation((text) => said.push(String(text)) > 0);
    print("\u001b[31mred\u001b[0m \u001b]0;title\u0007\r");
    printJson({ text: "\u009b2J\u001b" });
    write.mockRestore();
    expect(said[0]).toBe("\u001b[31mred\u001b[0m \\u001b]0;title\\u0007\\u000d\n");
    expect(JSON.parse(said[1]!)).toEqual({ text: "\u009b2J\u001b" });
    expect(said[1]).not.toMatch(/\p{Cc}./u);
  });

  test.each([
    [59_999, "59 s"],
    [61_000, "1 min 1 s"],
    [7_260_000, "2 h 1 min"],
  ])("%i ms is %s", (ms, text) => {
    expect(upTime(ms)).toBe(text);
  });

  test.each([
    [{ state: "preferred", origin: "manual", validForMs: undefined }, "203.0.113.2/24"],
    [{ state: "tentative", origin: "manual", validForMs: undefined }, "203.0.113.2/24 (tentative)"],
    [{ state: "deprecated", origin: "dhcp", validForMs: 61_000 }, "203.0.113.2/24 (dhcp, deprecated, 1 min 1 s left)"],
  ] as const)("an address that is %j is shown as %s", (life, text) => {
    expect(addressText({ address: "203.0.113.2/24", preferredForMs: undefined, ...life })).toBe(text);
  });

  test.each([
    [{ state: "SELECTING" }, "tap0 SELECTING, without an address"],
    [{ state: "BOUND", address: "203.0.113.77", server: "203.0.113.1" }, "tap0 BOUND, 203.0.113.77 of 203.0.113.1 for ever"],
    [
      { state: "RENEWING", address: "203.0.113.77", server: "203.0.113.1", renewInMs: 0, rebindInMs: 30_000, endsInMs: 61_000 },
      "tap0 RENEWING, 203.0.113.77 of 203.0.113.1; renewed in 0 s, of any server in 30 s, ends in 1 min 1 s",
    ],
  ] as const)("a DHCP client that is %j is shown as %s", (status, text) => {
    const without = { address: undefined, server: undefined, renewInMs: undefined, rebindInMs: undefined, endsInMs: undefined };
    expect(dhcpText("tap0", { ...without, ...status })).toBe(text);
  });

  test("why a connection is quiet stands below it, and for how long; a listener has no reason", () => {
    const row = { ...EMPTY_STATUS, state: "ESTABLISHED", local: "203.0.113.2:49152", remote: "203.0.113.1:80" } as const;
    const wait = { reason: "peer-window-shut", byteCount: 3000, timer: "persist", inMs: 300 } as const;
    const tcp = [{ ...row, state: "LISTEN" } as const, { ...row, quietMs: 42, wait }];
    const lines = socketLines({ tcp, udp: [] }, false, true);
    expect(lines).toHaveLength(4);
    expect(lines[3]).toBe(
      "      has 3000 bytes to send, and the peer's window is shut; asks again when the persist timer goes off in 300 ms (quiet for 42 ms)",
    );
    expect(socketLines({ tcp, udp: [] }, false)).toHaveLength(3);
  });

  test("text is broken at spaces, and a word that is too long is cut", () => {
    expect(wrap("one two three", 7)).toEqual(["one two", "three"]);
    expect(wrap("abcdefghij k", 4)).toEqual(["abcd", "efgh", "ij k"]);
    expect(wrap("", 4)).toEqual([""]);
  });

  test("colours are for terminals whose user has not set NO_COLOR (no-color.org)", () => {
    expect(styleFor({ isTTY: true }, {}).colours).toBe(true);
    expect(styleFor({ isTTY: true }, { NO_COLOR: "1" }).colours).toBe(false);
    expect(styleFor({ isTTY: true }, { TERM: "dumb" }).colours).toBe(false);
    expect(styleFor({}, {}).colours).toBe(false);
  });

  test("root's socket is the machine's, another user's lies in the user's own folder", () => {
    expect(defaultSocketPath({}, 0)).toBe("/run/tapsock/tapsock.sock");
    expect(defaultSocketPath({ XDG_RUNTIME_DIR: "/run/user/7" }, 7)).toBe("/run/user/7/tapsock.sock");
    expect(defaultSocketPath({}, 7)).toBe("/tmp/tapsock-7/tapsock.sock");
  });
});

describe("the demonstration", () => {
  test.each([
    ["Connected to server.\n", 0],
    ["connect function failed with error: 10061\n", 10061],
    ["WSAStartup function failed with error: 10091\n", 10091],
    ["Segmentation fault\n", undefined],
    ["", undefined],
  ])("reads the program's output %j as %j", (output, code) => {
    expect(codeInOutput(output)).toBe(code);
  });

  test("on the embedded wire, all four verdicts are those of the page", async () => {
    const stage = new EmbeddedStage();
    await stage.setUp();
    const codes: unknown[] = [];
    for (const each of CASES) codes.push(await stage.run(each, () => {}));
    expect(codes).toEqual([0, 10061, 10060, 10051]);
  });

  test("an address without a route has not one frame sent to it", async () => {
    const stage = new EmbeddedStage();
    await stage.setUp();
    const types: string[] = [];
    await stage.run(CASES[3]!, (event) => types.push(event.type));
    expect(types).toContain("winsock-returned");
    expect(types).not.toContain("frame");
  });

  test("the verdict names the error", () => {
    expect(verdictText(0)).toBe("connected");
    expect(verdictText(10060)).toBe("WSAETIMEDOUT (10060)");
  });

  test("a namespace is entered by its name, or by a process within it", () => {
    const state = { pid: 7, isUserNamespace: false, socket: "/s" };
    expect(enterCommand({ ...state, namespace: "tapsock-7" })).toContain("--net=/run/netns/tapsock-7");
    expect(enterCommand(state).join(" ")).toBe("nsenter --net --target 7 --");
    expect(enterCommand({ ...state, isUserNamespace: true })).toContain("--user");
  });
});
