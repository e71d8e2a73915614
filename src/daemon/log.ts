import pino, { type Logger } from "pino";
import { LogOutput } from "./log-output.ts";

export type Log = Logger;

const STDERR = 2;
const NAME = "tapsockd";
const WARNING = 40;
const LEVEL_NAMES: Readonly<Record<number, string>> = { 40: "warning: ", 50: "error: ", 60: "error: " };

/** To stderr: JSON lines for machines, else one plain sentence a line. Packets are traced, not logged. */
export function makeLog(json: boolean): Log {
  const options = { name: NAME, level: "info" };
  const lost = (count: number) => `${count} lines of the log were lost: nobody read them`;
  if (json) {
    const jsonLine = (msg: string) => `${JSON.stringify({ level: WARNING, time: Date.now(), pid: process.pid, name: NAME, msg })}\n`;
    return pino(options, new LogOutput(STDERR, (count) => jsonLine(lost(count))));
  }
  const output = new LogOutput(STDERR, (count) => `${NAME}: ${LEVEL_NAMES[WARNING]}${lost(count)}\n`);
  return pino(options, {
    write(line: string) {
      const { level, msg, ...rest } = JSON.parse(line) as { level: number; msg: string; client?: number; why?: string };
      const client = rest.client === undefined ? "" : ` (client ${rest.client})`;
      const why = rest.why === undefined ? "" : `: ${rest.why}`;
      output.write(`${NAME}: ${LEVEL_NAMES[level] ?? ""}${msg}${client}${why}\n`);
    },
  });
}
