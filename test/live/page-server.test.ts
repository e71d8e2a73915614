import { request } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { MOST_PAGES } from "../../src/live/page-server.ts";
import { INDEX, PageOfTest } from "./page-of-test.ts";

let page: PageOfTest;
beforeAll(async () => {
  page = await PageOfTest.start();
});
afterAll(() => page.close());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** As a program asks that need not follow a browser's rules: any path, any Host. */
function ask(path: string, { method = "GET", host = `127.0.0.1:${page.port}`, headers = {} } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ port: page.port, host: "127.0.0.1", path, method, headers: { ...headers, host } }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        body += text;
      });
      response.on("end", () => resolve({ status: response.statusCode!, headers: response.headers, body }));
    });
    asked.on("error", reject);
    asked.end();
  });
}

describe("the page's files", () => {
  test("need no token, and come with a policy under which nothing from elsewhere and nothing inline runs", async () => {
    const { status, headers, body } = await ask("/");
    expect({ status, body }).toEqual({ status: 200, body: INDEX });
    expect(headers["content-security-policy"]).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
      "cross-origin-resource-policy": "same-origin",
    });
    expect((await ask("/", { method: "HEAD" })).status).toBe(200);
    expect((await ask("/main.js")).headers["content-security-policy"]).not.toContain("unsafe");
  });

  test("only the worker of programs may evaluate text, and it may reach nothing", async () => {
    const policy = String((await ask("/program-worker.js")).headers["content-security-policy"]);
    expect(policy).toContain("script-src 'self' 'unsafe-eval'");
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain("connect-src");
    // A browser that has the file already is told so, and takes the policy that comes with that.
    const { headers } = await ask("/program-worker.js");
    const again = await ask("/program-worker.js", { headers: { "If-None-Match": String(headers["etag"]) } });
    expect(again.status).toBe(304);
    expect(again.headers["content-security-policy"]).toBe(policy);
    for (const other of ["/program-worker.js/../main.js", "/x/program-worker.js", "/program-worker.js.map"]) {
      expect(String((await ask(other)).headers["content-security-policy"])).not.toContain("unsafe-eval");
    }
  });

  test.each([
    "/../secret.txt",
    "/..%2fsecret.txt",
    "/%2e%2e/secret.txt",
    "/..\\secret.txt",
    "//etc/passwd",
    "/%00",
    "/%zz",
    "/index.html%00.js",
    "http://example.com/../secret.txt",
  ])("%s leads nowhere", async (path) => {
    const { status, body } = await ask(path);
    expect([400, 404, 200]).toContain(status);
    expect(body).not.toContain("not to be served");
    expect(body).not.toContain("root:");
    if (status === 200) expect(body).toBe(INDEX);
  });

  test.each(["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])("%s is refused", async (method) => {
    const { status, headers } = await ask("/", { method });
    expect(status).toBe(405);
    expect(headers).toMatchObject({ allow: "GET, HEAD", "x-content-type-options": "nosniff" });
  });

  test.each(["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1", "127.0.0.2", "[::1]", "localhost.evil.example", ""])(
    "under the name %s they are not ours (DNS rebinding)",
    async (name) => {
      const host = /:\d+$/.test(name) || name === "127.0.0.1" ? name : `${name}:${page.port}`;
      expect((await ask("/", { host })).status).toBe(403);
    },
  );

  test("are ours under localhost too", async () => {
    expect((await ask("/", { host: `localhost:${page.port}` })).status).toBe(200);
  });

  test("what is no HTTP ends the connection, and nothing else", async () => {
    for (const words of ["\0\0\0\0\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", `GET /${"x".repeat(100_000)} HTTP/1.1\r\n\r\n`]) {
      await new Promise<void>((resolve) => {
        const socket = connect(page.port, "127.0.0.1", () => socket.write(words));
        socket.on("error", () => {});
        socket.on("close", () => resolve());
      });
    }
    expect((await ask("/")).status).toBe(200);
  });
});

describe("the run", () => {
  test("is shown to who has the token, and to nobody else", async () => {
    const visitor = page.visit();
    await visitor.until(() => visitor.of("opened").length > 0);
    for (const token of ["", "x", new URL(page.server.ownerUrl).searchParams.get("token")!.slice(0, -1)]) {
      const stranger = page.connect(token);
      await stranger.until(() => stranger.closeCode !== undefined);
      expect(stranger.closeCode).toBe(1008);
      expect(stranger.messages).toEqual([]);
    }
  });

  test.each([
    ["another site", { origin: "http://evil.example" }],
    ["the same machine's other port", { origin: "http://127.0.0.1:1" }],
    ["a file, or a sandbox", { origin: "null" }],
    ["a program that says nothing", { origin: "" }],
    ["a name that leads to us", { host: "evil.example", origin: "http://evil.example" }],
  ])("is not shown to %s, whatever token it has", async (_what, headers) => {
    const token = new URL(page.server.ownerUrl).searchParams.get("token")!;
    const stranger = page.connect(token, headers);
    await stranger.until(() => stranger.failure !== undefined);
    expect(stranger.failure).toContain("403");
    expect(stranger.messages).toEqual([]);
  });

  test("lies at one path", async () => {
    const stranger = page.connect("x", { path: "/other" });
    await stranger.until(() => stranger.failure !== undefined);
    expect(stranger.failure).toContain("404");
  });

  test("is for so many pages at a time", async () => {
    const own = await PageOfTest.start();
    try {
      const visitors = Array.from({ length: MOST_PAGES }, () => own.visit());
      for (const visitor of visitors) await visitor.until(() => visitor.of("opened").length > 0);
      const late = own.visit();
      await late.until(() => late.closeCode !== undefined);
      expect(late.closeCode).toBe(1013);
      expect(visitors.map(({ closeCode }) => closeCode)).toEqual(visitors.map(() => undefined));
    } finally {
      await own.close();
    }
  });

  test("the two tokens differ, from each other and from those of another server", async () => {
    const other = await PageOfTest.start();
    const urls = [page.server.ownerUrl, page.server.readerUrl, other.server.ownerUrl, other.server.readerUrl];
    await other.close();
    const tokens = urls.map((url) => new URL(url).searchParams.get("token")!);
    expect(new Set(tokens).size).toBe(4);
    for (const token of tokens) expect(token).toMatch(/^[\w-]{22}$/);
  });
});
