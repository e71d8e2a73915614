import { captureOfRun } from "../../src/run/capture-of-run.ts";
import type { RunView } from "./run-view.ts";

/** Hands the run's file, as its source makes it, to the reader. */
export async function downloadRun(run: RunView): Promise<void> {
  const text = await run.request({ type: "save" });
  if (typeof text === "string") handOut(run, new Blob([text], { type: "application/x-ndjson" }), "tapsock-run");
}

/** Hands the frames of the run, with what the hosts made of them, to the reader, who has Wireshark. */
export function downloadCapture(run: RunView): void {
  const blocks = captureOfRun(run.header.peek(), run.timeline.events).map((block) => new Uint8Array(block));
  handOut(run, new Blob(blocks, { type: "application/x-pcapng" }), "pcapng");
}

function handOut(run: RunView, file: Blob, ending: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = url;
  link.download = `${run.header.peek().title.replaceAll(/[^\p{L}\p{N}]+/gu, "-") || "run"}.${ending}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
