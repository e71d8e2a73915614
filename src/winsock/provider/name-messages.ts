import { AF_INET } from "../abi/constants.ts";
import { WSAENOBUFS } from "../abi/errors.ts";
import { WSAMAKEASYNCREPLY } from "../abi/message-structures.ts";
import { hostentBytes, hostRecord } from "../abi/name-records.ts";
import type { hostent } from "../abi/name-structures.ts";
import { nameLength } from "../abi/socket-address-text.ts";
import { sizeof_sockaddr_in6 } from "../abi/structures.ts";
import type { CallRequest } from "./calls.ts";
import { addressesOfName, namesOfAddress } from "./host-names.ts";
import type { MessageWindow } from "./message-window.ts";
import { decodeAddresses, decodeNames } from "./name-reply.ts";
import { type Answer, isWait, type Outcome, type Sequel } from "./outcome.ts";
import type { ProviderHost } from "./provider-host.ts";
import type { Thread } from "./thread.ts";

/** What `b` of a call for WSAAsyncGetHostByName and WSAAsyncGetHostByAddr asks for. */
export const HOST_BY_NAME = 0;
export const HOST_BY_ADDRESS = 1;

const NOTHING = new Uint8Array(0);

/** What was found, as the program's memory will have it. @param data of the reply @param address by which it was asked for, or null */
export function hostFound(
  { a = 0, data }: { readonly a?: number; readonly data?: Uint8Array | null },
  address: Uint8Array | null,
): hostent {
  if (address !== null) {
    const [name = "", ...aliases] = decodeNames(data ?? NOTHING, a).names;
    return hostRecord(address[0]! | (address[1]! << 8), name, aliases, [address]);
  }
  const { canonicalName, aliases, addresses } = decodeAddresses(data ?? NOTHING, a, nameLength);
  return hostRecord(AF_INET, canonicalName, aliases, addresses);
}

/** Result: what the lookup came to, 0 or its code; reply data and a as those of getaddrinfo and getnameinfo. */
export function hostForWindow(host: ProviderHost, { b, data }: CallRequest): Answer {
  const answer = b === HOST_BY_ADDRESS ? namesOfAddress(host, data) : addressesOfName(host, data, AF_INET, 0);
  if (!isWait(answer)) return asResult(answer);
  const attempt = (): Outcome | undefined => {
    const outcome = answer.attempt();
    return outcome && asResult(outcome);
  };
  return { ...answer, attempt };
}

const asResult = (outcome: Outcome): Outcome => ({ ...outcome, result: outcome.error, error: 0 });

/** A lookup of whose end a window gets a message, once the answer has left (Microsoft, "WSAAsyncGetHostByName function"). */
export class NameMessage implements Sequel {
  readonly #window: MessageWindow | undefined;
  readonly #hwnd: number;
  readonly #message: number;
  readonly #room: number;
  readonly #task: number;
  readonly #address: Uint8Array | null;

  constructor({ process }: Thread, { s, a, b, c, e = 0, data }: CallRequest) {
    this.#window = process.window(s);
    this.#hwnd = s;
    this.#message = a;
    this.#room = c;
    this.#task = e;
    this.#address = b === HOST_BY_ADDRESS && data !== null ? data.slice(0, sizeof_sockaddr_in6) : null;
  }

  outcome(outcome: Outcome): Outcome {
    return outcome;
  }

  completed(outcome: Outcome): void {
    // One that was cancelled tells nobody.
    if (outcome.error !== 0 || this.#window === undefined || this.#window.isGone) return;
    const length = outcome.result === 0 ? hostentBytes(hostFound(outcome, this.#address)).length : 0;
    const lParam = WSAMAKEASYNCREPLY(length, length > this.#room ? WSAENOBUFS : outcome.result);
    this.#window.queue.post({ hwnd: this.#hwnd, message: this.#message, wParam: this.#task, lParam });
  }
}
