import { lstatSync, mkdirSync, type Stats, unlinkSync } from "node:fs";
import { createConnection } from "node:net";
import { dirname } from "node:path";
import { getSystemErrorName } from "node:util";
import { listenAt } from "../tap/unix-socket.ts";

/** The socket could not be had: exit status 1. The message is one sentence with the remedy. */
export class ControlSocketError extends Error {
  override readonly name = "ControlSocketError";
}

/**
 * Listens on a Unix socket that only its owner may use. Takes the place of a dead daemon's socket, never of anything else.
 * @returns the listening descriptor, nonblocking
 * @throws ControlSocketError when another daemon listens there, something else lies there, or the place is not ours
 */
export async function listenOn(path: string): Promise<number> {
  makeDirectory(path);
  await removeStale(path);
  // The mode is right from the first moment on, and chmod would follow what somebody put in the socket's place.
  const umask = process.umask(0o177);
  try {
    const descriptor = listenAt(path);
    if (descriptor < 0) throw new ControlSocketError(`Cannot listen on ${path}: ${getSystemErrorName(descriptor)}`);
    return descriptor;
  } finally {
    process.umask(umask);
  }
}

/** Removes the socket, if it is one. */
export function removeSocket(path: string): void {
  try {
    if (lstatSync(path).isSocket()) unlinkSync(path);
  } catch {
    // Gone already.
  }
}

function makeDirectory(path: string): void {
  const directory = dirname(path);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o750 });
  } catch (error) {
    throw new ControlSocketError(`Cannot make the directory ${directory}: ${messageOf(error)}`);
  }
  // In a place that all may write to, somebody else could have made it first and would own what lies in it.
  const { uid } = lstatSync(directory);
  const ours = process.getuid?.() ?? 0;
  if (ours !== 0 && uid !== ours && uid !== 0) {
    throw new ControlSocketError(`Cannot listen in ${directory}: it belongs to somebody else; name another socket with --socket PATH`);
  }
}

async function removeStale(path: string): Promise<void> {
  let found: Stats;
  try {
    found = lstatSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw new ControlSocketError(`Cannot use ${path}: ${messageOf(error)}`);
  }
  if (!found.isSocket()) throw new ControlSocketError(`Cannot listen on ${path}: something else lies there; name another --socket`);
  if (found.uid !== process.getuid?.()) {
    throw new ControlSocketError(`Cannot listen on ${path}: that socket belongs to user ${found.uid}; name another --socket`);
  }
  if (await isAlive(path))
    throw new ControlSocketError(`Cannot listen on ${path}: another tapsockd runs there; stop it or name another --socket`);
  unlinkSync(path);
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createConnection({ path });
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "ECONNREFUSED" && error.code !== "ENOENT"));
  });
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
