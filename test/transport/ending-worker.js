/** A worker that binds a socket on the network that it inherits, says so, and then ends or waits to be ended as `workerData` says. */
import { parentPort, Worker, workerData } from "node:worker_threads";

const { way, face, port, modules, process: kind = "own" } = workerData;

if (way === "parent") {
  // Knows nothing of tapsock itself.
  const child = new Worker(new URL(import.meta.url), { workerData: { ...workerData, way: "idle" } });
  child.once("message", (said) => parentPort.postMessage(said));
  parentPort.on("message", () => child.terminate());
} else {
  const networks = await import(modules.networks);
  const { CALL } = await import(modules.calls);
  networks.useNetwork(networks.networkUrl(), { process: kind });
  const opened = face === "blocking" ? networks.openBlockingPort() : await networks.openAsyncPort();
  const call = (name, r = {}) => opened.call({ op: CALL[name], s: 0, a: 0, b: 0, c: 0, data: null, ...r });
  await call("startup", { a: 0x0202 });
  const { result: s } = await call("socket", { a: 2, b: 2, c: 17 });
  const address = new Uint8Array([2, 0, port >> 8, port & 255, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  const { error } = await call("bind", { s, a: 16, data: address });
  parentPort.postMessage(error);
  if (way === "exit") process.exit();
  else if (way === "throws") throw new Error("thrown for a test");
  else if (way === "memory") {
    const kept = [];
    for (;;) kept.push(new Array(10_000).fill(kept.length));
  } else if (way === "waits") parentPort.postMessage((await call("recv", { s, a: 10 })).error);
  else if (way === "writes") {
    const data = Buffer.concat([address, new Uint8Array(60_000)]);
    for (;;) {
      const sent = call("sendto", { s, a: 16, c: 16, data });
      if (face === "promise") await Promise.race([sent, new Promise((resolve) => setImmediate(resolve))]);
    }
  } else setInterval(() => {}, 1000);
}
