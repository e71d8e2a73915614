import {
  IPPROTO_TCP,
  LUP_FLUSHPREVIOUS,
  LUP_RES_SERVICE,
  LUP_RETURN_ADDR,
  LUP_RETURN_ALIASES,
  LUP_RETURN_ALL,
  LUP_RETURN_BLOB,
  LUP_RETURN_NAME,
  LUP_RETURN_QUERY_STRING,
  LUP_RETURN_TYPE,
  NS_DNS,
  RESULT_IS_ALIAS,
  SOCK_DGRAM,
  SOCK_STREAM,
} from "../abi/constants.ts";
import {
  WSA_E_CANCELLED,
  WSA_E_NO_MORE,
  WSA_INVALID_HANDLE,
  WSA_NOT_ENOUGH_MEMORY,
  WSAEFAULT,
  WSAEINVAL,
  WSAHOST_NOT_FOUND,
  WSASERVICE_NOT_FOUND,
} from "../abi/errors.ts";
import { new_WSAQUERYSETW, querySetBytes, readQuerySet, sizeof_WSAQUERYSETW, type WSAQUERYSET } from "../abi/query-set.ts";
import type { CSADDR_INFO } from "../abi/socket-state.ts";
import type { ByteBudget } from "./limits.ts";
import { type Answer, DONE, failed, isWait, type Outcome } from "./outcome.ts";
import type { Process } from "./process.ts";
import type { ProviderHost } from "./provider-host.ts";
import { areFlags, DNS_PROVIDER, type FoundService, questionOf, type ServiceQuestion } from "./service-question.ts";
import { familyOf, socketFamily } from "./socket-family.ts";
import { HandleObject } from "./waitable.ts";

/** WSALookupServiceBegin, Next and End over the host's resolver: what gethostbyname and its kin are made of on Windows. */

/** Longer restrictions ask for nothing that there is. */
const LONGEST_QUERY = 8192;
/** What a lookup may have to keep: its restrictions, and what the host knows of a name. */
const BYTES_OF_LOOKUP = 24 * 1024;

/** One lookup that a program has begun. */
export class ServiceLookup extends HandleObject {
  readonly #question: ServiceQuestion;
  readonly #budget: ByteBudget;
  #found: FoundService | undefined;
  /** Of the next result, among the names. */
  #at = 0;
  /** The last one found no room. */
  #wasTooLong = false;
  #hasEnded = false;

  /** @param budget of its program, which holds what was found */
  constructor(question: ServiceQuestion, budget: ByteBudget) {
    super();
    this.#question = question;
    this.#budget = budget;
    budget.change(BYTES_OF_LOOKUP);
  }

