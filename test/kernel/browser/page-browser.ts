import { mkdirSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import sirv from "sirv";

/** The built page: `npm run build` first. */
export const PAGE_FOLDER = fileURLToPath(new URL("../../../dist/page/", import.meta.url));
/** Where pictures go that docs/lab.md shows; `npm run pictures` puts them into docs. */
export const PICTURES = process.env["TAPSOCK_PICTURES"] ?? fileURLToPath(new URL("../../../.cache/pictures/", import.meta.url));

/** Debian's; the sandbox of a browser wants an ordinary user, and nothing here comes from outside. */
export const openBrowser = (): Promise<Browser> => chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });

/** A file server that knows nothing of the page: no headers but those of files. */
export async function plainFileServer(folder = PAGE_FOLDER): Promise<{ readonly url: string; readonly server: Server }> {
  const serve = sirv(folder);
  const server = createServer((request, response) =>
    serve(request, response, () => {
      response.statusCode = 404;
      response.end();
    }),
  ).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
}

/** What went wrong in the page, in its own words. */
export function troublesOf(page: Page): string[] {
  const troubles: string[] = [];
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") troubles.push(message.text());
  });
  return troubles;
}

/** The simulation beside the page is there, and may run programs. */
export async function untilReady(page: Page): Promise<void> {
  await page.waitForFunction("crossOriginIsolated");
  await page.getByRole("button", { name: "Connect", exact: true }).waitFor();
}

/** A picture of what is shown. @param name without its ending */
export async function takePicture(page: Page, name: string): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: `${PICTURES}/${name}.png` });
}
