/** A program of either face, as rows use it. */
import { describeError, errorName, WinsockError } from "../../../src/winsock/abi/errors.ts";
import type { SOCKET } from "../../../src/winsock/abi/structures.ts";
import type { BlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import type { PromiseFace } from "../../../src/winsock/faces/promise-face.ts";
import type { Call, Program, Scene } from "./conformance-case.ts";

const codeText = (code: number): string => errorName(code) ?? `error ${code}`;

/** @param scene with everything but what is wanted of the call */
export class BlockingProgram implements Program {
  readonly #face: BlockingFace;
  readonly #scene: Scene;

  constructor(face: BlockingFace, scene: Scene) {
    this.#face = face;
    this.#scene = scene;
  }

  async run(call: Call, s: SOCKET, wanted = ""): Promise<string> {
    const result = await call.inC(this.#face, s, { ...this.#scene, wanted });
    if (typeof result === "string") return result;
    const code = this.#face.WSAGetLastError();
    if (result === -1) return codeText(code);
    const word = call.returns ?? String(result);
    return code === 0 ? word : `${word}, but the last error is ${codeText(code)}`;
  }

  async must(call: Call, s: SOCKET = 0): Promise<number> {
    const result = await call.inC(this.#face, s, { ...this.#scene, wanted: "" });
    if (result === -1) throw new Error(`${call.text}: ${describeError(this.#face.WSAGetLastError())}`);
    return Number(result);
  }
}

export class PromiseProgram implements Program {
  readonly #face: PromiseFace;
  readonly #scene: Scene;
  readonly #settled: <T>(promise: Promise<T>) => Promise<T>;

  /** @param settled waits for a promise, and moves the time where that is virtual */
  constructor(face: PromiseFace, scene: Scene, settled: <T>(promise: Promise<T>) => Promise<T>) {
    this.#face = face;
    this.#scene = scene;
    this.#settled = settled;
  }

  async run(call: Call, s: SOCKET, wanted = ""): Promise<string> {
    try {
      const result = await this.#call(call, s, wanted);
      return typeof result === "number" ? (call.returns ?? String(result)) : result;
    } catch (error) {
      if (error instanceof WinsockError) return codeText(error.errno);
      throw error;
    }
  }

  async must(call: Call, s: SOCKET = 0): Promise<number> {
    return Number(await this.#call(call, s, ""));
  }

  async #call(call: Call, s: SOCKET, wanted: string): Promise<number | string> {
    if (call.awaited === undefined) throw new Error(`the promise face has no ${call.text}`);
    return (await this.#settled(Promise.resolve(call.awaited(this.#face, s, { ...this.#scene, wanted })))) ?? 0;
  }
}
