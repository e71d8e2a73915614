import { once } from "node:events";
import { createWriteStream, statSync, truncateSync, type WriteStream } from "node:fs";
import { Command } from "commander";
import { manage } from "../management/manage.ts";
import { duration, wholeNumber } from "./arguments.ts";
import { CommandFailure, UsageFailure } from "./failure.ts";
import { interruption, untilAborted } from "./interruption.ts";
import { type NetworkOptions, networkOption, withNetwork } from "./network.ts";
import { complain, printJson } from "./output.ts";

interface CaptureCommandOptions extends NetworkOptions {
  readonly for?: number;
  readonly snap: number;
  readonly json?: boolean;
}

/** What may wait for a slow disk; with more the frames that come are lost, and counted. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

export function captureCommand(): Command {
  return new Command("capture")
    .summary("write every frame to a pcapng file for Wireshark")
    .description(
      "Writes the frames of a host, those of its infrared device among them, with drop reasons and Winsock verdicts as packet comments, until Ctrl-C.",
    )
    .argument("<file>", "pcapng file to write, or - for stdout")
    .option("--for <time>", "end after this time", duration)
    .option("--snap <bytes>", "keep only so much of each frame; 0 for all", wholeNumber, 0)
    .option("--json", "end with the counts as one JSON object")
    .addOption(networkOption())
    .addHelpText(
      "after",
      "\nExamples:\n  tapsock capture connect.pcapng\n  tapsock capture connect.pcapng --for 30s\n  tapsock capture - | tshark -r - -V",
    )
    .action(async (file: string, options: CaptureCommandOptions) => {
      if (file === "-" && options.json) throw new UsageFailure("--json and the file '-' both want stdout; name a file");
      const stop = new AbortController();
      interruption().addEventListener("abort", () => stop.abort());
      const counts = await withNetwork(options.network, async (port) => {
        const target = await openTarget(file);
        let writeFailure: string | undefined;
        /** Every event is a whole block. */
        let wholeBytes = 0;
        let dropped = 0;
        target.on("error", (error) => {
          writeFailure ??= error.message;
          stop.abort();
        });
        let downReason: string | undefined;
        port.onDown = (why) => {
          downReason = why;
          stop.abort();
        };
        port.onEvent = (_subscription, _count, data) => {
          if (writeFailure !== undefined) return;
          // Without its first blocks no file can be read; they come before anything can wait.
          if (target.writableLength > MAX_WAITING_BYTES) {
            dropped++;
            return;
          }
          target.write(data, (error) => {
            if (error === null || error === undefined) wholeBytes += data.length;
          });
        };
        const { subscription } = await manage(port, { op: "capture-start", snapLength: options.snap });
        if (file !== "-") complain(`Writing frames to ${file}; end with Ctrl-C.`);
        await untilAborted(stop.signal, options.for);
        const result = downReason === undefined ? await manage(port, { op: "capture-stop", subscription }) : undefined;
        if (target !== process.stdout) await new Promise<void>((resolve) => target.end(() => resolve()));
        if (writeFailure !== undefined) {
          cutBack(file, wholeBytes);
          throw new CommandFailure(`Cannot write ${file}: ${writeFailure}.`, "What was captured until then is in the file.");
        }
        if (downReason !== undefined)
          throw new CommandFailure(`The network is gone: ${downReason}.`, "What was captured until then is in the file.");
        return result === undefined ? undefined : { sent: result.sent - dropped, lost: result.lost + dropped };
      });
      if (options.json) printJson({ file, ...counts });
      else if (file !== "-") complain(`${file}: ${counts?.sent ?? 0} blocks written, ${counts?.lost ?? 0} lost`);
    });
}

/** A disk that was full has cut a block in two. */
function cutBack(file: string, wholeBytes: number): void {
  try {
    if (file !== "-" && statSync(file).isFile()) truncateSync(file, wholeBytes);
  } catch {
    // The file is gone, or somebody else's by now.
  }
}

async function openTarget(file: string): Promise<WriteStream | NodeJS.WriteStream> {
  if (file === "-") return process.stdout;
  const target = createWriteStream(file);
  try {
    await once(target, "open");
  } catch (error) {
    throw new CommandFailure(`Cannot write ${file}: ${(error as Error).message}.`);
  }
  return target;
}
