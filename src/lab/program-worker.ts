/** The thread of a program of a lesson, under Node.js. */
import { workerData } from "node:worker_threads";
import { type ProgramThreadData, runProgram } from "./scene/program-thread-main.ts";

runProgram(workerData as ProgramThreadData);
