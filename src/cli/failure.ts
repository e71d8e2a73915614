/** A command could not do what it was asked; exit status 1. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
  /** One thing that the user can do about it. */
  readonly remedy: string | undefined;

  /** @param message one sentence that names the cause */
  constructor(message: string, remedy?: string) {
    super(message);
    this.remedy = remedy;
  }
}

/** The command line itself was wrong in a way that commander cannot know; exit status 2. */
export class UsageFailure extends Error {
  override readonly name = "UsageFailure";
}

/** The user ended the command before it had its result; exit status 130, as a shell reports SIGINT. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}
