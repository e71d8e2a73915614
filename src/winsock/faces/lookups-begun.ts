import { WSA_E_CANCELLED, WSA_INVALID_HANDLE, WSA_IO_PENDING, WSA_OPERATION_ABORTED, WSAEINPROGRESS, WSAEINVAL } from "../abi/errors.ts";
import type { WSAOVERLAPPED } from "../abi/overlapped-structures.ts";
import { CALL, type CallReply } from "../provider/calls.ts";
import type { AddressLookup, FoundEntry } from "./address-lookup.ts";
import type { FaceCore, HANDLE } from "./event-functions.ts";
import type { Transfers } from "./transfers.ts";

/** Hears of a lookup's end in an alertable wait of the thread that began it: code, 0, the lookup's WSAOVERLAPPED. */
export type LookupRoutine = (dwError: number, dwBytes: number, lpOverlapped: WSAOVERLAPPED) => void;

/** What lookups that go on need of their face. */
export interface LookupCore extends FaceCore {
  readonly transfers: Transfers;
}

/** A lookup that GetAddrInfoEx began; the handle is the host's name of its call. */
interface BegunLookup {
  code: number;
  isOver: boolean;
  handle: HANDLE;
}

/** The lookups of one thread that do not keep it (Microsoft, "GetAddrInfoExW function"). */
export class LookupsBegun {
  readonly #core: LookupCore;
  readonly #begun = new WeakMap<WSAOVERLAPPED, BegunLookup>();
  readonly #going = new Map<HANDLE, BegunLookup>();

  constructor(core: LookupCore) {
    this.#core = core;
  }

  /**
   * @param milliseconds how long it may take, 0 for as long as it does
   * @param found gets what was found
   * @returns WSA_IO_PENDING, or why it did not begin
   */
  begin(
    { question, entries }: AddressLookup,
    milliseconds: number,
    found: (entries: FoundEntry[]) => void,
    overlapped: WSAOVERLAPPED,
    routine: LookupRoutine | null,
    told: (handle: HANDLE) => void,
  ): number {
    const { transfers } = this.#core;
    const lookup: BegunLookup = { code: WSAEINPROGRESS, isOver: false, handle: 0 };
    this.#begun.set(overlapped, lookup);
    const over = (reply: CallReply): void => {
      lookup.isOver = true;
      lookup.code = reply.error === WSA_OPERATION_ABORTED ? WSA_E_CANCELLED : reply.error;
      this.#going.delete(lookup.handle);
      if (reply.error === 0) found(entries(reply));
    };
    // An address that stands there in figures is found as soon as anything is.
    const { a, b, data } = question ?? { a: 0, b: 0, data: null };
    const request = {
      op: question === undefined ? CALL.fence : CALL.getaddrinfo,
      s: 0,
      a,
      b,
      c: question === undefined ? 0 : milliseconds,
      data,
    };
    const post = transfers.callOf(request, (_transfer, reply) => over(reply));
    const heard = routine && (() => routine(lookup.code, 0, overlapped));
    const result = transfers.begin(
      0,
      overlapped,
      (port, transfer, d, e) => {
        post(port, transfer, d, e);
        lookup.handle = transfer.calls[0]!;
      },
      { routine: heard },
    );
    if (result !== 0 && lookup.isOver) return lookup.code;
    if (!lookup.isOver) this.#going.set(lookup.handle, lookup);
    told(lookup.handle);
    this.#core.fail(WSA_IO_PENDING);
    return WSA_IO_PENDING;
  }

  /** GetAddrInfoExOverlappedResult. */
  resultOf(overlapped: WSAOVERLAPPED): number {
    const lookup = this.#begun.get(overlapped);
    if (lookup === undefined) return WSAEINVAL;
    // Looking at the status lets come what is there.
    if (!lookup.isOver) void overlapped.Internal;
    return lookup.code;
  }

  /** GetAddrInfoExCancel. */
  cancel(handle: HANDLE): number {
    if (!this.#going.has(handle)) return WSA_INVALID_HANDLE;
    const { error } = this.#core.call(CALL.cancel, 0, handle, 0, 0, null);
    return error === 0 ? 0 : WSA_INVALID_HANDLE;
  }
}
