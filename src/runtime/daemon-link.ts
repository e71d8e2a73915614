import { createConnection, type Socket } from "node:net";
import { HELLO, HELLO_MAGIC, helloMessage, type Message, PROTOCOL_VERSION } from "./message.ts";
import type { LinkReceiver } from "./message-link.ts";
import { NetworkError } from "./network-error.ts";
import { SocketLink } from "./socket-link.ts";

const HELLO_LIMIT_MS = 5_000;

const NOBODY: LinkReceiver = { message: () => true, room() {}, down() {} };

/**
 * Connects to a daemon and exchanges versions. Give the link a receiver before the event loop turns.
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
    const limit = setTimeout(() => refuse("it does not answer; is it a tapsockd?"), HELLO_LIMIT_MS);
    const link = new SocketLink(socket, {
      ...NOBODY,
      message(hello: Message) {
        if (hello.kind !== HELLO || hello.value !== HELLO_MAGIC) refuse("it does not speak as a tapsockd does");
        else if (hello.op !== PROTOCOL_VERSION)
          refuse(`it speaks version ${hello.op}, this program ${PROTOCOL_VERSION}; update the older one`);
        else {
          clearTimeout(limit);
          link.receiver = NOBODY;
          resolve(link);
        }
        return true;
      },
      down: (why) => refuse(`it turned us away (${why}); perhaps it has as many clients as it takes`),
    });
    link.send(helloMessage());
  });
}

function connected(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path });
    const failed = (error: NodeJS.ErrnoException) => reject(new NetworkError(`Cannot reach a daemon at ${path}: ${remedy(error)}`));
    socket.once("error", failed);
    socket.once("connect", () => {
      socket.off("error", failed);
      resolve(socket);
    });
  });
}

function remedy(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "ENOENT":
      return "there is no such socket; start tapsockd, or name the socket of one that runs";
    case "ECONNREFUSED":
      return "nobody listens there any more; start tapsockd again";
    case "EACCES":
    case "EPERM":
      return "the socket belongs to another user; run as that user or as root";
    case "ENOTSOCK":
      return "that file is no socket";
    default:
      return error.message;
  }
}
