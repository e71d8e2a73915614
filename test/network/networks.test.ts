import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "@jest/globals";
import { manage } from "../../src/management/manage.ts";
import { frameBytes, readTraceRecord, type TraceRecord } from "../../src/management/trace-record.ts";
import { closeNetwork, networkUrl, openAsyncPort, openBlockingPort, putInSight, useNetwork } from "../../src/network/networks.ts";
import type { EventPort } from "../../src/transport/async-call-port.ts";
import { NetworkError } from "../../src/transport/network-error.ts";
import { WSAENETDOWN } from "../../src/winsock/abi/errors.ts";
import { CALL, type CallName, type CallReply } from "../../src/winsock/provider/calls.ts";

/** The host's thread runs what was built: `npm run build` first. */

const open: { close(): void }[] = [];
afterEach(async () => {
  for (const port of open.splice(0)) port.close();
  await closeNetwork();
  useNetwork("embedded:");
});

const AF_INET = 2;
const loopbackName = (port: number): Uint8Array =>
  new Uint8Array([AF_INET, 0, port >> 8, port & 255, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);

interface Arguments {
  readonly s?: number;
  readonly a?: number;
  readonly b?: number;
  readonly c?: number;
  readonly data?: Uint8Array | null;
}

const record = (name: CallName, { s = 0, a = 0, b = 0, c = 0, data = null }: Arguments) => ({ op: CALL[name], s, a, b, c, data });

/** A program on the embedded network. */
async function program() {
  const port = await openAsyncPort();
  open.push(port);
  const call = async (name: CallName, args: Arguments = {}): Promise<CallReply> => {
    const reply = await port.call(record(name, args));
    if (reply.result === -1) throw new Error(`${name}: ${reply.error}`);
    return reply;
  };
  await call("startup", { a: 0x0202 });
  const { result: s } = await call("socket", { a: AF_INET, b: 1, c: 6 });
  return { port, call, s };
}

async function connectedPair(portNumber: number) {
  const server = await program();
  await server.call("bind", { s: server.s, a: 16, data: loopbackName(portNumber) });
  await server.call("listen", { s: server.s, a: 5 });
  const client = await program();
  const accepting = server.call("accept", { s: server.s, a: -1 });
  await client.call("connect", { s: client.s, a: 16, data: loopbackName(portNumber) });
  return { server, client, accepted: (await accepting).result };
}

async function closed(port: EventPort, state: string): Promise<readonly unknown[]> {
  const { tcp } = await manage(port, { op: "ss" });
  return tcp.filter((c) => c.state === state);
}

describe("the embedded network", () => {
  test("carries 4 MiB between two programs in one process, byte for byte", async () => {
    const { server, client, accepted } = await connectedPair(7001);
    const total = 4 * 1024 * 1024;
    const sent = Uint8Array.from({ length: total }, (_, i) => (i * 2654435761) >>> 24);
    const sending = (async () => {
      for (let at = 0; at < total; ) at += (await client.call("send", { s: client.s, data: sent.subarray(at, at + 200_000) })).result;
      await client.call("shutdown", { s: client.s, a: 1 });
    })();
    const received: Uint8Array[] = [];
    for (;;) {
      const { data } = await server.call("recv", { s: accepted, a: 100_000 });
      if (data === null || data.length === 0) break;
      received.push(data);
    }
    await sending;
    expect(Buffer.compare(Buffer.concat(received), sent)).toBe(0);
  });

  test("takes a program's sockets away when its port closes, as those of a process that died", async () => {
    const { server, client } = await connectedPair(7002);
    expect(await closed(client.port, "ESTABLISHED")).toHaveLength(2);
    expect(await closed(client.port, "LISTEN")).toHaveLength(1);
    server.port.close();
    // Its news and our questions travel on channels of their own.
    for (let i = 0; i < 100 && (await closed(client.port, "LISTEN")).length > 0; i++);
    expect(await closed(client.port, "LISTEN")).toHaveLength(0);
    expect(await closed(client.port, "ESTABLISHED")).toHaveLength(0);
  });

  test("serves a blocking and an asynchronous program of one thread together", async () => {
    const blocking = openBlockingPort();
    open.push(blocking);
    expect(blocking.call(record("startup", { a: 0x0202 })).result).toBe(0);
    const { result: s } = blocking.call(record("socket", { a: AF_INET, b: 1, c: 6 }));
    expect(blocking.call(record("bind", { s, a: 16, data: loopbackName(7003) })).error).toBe(0);
    expect(blocking.call(record("listen", { s, a: 5 })).error).toBe(0);
    const client = await program();
    await client.call("connect", { s: client.s, a: 16, data: loopbackName(7003) });
    const { result: accepted } = blocking.call(record("accept", { s, a: -1 }));
    await client.call("send", { s: client.s, data: new TextEncoder().encode("over two faces") });
    const { data } = blocking.call(record("recv", { s: accepted, a: 100 }));
    expect(new TextDecoder().decode(data?.slice())).toBe("over two faces");
  });

  test("refuses another network while one is in use, and takes it after", async () => {
    const port = await openAsyncPort();
    expect(() => useNetwork("tap:tap0")).toThrow('"embedded:" is in use');
    port.close();
    useNetwork("embedded:?ip=203.0.113.77/24");
    const next = await openAsyncPort();
    open.push(next);
    const { interfaces } = await manage(next, { op: "status" });
    expect(interfaces[0]?.addresses).toEqual([{ address: "203.0.113.77/24", state: "preferred", origin: "manual" }]);
  });

  test("that ends leaves its programs with WSAENETDOWN", async () => {
    const { server } = await connectedPair(7004);
    const waiting = server.port.call(record("accept", { s: server.s, a: -1 }));
    const blocking = openBlockingPort();
    open.push(blocking);
    await closeNetwork();
    expect((await waiting).error).toBe(WSAENETDOWN);
    expect(blocking.call(record("startup", { a: 0x0202 })).error).toBe(WSAENETDOWN);
  });
});

describe("management of a running host", () => {
  test("answers status, routes, neighbours and timers", async () => {
    const { port } = await program();
    const status = await manage(port, { op: "status" });
    expect(status).toMatchObject({ profile: expect.any(String), clients: 1, connections: 0, bufferBytes: 0, impaired: false });
    expect(await manage(port, { op: "route-list" })).toHaveLength(1);
    await manage(port, { op: "route-add", destination: "198.51.100.0/24", gateway: "203.0.113.1" });
    expect(await manage(port, { op: "route-list" })).toHaveLength(2);
    await manage(port, { op: "route-del", destination: "198.51.100.0/24" });
    expect(await manage(port, { op: "route-list" })).toHaveLength(1);
    await manage(port, { op: "neigh-add", address: "203.0.113.9", mac: "02:00:5e:00:53:09" });
    expect(await manage(port, { op: "neigh-list" })).toMatchObject([{ address: "203.0.113.9", mac: "02:00:5e:00:53:09", state: "STATIC" }]);
    await manage(port, { op: "neigh-del", address: "203.0.113.9" });
    expect(await manage(port, { op: "neigh-list" })).toEqual([]);
    expect(await manage(port, { op: "timers" })).toEqual(expect.any(Array));
  });

  test("pings itself, and says when nobody answers or there is no way", async () => {
    const { port } = await program();
    expect(await manage(port, { op: "ping", address: "127.0.0.1" })).toMatchObject({ outcome: "reply", bytes: 32 });
    expect(await manage(port, { op: "ping", address: "203.0.113.200", timeoutMs: 30 })).toMatchObject({ outcome: "timeout" });
    expect(await manage(port, { op: "ping", address: "198.51.100.1" })).toEqual({ outcome: "unreachable", reason: "no-route" });
  });

  test("streams the trace of a connect, with the frames' bytes", async () => {
    const watcher = await program();
    const records: TraceRecord[] = [];
    watcher.port.onEvent = (_subscription, _count, data) => records.push(readTraceRecord(data));
    const { subscription } = await manage(watcher.port, { op: "trace-start" });
    await connectedPair(7005);
    const { sent, lost } = await manage(watcher.port, { op: "trace-stop", subscription });
    expect({ events: records.length, lost }).toEqual({ events: sent, lost: 0 });
    const kinds = [...new Set(records.map((r) => r.type))];
    expect(kinds).toEqual(expect.arrayContaining(["frame", "state-changed", "timer-set", "winsock-called", "winsock-returned"]));
    const frame = records.find((r) => r.type === "frame")!;
    expect(frameBytes(frame as { base64: string }).length).toBeGreaterThanOrEqual(54);
  });

  test("begins a trace with what is open already", async () => {
    const { accepted } = await connectedPair(7008);
    const watcher = await program();
    const records: TraceRecord[] = [];
    watcher.port.onEvent = (_subscription, _count, data) => records.push(readTraceRecord(data));
    const { subscription } = await manage(watcher.port, { op: "trace-start" });
    // What is open comes first; where its connections stand is told at the end of the next turn.
    const openings = records.filter((record) => "earlier" in record);
    expect(openings.every((record) => record.number === 0)).toBe(true);
    expect(records.slice(0, openings.length)).toEqual(openings);
    const { tcp } = await manage(watcher.port, { op: "ss" });
    const connections = tcp.filter(({ state }) => state === "ESTABLISHED").map(({ id, local, remote }) => [id, local, remote]);
    expect(connections).toHaveLength(2);
    const opened = records.flatMap((r) => (r.type === "connection-opened" ? [[r.connection, r.local, r.remote]] : []));
    expect(opened).toEqual(expect.arrayContaining(connections));
    expect(records.flatMap((r) => (r.type === "socket-opened" ? [r.handle] : []))).toContain(accepted);
    await manage(watcher.port, { op: "trace-stop", subscription });
  });

  test("counts what it drops in its status, by the words of the reference", async () => {
    const { port, call, s } = await program();
    await expect(call("connect", { s, a: 16, data: loopbackName(7009) })).rejects.toThrow("10061");
    const { drops } = await manage(port, { op: "status" });
    expect(drops["no-connection"]).toBeGreaterThanOrEqual(1);
  });

  test("streams a capture that begins as pcapng does", async () => {
    const watcher = await program();
    const blocks: Uint8Array[] = [];
    watcher.port.onEvent = (_subscription, _count, data) => blocks.push(data);
    const { subscription } = await manage(watcher.port, { op: "capture-start", device: "lo" });
    await connectedPair(7006);
    await manage(watcher.port, { op: "capture-stop", subscription });
    const types = blocks.map((b) => new DataView(b.buffer, b.byteOffset).getUint32(0, true));
    expect(types.slice(0, 2)).toEqual([0x0a0d0d0a, 1]);
    expect(types.filter((t) => t === 6).length).toBeGreaterThanOrEqual(3);
  });

  test("sets faults on a device: the next SYN is lost, and the one after comes through", async () => {
    const { port } = await program();
    await manage(port, { op: "fault-pick", device: "lo", match: "syn", action: "drop", direction: "out" });
    expect((await manage(port, { op: "status" })).impaired).toBe(true);
    await connectedPair(7007);
    expect((await manage(port, { op: "status" })).impaired).toBe(false);
    expect((await manage(port, { op: "fault-list", device: "lo" })).out.lost).toBe(1);
  });

  test.each<[string, unknown]>([
    ["not a request that a host knows", { op: "explode" }],
    ["address: expected an address such as", { op: "ping", address: "localhost" }],
    ["settings.loss", { op: "fault-set", settings: { loss: 2 } }],
    ['unknown key "__proto__"', JSON.parse('{"op":"status","__proto__":{}}')],
    ["has wire0, lo", { op: "fault-clear", device: "eth0" }],
    ["none of that number", { op: "trace-stop", subscription: 77 }],
    ["there is none", { op: "route-del", destination: "198.51.100.0/24" }],
  ])("refuses with a sentence: %s", async (words, request) => {
    const { port } = await program();
    const refusal = await manage(port, request as { op: "status" }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(NetworkError);
    expect((refusal as Error).message).toContain(words);
  });

  test("refuses what is no JSON", async () => {
    const { port } = await program();
    const reply = await port.call(record("control", { data: new TextEncoder().encode("{") }));
    expect(JSON.parse(new TextDecoder().decode(reply.data!))).toMatchObject({ ok: false });
  });
});

describe("a program with a network", () => {
  const run = (lines: string, env: NodeJS.ProcessEnv = {}) =>
    promisify(execFile)(process.execPath, ["--input-type=module", "-e", `import * as n from ${JSON.stringify(built)};\n${lines}`], {
      env: { ...process.env, NODE_OPTIONS: "", ...env },
      timeout: 20_000,
    });
  const built = new URL("../../dist/network/networks.js", import.meta.url).href;

  test("ends by itself while its network runs, and with process.exit too", async () => {
    await expect(run("n.openBlockingPort(); console.log('ran');")).resolves.toMatchObject({ stdout: "ran\n" });
    await expect(run("await n.openAsyncPort(); console.log('ran'); process.exit(0);")).resolves.toMatchObject({ stdout: "ran\n" });
  });

  test("shares it with the worker threads that it starts: one may block in accept while another connects", async () => {
    const lines = `const { Worker } = await import("node:worker_threads");
      const call = (port, op, r) => port.call({ op, s: 0, a: 0, b: 0, c: 0, data: null, ...r });
      const name = new Uint8Array([2, 0, 30, 2, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
      const port = n.openBlockingPort();
      call(port, ${CALL.startup}, { a: 0x0202 });
      const { result: s } = call(port, ${CALL.socket}, { a: 2, b: 1, c: 6 });
      call(port, ${CALL.bind}, { s, a: 16, data: name });
      call(port, ${CALL.listen}, { s, a: 5 });
      const source = \`import * as n from "${built}";
        const call = (port, op, r) => port.call({ op, s: 0, a: 0, b: 0, c: 0, data: null, ...r });
        const port = n.openBlockingPort();
        call(port, ${CALL.startup}, { a: 0x0202 });
        const { result: s } = call(port, ${CALL.socket}, { a: 2, b: 1, c: 6 });
        call(port, ${CALL.connect}, { s, a: 16, data: new Uint8Array([\${[...name]}]) });
        call(port, ${CALL.send}, { s, data: new Uint8Array([42]) });
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);\`;
      new Worker(new URL("data:text/javascript," + encodeURIComponent(source))).unref();
      const { result: accepted } = call(port, ${CALL.accept}, { s, a: -1 });
      console.log("received " + call(port, ${CALL.recv}, { s: accepted, a: 10 }).data[0]);`;
    await expect(run(lines)).resolves.toMatchObject({ stdout: "received 42\n" });
  });

  test("a worker that is a process of its own loses its sockets when it ends without WSACleanup", async () => {
    const lines = `const { Worker } = await import("node:worker_threads");
      const call = (port, op, r) => port.call({ op, s: 0, a: 0, b: 0, c: 0, data: null, ...r });
      const name = new Uint8Array([2, 0, 30, 3, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
      const begin = async (port) => {
        await call(port, ${CALL.startup}, { a: 0x0202 });
        const { result: s } = await call(port, ${CALL.socket}, { a: 2, b: 1, c: 6 });
        return (await call(port, ${CALL.bind}, { s, a: 16, data: name })).error;
      };
      const port = n.openBlockingPort();
      for (const open of ["openBlockingPort", "openAsyncPort"]) {
        const source = \`import * as n from "${built}";
          const call = \${call};
          const name = new Uint8Array([\${[...name]}]);
          const begin = \${begin};
          n.useNetwork("embedded:", { process: "own" });
          console.log(await begin(await n.\${open}()));\`;
        await new Promise((resolve) => new Worker(new URL("data:text/javascript," + encodeURIComponent(source))).once("exit", resolve));
      }
      console.log(await begin(port));`;
    await expect(run(lines)).resolves.toMatchObject({ stdout: "0\n0\n0\n" });
  });

  test("lives as long as a call is pending, and no longer", async () => {
    const lines = `const p = await n.openAsyncPort();
      setTimeout(() => {}, 1);
      await p.call({ op: ${CALL.startup}, s: 0, a: 0x0202, b: 0, c: 0, data: null });
      const { result: s } = await p.call({ op: ${CALL.socket}, s: 0, a: 2, b: 2, c: 17, data: null });
      await p.call({ op: ${CALL.bind}, s, a: 16, b: 0, c: 0, data: new Uint8Array([2, 0, 30, 1, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]) });
      const abort = new AbortController();
      setTimeout(() => abort.abort(), 50).unref();
      const { error } = await p.call({ op: ${CALL.recv}, s, a: 10, b: 0, c: 0, data: null }, abort.signal);
      console.log(error);`;
    await expect(run(lines)).resolves.toMatchObject({ stdout: "10004\n" });
  });

  test("ends after a receive of a busy stream that it gave up", async () => {
    const promises = new URL("../../dist/winsock/promises.js", import.meta.url).href;
    const lines = `const { accept, bind, connect, listen, recv, send, socket } = await import("${promises}");
      const [listener, s] = [await socket(), await socket()];
      await bind(listener, "127.0.0.1:80");
      await listen(listener);
      const [{ socket: taken }] = await Promise.all([accept(listener), connect(s, "127.0.0.1:80")]);
      const sending = send(s, new Uint8Array(1_000_000));
      for (let left = 1_000_000; left > 0; ) left -= (await recv(taken, 16_000)).length;
      await sending;
      await recv(taken, 16_000, { signal: AbortSignal.timeout(50) }).catch((error) => console.log(error.name));`;
    await expect(run(lines)).resolves.toMatchObject({ stdout: "TimeoutError\n" });
  });

  test("learns in one sentence why its network cannot be had", async () => {
    const failed = await run("try { n.openBlockingPort(); } catch (e) { console.log(e.name + ': ' + e.message); }", {
      TAPSOCK: "daemon:/nonexistent/tapsock.sock",
    });
    expect(failed.stdout).toBe(
      "NetworkError: Cannot reach a daemon at /nonexistent/tapsock.sock: there is no such socket; start tapsockd, or name the socket of one that runs\n",
    );
  });
});

describe("simulated infrared devices", () => {
  const AF_IRDA = 26;
  const phone = { id: 1, name: "phone", attributes: [{ class: "Phone", attribute: "Tones", value: Uint8Array.of(1, 2) }] };

  test("are in sight of the hosts that start from then on, and of no daemon's", async () => {
    expect(networkUrl()).toBe("embedded:");
    putInSight({ devices: [phone] });
    const { port, call } = await program();
    const { result: s } = await call("socket", { a: AF_IRDA, b: 1 });
    const { data } = await call("getsockopt", { s, a: 0xff, b: 0x10, c: 4 + 29 });
    expect([...data!.slice(0, 8)]).toEqual([1, 0, 0, 0, 1, 0, 0, 0]);
    expect(() => putInSight({ devices: [] })).toThrow(NetworkError);
    // Said again, it is the same network.
    putInSight({ devices: [phone] });
    useNetwork("embedded:");
    port.close();
    useNetwork("daemon:/nowhere");
    expect(networkUrl()).toBe("daemon:/nowhere");
    useNetwork("embedded:?infrared-devices=[]&hostname=box");
    expect(networkUrl()).toBe("embedded:?infrared-devices=[]&hostname=box");
    useNetwork("embedded:?infrared-name=box");
    expect(networkUrl()).toContain("embedded:?infrared-name=box&infrared-devices=%5B%7B%22id%22%3A1");
  });

  test("that are none, or want a function of the program's, are refused", () => {
    expect(() => putInSight({ devices: [{ id: 0, name: "nobody" }] })).toThrow("expected 1 to 0xfffffffe");
    expect(() => putInSight({ devices: [phone, phone] })).toThrow("Cannot use the infrared id 1 twice");
    const busy = { ...phone, services: [{ name: "Note", received: () => {} }] };
    expect(() => putInSight({ devices: [busy] })).toThrow(
      new TypeError('The service "Note" cannot call a function of the program\'s, which waits in its calls: use echo'),
    );
  });
});
