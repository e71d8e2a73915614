/**
 * `tapsock/lab`: what the command line shows, for programs that show it themselves: a host's trace, followed through a port of
 * `tapsock/network`, and the ladder that is drawn of it. The ladder takes the events of a host of one's own (`Host.trace`) as well.
 */
export { type FrameEvent, frameBytes, readTraceRecord, type TraceRecord, type WithoutBytes } from "../management/trace-record.ts";
export { Ladder, type LadderOptions, MAX_WIDTH, MIN_WIDTH } from "./ladder.ts";
export { styleFor, type TextStyle } from "./text-style.ts";
export { eventOf, followTrace } from "./trace-stream.ts";
