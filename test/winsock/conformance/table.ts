/** Every row of the suite. */
import type { ConformanceCase } from "./conformance-case.ts";
import { DATAGRAM_STATES } from "./tables/datagram-states.ts";
import { STREAM_STATES } from "./tables/stream-states.ts";

export const TABLE: readonly ConformanceCase[] = [...STREAM_STATES, ...DATAGRAM_STATES];
