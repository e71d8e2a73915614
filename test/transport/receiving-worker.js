import { parentPort, workerData } from "node:worker_threads";

/**
 * A program of its own in a worker thread (`lent-rings.test.ts`): receives a periodic stream to its end, in calls of any length, and reports how
 * much there was, how much of it was lent, and whether the system's library was loaded for that.
 */

const { modules, face, port, period, periodBytes } = workerData;
const { PostedCalls } = await import(modules.postedCalls);
const { isLibcLoaded } = await import(modules.libc);
const { useNetwork, networkUrl } = await import(modules.networks);
const winsock = await import(modules.winsock);

const LENT = 7;
let lent = 0;
const { deliver } = PostedCalls.prototype;
PostedCalls.prototype.deliver = function (message) {
  if (message.kind === LENT) lent += message.value;
  return deliver.call(this, message);
};

let received = 0;
const buffer = new Uint8Array(100_000);
const nextLength = () => 1 + ((received * 7919) % buffer.length);
function check(bytes) {
  const from = received % periodBytes;
  if (Buffer.compare(bytes, period.subarray(from, from + bytes.length)) !== 0) throw new Error(`wrong bytes at ${received}`);
  received += bytes.length;
}

async function receiveInPromises({ AF_INET, SOCK_STREAM, connect, recv, socket }) {
  const s = await socket(AF_INET, SOCK_STREAM, 0);
  await connect(s, { address: "127.0.0.1", port });
  for (;;) {
    const bytes = await recv(s, buffer.subarray(0, nextLength()));
    if (bytes.length === 0) return;
    check(bytes);
  }
}

function receiveInCalls(w) {
  w.WSAStartup(w.MAKEWORD(2, 2), w.new_WSADATA());
  const name = w.new_sockaddr_in();
  name.sin_family = w.AF_INET;
  name.sin_port = w.htons(port);
  name.sin_addr.s_addr = w.inet_addr("127.0.0.1");
  const s = w.socket(w.AF_INET, w.SOCK_STREAM, 0);
  w.connect(s, name, w.sizeof_sockaddr_in);
  for (let n = w.recv(s, buffer, nextLength(), 0); n > 0; n = w.recv(s, buffer, nextLength(), 0)) check(buffer.subarray(0, n));
}

useNetwork(networkUrl(), { process: "own" });
await (face === "blocking" ? receiveInCalls(winsock) : receiveInPromises(winsock));
parentPort.postMessage({ received, lent, isLibcLoaded: isLibcLoaded() });
