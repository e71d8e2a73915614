import { execFileSync } from "node:child_process";
import { accessSync, closeSync, constants, existsSync, openSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { delimiter, join } from "node:path";
import type { MachineFacts } from "./diagnosis.ts";

/** Bit of CAP_NET_ADMIN in a capability set, capabilities(7). */
const CAP_NET_ADMIN = 12n;
/** What a checkout has, and an installed package has not. */
const TESTS = new URL("../../test", import.meta.url);
const START_SCRIPT = new URL("../../scripts/start", import.meta.url);
const PROBE_TIMEOUT_MS = 2000;

/** Looks around on this machine. Makes a namespace for a moment, and connects to the daemon's socket without asking it anything. */
export async function machineFacts(socketPath: string): Promise<MachineFacts> {
  return {
    platform: process.platform,
    nodeVersion: process.versions.node,
    koffiTrouble: koffiTrouble(),
    tunDevice: tunDevice(),
    // A container may grant the capability and still no namespace, for which Linux wants CAP_SYS_ADMIN.
    hasNetAdmin: hasNetAdmin() && succeeds("unshare", ["--net", "true"]),
    hasUserNamespaces: succeeds("unshare", ["--user", "--map-root-user", "--net", "true"]),
    hasIpCommand: isOnPath("ip"),
    hasTshark: isOnPath("tshark"),
    hasRawSocket: existsSync(TESTS) ? canRequire("raw-socket") : undefined,
    isCheckout: isCheckout(),
    socketPath,
    daemon: await daemonState(socketPath),
  };
}

/** Whether `scripts/start` is there to be named. */
export const isCheckout = (): boolean => existsSync(START_SCRIPT);

function koffiTrouble(): string | undefined {
  try {
    createRequire(import.meta.url)("koffi");
    return undefined;
  } catch (error) {
    return (error as Error).message.split("\n")[0];
  }
}

function canRequire(name: string): boolean {
  try {
    createRequire(import.meta.url)(name);
    return true;
  } catch {
    return false;
  }
}

function tunDevice(): MachineFacts["tunDevice"] {
  try {
    closeSync(openSync("/dev/net/tun", constants.O_RDWR));
    return "usable";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "EACCES" || code === "EPERM" ? "forbidden" : "missing";
  }
}

function hasNetAdmin(): boolean {
  try {
    const hex = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    return hex !== undefined && ((BigInt(`0x${hex}`) >> CAP_NET_ADMIN) & 1n) === 1n;
  } catch {
    return false;
  }
}

function succeeds(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: "ignore", timeout: PROBE_TIMEOUT_MS });
    return true;
  } catch {
    return false;
  }
}

function isOnPath(command: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    const path = join(folder, command);
    try {
      accessSync(path, constants.X_OK);
      return statSync(path).isFile();
    } catch {
      return false;
    }
  });
}

/** Whether somebody takes connections at a Unix socket. */
export function daemonState(path: string): Promise<MachineFacts["daemon"]> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.setTimeout(PROBE_TIMEOUT_MS, () => {
      socket.destroy();
      resolve("dead");
    });
    socket.once("connect", () => {
      socket.destroy();
      resolve("answers");
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ENOTDIR") resolve("absent");
      else resolve(error.code === "EACCES" || error.code === "EPERM" ? "forbidden" : "dead");
    });
  });
}
