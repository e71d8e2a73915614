/** The thread of a learner's program. It has a policy of its own, which lets it run text as a program and reach nothing. */
declare function importScripts(url: string): void;

Object.assign(globalThis, { isProgramThread: true });
importScripts("sim-worker.js");
