import { CALL } from "../winsock/provider/calls.ts";
import type { Message } from "./message.ts";

/** The way of one thread's requests to the host, as it concerns the other threads of its program. */
export interface ThreadRoad {
  /** Something that the thread asked before may lie here, and is taken some time without further ado. */
  readonly mayHoldRequests: boolean;
  /** Set while another thread waits for what lies here; the road clears it when it has found itself empty. */
  isAwaited: boolean;
}

/**
 * Which roads belong to one program, so that one thread's request can wait until what the others asked before it has reached the host:
 * each road by itself keeps its order, and between two of them there is none.
 */
export class ThreadFences {
  readonly #roads = new Map<number, Set<ThreadRoad>>();

  /** @param process the program's number; 0 for a program of one thread */
  join(process: number, road: ThreadRoad): void {
    if (process === 0) return;
    const roads = this.#roads.get(process);
    if (roads === undefined) this.#roads.set(process, new Set([road]));
    else roads.add(road);
  }

  leave(process: number, road: ThreadRoad): void {
    road.isAwaited = false;
    const roads = this.#roads.get(process);
    roads?.delete(road);
    if (roads?.size === 0) this.#roads.delete(process);
  }

  /** The roads of the program's other threads that have to be emptied first. */
  begin(process: number, own: ThreadRoad): readonly ThreadRoad[] {
    const others = [...(this.#roads.get(process) ?? [])].filter((road) => road !== own && road.mayHoldRequests);
    for (const road of others) road.isAwaited = true;
    return others;
  }
}

/** Whether what was begun has still to wait. */
export const isHeldUp = (roads: readonly ThreadRoad[]): boolean => roads.some((road) => road.isAwaited);

/** A request that is to wait for what the program's other threads have asked before. */
export const asksOthersFirst = ({ op, c }: Message): boolean => op === CALL.fence && c === 1;
