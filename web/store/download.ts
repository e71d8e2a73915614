import type { RunView } from "./run-view.ts";

/** Hands the run's file, as its source makes it, to the reader. */
export async function downloadRun(run: RunView): Promise<void> {
  const text = await run.request({ type: "save" });
  if (typeof text !== "string") return;
  const url = URL.createObjectURL(new Blob([text], { type: "application/x-ndjson" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${run.header.peek().title.replaceAll(/[^\p{L}\p{N}]+/gu, "-") || "run"}.tapsock-run`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
