import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { BroadcastChannel, isMainThread, type MessagePort, receiveMessageOnPort, threadId, Worker } from "node:worker_threads";
import { Channel, newChannelMemory } from "../transport/channel.ts";
import { Doorbell, newDoorbellMemory } from "../transport/doorbell.ts";
import { thisThread } from "../transport/native-thread.ts";
import { NetworkError } from "../transport/network-error.ts";
import type { DoorNotice } from "./socket-door.ts";

/** What the thread's program finds in `workerData`. */
export interface ThreadData {
  readonly doorbell: SharedArrayBuffer;
  /** Name of the BroadcastChannel by which attachments come. */
  readonly mailbox: string;
  /** Of a host for programs of this process: where its large rings lie (`newRingsMemory`). */
  readonly rings: SharedArrayBuffer | undefined;
  readonly settings: unknown;
  /** Started by a worker thread, whose end (`terminate`) nobody is told of beforehand. */
  readonly isNested: boolean;
}

/** What another thread of the process needs to use the same network. */
export type ThreadAddress = Pick<ThreadData, "doorbell" | "mailbox" | "rings">;

/** Message to the thread: serve this channel. */
export interface Attachment {
  readonly channel: SharedArrayBuffer;
}

/** Message to a host's thread: this worker thread has ended; its channels are to be closed. */
export interface Departure {
  readonly endedWorker: number;
}

/** Message from the thread to whoever started it: a sentence that people should read. */
export interface ThreadNotice {
  readonly notice: string;
}

/** As `ThreadNotice`, of what goes as it should. */
export interface ThreadNews {
  readonly news: string;
}

const START_LIMIT_MS = 15_000;
/** Between two looks whether a thread that is starting has died. */
const START_LOOK_MS = 500;
/** Longer than what the host's thread gives its last segments. */
const STOP_LIMIT_MS = 3_000;
/** A host that is held must not hold whoever tells it of an end. */
const DEPARTURE_LIMIT_MS = 500;
/** How often it is looked whether a thread that another thread started has died. */
const DEATH_CHECK_MS = 5_000;

/** A thread that serves channels, whoever started it. */
export interface ServingThread {
  readonly doorbell: Doorbell;
  /** As in `ThreadData`. */
  readonly rings: SharedArrayBuffer | undefined;
  /** Blocks until the thread runs. @throws NetworkError with its reason when it does not */
  waitUntilRunning(): void;
  /** @throws NetworkError with the thread's reason when it does not start */
  untilRunning(): Promise<void>;
  /** A new channel, which the thread serves from now on. It must be running. */
  attach(): Channel;
  /** A worker has ended that may have attached itself. When this returns, its sockets are gone. The thread must be a host's. */
  workerEnded(worker: number): void;
}

/** A service thread that another thread of this process has started, and will end. */
export class NeighbourServiceThread implements ServingThread {
  readonly doorbell: Doorbell;
  readonly rings: SharedArrayBuffer | undefined;
  readonly #letterbox: Letterbox;
  #channels: readonly Channel[] = [];

