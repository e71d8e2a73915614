/**
 * An echo server with a thread for each client, which blocks in its calls: a worker takes the socket that the main thread has accepted.
 * Two clients of its own make a program of it that ends.
 *
 *   node dist/examples/worker-echo.js [PORT]
 */
import { once } from "node:events";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import {
  AF_INET,
  accept,
  bind,
  closesocket,
  connect,
  htonl,
  htons,
  INADDR_LOOPBACK,
  listen,
  MAKEWORD,
  new_sockaddr_in,
  new_WSADATA,
  recv,
  SOCK_STREAM,
  type SOCKET,
  SOMAXCONN,
  send,
  sizeof_sockaddr_in,
  socket,
  WSACleanup,
  WSAStartup,
} from "tapsock/winsock";

/** In a thread of its own: what is accepted is the program's, and so is the start-up. */
function serve(s: SOCKET): void {
  const memory = new Uint8Array(4096);
  for (let count = recv(s, memory, memory.length, 0); count > 0; count = recv(s, memory, memory.length, 0)) send(s, memory, count, 0);
  closesocket(s);
}

async function main(): Promise<void> {
  WSAStartup(MAKEWORD(2, 2), new_WSADATA());
  const name = new_sockaddr_in();
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  name.sin_port = htons(Number(process.argv[2] ?? 7));
  const listener = socket(AF_INET, SOCK_STREAM, 0);
  bind(listener, name, sizeof_sockaddr_in);
  listen(listener, SOMAXCONN);

  const ends = ["one", "two"].map((text) => {
    const client = socket(AF_INET, SOCK_STREAM, 0);
    connect(client, name, sizeof_sockaddr_in);
    const thread = new Worker(new URL(import.meta.url), { workerData: accept(listener, null, null) });
    send(client, new TextEncoder().encode(text), text.length, 0);
    const memory = new Uint8Array(4096);
    console.log(`echoed: ${new TextDecoder().decode(memory.subarray(0, recv(client, memory, memory.length, 0)))}`);
    closesocket(client);
    return once(thread, "exit");
  });
  await Promise.all(ends);
  WSACleanup();
}

if (isMainThread) await main();
else serve(workerData);
