/**
 * A small HTTP server on the promise face: `/` is a page, `/bytes/N` is N bytes.
 *
 *   TAPSOCK=daemon:/run/tapsock/tapsock.sock node dist/examples/http-server.js [PORT]
 *
 * It also shows what a server under Winsock has to expect: an accept that fails although the listener is well, clients that reset, say
 * nothing, say too much or read nothing, and the end of its sockets. None of them is a reason to stop.
 */
import {
  AF_INET6,
  accept,
  bind,
  closesocket,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_V6ONLY,
  listen,
  MAKEWORD,
  recv,
  SD_SEND,
  SO_LINGER,
  SO_SNDTIMEO,
  SOCK_STREAM,
  type SOCKET,
  SOL_SOCKET,
  SOMAXCONN,
  send,
  setsockopt,
  shutdown,
  socket,
  WinsockError,
  WSAECONNRESET,
  WSAEMFILE,
  WSAENOBUFS,
  WSAStartup,
} from "tapsock/winsock/promises";

/** A request line and headers that are longer are nobody's honest wish. */
const MAX_HEAD = 16_384;
/** From the first wait for a request to its last header, however many small pieces it comes in. */
const HEAD_LIMIT_MS = 10_000;
/** For the next request on a connection that is kept. */
const IDLE_LIMIT_MS = 60_000;
/** A client that takes nothing for so long is given up. */
const SEND_LIMIT_MS = 20_000;
/** After the last answer a client has so long to end its side, and may say so much in the meantime. */
const FAREWELL_MS = 2_000;
const FAREWELL_BYTES = 1 << 20;
/** When sockets are used up, and by others: between two looks for one. */
const RETRY_MS = 250;
const MAX_BYTES = 2 ** 40;
const CHUNK = new Uint8Array(65_536).map((_, i) => 33 + (i % 90));

const PAGE = `<!doctype html>
<title>tapsock</title>
<h1>Hello from tapsock</h1>
<p>Every segment of this page was made by a TCP/IP stack in TypeScript. <a href="/bytes/10485760">/bytes/10485760</a> is 10 MiB.</p>
`;

interface Request {
  readonly method: string;
  readonly path: string;
  /** The connection is kept for another request. */
  readonly isKept: boolean;
  /** HTTP/1.0 clients want to read that it is kept. */
  readonly isOld: boolean;
}

/** What is wrong with a request; the connection ends with it. */
interface Refusal {
  readonly status: string;
}

const port = Number(process.argv[2] ?? 80);
/** A conversation ended, and its socket is free. */
let oneEnded = () => {};
try {
  await serveForEver();
} catch (error) {
  if (!(error instanceof WinsockError)) throw error;
  console.error(`Cannot serve on port ${port}: ${error.message}`);
  process.exit(1);
}

async function serveForEver(): Promise<never> {
  await WSAStartup(MAKEWORD(2, 2));
  // One listener for both families: IPv6 alone is what a socket of AF_INET6 begins with.
  const listener = await socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP);
  await setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, false);
  await bind(listener, { address: "::", port });
  // Accepted sockets inherit it.
  await setsockopt(listener, SOL_SOCKET, SO_SNDTIMEO, SEND_LIMIT_MS);
  await listen(listener, SOMAXCONN);
  console.log(`listening on port ${port}`);
  for (;;) {
    try {
      const { socket: s } = await accept(listener);
      void converse(s).then(() => oneEnded());
    } catch (error) {
      const errno = error instanceof WinsockError ? error.errno : 0;
      // Its client reset while it waited in the queue: that connection is gone, the listener is as good as before.
      if (errno === WSAECONNRESET) continue;
      // No socket, or no memory for one: clients wait in the queue until a conversation ends. Asking again at once would only burn time.
      if (errno !== WSAEMFILE && errno !== WSAENOBUFS) throw error;
      await new Promise<void>((resolve) => {
        oneEnded = resolve;
        setTimeout(resolve, RETRY_MS);
      });
    }
  }
}

/** One client from accept to closesocket. Never rejects: what goes wrong here is this client's affair. */
async function converse(s: SOCKET): Promise<void> {
  try {
    await serve(s);
    await sayFarewell(s);
  } catch (error) {
    // Gone, too slow, or not reading. What is queued for it shall not wait for it either: reset instead of delivering in the background.
    if (!isClients(error)) console.error(error);
    await setsockopt(s, SOL_SOCKET, SO_LINGER, { l_onoff: 1, l_linger: 0 }).catch(() => {});
  }
  await closesocket(s).catch(() => {});
}

/** A failed call, or a time that ran out. */
function isClients(error: unknown): boolean {
  return error instanceof WinsockError || (error instanceof DOMException && error.name === "TimeoutError");
}

