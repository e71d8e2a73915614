import { execFile, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect, jest, test } from "@jest/globals";
import type { Browser, Page } from "playwright-core";
import { readLessons } from "../../../src/lab/lesson-file.ts";
import { readCaptureFile } from "../../../src/run/capture-file.ts";
import { RunningProgram, startDaemon } from "../../daemon/daemon-process.ts";
import { tapTest } from "../namespace.ts";
import { closeKernelSockets, KERNEL, kernelListener, OURS } from "../tap-network.ts";
import { openBrowser, PICTURES, plainFileServer, takePicture, troublesOf, untilReady } from "./page-browser.ts";

jest.setTimeout(240_000);
const built = (path: string): string => fileURLToPath(new URL(`../../../dist/${path}`, import.meta.url));
/** Where the page's button connects to. */
const PORT = 8080;
const run = promisify(execFile);

const directory = mkdtempSync(join(tmpdir(), "tapsock-minutes-"));
const started: RunningProgram[] = [];
let server: Server | undefined;
let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterEach(async () => {
  closeKernelSockets();
  server?.close();
  for (const context of browser.contexts()) await context.close();
  for (const { process: child } of started) child.kill("SIGKILL");
  await Promise.all(started.splice(0).map(({ ended }) => ended));
});
afterAll(async () => {
  await browser?.close();
  rmSync(directory, { recursive: true });
});

/** A newcomer's first five minutes, row by row, with the time that each took the machine. */
class Stopwatch {
  readonly #rows: { readonly at: string; readonly does: string; readonly sees: string; readonly ms: number }[] = [];

