/** Ends a command in order when the user has had enough: aborted at the first SIGINT, SIGTERM or SIGHUP; a second one ends the process at once. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => controller.abort());
  }
  return controller.signal;
}

/** Resolves when aborted, or after `limitMs` if that is given. */
export function untilAborted(signal: AbortSignal, limitMs?: number): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    // The timer also keeps the process alive, which waiting for a signal alone would not.
    const timer = limitMs === undefined ? setInterval(() => {}, 1 << 30) : setTimeout(done, limitMs);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}
