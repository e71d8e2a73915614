import { signal } from "@preact/signals";
import type { SourceMessage } from "../../src/run/page-messages.ts";
import type { RunEvent, RunHeader } from "../../src/run/run-event.ts";
import type { AnyRequest } from "../scene-request.ts";
import { words } from "../words.ts";
import type { RunSource, RunView } from "./run-view.ts";
import { readSocketMessage } from "./socket-messages.ts";

/** What the page says of its source where there is something to say. */
export const sourceNotice = signal<string | undefined>(undefined);

/** Waits between attempts to reach a host again, the last one for ever. */
const RETRY_SECONDS = [1, 2, 5, 10, 30];

/** How a WebSocket is closed by a host that does not know the token: RFC 6455's "policy violation". */
const REFUSED = 1008;

type NumberedWish = AnyRequest & { readonly id: number };

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (problem: Error) => void;
}

/** Requests and their answers over whatever carries messages. */
class Conversation implements RunSource {
  readonly #waiting = new Map<number, Waiting>();
  readonly #post: (request: NumberedWish) => void;
  #lastId = 0;

  constructor(post: (request: NumberedWish) => void) {
    this.#post = post;
  }

  request(request: AnyRequest): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#post({ ...request, id });
    });
  }

  take(message: SourceMessage, run: RunView): void {
    this.answer(message);
    switch (message.type) {
      case "opened":
        run.opened(message.header, message.abilities);
        break;
      case "events":
        run.add(message.events);
        break;
      case "clock":
        run.clockIs({ nowMs: message.nowMs, state: message.state, speed: message.speed });
        break;
      default:
    }
  }

  /** Of what is said, only what a request waits for. */
  answer(message: SourceMessage): void {
    if (message.type === "answered") this.#settle(message.id)?.resolve(message.value);
    else if (message.type === "refused") this.#settle(message.id)?.reject(new Error(message.problem));
  }

  end(why: string): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(why));
    this.#waiting.clear();
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}

/** What the run comes from now, and how that is left. */
let current: { readonly is: "host" | "simulation" | "file"; readonly leave: () => void } | undefined;

/** Connects the run with what is behind the page: the host whose token is in the address, or else the simulation beside the page. */
export function connectSource(run: RunView): void {
  const token = new URLSearchParams(location.search).get("token");
  if (token === null) useSimulation(run);
  else current = { is: "host", leave: followHost(run, token) };
}

/** The simulation beside the page is what the run comes from, whatever it was. */
export function useSimulation(run: RunView): void {
  if (current?.is === "simulation") return;
  current?.leave();
  current = { is: "simulation", leave: followWorker(run, ["sim-worker.js"]) };
}

/** The run is a file's: nothing more comes. */
export function leaveSource(run: RunView): void {
  current?.leave();
  current = { is: "file", leave: () => {} };
  sourceNotice.value = undefined;
  run.sourceIs(undefined);
}

/** @param names scripts beside the page; the first that is there is taken */
function followWorker(run: RunView, names: readonly string[]): () => void {
  const [name, ...others] = names;
  if (name === undefined) {
    sourceNotice.value = words.value.source.noSource;
    return () => {};
  }
  sourceNotice.value = words.value.source.preparing;
  const worker = new Worker(name);
  const conversation = new Conversation((request) => worker.postMessage(request));
  let hasSpoken = false;
  let endNext: (() => void) | undefined;
  worker.onmessage = ({ data }: MessageEvent<SourceMessage>) => {
    if (!hasSpoken) sourceNotice.value = undefined;
    hasSpoken = true;
    conversation.take(data, run);
  };
  worker.onerror = (event) => {
    if (hasSpoken) {
      sourceNotice.value = event.message;
      return;
    }
    worker.terminate();
    endNext = followWorker(run, others);
  };
  run.sourceIs(conversation);
  return () => {
    worker.terminate();
    conversation.end(words.value.source.ended);
    endNext?.();
  };
}

function followHost(run: RunView, token: string): () => void {
  let attempt = 0;
  let isOver = false;
  let socket: WebSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const open = (): void => {
    const url = new URL("run", location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    url.search = "";
    url.hash = "";
    url.searchParams.set("token", token);
    const opened = new WebSocket(url);
    socket = opened;
    const conversation = new Conversation((request) => opened.send(JSON.stringify(request)));
    if (attempt === 0) sourceNotice.value = words.value.source.connecting;
    opened.binaryType = "arraybuffer";
    opened.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      const message = readSocketMessage(data);
      if (message === undefined) return;
      attempt = 0;
      sourceNotice.value = undefined;
      conversation.take(message, run);
    };
    opened.onopen = () => run.sourceIs(conversation);
    opened.onclose = ({ code }) => {
      conversation.end(words.value.source.ended);
      run.sourceIs(undefined);
      if (isOver) return;
      if (code === REFUSED) {
        sourceNotice.value = words.value.source.refused;
        return;
      }
      const seconds = RETRY_SECONDS[Math.min(attempt, RETRY_SECONDS.length - 1)]!;
      attempt++;
      sourceNotice.value = words.value.source.lost(seconds);
      timer = setTimeout(open, seconds * 1000);
    };
  };
  open();
  return () => {
    isOver = true;
    clearTimeout(timer);
    socket?.close();
  };
}

/** What a simulation was, made again beside the present run. @throws Error whose message says why it cannot be */
export async function readSaved(text: string): Promise<{ readonly header: RunHeader; readonly events: readonly RunEvent[] }> {
  const worker = new Worker("sim-worker.js");
  const conversation = new Conversation((request) => worker.postMessage(request));
  let header: RunHeader | undefined;
  let events: RunEvent[] = [];
  worker.onmessage = ({ data }: MessageEvent<SourceMessage>) => {
    if (data.type === "opened") {
      header = data.header;
      events = [];
    } else if (data.type === "events") events.push(...data.events);
    else conversation.answer(data);
  };
  try {
    await conversation.request({ type: "open-saved", text });
    return { header: header!, events };
  } finally {
    worker.terminate();
  }
}
