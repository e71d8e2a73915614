/** The script is wrong: it cannot be read, or asks for what makes no sense. A fail of its own kind. */
export class ScriptError extends Error {
  override readonly name = "ScriptError";
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/** The script may be right, but asks for what this runner, or the stack, does not have. Thrown before anything runs; the script is skipped. */
export class UnsupportedScript extends Error {
  override readonly name = "UnsupportedScript";
  readonly line: number;

  /** @param construct what it is, such as `MSG_ZEROCOPY` */
  constructor(line: number, construct: string) {
    super(construct);
    this.line = line;
  }
}

/** Something happened otherwise than the script says. */
export class DrillMismatch extends Error {
  override readonly name = "DrillMismatch";
  readonly expected: string | undefined;
  readonly came: string | undefined;

  constructor(message: string, expected?: string, came?: string) {
    super(message);
    this.expected = expected;
    this.came = came;
  }
}
