/** The thread of a learner's program: it says that it is there, is given the program, and waits in the program's calls from then on. */
import { type ProgramThreadData, runProgram } from "../src/lab/scene/program-thread-main.ts";

addEventListener("message", ({ data }: MessageEvent<ProgramThreadData>) => runProgram(data), { once: true });
postMessage("ready");
