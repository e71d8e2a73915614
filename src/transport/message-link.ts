import type { Message } from "./message.ts";

/** What a link tells its user, always on the event loop. */
export interface LinkReceiver {
  /** The message and its data are valid during the call. @returns false to get the same message again after `resume` */
  message(message: Message): boolean;
  /** A link that refused a message takes messages again. */
  room(): void;
  /** The other side is gone; called once, unless the link was closed here. */
  down(why: string): void;
}

/** One end of a road for messages, used from the event loop: shared memory, or a socket. */
export interface MessageLink {
  /** Copies the message on its way. @returns false when there is no room; `room` follows */
  send(message: Message): boolean;
  resume(): void;
  /** Ends the link without telling the receiver. */
  close(): void;
  /** Keeps the process alive, or lets it end. */
  ref(): void;
  unref(): void;
}
