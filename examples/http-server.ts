/**
 * A small HTTP server on the promise face: `/` is a page, `/bytes/N` is N bytes.
 *
 *   TAPSOCK=daemon:/run/tapsock/tapsock.sock node dist/examples/http-server.js [PORT]
 */
import {
  AF_INET,
  accept,
  bind,
  closesocket,
  IPPROTO_TCP,
  listen,
  MAKEWORD,
  recv,
  SOCK_STREAM,
  type SOCKET,
  SOMAXCONN,
  send,
  socket,
  WinsockError,
  WSAStartup,
} from "tapsock/winsock/promises";

/** A request line and headers that are longer are nobody's honest wish. */
const MAX_HEAD = 16_384;
const MAX_BYTES = 2 ** 40;
const CHUNK = new Uint8Array(262_144).map((_, i) => 33 + (i % 90));

const PAGE = `<!doctype html>
<title>tapsock</title>
<h1>Hello from tapsock</h1>
<p>Every segment of this page was made by a TCP/IP stack in TypeScript. <a href="/bytes/10485760">/bytes/10485760</a> is 10 MiB.</p>
`;

const port = Number(process.argv[2] ?? 80);
await WSAStartup(MAKEWORD(2, 2));
const listener = await socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
await bind(listener, { address: "0.0.0.0", port });
await listen(listener, SOMAXCONN);
console.log(`listening on port ${port}`);

for (;;) {
  const { socket: s } = await accept(listener);
  serve(s).catch((error: unknown) => {
    // A browser that goes away in the middle is its own affair.
    if (!(error instanceof WinsockError)) throw error;
  });
}

/** Answers the requests of one connection, one after the other. */
async function serve(s: SOCKET): Promise<void> {
  try {
    let input = "";
    for (;;) {
      while (!input.includes("\r\n\r\n")) {
        const bytes = await recv(s, MAX_HEAD);
        if (bytes.length === 0) return;
        input += Buffer.from(bytes).toString("latin1");
        if (input.length > MAX_HEAD) return await respond(s, "431 Request Header Fields Too Large", "text/plain", "");
      }
      const end = input.indexOf("\r\n\r\n");
      const head = input.slice(0, end);
      input = input.slice(end + 4);
      const [method = "", path = "", version = ""] = (head.split("\r\n", 1)[0] ?? "").split(" ");
      await answer(s, method, path);
      const wantsToStay = /^connection:\s*keep-alive/im.test(head) || (version === "HTTP/1.1" && !/^connection:\s*close/im.test(head));
      if (!wantsToStay) return;
    }
  } finally {
    await closesocket(s);
  }
}

async function answer(s: SOCKET, method: string, path: string): Promise<void> {
  if (method !== "GET" && method !== "HEAD") return respond(s, "405 Method Not Allowed", "text/plain", "GET and HEAD only\n");
  const count = /^\/bytes\/(\d{1,13})$/.exec(path)?.[1];
  if (path === "/") return respond(s, "200 OK", "text/html; charset=utf-8", method === "GET" ? PAGE : "", PAGE.length);
  if (count === undefined || Number(count) > MAX_BYTES) return respond(s, "404 Not Found", "text/plain", "There are / and /bytes/N\n");
  await respond(s, "200 OK", "application/octet-stream", "", Number(count));
  for (let left = method === "GET" ? Number(count) : 0; left > 0; left -= CHUNK.length) {
    await send(s, left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK);
  }
}

async function respond(s: SOCKET, status: string, type: string, body: string, length = body.length): Promise<void> {
  await send(s, Buffer.from(`HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n${body}`, "latin1"));
}
