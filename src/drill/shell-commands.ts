import type { ShellText } from "./script.ts";
import { UnsupportedScript } from "./script-error.ts";
import { isIgnoredSysctl, isKnownSysctl } from "./sysctl.ts";

/** What a back-quoted text does to the host; there is no shell. */
export type DrillCommand =
  | { readonly kind: "defaults" }
  | { readonly kind: "sysctl"; readonly key: string; readonly value: string }
  | { readonly kind: "flush-metrics" }
  | { readonly kind: "queue"; readonly dropsAll: boolean };

/**
 * Reads a back-quoted text.
 * @throws UnsupportedScript for any command beyond the few that scripts share
 */
export function parseCommands({ line, text }: ShellText): DrillCommand[] {
  const simple = text
    .replace(/\\\r?\n/g, " ")
    .replace(/(^|\s)#[^\n]*/g, "$1")
    .replace(/(?:&>|\d?>&?)\s*(?:\/dev\/null|\d)/g, " ")
    .split(/\n|;|&&|\|\|/)
    .map((one) => one.trim())
    .filter((one) => one !== "");
  return simple.flatMap((one) => parseCommand(one, line));
}

function parseCommand(text: string, line: number): DrillCommand[] {
  const words = wordsOf(text);
  const [program = "", ...args] = words;
  const refused = (): UnsupportedScript => new UnsupportedScript(line, `command \`${text}\``);
  if (program.endsWith("/defaults.sh") || program === "defaults.sh") return [{ kind: "defaults" }];
  if (program === "sysctl" || program.endsWith("/set_sysctls.py")) {
    return args.filter((arg) => !/^-[eqw]+$/.test(arg)).flatMap((arg) => sysctlOf(arg, line));
  }
  // Undoes for other scripts what this one has set: here every script has a host of its own.
  if (/^\/tmp\/sysctl_restore_/.test(program)) return [];
  if (/^ip tcp_metrics flush/.test(words.join(" "))) return [{ kind: "flush-metrics" }];
  // Without segmentation offload there is none to switch off.
  if (program === "ethtool" && args.every((arg) => /^(?:-K|tun0|tso|gso|gro|on|off)$/.test(arg))) return [];
  if (program === "tc" && args[0] === "qdisc") return queueOf(args, refused);
  if (program === "echo" && args[1] === ">" && args[2] === "/sys/module/tcp_cubic/parameters/hystart_detect") {
    return [{ kind: "sysctl", key: "hystart_detect", value: args[0] ?? "" }];
  }
  if (program === "nstat" && args.every((arg) => /^-[ns]$/.test(arg))) return [];
  throw refused();
}

/** A queue that takes nothing loses every packet; the others hand on what they get. */
function queueOf(args: readonly string[], refused: () => UnsupportedScript): DrillCommand[] {
  const words = args.filter((arg) => !["dev", "tun0", "root", "qdisc"].includes(arg));
  const [verb, kind, ...rest] = words;
  if (verb === "delete" || verb === "del") return [{ kind: "queue", dropsAll: false }];
  if (kind !== "pfifo" && kind !== "fq" && kind !== "fq_codel") throw refused();
  if (rest.length === 0) return [{ kind: "queue", dropsAll: false }];
  if (kind === "pfifo" && rest[0] === "limit" && rest.length === 2) return [{ kind: "queue", dropsAll: rest[1] === "0" }];
  throw refused();
}

function sysctlOf(assignment: string, line: number): DrillCommand[] {
  const [path = "", value] = assignment.split(/=(.*)/s);
  const key = path
    .replace(/^\/proc\/sys\//, "")
    .replaceAll("/", ".")
    .replace(/^net\.ipv[46]\./, "");
  if (value === undefined) throw new UnsupportedScript(line, `sysctl "${assignment}"`);
  if (isIgnoredSysctl(key)) return [];
  if (!isKnownSysctl(key, value)) throw new UnsupportedScript(line, `sysctl ${key}=${value}`);
  return [{ kind: "sysctl", key, value }];
}

/** Words with their quotes taken off. */
const wordsOf = (text: string): string[] => (text.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? []).map((word) => word.replace(/["']/g, ""));
