import { FALSE, TRUE } from "../abi/constants.ts";
import { WSAEFAULT, WSAEINVAL, WSAEOPNOTSUPP, WSANOTINITIALISED } from "../abi/errors.ts";
import type { FaceCore } from "./event-functions.ts";

/** Runs again and again while a blocking call waits, as long as it returns other than FALSE; then after a while. */
export type BlockingHook = () => number | boolean | undefined;

/** Winsock 1.1's functions, which exist in a 1.x process only; in one of 2.x they fail with WSAEOPNOTSUPP. */
export interface HookFunctions {
  WSASetBlockingHook(lpBlockFunc: BlockingHook | null): BlockingHook | null;
  WSAUnhookBlockingHook(): number;
  WSAIsBlocking(): number;
  WSACancelBlockingCall(): number;
}

/** The blocking hook of one thread (Microsoft, "WSASetBlockingHook function", in the documents of Winsock 1.1). */
export class BlockingHooks {
  /** A start-up with version 1.x is in force. */
  isLegacy = false;
  readonly #theirs: BlockingHook;
  #hook: BlockingHook;
  #isRunning = false;
  #isCancelled = false;

  /** @param whileWaiting what runs where the program has set nothing else: it dispatches one message */
  constructor(whileWaiting: BlockingHook) {
    this.#theirs = whileWaiting;
    this.#hook = whileWaiting;
  }

  /** Within the hook no call is legal but WSAIsBlocking and WSACancelBlockingCall. */
  get isRunning(): boolean {
    return this.#isRunning && this.#hook !== this.#theirs;
  }

  /** A blocking call waits, and this is called in the middle of it. */
  get isBlocking(): boolean {
    return this.#isRunning;
  }

  /** Runs the hook until it has nothing more to do. @returns whether the call is to be cancelled */
  run(): boolean {
    this.#isCancelled = false;
    this.#isRunning = true;
    try {
      while (!this.#isCancelled && this.#hook());
    } finally {
      this.#isRunning = false;
    }
    return this.#isCancelled;
  }

  set(hook: BlockingHook): BlockingHook {
    const before = this.#hook;
    this.#hook = hook;
    return before;
  }

  unhook(): void {
    this.#hook = this.#theirs;
  }

  cancel(): void {
    this.#isCancelled = true;
  }
}

/** @param isStarted Winsock is in use */
export function hookFunctions(
  hooks: BlockingHooks,
  isStarted: () => boolean,
  { fail, setLastError }: Pick<FaceCore, "fail"> & { setLastError(error: number): void },
): HookFunctions {
  /** @returns the code for a program that may not call these; 0 for one that may */
  const refusal = (): number => {
    if (!isStarted()) return WSANOTINITIALISED;
    return hooks.isLegacy ? 0 : WSAEOPNOTSUPP;
  };

  return {
    WSASetBlockingHook(lpBlockFunc) {
      const error = refusal() || (typeof lpBlockFunc === "function" ? 0 : WSAEFAULT);
      setLastError(error);
      return error === 0 ? hooks.set(lpBlockFunc!) : null;
    },

    WSAUnhookBlockingHook() {
      const error = refusal();
      if (error !== 0) return fail(error);
      hooks.unhook();
      setLastError(0);
      return 0;
    },

    WSAIsBlocking: () => (hooks.isLegacy && hooks.isBlocking ? TRUE : FALSE),

    WSACancelBlockingCall() {
      const error = refusal() || (hooks.isBlocking ? 0 : WSAEINVAL);
      if (error !== 0) return fail(error);
      hooks.cancel();
      setLastError(0);
      return 0;
    },
  };
}
