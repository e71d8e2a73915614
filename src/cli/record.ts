import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { Command } from "commander";
import { LiveEvents, liveHeader } from "../live/live-events.ts";
import { type FeedRecord, readFeedRecord } from "../management/host-feed.ts";
import { manage } from "../management/manage.ts";
import { runHeaderLine } from "../run/run-file.ts";
import { duration, wholeNumber } from "./arguments.ts";
import { CommandFailure, UsageFailure } from "./failure.ts";
import { interruption, untilAborted } from "./interruption.ts";
import { type NetworkOptions, networkOption, withNetwork } from "./network.ts";
import { complain, printJson } from "./output.ts";

interface RecordOptions extends NetworkOptions {
  readonly duration?: number;
  readonly snap: number;
  readonly json?: boolean;
}

/** What may wait for a slow disk; with more the events that come are lost, and counted. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** More than the page wants: a file is looked at later, and slowly. */
const EVENTS_PER_SECOND = 20_000;

export function recordCommand(): Command {
  return new Command("record")
    .summary("write what happens on a host to a file, for the page or a replay")
    .description(
      "Writes the trace of a host as a run file, JSON Lines, until Ctrl-C: calls, segments, states and timers. The lab's page and tapsock replay show it. A host that is too busy for that is summed up.",
    )
    .argument("<file>", "run file to write, or - for stdout")
    .option("--duration <time>", "end after this time", duration)
    .option("--snap <bytes>", "keep only so much of each frame; 0 for all", wholeNumber, 256)
    .option("--json", "end with the counts as one JSON object")
    .addOption(networkOption())
    .addHelpText(
      "after",
      "\nExamples:\n  tapsock record connect.tapsock\n  tapsock record connect.tapsock --duration 30s\n  tapsock record - --duration 5s | jq -c 'select(.type == \"state-changed\")'",
    )
    .action(async (file: string, options: RecordOptions) => {
      if (file === "-" && options.json) throw new UsageFailure("--json and the file '-' both want stdout; name a file");
      const stop = new AbortController();
      interruption().addEventListener("abort", () => stop.abort());
      const counts = await withNetwork(options.network, async (port) => {
        const target = await openTarget(file);
        let failure: string | undefined;
        let downReason: string | undefined;
        const written = { events: 0, lost: 0, leftOut: 0 };
        target.on("error", (error) => {
          failure ??= error.message;
          stop.abort();
        });
        port.onDown = (why) => {
          downReason = why;
          stop.abort();
        };
        const write = (line: string): void => {
          if (failure === undefined) target.write(line);
        };
        let expected = 0;
        let events: LiveEvents | undefined;
        const early: FeedRecord[] = [];
        const take = (record: FeedRecord): void => {
          if (events === undefined) {
            early.push(record);
            return;
          }
          if (target.writableLength > MAX_WAITING_BYTES) {
            written.lost++;
            return;
          }
          if (record.type === "left-out") written.leftOut += record.events;
          else written.events++;
          write(`${JSON.stringify(events.of(record))}\n`);
        };
        port.onEvent = (_subscription, count, data) => {
          written.lost += count - expected;
          expected = count + 1;
          take(readFeedRecord(data));
        };
        const status = await manage(port, { op: "status" });
        const { nowMs, subscription } = await manage(port, {
          op: "feed-start",
          snapLength: options.snap,
          eventsPerSecond: EVENTS_PER_SECOND,
        });
        write(runHeaderLine(liveHeader(status)));
        events = new LiveEvents(nowMs);
        for (const record of early.splice(0)) take(record);
        if (file !== "-") complain(`Writing the run to ${file}; end with Ctrl-C.`);
        await untilAborted(stop.signal, options.duration);
        if (downReason === undefined && failure === undefined) await manage(port, { op: "feed-stop", subscription });
        if (target !== process.stdout) await new Promise<void>((resolve) => target.end(() => resolve()));
        if (failure !== undefined)
          throw new CommandFailure(`Cannot write ${file}: ${failure}.`, "What was written until then is in the file.");
        if (downReason !== undefined)
          throw new CommandFailure(`The network is gone: ${downReason}.`, "What happened until then is in the file.");
        return written;
      });
      if (options.json) printJson({ file, ...counts });
      else if (file !== "-") complain(`${file}: ${counts.events} events written, ${counts.leftOut} summed up, ${counts.lost} lost`);
    });
}

async function openTarget(file: string): Promise<WriteStream | NodeJS.WriteStream> {
  if (file === "-") return process.stdout;
  // It tells what programs send and receive.
  const target = createWriteStream(file, { mode: 0o600 });
  try {
    await once(target, "open");
  } catch (error) {
    throw new CommandFailure(`Cannot write ${file}: ${(error as Error).message}.`);
  }
  return target;
}
