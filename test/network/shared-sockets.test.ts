import { afterEach, describe, expect, test } from "@jest/globals";
import { RunningProgram } from "../daemon/daemon-process.ts";
import { sharedDaemon } from "../daemon/shared-daemon.ts";

/** Real threads of one program over real ports: `npm run build` first. In virtual time: test/winsock/faces/threads.test.ts. */

const WINSOCK = new URL("../../dist/winsock/index.js", import.meta.url).href;

const started: RunningProgram[] = [];
afterEach(async () => {
  for (const { process } of started) process.kill("SIGKILL");
  await Promise.all(started.splice(0).map((p) => p.ended));
});

/**
 * A program of several threads, each of which runs `body` with the module of Winsock as `w`, `name` for addresses, the numbers that all of
 * them share as `words`, and `thread`, which starts another one and returns it.
 */
function run(network: string, main: string): Promise<{ stdout: string; stderr: string }> {
  const source = (body: string): string => `
    import { Worker, workerData } from "node:worker_threads";
    import * as w from ${JSON.stringify(WINSOCK)};
    const source = ${source.toString()};
    const WINSOCK = ${JSON.stringify(WINSOCK)};
    const words = workerData?.words ?? new Int32Array(new SharedArrayBuffer(64));
    const name = (port) => Object.assign(w.new_sockaddr_in(), { sin_family: w.AF_INET, sin_port: w.htons(port), sin_addr: { s_addr: w.htonl(0x7f000001) } });
    const thread = (body, data = {}) => new Worker(new URL("data:text/javascript," + encodeURIComponent(source(body))), { workerData: { words, ...data }, execArgv: [] });
    const until = (i, value) => { for (let now = Atomics.load(words, i); now < value; now = Atomics.load(words, i)) Atomics.wait(words, i, now, 10000); };
    const say = (i, value) => { Atomics.store(words, i, value); Atomics.notify(words, i); };
    const must = (result) => { if (result < 0) throw new Error("code " + w.WSAGetLastError()); return result; };
    const size = w.sizeof_sockaddr_in;
    ${body}`;
  const program = RunningProgram.ofModule(
    source(`w.useNetwork(${JSON.stringify(network)});
    must(-w.WSAStartup(w.MAKEWORD(2, 2), w.new_WSADATA()));
    ${main}
    process.exit();`),
  );
  started.push(program);
  return program.ended;
}

test("threads whose network has ended, and that find one each, have nothing in common", async () => {
  const { stdout, stderr } = await run(
    "embedded:",
    `const networks = "await import(new URL('../network/networks.js', WINSOCK))";
    const { closeNetwork, openBlockingPort } = await import(new URL("../network/networks.js", WINSOCK));
    const started = "must(-w.WSAStartup(w.MAKEWORD(2, 2), w.new_WSADATA()));";
    const number = "(" + networks + ").openBlockingPort().process.number";
    thread("w.WSACreateEvent(); say(3, " + number + "); say(0, 1); until(1, 1); w.WSACleanup();" + started + "say(2, " + number + "); say(0, 2); setInterval(() => {}, 1000);");
    until(0, 1);
    const before = openBlockingPort().process.number === words[3];
    w.WSACleanup();
    await closeNetwork();
    must(-w.WSAStartup(w.MAKEWORD(2, 2), w.new_WSADATA()));
    say(1, 1);
    until(0, 2);
    console.log(before, openBlockingPort().process.number === words[2]);`,
  );
  expect({ stdout, stderr }).toEqual({ stdout: "true false\n", stderr: "" });
});

const daemon = sharedDaemon();