  constructor(address: ThreadAddress) {
    this.doorbell = new Doorbell(address.doorbell);
    this.rings = address.rings;
    this.#letterbox = new Letterbox(address.mailbox);
    // Neither its owner nor itself may have the time to end our waits.
    const deathWatch = setInterval(() => {
      if (this.doorbell.isThreadDead) this.doorbell.declareEnded("its thread died");
    }, DEATH_CHECK_MS);
    deathWatch.unref();
    const release = () => {
      clearInterval(deathWatch);
      for (const channel of this.#channels) channel.release();
      this.#letterbox.close();
    };
    this.doorbell.ended().then(release, release);
  }

  waitUntilRunning(): void {
    awaitStart(this.doorbell);
  }

  async untilRunning(): Promise<void> {
    await this.doorbell.started();
    assertRunning(this.doorbell);
  }

  attach(): Channel {
    const channel = attachTo(this.#letterbox, this.doorbell, this.#channels);
    this.#channels = [...this.#channels.filter((c) => c.memory !== channel.memory), channel];
    return channel;
  }

  workerEnded(worker: number): void {
    tellOfEnd(this.#letterbox, this.doorbell, worker);
  }
}

/** A service thread of our own. It does not keep the program alive, and ends with it. */
export class ServiceThread implements ServingThread {
  readonly doorbell = new Doorbell(newDoorbellMemory());
  readonly rings: SharedArrayBuffer | undefined;
  /** Called when the thread ends though nobody asked it to. */
  onFailure: ((why: string) => void) | undefined;
  /** Called when the thread has something to say about a network that goes on. */
  onNotice: ((text: string) => void) | undefined;
  /** Called when something changed that is worth a line in a log. */
  onNews: ((text: string) => void) | undefined;
  /** Called when the thread has something to tell of its door. */
  onDoorNotice: ((notice: DoorNotice) => void) | undefined;
  readonly #mailbox = `tapsock ${randomUUID()}`;
  readonly #letterbox = new Letterbox(this.#mailbox);
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  #channels: readonly Channel[] = [];

  /** @throws NetworkError when the program is not built */
  constructor(settings: unknown, rings?: SharedArrayBuffer) {
    this.rings = rings;
    const data: ThreadData = { ...this.address, settings, isNested: !isMainThread };
    builtProgram("host-thread");
    // Loaders of the main program (tsx, Jest) have no business in there: it runs what was built.
    this.#worker = new Worker(builtProgram("thread-main"), { workerData: data, execArgv: [], stdin: false });
    this.#worker.on("message", (message: ThreadNotice | ThreadNews | DoorNotice) => {
      if ("notice" in message) this.onNotice?.(message.notice);
      else if ("news" in message) this.onNews?.(message.news);
      else this.onDoorNotice?.(message);
    });
    // After the listener, which would keep the program alive.
    this.#worker.unref();
    this.#worker.on("error", (error) => this.#ended(error instanceof Error ? error.message : String(error)));
    this.#exited = new Promise((resolve) => {
      this.#worker.on("exit", () => {
        this.#ended("its thread ended");
        resolve();
      });
    });
    running.add(this);
    if (running.size === 1) process.on("exit", stopAll);
  }

  get address(): ThreadAddress {
    return { doorbell: this.doorbell.memory, mailbox: this.#mailbox, rings: this.rings };
  }

  waitUntilRunning(): void {
    awaitStart(this.doorbell);
  }

  async untilRunning(): Promise<void> {
    this.#worker.ref();
    await this.doorbell.started();
    this.#worker.unref();
    assertRunning(this.doorbell);
  }

  attach(): Channel {
    const channel = attachTo(this.#letterbox, this.doorbell, this.#channels);
    this.#channels = [...this.#channels.filter((c) => c.memory !== channel.memory), channel];
    return channel;
  }

  /** Keeps the program alive while the thread lives. */
  ref(): void {
    this.#worker.ref();
  }

  workerEnded(worker: number): void {
    tellOfEnd(this.#letterbox, this.doorbell, worker);
  }

  /** Asks the thread to end in order. @returns when it has ended */
  async stop(): Promise<void> {
    this.doorbell.stop();
    this.#worker.ref();
    const timer = setTimeout(() => void this.#worker.terminate(), STOP_LIMIT_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  /** As `stop`, blocking the caller: the last act of a process. */
  stopNow(): void {
    this.doorbell.stop();
    this.doorbell.waitForEnd(STOP_LIMIT_MS);
  }

  #ended(text: string): void {
    if (!running.has(this)) return;
    this.doorbell.declareEnded(text);
    if (!this.doorbell.isStopping) this.onFailure?.(this.doorbell.text);
    for (const channel of this.#channels) channel.release();
    this.#letterbox.close();
    running.delete(this);
    if (running.size === 0) process.off("exit", stopAll);
  }
}

const running = new Set<ServiceThread>();

/** The sender's end of a thread's mailbox. One for many letters: Node keeps the memory sent through one that is closed at once. */
class Letterbox {
  readonly #channel: BroadcastChannel;

  constructor(mailbox: string) {
    this.#channel = new BroadcastChannel(mailbox);
    this.#channel.unref();
  }

  post(letter: Attachment | Departure): void {
    // What other threads of the program sent came here too, and is not for us.
    while (receiveMessageOnPort(this.#channel as unknown as MessagePort) !== undefined);
    this.#channel.postMessage(letter);
  }

  close(): void {
    this.#channel.close();
  }
}

function awaitStart(doorbell: Doorbell): void {
  for (let waitedMs = 0; !doorbell.waitWhileStarting(START_LOOK_MS); waitedMs += START_LOOK_MS) {
    if (doorbell.isThreadDead) doorbell.declareEnded("Cannot start the network: its thread died");
    else if (waitedMs >= START_LIMIT_MS) throw new NetworkError("Cannot start the network: its thread does not answer");
  }
  assertRunning(doorbell);
}

function assertRunning(doorbell: Doorbell): void {
  if (doorbell.state === "ended") throw new NetworkError(doorbell.text || "Cannot start the network: its thread ended");
}

/** @param before the caller's channels so far */
function attachTo(letterbox: Letterbox, doorbell: Doorbell, before: readonly Channel[]): Channel {
  // Memory that is shared with another thread is given back late or never, so what one channel leaves the next takes over.
  const channel = before.find((c) => c.isSpent)?.renew() ?? new Channel(newChannelMemory());
  channel.setClient(threadId, thisThread());
  letterbox.post({ channel: channel.memory });
  doorbell.announceAttachment();
  return channel;
}

function tellOfEnd(letterbox: Letterbox, doorbell: Doorbell, endedWorker: number): void {
  letterbox.post({ endedWorker });
  doorbell.awaitLetter(doorbell.announceAttachment(), DEPARTURE_LIMIT_MS);
}

/** Node joins its threads when it exits, and one that sleeps in poll(2) would never know. */
function stopAll(): void {
  for (const thread of running) thread.stopNow();
}

/** The built program: beside this file, or in dist when this file runs as TypeScript. @throws NetworkError when it is not there */
function builtProgram(program: "host-thread" | "thread-main"): URL {
  const isSource = import.meta.url.endsWith(".ts");
  const url = new URL(isSource ? `../../dist/network/${program}.js` : `./${program}.js`, import.meta.url);
  if (existsSync(url)) return url;
  const remedy = isSource ? 'run "npm run build" first' : "install tapsock anew";
  throw new NetworkError(`Cannot start the network: ${fileURLToPath(url)} is missing; ${remedy}`);
}