  /** The next result. Reply data: a WSAQUERYSET; a: the bytes that it takes, also where there is no room for it. */
  next(host: ProviderHost, flags: number, isWide: boolean, room: number): Answer {
    if (room < 0) return failed(WSAEFAULT);
    if (!areFlags(flags)) return failed(WSAEINVAL);
    const give = (): Outcome => this.#give(flags, isWide, room);
    if (this.#found !== undefined) return give();
    const answer = this.#question.ask(host);
    if (!isWait(answer)) return this.#learn(answer) ?? give();
    const attempt = (): Outcome | undefined => {
      if (this.#hasEnded) {
        answer.cancelled?.();
        return failed(WSA_E_CANCELLED);
      }
      const outcome = answer.attempt();
      return outcome && (this.#learn(outcome) ?? give());
    };
    return { ...answer, on: [...answer.on, this], attempt };
  }

  /** @returns the failure, if it is one; the next call asks again then */
  #learn(outcome: Outcome): Outcome | undefined {
    if (outcome.error !== 0) return failed(outcome.error === WSAHOST_NOT_FOUND ? WSASERVICE_NOT_FOUND : outcome.error);
    this.#found ??= this.#question.found(outcome);
    return undefined;
  }

  #give(flags: number, isWide: boolean, room: number): Outcome {
    if (this.#wasTooLong && (flags & LUP_FLUSHPREVIOUS) !== 0) this.#at++;
    this.#wasTooLong = false;
    const { names } = this.#found!;
    const count = (this.#question.flags & LUP_RETURN_ALIASES) === 0 ? 1 : names.length;
    if (this.#at >= count) return failed(WSA_E_NO_MORE);
    const data = querySetBytes(this.#result(flags & LUP_RETURN_ALL), isWide);
    if (data.length > room) {
      this.#wasTooLong = true;
      return { ...failed(WSAEFAULT), a: data.length };
    }
    this.#at++;
    return { ...DONE, a: data.length, data };
  }

  /** @param only LUP_RETURN_ flags that restrict further what the lookup began with, 0 for none */
  #result(only: number): WSAQUERYSET {
    const { flags, queryString } = this.#question;
    const { names, classId, blob } = this.#found!;
    const wants = (flag: number): boolean => (flags & flag) !== 0 && (only === 0 || (only & flag) !== 0);
    const lpcsaBuffer = wants(LUP_RETURN_ADDR) ? this.#addresses() : [];
    return {
      ...new_WSAQUERYSETW(),
      lpszServiceInstanceName: wants(LUP_RETURN_NAME) ? (names[this.#at] ?? null) : null,
      lpServiceClassId: wants(LUP_RETURN_TYPE) ? classId : null,
      dwNameSpace: NS_DNS,
      lpNSProviderId: DNS_PROVIDER,
      lpszQueryString: wants(LUP_RETURN_QUERY_STRING) ? queryString : null,
      dwNumberOfCsAddrs: lpcsaBuffer.length,
      lpcsaBuffer,
      dwOutputFlags: this.#at === 0 ? 0 : RESULT_IS_ALIAS,
      lpBlob: wants(LUP_RETURN_BLOB) ? { cbSize: blob.length, pBlobData: blob } : null,
    };
  }

  /** Each address for each protocol. The other end is any address, so that a socket can be bound to it. */
  #addresses(): CSADDR_INFO[] {
    const { protocols, port, flags } = this.#question;
    return this.#found!.addresses.flatMap((name) => {
      const family = socketFamily(familyOf(name)!)!;
      const service = pointerTo(family.writeName(family.readName(name).address, port));
      const any = pointerTo(family.writeName(family.any, 0));
      const isLocal = (flags & LUP_RES_SERVICE) !== 0;
      return protocols.map((iProtocol) => ({
        LocalAddr: isLocal ? service : any,
        RemoteAddr: isLocal ? any : service,
        iSocketType: iProtocol === IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM,
        iProtocol,
      }));
    });
  }

  /** Nobody has a handle of it any more; who waits for a result is told so. */
  override abort(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#budget.change(-BYTES_OF_LOOKUP);
    this.wake();
  }
}

const pointerTo = (name: Uint8Array) => ({ lpSockaddr: name, iSockaddrLength: name.length });

/**
 * WSALookupServiceBegin, which asks nobody yet. Reply a: the lookup.
 * @param data a WSAQUERYSETW in C layout, or null
 */
export function beginServiceLookup(process: Process, flags: number, data: Uint8Array | null): Outcome {
  if (data === null || data.length < sizeof_WSAQUERYSETW) return failed(WSAEFAULT);
  if (data.length > LONGEST_QUERY) return failed(WSAEINVAL);
  const question = questionOf(readQuerySet(data, true), flags);
  if (typeof question === "number") return failed(question);
  if (!process.hasRoom || process.waiting.left < BYTES_OF_LOOKUP) return failed(WSA_NOT_ENOUGH_MEMORY);
  return { ...DONE, a: process.open(new ServiceLookup(question, process.waiting)) };
}

/** WSALookupServiceEnd. */
export function endServiceLookup(process: Process, handle: number): Outcome {
  const lookup = process.serviceLookup(handle);
  if (lookup === undefined) return failed(WSA_INVALID_HANDLE);
  if (process.close(handle)) lookup.abort();
  return DONE;
}
