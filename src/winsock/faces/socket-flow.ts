import type { SOCKET } from "../abi/structures.ts";
import type { HANDLE } from "./event-functions.ts";
import type { PortOfSocket } from "./packets-ahead.ts";

/** What a thread knows of the overlapped calls of one socket. */
export interface SocketFlow {
  /** Sends that had to ask the host, and are not over. */
  sends: number;
  /** The last receive brought much, and the next one is in the middle of a stream. */
  isStreaming: boolean;
  /** What the last receive brought, where it was all that was wanted: there is more. */
  whole: number;
  /** What the host told of the socket (`FENCE`); undefined where it may be otherwise by now. */
  facts: number | undefined;
  /** Where its packets go, if this thread has seen to it. */
  completion: PortOfSocket | undefined;
  /** As of `PacketNames.made`: while there are any, later calls may not be told of first. */
  readonly unseenSends: Set<number>;
  readonly unseenReceives: Set<number>;
}

/** Those of all sockets of which the thread makes overlapped calls. */
export class SocketFlows {
  readonly #flows = new Map<SOCKET, SocketFlow>();

  of(s: SOCKET): SocketFlow {
    let flow = this.#flows.get(s);
    if (flow === undefined) {
      const unseen = { unseenSends: new Set<number>(), unseenReceives: new Set<number>() };
      flow = { sends: 0, isStreaming: false, whole: 0, facts: undefined, completion: undefined, ...unseen };
      this.#flows.set(s, flow);
    }
    return flow;
  }

  /** The program changes what the host told of the socket. */
  forgetFacts(s: SOCKET): void {
    const flow = this.#flows.get(s);
    if (flow !== undefined) flow.facts = undefined;
  }

  /** Others may have changed what the host told of any. */
  forgetAllFacts(): void {
    for (const flow of this.#flows.values()) flow.facts = undefined;
  }

  /** The socket has got a port, by this thread. */
  associated(s: SOCKET, completion: PortOfSocket): void {
    this.of(s).completion = completion;
  }

  /** A handle is closed that may have been a port's. */
  forgetPort(port: HANDLE): void {
    for (const flow of this.#flows.values()) if (flow.completion?.port === port) flow.completion = undefined;
  }

  /** The socket is closed. */
  drop(s: SOCKET): void {
    this.#flows.delete(s);
  }

  /** Every socket is. */
  clear(): void {
    this.#flows.clear();
  }
}
