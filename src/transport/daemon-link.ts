import { createConnection, type Socket } from "node:net";
import { daemonUnreachable, greetingTrouble } from "./daemon-greeting.ts";
import { helloMessage } from "./message.ts";
import type { LinkReceiver } from "./message-link.ts";
import { NetworkError } from "./network-error.ts";
import { SocketLink } from "./socket-link.ts";

const HELLO_LIMIT_MS = 5_000;

const NO_RECEIVER: LinkReceiver = { message: () => true, room() {}, down() {} };

/**
 * Connects to a daemon and exchanges versions, on the event loop. Give the link a receiver before the loop turns.
 * @throws NetworkError that says what to do: no such socket, nobody listens, not allowed, another version
 */
export async function connectDaemon(path: string): Promise<SocketLink> {
  const socket = await connected(path);
  return new Promise((resolve, reject) => {
    const refuse = (why: string) => {
      clearTimeout(limit);
      link.close();
      reject(new NetworkError(`Cannot use the daemon at ${path}: ${why}`));
    };
    const limit = setTimeout(() => refuse(greetingTrouble("silent") ?? ""), HELLO_LIMIT_MS);
    const link = new SocketLink(socket, {
      ...NO_RECEIVER,
      message(hello) {
        const trouble = greetingTrouble(hello);
        if (trouble !== undefined) {
          refuse(trouble);
          return true;
        }
        clearTimeout(limit);
        link.receiver = NO_RECEIVER;
        resolve(link);
        return true;
      },
      down: () => refuse(greetingTrouble("closed") ?? ""),
    });
    link.send(helloMessage());
  });
}

function connected(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path });
    const failed = ({ code }: NodeJS.ErrnoException) =>
      reject(new NetworkError(`Cannot reach a daemon at ${path}: ${daemonUnreachable(code)}`));
    socket.once("error", failed);
    socket.once("connect", () => {
      socket.off("error", failed);
      resolve(socket);
    });
  });
}
