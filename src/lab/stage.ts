import type { TraceEvent } from "../stack/core/trace.ts";
import type { DemonstrationCase } from "./demonstration-cases.ts";

/** Where the demonstration takes place. */
export interface Stage {
  setUp(): Promise<void>;
  /** One program's connect. @returns what it left for WSAGetLastError, 0 when it connected, undefined when it did not get that far */
  run(each: DemonstrationCase, sink: (event: TraceEvent) => void): Promise<number | undefined>;
  close(): Promise<void>;
}
