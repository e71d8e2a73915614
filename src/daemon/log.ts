import { writeSync } from "node:fs";
import pino, { type Logger } from "pino";

export type Log = Logger;

const LEVEL_NAMES: Readonly<Record<number, string>> = { 40: "warning: ", 50: "error: ", 60: "error: " };

/** To stderr: JSON lines for machines, else one plain sentence a line. Packets are traced, not logged. */
export function makeLog(json: boolean): Log {
  const options = { name: "tapsockd", level: "info" };
  if (json) return pino(options, pino.destination({ fd: 2, sync: true }));
  return pino(options, {
    write(line: string) {
      const { level, msg, ...rest } = JSON.parse(line) as { level: number; msg: string; client?: number; why?: string };
      const client = rest.client === undefined ? "" : ` (client ${rest.client})`;
      const why = rest.why === undefined ? "" : `: ${rest.why}`;
      writeLine(`tapsockd: ${LEVEL_NAMES[level] ?? ""}${msg}${client}${why}\n`);
    },
  });
}

function writeLine(line: string): void {
  try {
    writeSync(2, line);
  } catch {
    // Nobody listens to stderr any more.
  }
}
