/** What happened, as it is drawn beside a failure. */
export interface DrillNote {
  /** Microseconds from the beginning of the script. */
  readonly us: number;
  /** Of the script; 0 for what it has no line for. */
  readonly line: number;
  readonly kind: "call" | "in" | "out" | "other";
  readonly text: string;
}

const TIME_WIDTH = 10;
const LINE_WIDTH = 5;
const CALL_WIDTH = 44;

/**
 * The last things that happened, one a line: calls at the left, packets as arrows between the host and the script.
 * @param shown how many
 */
export function drawNotes(notes: readonly DrillNote[], shown: number): string[] {
  // A packet may have left long before a line asked for it.
  const drawn = withoutRuns([...notes].sort((a, b) => a.us - b.us)).slice(-shown);
  if (drawn.length === 0) return [];
  const head = `${"time".padStart(TIME_WIDTH)} ${"line".padStart(LINE_WIDTH)}  ${"calls".padEnd(CALL_WIDTH)} host   script`;
  return [head, ...drawn.map(noteLine)];
}

/** Of many packets that one line took, the first and the last are enough. */
function withoutRuns(notes: readonly DrillNote[]): DrillNote[] {
  const kept: DrillNote[] = [];
  let run: DrillNote[] = [];
  const close = (): void => {
    const [first, second, ...rest] = run;
    if (rest.length === 0) kept.push(...run);
    else kept.push(first!, { ...second!, kind: "other", text: `${"".padEnd(CALL_WIDTH)}  … ${rest.length} more` }, rest.at(-1)!);
    run = [];
  };
  for (const note of notes) {
    const before = run.at(-1);
    if (before !== undefined && (note.kind !== "out" || note.line !== before.line || note.us !== before.us)) close();
    if (note.kind === "out") run.push(note);
    else kept.push(note);
  }
  close();
  return kept;
}

function noteLine({ us, line, kind, text }: DrillNote): string {
  const begin = `${(us / 1e6).toFixed(6).padStart(TIME_WIDTH)} ${(line === 0 ? "" : String(line)).padStart(LINE_WIDTH)}  `;
  switch (kind) {
    case "call":
      return `${begin}${text}`;
    case "in":
      return `${begin}${"".padEnd(CALL_WIDTH)} │◀────│ ${text.replace(/^< ?/, "")}`;
    case "out":
      return `${begin}${"".padEnd(CALL_WIDTH)} │────▶│ ${text.replace(/^> ?/, "")}`;
    case "other":
      return `${begin}${text}`;
  }
}