/** Answers the requests of one connection, one after the other, pipelined ones too. */
async function serve(s: SOCKET): Promise<void> {
  // A lone LF ends a line too, and empty lines may stand before a request (RFC 9112 §2.2).
  const endOfHead = /\r?\n\r?\n/;
  let input = "";
  for (let limitMs = HEAD_LIMIT_MS; ; limitMs = IDLE_LIMIT_MS) {
    const signal = AbortSignal.timeout(limitMs);
    let end = endOfHead.exec(input);
    while (end === null) {
      if (input.length > MAX_HEAD) return refuse(s, { status: "431 Request Header Fields Too Large" });
      const bytes = await recv(s, MAX_HEAD, { signal });
      if (bytes.length === 0) return;
      input = (input + Buffer.from(bytes).toString("latin1")).replace(/^[\r\n]+/, "");
      end = endOfHead.exec(input);
    }
    if (end.index > MAX_HEAD) return refuse(s, { status: "431 Request Header Fields Too Large" });
    const request = readRequest(input.slice(0, end.index));
    input = input.slice(end.index + end[0].length).replace(/^[\r\n]+/, "");
    if ("status" in request) return refuse(s, request);
    await answer(s, request);
    if (!request.isKept) return;
  }
}

/** The end that lets the last answer arrive: a close with unread bytes would be a reset, which can overtake it (RFC 9112 §9.6). */
async function sayFarewell(s: SOCKET): Promise<void> {
  await shutdown(s, SD_SEND);
  const signal = AbortSignal.timeout(FAREWELL_MS);
  for (let left = FAREWELL_BYTES; left > 0; ) {
    const { length } = await recv(s, MAX_HEAD, { signal });
    if (length === 0) return;
    left -= length;
  }
}

/** @param head request line and headers, without the empty line */
function readRequest(head: string): Request | Refusal {
  const [line = "", ...fields] = head.split(/\r?\n/);
  const [, method, path, version] = /^([!#$%&'*+.^_`|~\w-]+) (\S+) HTTP\/(\d\.\d)$/.exec(line) ?? [];
  if (method === undefined || path === undefined || version === undefined) return { status: "400 Bad Request" };
  if (!version.startsWith("1.")) return { status: "505 HTTP Version Not Supported" };
  const headers = new Map<string, string>();
  for (const field of fields) {
    const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*$/.exec(field) ?? [];
    if (name === undefined || value === undefined || value.includes("\0")) return { status: "400 Bad Request" };
    const key = name.toLowerCase();
    const before = headers.get(key);
    headers.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  if (method !== "GET" && method !== "HEAD") return { status: "405 Method Not Allowed" };
  // Where one request ends and the next begins must not be a matter of opinion.
  if (headers.has("transfer-encoding") || (headers.get("content-length") ?? "0") !== "0") return { status: "413 Content Too Large" };
  const isOld = version === "1.0";
  if (!isOld && !headers.has("host")) return { status: "400 Bad Request" };
  const wishes = (headers.get("connection") ?? "").toLowerCase().split(/[ \t]*,[ \t]*/);
  return { method, path, isOld, isKept: !wishes.includes("close") && (!isOld || wishes.includes("keep-alive")) };
}

function refuse(s: SOCKET, { status }: Refusal): Promise<void> {
  const allow = status.startsWith("405") ? "Allow: GET, HEAD\r\n" : "";
  return say(
    s,
    `HTTP/1.1 ${status}\r\n${allow}Content-Type: text/plain\r\nContent-Length: ${status.length + 1}\r\nConnection: close\r\n\r\n${status}\n`,
  );
}

async function answer(s: SOCKET, request: Request): Promise<void> {
  const count = /^\/bytes\/(\d{1,13})$/.exec(request.path)?.[1];
  if (request.path === "/") return respond(s, request, "200 OK", "text/html; charset=utf-8", PAGE);
  if (count === undefined || Number(count) > MAX_BYTES) {
    return respond(s, request, "404 Not Found", "text/plain", "There are / and /bytes/N\n");
  }
  await respond(s, request, "200 OK", "application/octet-stream", "", Number(count));
  for (let left = request.method === "GET" ? Number(count) : 0; left > 0; left -= CHUNK.length) {
    await say(s, left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK);
  }
}

function respond(s: SOCKET, request: Request, status: string, type: string, body: string, length = body.length): Promise<void> {
  // What the version does not imply is said (RFC 9112 §9.3).
  const connection = request.isKept ? (request.isOld ? "Connection: keep-alive\r\n" : "") : "Connection: close\r\n";
  const head = `HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n${connection}\r\n`;
  return say(s, request.method === "HEAD" ? head : head + body);
}

/** All of it. @throws WinsockError, also when SO_SNDTIMEO was over after a part had been taken, which send itself reports as that part */
async function say(s: SOCKET, what: string | Uint8Array): Promise<void> {
  const bytes = typeof what === "string" ? Buffer.from(what, "latin1") : what;
  for (let at = 0; at < bytes.length; ) at += await send(s, at === 0 ? bytes : bytes.subarray(at));
}
