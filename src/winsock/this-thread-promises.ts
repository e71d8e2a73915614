import { openAsyncPort } from "../network/networks.ts";
import { createPromiseFace } from "./faces/promise-face.ts";

/** The promise face of this thread, which reaches its network at the first call. */
export const awaitedFace = createPromiseFace(openAsyncPort);
