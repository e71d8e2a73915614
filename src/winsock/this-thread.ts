import { joinBlockingPort, openBlockingPort } from "../network/networks.ts";
import { createBlockingFace } from "./faces/blocking-face.ts";
import { openFile } from "./open-file.ts";

/** The face of this thread, which reaches its network at the first WSAStartup, or after that of another thread of its process. */
export const face = createBlockingFace(openBlockingPort, openFile, { joinPort: joinBlockingPort, processId: process.pid });
