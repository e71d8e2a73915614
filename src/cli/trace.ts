import { Command } from "commander";
import { Ladder } from "../lab/ladder.ts";
import { styleFor } from "../lab/text-style.ts";
import { eventOf, followTrace } from "../lab/trace-stream.ts";
import { address, duration } from "./arguments.ts";
import { CommandFailure } from "./failure.ts";
import { interruption, untilAborted } from "./interruption.ts";
import { type NetworkOptions, networkOption, withNetwork } from "./network.ts";
import { complain, print, printJson } from "./output.ts";

interface TraceOptions extends NetworkOptions {
  readonly peer?: string;
  readonly detailed?: boolean;
  readonly for?: number;
  readonly json?: boolean;
}

/** A call is drawn alone when its return has not come within this time. */
const PAUSE_MS = 50;

export function traceCommand(): Command {
  return new Command("trace")
    .summary("watch a host: every call, segment, state and timer, as a ladder or JSON lines")
    .description("Shows what happens on a host while it happens, until Ctrl-C.")
    .option("--peer <address>", "only what passes between the host and this address, and the calls", address)
    .option("--detailed", "round-trip samples, congestion window, neighbours, idle polls and alarms of infrared too")
    .option("--for <time>", "end after this time", duration)
    .option("--json", "one JSON object for each event; frames in base64")
    .addOption(networkOption())
    .addHelpText(
      "after",
      "\nExamples:\n  tapsock trace\n  tapsock trace --peer 203.0.113.1 --for 10s\n  tapsock trace --json | jq -c 'select(.type == \"state-changed\")'",
    )
    .action(async (options: TraceOptions) => {
      const stop = new AbortController();
      interruption().addEventListener("abort", () => stop.abort());
      const ladder = new Ladder({
        write: print,
        style: styleFor(process.stdout, process.env),
        width: process.stdout.columns,
        detailed: options.detailed === true,
        ...(options.peer === undefined ? {} : { peer: options.peer }),
      });
      const pauses = setInterval(() => ladder.pause(), PAUSE_MS);
      try {
        await withNetwork(options.network, async (port) => {
          let downReason: string | undefined;
          port.onDown = (why) => {
            downReason = why;
            stop.abort();
          };
          const end = await followTrace(port, (record, lost) => {
            if (lost > 0) complain(`${lost} events were lost: this reader is too slow`);
            if (options.json) printJson(record);
            else ladder.event(eventOf(record));
          });
          await untilAborted(stop.signal, options.for);
          if (downReason !== undefined) throw new CommandFailure(`The network is gone: ${downReason}.`);
          await end();
        });
      } finally {
        clearInterval(pauses);
        ladder.pause();
      }
    });
}
