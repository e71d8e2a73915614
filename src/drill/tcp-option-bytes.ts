import type { ScriptTcpOption } from "./script.ts";

/** Bytes that an option takes in a header. */
export function scriptOptionBytes(option: ScriptTcpOption): number {
  switch (option.kind) {
    case "nop":
    case "eol":
      return 1;
    case "sackOK":
      return 2;
    case "wscale":
      return 3;
    case "mss":
      return 4;
    case "TS":
      return 10;
    case "sack":
      return 2 + 8 * option.blocks.length;
    case "FO":
    case "md5":
      return 2 + option.hex.length / 2;
    case "FOEXP":
      return 4 + option.hex.length / 2;
    case "ECN":
      return 2 + 3 * option.counters.length;
  }
}
