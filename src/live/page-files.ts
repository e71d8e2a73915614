/** What a served page leaves beside a daemon's socket: where it is, for everybody, and its secrets, for their owner alone. */
import { closeSync, constants, fstatSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { PageTokens } from "./page-tokens.ts";

/** Only letters of base64url, as tokens are made of; shorter ones could be guessed. */
const TOKEN = /^[\w-]{20,64}$/;
const PRIVATE_MODE = 0o600;
const PUBLIC_MODE = 0o644;
const OTHERS_BITS = 0o077;

const tokensPath = (socket: string): string => `${socket}.page-tokens`;
const noticePath = (socket: string): string => `${socket}.page`;

/** Tokens of a page, and whether the next one at this place will have them too. */
export interface KeptTokens {
  readonly tokens: PageTokens;
  /** Why they are new, and are not kept, in a sentence; undefined where they are kept. */
  readonly problem?: string;
}

/**
 * The tokens that are kept beside a socket, made when there are none: a page that is open finds its host again when that begins anew. A file
 * that is somebody else's, or that others may read, is not believed: who wrote it knows what is in it.
 */
export function keptTokens(socket: string): KeptTokens {
  const path = tokensPath(socket);
  try {
    const known = readTokens(path);
    if (known !== undefined) return { tokens: known };
    const tokens = new PageTokens();
    writeNew(path, `${JSON.stringify({ owner: tokens.owner, reader: tokens.reader })}\n`, PRIVATE_MODE);
    return { tokens };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { tokens: new PageTokens(), problem: `the page's tokens are new and will not be kept: ${why}` };
  }
}

/** @returns undefined where there is no file, or none of ours @throws Error for a file that cannot be trusted, or not be read */
function readTokens(path: string): PageTokens | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const { mode, uid } = fstatSync(file);
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw new Error(`${path} is no file`);
    if (uid !== process.getuid?.()) throw new Error(`${path} belongs to somebody else`);
    if ((mode & OTHERS_BITS) !== 0) throw new Error(`others may read or write ${path}; remove it`);
    const { owner, reader } = JSON.parse(readFileSync(file, "utf8")) as { readonly owner?: unknown; readonly reader?: unknown };
    if (typeof owner !== "string" || typeof reader !== "string" || !TOKEN.test(owner) || !TOKEN.test(reader) || owner === reader) {
      throw new Error(`${path} has no tokens in it; remove it`);
    }
    return new PageTokens(owner, reader);
  } finally {
    closeSync(file);
  }
}

function writeNew(path: string, text: string, mode: number): void {
  const file = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, mode);
  try {
    writeSync(file, text);
  } finally {
    closeSync(file);
  }
}

/** Tells `tapsock status` where the page is. A place that cannot be written to is no reason not to serve it. */
export function announcePage(socket: string, origin: string): void {
  const path = noticePath(socket);
  const written = `${path}.${process.pid}`;
  try {
    rmSync(written, { force: true });
    writeNew(written, `${JSON.stringify({ pid: process.pid, origin })}\n`, PUBLIC_MODE);
    renameSync(written, path);
  } catch {
    rmSync(written, { force: true });
  }
}

/** The page is served no more; another's notice stays. */
export function withdrawPage(socket: string): void {
  if (readNotice(socket)?.pid === process.pid) rmSync(noticePath(socket), { force: true });
}

/** Where a page is served for the host at a socket. */
export interface AnnouncedPage {
  /** With the token, for who may read it; without one for others. */
  readonly url: string;
  /** The address that may only look; undefined for who may not know it. */
  readonly urlToRead?: string;
}

/** @returns undefined where none is served */
export function announcedPage(socket: string): AnnouncedPage | undefined {
  const notice = readNotice(socket);
  if (notice === undefined || !isAlive(notice.pid)) return undefined;
  const { origin } = notice;
  try {
    const tokens = readTokens(tokensPath(socket));
    if (tokens !== undefined) return { url: `${origin}/?token=${tokens.owner}`, urlToRead: `${origin}/?token=${tokens.reader}` };
  } catch {
    // Not for us.
  }
  return { url: `${origin}/` };
}

function readNotice(socket: string): { readonly pid: number; readonly origin: string } | undefined {
  try {
    const { pid, origin } = JSON.parse(readFileSync(noticePath(socket), "utf8")) as { readonly pid?: unknown; readonly origin?: unknown };
    const isOrigin = typeof origin === "string" && /^http:\/\/[\w.:[\]-]+$/.test(origin);
    return Number.isSafeInteger(pid) && (pid as number) > 0 && isOrigin ? { pid: pid as number, origin } : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
