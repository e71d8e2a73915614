/**
 * What a recorded run does, frame by frame: the run is made again, without a device and in no time.
 *
 *   tapsockd --tap tap0 --record run.recording        # or a network of your own: tap:tap0?ip=…&record=run.recording
 *   node dist/examples/replay.js run.recording
 */
import { readFileSync } from "node:fs";
import { describeFrame } from "tapsock";
import { RecordingError, Replay, ReplayError } from "tapsock/network";

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error("Usage: node dist/examples/replay.js FILE");
  process.exit(2);
}
try {
  const replay = new Replay(readFileSync(file));
  const startMs = replay.host.context.now;
  replay.host.trace.observe((event) => {
    const at = `${(event.atMs - startMs).toFixed(3).padStart(12)} ms`;
    if (event.type === "frame") {
      console.log(`${at}  ${event.direction.padEnd(3)}  ${describeFrame(event.bytes, 0, event.bytes.length).summary}`);
    } else if (event.type === "winsock-called" || event.type === "winsock-returned") {
      console.log(`${at}  ${event.type === "winsock-called" ? "" : "→ "}${event.text}`);
    } else if (event.type === "state-changed") {
      console.log(`${at}       ${event.connection}: ${event.from} → ${event.to}`);
    }
  });
  replay.run();
  if (!replay.recording.isWhole) console.log("Here the recording stops; the recorded host went on.");
} catch (error) {
  if (!(error instanceof RecordingError || error instanceof ReplayError)) throw error;
  console.error(error.message);
  process.exit(1);
}
