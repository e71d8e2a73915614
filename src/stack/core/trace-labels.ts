import type { TraceEvent } from "./trace.ts";

/** Labels of one kind that are kept: what an event that was lost has closed must not stay for ever, so the oldest goes. */
const MAX_LABELS = 65_536;

/**
 * What the ids in a trace stand for, for a subscriber that shows them. It is to be shown every event before anything is asked about it;
 * what an event closes is known until the next one.
 */
export class TraceLabels {
  readonly #connections = new Map<number, string>();
  readonly #sockets = new Map<number, string>();
  readonly #calls = new Map<string, string>();
  #forgetClosed: (() => void) | undefined;

  note(event: TraceEvent): void {
    this.#forgetClosed?.();
    this.#forgetClosed = undefined;
    switch (event.type) {
      case "connection-opened":
        keep(this.#connections, event.connection, event.label);
        break;
      case "connection-closed":
        this.#forgetClosed = () => this.#connections.delete(event.connection);
        break;
      case "socket-opened":
        keep(this.#sockets, event.socket, event.label);
        break;
      case "socket-closed":
        this.#forgetClosed = () => this.#sockets.delete(event.socket);
        break;
      case "winsock-called":
        keep(this.#calls, callKey(event), event.name);
        break;
      case "winsock-returned":
        this.#forgetClosed = () => this.#calls.delete(callKey(event));
        break;
      default:
    }
  }

  /** `203.0.113.2:49152 – 203.0.113.1:80`, or `connection 7` when the event that named it was lost. */
  connection(id: number): string {
    return this.#connections.get(id) ?? `connection ${id}`;
  }

  /** `stream socket 4 of program 1`, or `socket 9`. */
  socket(id: number): string {
    return this.#sockets.get(id) ?? `socket ${id}`;
  }

  /** The C function's name, or `call 12`. */
  call(of: { readonly client: number; readonly call: number }): string {
    return this.#calls.get(callKey(of)) ?? `call ${of.call}`;
  }
}

/** One text for a call: programs number theirs apart. */
export const callKey = ({ client, call }: { readonly client: number; readonly call: number }): string => `${client}/${call}`;

function keep<Key>(labels: Map<Key, string>, key: Key, label: string): void {
  labels.set(key, label);
  if (labels.size <= MAX_LABELS) return;
  for (const oldest of labels.keys()) {
    labels.delete(oldest);
    return;
  }
}
