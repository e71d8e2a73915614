import { FALSE, FD_CONNECT, FD_MAX_EVENTS, FD_WRITE, SOCK_STREAM, TRUE } from "../abi/constants.ts";
import { ERROR_ACCESS_DENIED, ERROR_INVALID_WINDOW_HANDLE, ERROR_NOT_ENOUGH_QUOTA, WSAEINVAL, WSAEMFILE } from "../abi/errors.ts";
import { MessageWindow, type WindowMessage } from "./message-window.ts";
import type { EventSink } from "./network-events.ts";
import { type Answer, DONE, failed, type Outcome, succeeded } from "./outcome.ts";
import type { Process } from "./process.ts";
import type { Socket } from "./socket.ts";
import type { Caller } from "./thread.ts";

/** Windows that get messages, and WSAAsyncSelect, which posts them. */

const refused = (error: number): Outcome => ({ result: FALSE, error });

/** Result: the window, which is the calling thread's. */
export function createWindow({ process, thread }: Caller): Outcome {
  if (!process.hasRoom) return refused(WSAEMFILE);
  return succeeded(process.open(new MessageWindow(thread.messages)));
}

/** Only the thread that made a window may destroy it (Microsoft, "DestroyWindow function"). */
export function destroyWindow({ process, thread, handle }: Caller): Outcome {
  const window = process.window(handle);
  if (window === undefined) return refused(ERROR_INVALID_WINDOW_HANDLE);
  if (window.queue !== thread.messages) return refused(ERROR_ACCESS_DENIED);
  window.queue.forget(handle);
  if (process.close(handle)) window.abort();
  return succeeded(TRUE);
}

export function postMessage({ process, handle }: Caller, message: number, wParam: number, lParam: number): Outcome {
  const window = process.window(handle);
  if (window === undefined) return refused(ERROR_INVALID_WINDOW_HANDLE);
  return window.queue.post({ hwnd: handle, message, wParam, lParam }) ? succeeded(TRUE) : refused(ERROR_NOT_ENOUGH_QUOTA);
}

/** PeekMessage. Result: BOOL; reply data: hwnd, message, wParam and lParam, each a little-endian f64. */
export function peekMessage({ thread, handle }: Caller, first: number, last: number, isTaken: boolean): Outcome {
  return told(thread.messages.next(handle, first, last, isTaken)) ?? succeeded(FALSE);
}

/** GetMessage, which waits. */
export function getMessage({ process, thread, handle }: Caller, first: number, last: number): Answer {
  if (handle !== 0 && process.window(handle) === undefined) return failed(ERROR_INVALID_WINDOW_HANDLE);
  const attempt = (): Outcome | undefined => told(thread.messages.next(handle, first, last, true));
  return attempt() ?? { on: [thread.messages], attempt, timeoutMs: Number.POSITIVE_INFINITY, timedOut: () => succeeded(FALSE) };
}

/** WSAAsyncSelect: the socket is nonblocking from here on. */
export function selectMessages({ process, handle }: Caller, socket: Socket, hwnd: number, message: number, mask: number): Outcome {
  const window = mask === 0 ? undefined : process.window(hwnd);
  if (mask !== 0 && window === undefined) return failed(WSAEINVAL);
  socket.isNonblocking = true;
  // A datagram socket may be written to though it is not bound, and only a window is told so (Wine's test write_events).
  const conditions = socket.conditions | (socket.type !== SOCK_STREAM ? FD_WRITE : 0);
  socket.events.select(window && new MessagePoster(process, window, hwnd, message, handle), mask, conditions);
  return DONE;
}

class MessagePoster implements EventSink {
  readonly takesMessages = true;
  readonly #process: Process;
  readonly #window: MessageWindow;
  readonly #hwnd: number;
  readonly #message: number;
  readonly #socket: number;

  constructor(process: Process, window: MessageWindow, hwnd: number, message: number, socket: number) {
    this.#process = process;
    this.#window = window;
    this.#hwnd = hwnd;
    this.#message = message;
    this.#socket = socket;
  }

  tell(bits: number, errorOf: (bit: number) => number): void {
    // What a connect came to is told before what it makes possible.
    if ((bits & FD_CONNECT) !== 0) this.#post(FD_CONNECT, errorOf(FD_CONNECT));
    for (let i = 0; i < FD_MAX_EVENTS; i++) {
      const bit = 1 << i;
      if ((bits & bit) !== 0 && bit !== FD_CONNECT) this.#post(bit, errorOf(bit));
    }
  }

  ofSocket(handle: number): EventSink {
    return new MessagePoster(this.#process, this.#window, this.#hwnd, this.#message, handle);
  }

  /** WSAMAKESELECTREPLY: the event in the lower half, its code in the upper. */
  #post(bit: number, error: number): void {
    if (this.#window.isGone) return;
    this.#window.queue.post({ hwnd: this.#hwnd, message: this.#message, wParam: this.#socket, lParam: bit | (error << 16) });
  }
}

function told(message: WindowMessage | undefined): Outcome | undefined {
  if (message === undefined) return undefined;
  const { hwnd, message: number, wParam, lParam } = message;
  return { result: TRUE, error: 0, data: new Uint8Array(Float64Array.of(hwnd, number, wParam, lParam).buffer) };
}
