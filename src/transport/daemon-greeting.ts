import { getSystemErrorName } from "node:util";
import { HELLO, HELLO_MAGIC, type Message, PROTOCOL_VERSION } from "./message.ts";

/** Why no daemon is reached, in words for "Cannot reach a daemon at PATH: …". @param errno of connect(2), or its name */
export function daemonUnreachable(errno: number | string | undefined): string {
  const name = typeof errno === "number" ? getSystemErrorName(-errno) : errno;
  switch (name) {
    case "ENOENT":
      return "there is no such socket; start tapsockd, or name the socket of one that runs";
    case "ECONNREFUSED":
      return "nobody listens there any more; start tapsockd again";
    case "EACCES":
    case "EPERM":
      return "the socket belongs to another user; run as that user or as root";
    case "ENOTSOCK":
      return "that file is no socket";
    case "EAGAIN":
      return "so many programs want to be let in that it takes no more for now; try again";
    default:
      return `the system says ${name}`;
  }
}

/** What is wrong with the other side's first words, in words for "Cannot use the daemon at PATH: …"; undefined when nothing is. */
export function greetingTrouble(hello: Message | "closed" | "silent"): string | undefined {
  if (hello === "closed") return "it turned us away; perhaps it has as many clients as it takes";
  if (hello === "silent") return "it does not answer; is it a tapsockd?";
  if (hello.kind !== HELLO || hello.value !== HELLO_MAGIC) return "it does not speak as a tapsockd does";
  if (hello.op === PROTOCOL_VERSION) return undefined;
  return `it speaks version ${hello.op}, this program ${PROTOCOL_VERSION}; update the older one`;
}