describe.each([
  ["embedded", "embedded:"],
  ["through a daemon", `daemon:${daemon}`],
])("threads of one program (%s)", (_where, network) => {
  test("share sockets without a WSAStartup of their own, and hand a stream to one another in the middle", async () => {
    const { stdout, stderr } = await run(
      network,
      `const listener = must(w.socket(w.AF_INET, w.SOCK_STREAM, 0));
      must(w.bind(listener, name(7300), size));
      must(w.listen(listener, 5));
      const TOTAL = 8 << 20;
      // Another program: while the main thread is alone it reads ahead.
      thread(\`w.useNetwork(\${${JSON.stringify(JSON.stringify(network))}}, { process: "own" });
        w.WSAStartup(w.MAKEWORD(2, 2), w.new_WSADATA());
        const s = must(w.socket(w.AF_INET, w.SOCK_STREAM, 0));
        must(w.connect(s, name(7300), size));
        const bytes = Uint8Array.from({ length: 65536 }, (_, i) => (i * 31 + (i >> 8)) & 255);
        for (let sent = 0; sent < \${TOTAL}; sent += bytes.length) must(w.send(s, bytes, bytes.length, 0));
        must(w.shutdown(s, w.SD_SEND));
        setInterval(() => {}, 1000);\`);
      const s = must(w.accept(listener, null, null));
      const take = \`function take(s, from, end) {
        const buffer = new Uint8Array(60000);
        for (let at = from; at < end; ) {
          const n = must(w.recv(s, buffer, Math.min(buffer.length, end - at), 0));
          if (n === 0) throw new Error("ended at " + at);
          for (let i = 0; i < n; i++, at++) if (buffer[i] !== (((at & 65535) * 31 + ((at & 65535) >> 8)) & 255)) throw new Error("wrong at " + at);
        }
      }\`;
      const takeHere = new Function("w", "must", take + "; return take;")(w, must);
      takeHere(s, 0, 3 << 20);
      thread(take + "take(workerData.s, 3 << 20, 5 << 20); say(0, 1); until(1, 1); take(workerData.s, 6 << 20, 7 << 20); say(0, 2);", { s }).on("error", (e) => console.log(e.message));
      until(0, 1);
      takeHere(s, 5 << 20, 6 << 20);
      say(1, 1);
      until(0, 2);
      takeHere(s, 7 << 20, TOTAL);
      console.log(w.recv(s, new Uint8Array(1), 1, 0), w.WSAGetLastError());`,
    );
    expect({ stdout, stderr }).toEqual({ stdout: "0 0\n", stderr: "" });
  });

  test("are left alone when a worker is terminated, and with it those that it started", async () => {
    const { stdout, stderr } = await run(
      network,
      `const networks = await import(new URL("../network/networks.js", WINSOCK));
      const isAlone = () => { const port = networks.openBlockingPort(); port.close(); return port.process.isAlone; };
      const worker = thread("thread('w.WSACreateEvent(); say(0, 1); setInterval(() => {}, 1000);'); setInterval(() => {}, 1000);");
      while (Atomics.load(words, 0) < 1) await new Promise((resolve) => setTimeout(resolve, 20));
      const before = isAlone();
      await worker.terminate();
      console.log(before, isAlone());`,
    );
    expect({ stdout, stderr }).toEqual({ stdout: "false true\n", stderr: "" });
  });

  test("end one another's waits, wake one another by events, and take packets and messages across threads", async () => {
    const { stdout, stderr } = await run(
      network,
      `const s = must(w.socket(w.AF_INET, w.SOCK_DGRAM, 0));
      must(w.bind(s, name(7301), size));
      const event = w.WSACreateEvent();
      const port = w.CreateIoCompletionPort(w.INVALID_HANDLE_VALUE, 0, 0, 0);
      const window = w.CreateMessageWindow(() => 0);
      thread(\`const { s, event, port, window } = workerData;
        w.WSASetEvent(event);
        w.PostQueuedCompletionStatus(port, 11, 22, null);
        w.PostMessage(window, 33, 44, 55);
        const { setTimeout: later } = await import("node:timers/promises");
        await later(100);
        must(w.closesocket(s));
        const own = must(w.socket(w.AF_INET, w.SOCK_DGRAM, 0));
        must(w.bind(own, name(7301), size));
        say(0, own);
        process.exit();\`, { s, event, port, window });
      console.log(w.WSAWaitForMultipleEvents(1, [event], 0, 20000, 0));
      const [bytes, key, overlapped] = [{ value: 0 }, { value: 0 }, { value: null }];
      console.log(w.GetQueuedCompletionStatus(port, bytes, key, overlapped, 20000), bytes.value, key.value);
      const message = w.new_MSG();
      console.log(w.GetMessage(message, 0, 0, 0), message.hwnd === window, message.message, message.wParam, message.lParam);
      console.log(w.recv(s, new Uint8Array(9), 9, 0), w.WSAGetLastError());
      // The thread has ended, and its socket is the program's.
      until(0, 1);
      await new Promise((resolve) => setTimeout(resolve, 50));
      const from = must(w.socket(w.AF_INET, w.SOCK_DGRAM, 0));
      must(w.sendto(from, new Uint8Array(7), 7, 0, name(7301), size));
      console.log(w.recv(words[0], new Uint8Array(9), 9, 0));
      console.log(w.WSACleanup(), w.WSACleanup(), w.WSAGetLastError());`,
    );
    expect({ stdout, stderr }).toEqual({ stdout: "0\n1 11 22\n1 true 33 44 55\n-1 10004\n7\n0 -1 10093\n", stderr: "" });
  });
});
