import { addressOf, EAGAIN } from "../tap/libc.ts";
import { sendNow } from "../tap/unix-socket.ts";
import { encodeMessage, MAX_MESSAGE, type Message, messageBytes, writeMessage } from "../transport/message.ts";
import type { DoorClient } from "./door-client.ts";

/** Several replies of a batch leave in one call. */
const STAGE_BYTES = 2 * MAX_MESSAGE;

/**
 * Messages on their way to the clients of a door. Those of one client are staged in memory that all share and leave in one call;
 * what the client's socket does not take is kept with the client until it does.
 */
export class Outbox {
  readonly #stage = new Uint8Array(STAGE_BYTES);
  readonly #view = new DataView(this.#stage.buffer);
  readonly #address = addressOf(this.#stage);
  readonly #stuck: (client: DoorClient) => void;
  #client: DoorClient | undefined;
  #staged = 0;
  #waiting = 0;

  /** @param stuck hears of a client whose socket did not take all, or is broken (`isBroken`) */
  constructor(stuck: (client: DoorClient) => void) {
    this.#stuck = stuck;
  }

  /** Kept for all clients together. */
  get bytes(): number {
    return this.#waiting;
  }

  /** What this client has not been given yet. */
  waitingFor(client: DoorClient): number {
    return client.outBytes + (this.#client === client ? this.#staged : 0);
  }

  put(client: DoorClient, message: Message): void {
    const length = messageBytes(message);
    if (this.#client !== client || this.#staged + length > STAGE_BYTES) this.post();
    if (client.isBroken || client.isGone) return;
    if (client.outBytes > 0) {
      this.#keep(client, encodeMessage(message));
      return;
    }
    this.#client = client;
    this.#staged = writeMessage(this.#stage, this.#view, this.#staged, message);
  }

  /** What is staged leaves. */
  post(): void {
    const client = this.#client;
    const length = this.#staged;
    this.#client = undefined;
    this.#staged = 0;
    if (client === undefined || client.isGone || client.isBroken) return;
    const n = sendNow(client.fd, this.#address, length);
    if (n === length) return;
    if (n < 0 && n !== -EAGAIN) client.isBroken = true;
    else this.#keep(client, this.#stage.slice(Math.max(0, n), length));
    this.#stuck(client);
  }

  /** The client's socket takes bytes again. */
  resume(client: DoorClient): void {
    let sent = 0;
    for (; sent < client.out.length; sent++) {
      const piece = client.out[sent]!;
      const n = sendNow(client.fd, addressOf(piece), piece.length);
      if (n < 0 && n !== -EAGAIN) {
        client.isBroken = true;
        this.#stuck(client);
        return;
      }
      const taken = Math.max(0, n);
      client.outBytes -= taken;
      this.#waiting -= taken;
      if (taken < piece.length) {
        client.out[sent] = piece.subarray(taken);
        break;
      }
    }
    client.out.splice(0, sent);
  }

  forget(client: DoorClient): void {
    this.#waiting -= client.outBytes;
    client.outBytes = 0;
    client.out = [];
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#staged = 0;
  }

  #keep(client: DoorClient, bytes: Uint8Array): void {
    client.out.push(bytes);
    client.outBytes += bytes.length;
    this.#waiting += bytes.length;
  }
}