  /** @param at when a person is there @param sees what `walk` has waited for */
  async row(at: string, does: string, sees: string, walk: () => Promise<void>): Promise<void> {
    const start = performance.now();
    try {
      await walk();
    } catch (error) {
      for (const [i, page] of browser
        .contexts()
        .flatMap((context) => context.pages())
        .entries())
        await takePicture(page, `failed-${i}`);
      throw new Error(`At ${at}, ${does}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
    this.#rows.push({ at, does, sees, ms: performance.now() - start });
  }

  /** Beside the pictures that docs/lab.md shows. @param name of the way */
  save(name: string): void {
    const total = this.#rows.reduce((sum, { ms }) => sum + ms, 0);
    const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
    const lines = [
      "| a person is there at | does | sees | took the machine |",
      "| --- | --- | --- | --- |",
      ...this.#rows
        .toSorted((a, b) => a.at.localeCompare(b.at))
        .map(({ at, does, sees, ms }) => `| ${at} | ${does} | ${sees} | ${seconds(ms)} |`),
      `| | | all of it | ${seconds(total)} |`,
    ];
    mkdirSync(PICTURES, { recursive: true });
    writeFileSync(join(PICTURES, `first-minutes-${name}.md`), `${lines.join("\n")}\n`);
    process.stdout.write(`The first five minutes, ${name}:\n${lines.join("\n")}\n`);
  }
}

async function openPage(url: string): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 720 }, acceptDownloads: true })).newPage();
  await page.goto(url);
  return page;
}

const view = (page: Page, name: string) => page.getByRole("navigation").getByRole("button", { name });
const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name, exact: typeof name === "string" });
const segment = (page: Page, words: RegExp) => page.locator("svg .segments text.label", { hasText: words }).first();

/** The first screen: a lesson that waits, nothing on the ladder, and one button to press. */
async function seeFirstScreen(page: Page): Promise<void> {
  await button(page, "Connect").waitFor();
  await page.getByText("Lesson 2 waits for you").waitFor();
  await page.getByLabel(/How many segments/).waitFor();
  // A kernel greets its new link by itself.
  await expect(page.locator("svg g.segment.tcp").count()).resolves.toBe(0);
  await expect(button(page, "Connect").count()).resolves.toBe(1);
}

/** Guesses two, which is wrong. @param states the rails on which ESTABLISHED is to be seen */
async function guessAndConnect(page: Page, states: number): Promise<void> {
  await page.getByLabel(/How many segments/).fill("2");
  await button(page, "Connect").click();
  await page.getByText("It took 3 segments (SYN; SYN,ACK; ACK)").waitFor();
  await page.getByText("Your guess was 2.").waitFor();
  await button(page, "Show it on the ladder").click();
  for (const words of [/^SYN/, /^SYN,ACK/, /^ACK/]) await segment(page, words).waitFor();
  await page
    .locator("svg text", { hasText: "ESTABLISHED" })
    .nth(states - 1)
    .waitFor();
  // The bar of the call ends where it has returned.
  await page
    .locator("svg text", { hasText: /^connect/ })
    .first()
    .waitFor();
}

async function armLossOfData(page: Page): Promise<void> {
  await page.keyboard.press("End");
  await view(page, "Faults").click();
  await button(page, /drop the next segment with data/).click();
  await page.getByText(/^✓ Armed/).waitFor();
}

/** The loss, the timer that counts down at that moment, and the second copy with its reason. */
async function seeLossMended(page: Page): Promise<void> {
  await view(page, "Ladder").click();
  await button(page, "As a table").click();
  const again = page.locator("tr", { hasText: "again: the retransmission timer went off" }).first();
  await again.waitFor();
  const lost = page.locator("tr", { hasText: "dropped by pick" }).first();
  await lost.getByRole("button").click();
  await view(page, "Timers").click();
  const left = page.locator("table", { has: page.getByText("Goes off in") }).locator("tr", { hasText: "retransmission" });
  for (let steps = 0; (await left.count()) === 0; steps++) {
    if (steps > 40) throw new Error("No retransmission timer is pending behind the loss.");
    await page.keyboard.press("ArrowRight");
  }
  await view(page, "Ladder").click();
  await button(page, "As a table").click();
  await page.keyboard.press("End");
}

/** From the list of lessons to two connections on one graph. */
async function overlayOfLesson9(page: Page): Promise<void> {
  const lesson = readLessons().find(({ number }) => number === 9)!;
  await button(page, /Three duplicates/).click();
  const { predictions = {}, program = "" } = lesson.solution!;
  for (const { id, question, kind } of lesson.predictions) {
    const answer = String(predictions[id]);
    if (kind === "number") await page.getByLabel(question).fill(answer);
    else await page.getByLabel(answer, { exact: true }).check();
  }
  await button(page, /Commit/).click();
  await button(page, "Program").click();
  await page.locator("textarea").first().fill(program);
  await button(page, "▶ Run").click();
  await page.getByText("Checks: ✓ passed").waitFor();
  await button(page, "Program").click();
  await view(page, "Graphs").click();
  const choice = page.locator("label.choice", { hasText: "Connection" }).locator("select");
  const optionOf = async (select: typeof choice, address: string): Promise<string> => {
    const value = await select.locator("option", { hasText: address }).first().getAttribute("value");
    return value!;
  };
  await choice.selectOption(await optionOf(choice, "203.0.113.1:9"));
  await button(page, "Keep this run to compare").click();
  const over = page.locator("label.choice", { hasText: "dotted:" }).locator("select");
  await over.selectOption(await optionOf(over, "203.0.113.3:9"));
  await page.locator("canvas").first().waitFor();
  await page.getByText("sent again, other run").first().waitFor();
  await takePicture(page, "first-minutes-sack");
}

/** Hands out the run for Wireshark, and looks at it as Wireshark would. */
async function captureFromPage(page: Page): Promise<void> {
  await view(page, "Packets").click();
  const download = page.waitForEvent("download");
  await button(page, "Save for Wireshark").click();
  checkCapture(await (await download).path(), ["retransmission timer went off", "the line's fault: picked", "connect: "]);
}

function checkCapture(path: string, comments: readonly string[]): void {
  const bytes = readFileSync(path);
  expect(readCaptureFile(bytes).events.length).toBeGreaterThan(3);
  for (const comment of comments) expect(bytes.includes(comment)).toBe(true);
  const { status, stdout } = spawnSync("tshark", ["-r", path, "-T", "fields", "-e", "frame.comment"], { encoding: "utf8" });
  // Wireshark itself, where it is installed.
  if (status === 0) for (const comment of comments) expect(stdout).toContain(comment);
}

/** The page beside: a program to begin with, which waits for its client. */
async function runServerProgram(page: Page): Promise<void> {
  await page.locator("option", { hasText: "server.js" }).first().waitFor({ state: "attached" });
  await expect(page.locator("textarea").first().inputValue()).resolves.toContain("A server for one client");
  await button(page, "Run").click();
  await page.getByRole("button", { name: "waiting for a client on port 4000" }).waitFor();
}

tapTest("live: from the start of a host on a TAP to a program of one's own", async () => {
  const watch = new Stopwatch();
  const socket = join(directory, "minutes.sock");
  const env = { ...process.env, NODE_OPTIONS: "", TAPSOCK: `daemon:${socket}` };
  let address = "";
  await kernelListener((peer) => peer.end(), { port: PORT });
  await watch.row("0:40", "starts the host (what `scripts/start` does when all is installed)", "the page's address", async () => {
    const addresses = ["--ip", `${OURS}/24`, "--kernel-ip", `${KERNEL}/24`];
    const daemon = startDaemon("--socket", socket, "--tap", "tt-minutes", ...addresses, "--page", "127.0.0.1:0", "--json");
    started.push(daemon);
    ({ page: address } = JSON.parse(await daemon.line('{"ready"')) as { page: string });
    const http = spawn(process.execPath, [built("examples/http-server.js"), "80"], { stdio: ["ignore", "pipe", "pipe"], env });
    const program = new RunningProgram(http);
    started.push(program);
    await program.line("");
  });
  let page!: Page;
  let troubles: string[] = [];
  await watch.row("1:00", "opens the page", "lesson 2 that waits, an empty ladder, the button *Connect*", async () => {
    page = await openPage(address);
    troubles = troublesOf(page);
    await page.getByText("live", { exact: true }).first().waitFor();
    await seeFirstScreen(page);
  });
  await watch.row("1:15", "guesses, presses it", "three lines, the states, the call's return, the guess against the fact", () =>
    guessAndConnect(page, 1),
  );
  const curl = async () => {
    const { stdout } = await run("curl", ["--silent", "--show-error", "--max-time", "20", `http://${OURS}/`]);
    expect(stdout).toContain("Hello from tapsock");
  };
  await watch.row("2:00", `\`curl http://${OURS}/\` in the shell`, "a Linux client on the same ladder", async () => {
    await curl();
    await view(page, "Packets").click();
    await page.getByLabel("Filter").fill("port 80 data");
    await page
      .locator(".packet-row", { hasText: `${OURS}:80` })
      .first()
      .waitFor();
    await page.getByLabel("Filter").fill("");
    await view(page, "Ladder").click();
  });
  await watch.row(
    "2:45",
    "*Faults*: drop the next data segment; reloads",
    "a gap, a timer that counts down, the second copy with its reason",
    async () => {
      await armLossOfData(page);
      await curl();
      await seeLossMended(page);
    },
  );
  let lessons!: Page;
  await watch.row(
    "3:45",
    "*Graphs*, then lesson 9",
    "its loss as a graph; the same loss with SACK on and off, one over the other",
    async () => {
      await view(page, "Graphs").click();
      await page.locator("canvas").first().waitFor();
      await page.getByText("sent again").first().waitFor();
      await view(page, "Lessons").click();
      const opened = page.context().waitForEvent("page");
      await page.getByRole("link", { name: /lessons in the simulation/ }).click();
      lessons = await opened;
      await overlayOfLesson9(lessons);
    },
  );
  await watch.row(
    "4:30",
    "`tapsock capture first.pcapng`, or *Packets*, *Save for Wireshark*",
    "the run in Wireshark, with our reasons as comments",
    async () => {
      await captureFromPage(page);
      const path = join(directory, "first.pcapng");
      const capture = spawn(process.execPath, [built("cli/main.js"), "capture", path, "--for", "3s"], {
        stdio: ["ignore", "pipe", "pipe"],
        env,
      });
      const capturing = new RunningProgram(capture);
      started.push(capturing);
      while (!capturing.stderr.includes("Writing frames")) await new Promise((resolve) => setTimeout(resolve, 20));
      await curl();
      await expect(capturing.ended).resolves.toMatchObject({ status: 0 });
      checkCapture(path, ["send: "]);
    },
  );
  await watch.row("5:00", "*What next*", "the lesson that waits; an echo server in the editor, which runs", async () => {
    await view(page, "Ladder").click();
    await page.getByRole("link", { name: "Lesson 2 waits for you" }).waitFor();
    const opened = page.context().waitForEvent("page");
    await page.getByRole("link", { name: "Write a Winsock program" }).click();
    const editor = await opened;
    await untilReady(editor);
    await editor.getByText("203.0.113.").first().waitFor();
    await runServerProgram(editor);
  });
  expect(troubles).toEqual([]);
  watch.save("live");
});

test("simulated: from a folder of files to a program of one's own", async () => {
  const watch = new Stopwatch();
  let url = "";
  await watch.row("0:40", "hands out `dist/page` with a file server", "the page's address", async () => {
    ({ url, server } = await plainFileServer());
  });
  let page!: Page;
  let troubles: string[] = [];
  await watch.row("1:00", "opens the page", "lesson 2 that waits, an empty ladder, the button *Connect*", async () => {
    page = await openPage(url);
    await untilReady(page);
    troubles = troublesOf(page);
    await seeFirstScreen(page);
  });
  await watch.row(
    "1:15",
    "guesses, presses it",
    "three lines, the states on both rails, the call's return, the guess against the fact",
    () => guessAndConnect(page, 2),
  );
  const talk = async (): Promise<void> => {
    await button(page, "Program").click();
    await page.getByLabel("Program:").selectOption({ label: "echo-client.js" });
    await button(page, "Run").click();
    await page.getByText("How far is it to the other end?", { exact: true }).waitFor();
    await button(page, "Program").click();
  };
  await watch.row("2:00", "runs `echo-client.js` in the panel *Program*", "another client on the same ladder", async () => {
    await talk();
    await view(page, "Packets").click();
    await page.getByLabel("Filter").fill("port 7 data");
    await page.locator(".packet-row", { hasText: ":7" }).first().waitFor();
    await page.getByLabel("Filter").fill("");
    await view(page, "Ladder").click();
  });
  await watch.row(
    "2:45",
    "*Faults*: drop the next data segment; runs it again",
    "a gap, a timer that counts down, the second copy with its reason",
    async () => {
      await armLossOfData(page);
      await page.keyboard.press("End");
      await talk();
      await seeLossMended(page);
    },
  );
  await watch.row("4:30", "*Packets*, *Save for Wireshark*", "the run in Wireshark, with our reasons as comments", () =>
    captureFromPage(page),
  );
  await watch.row(
    "3:45",
    "*Graphs*, then lesson 9",
    "its loss as a graph; the same loss with SACK on and off, one over the other",
    async () => {
      await view(page, "Graphs").click();
      await page.locator("canvas").first().waitFor();
      await page.getByText("sent again").first().waitFor();
      await view(page, "Lessons").click();
      await overlayOfLesson9(page);
    },
  );
  await watch.row("5:00", "*What next*", "the lesson that waits; an echo server in the editor, which runs", async () => {
    const next = await openPage(url);
    await untilReady(next);
    await guessAndConnect(next, 2);
    await next.getByRole("button", { name: "Lesson 2 waits for you" }).waitFor();
    await next.getByRole("button", { name: "Write a Winsock program" }).click();
    await runServerProgram(next);
  });
  expect(troubles).toEqual([]);
  watch.save("simulated");
});
