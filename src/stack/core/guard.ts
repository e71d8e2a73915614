import type { HostContext } from "./context.ts";

/** Does what may trip over a mistake of ours or of a user's: it is told, and costs no more than what was done here. @returns whether it went well */
export function guarded(context: HostContext, act: () => void): boolean {
  try {
    act();
    return true;
  } catch (error) {
    context.mistake(error);
    return false;
  }
}
