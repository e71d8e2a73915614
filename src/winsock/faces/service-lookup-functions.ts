import { querySetBytes, readQuerySet, sizeof_WSAQUERYSETW, type WSAQUERYSET } from "../abi/query-set.ts";
import type { Box } from "../abi/structures.ts";
import { CALL } from "../provider/calls.ts";
import { encodedName } from "./address-lookup.ts";
import type { FaceCore, HANDLE } from "./event-functions.ts";
import { isPointer } from "./pointers.ts";

/** What WSALookupService takes and fills: an object, or memory in C layout, where pointers are offsets from its beginning. */
export type QuerySetPointer = WSAQUERYSET | Uint8Array;

/** Names of hosts and services, looked for in a name space; tapsock/winsock says of each what it does. */
export interface ServiceLookupFunctions {
  WSALookupServiceBeginA(lpqsRestrictions: QuerySetPointer | null, dwControlFlags: number, lphLookup: Box<HANDLE> | null): number;
  WSALookupServiceBeginW(lpqsRestrictions: QuerySetPointer | null, dwControlFlags: number, lphLookup: Box<HANDLE> | null): number;
  WSALookupServiceNextA(
    hLookup: HANDLE,
    dwControlFlags: number,
    lpdwBufferLength: Box<number> | null,
    lpqsResults: QuerySetPointer | null,
  ): number;
  WSALookupServiceNextW(
    hLookup: HANDLE,
    dwControlFlags: number,
    lpdwBufferLength: Box<number> | null,
    lpqsResults: QuerySetPointer | null,
  ): number;
  WSALookupServiceEnd(hLookup: HANDLE): number;
}

export function serviceLookupFunctions({ call }: FaceCore): ServiceLookupFunctions {
  function begin(isWide: boolean, ...parameters: Parameters<ServiceLookupFunctions["WSALookupServiceBeginW"]>): number {
    const [restrictions, flags, handle] = parameters;
    // Without a place for the handle there is no lookup.
    const data = isPointer(restrictions) && isPointer(handle) ? restrictionBytes(restrictions, isWide) : null;
    const { result, a } = call(CALL.lookupBegin, 0, flags | 0, 0, 0, data);
    if (result === 0 && isPointer(handle)) handle.value = a;
    return result;
  }

  function next(isWide: boolean, ...parameters: Parameters<ServiceLookupFunctions["WSALookupServiceNextW"]>): number {
    const [lookup, flags, length, results] = parameters;
    const { result, a, data } = call(CALL.lookupNext, lookup, flags | 0, Number(isWide), roomOf(length, results), null);
    if (result !== 0) {
      if (a > 0 && isPointer(length)) length.value = a;
    } else if (data !== null) {
      if (results instanceof Uint8Array) results.set(data);
      else if (isPointer(results)) Object.assign(results, readQuerySet(data, isWide));
    }
    return result;
  }

  return {
    WSALookupServiceBeginA: (...parameters) => begin(false, ...parameters),
    WSALookupServiceBeginW: (...parameters) => begin(true, ...parameters),
    WSALookupServiceNextA: (...parameters) => next(false, ...parameters),
    WSALookupServiceNextW: (...parameters) => next(true, ...parameters),
    WSALookupServiceEnd: (hLookup) => call(CALL.lookupEnd, hLookup, 0, 0, 0, null).result,
  };
}

/** As the host takes them: wide, with a name that DNS can have. Memory that is too short for the structure is none. */
function restrictionBytes(restrictions: QuerySetPointer, isWide: boolean): Uint8Array {
  if (!(restrictions instanceof Uint8Array)) return querySetBytes(withName(restrictions), true);
  const isWhole = restrictions.length >= sizeof_WSAQUERYSETW;
  return isWhole ? querySetBytes(withName(readQuerySet(restrictions, isWide)), true) : restrictions;
}

function withName(set: WSAQUERYSET): WSAQUERYSET {
  const name = set.lpszServiceInstanceName;
  return typeof name === "string" ? { ...set, lpszServiceInstanceName: encodedName(name) ?? name } : set;
}

/** A size is asked for with no memory at all, too. */
function roomOf(length: Box<number> | null, results: QuerySetPointer | null): number {
  if (!isPointer(length)) return -1;
  const said = length.value >>> 0;
  if (results instanceof Uint8Array) return Math.min(said, results.length);
  return isPointer(results) ? said : 0;
}
