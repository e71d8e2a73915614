/** Loaded before a part's own program: when the demonstration is gone, however it went, its end of the pipe closes, and the part ends in order. */
import { Socket } from "node:net";

const parent = new Socket({ fd: 0, readable: true, writable: false });
parent.on("close", () => process.kill(process.pid, "SIGTERM"));
parent.on("error", () => {});
parent.resume();
parent.unref();
