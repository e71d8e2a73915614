import { htons } from "../abi/byte-order.ts";
import { AF_INET } from "../abi/constants.ts";
import { WSAEALREADY, WSAEINVAL, WSAENOBUFS, WSANO_DATA } from "../abi/errors.ts";
import { type HWND, WSAMAKEASYNCREPLY } from "../abi/message-structures.ts";
import { hostentBytes, hostRecord, protoentBytes, serventBytes } from "../abi/name-records.ts";
import type { hostent, protoent, servent } from "../abi/name-structures.ts";
import { type ProtocolRecord, protocolNamed, protocolNumbered } from "../abi/protocol-table.ts";
import { type ServiceRecord, serviceAt, serviceNamed, serviceRecord } from "../abi/service-table.ts";
import type { in_addr, in6_addr } from "../abi/structures.ts";
import { type BlockingPort, CALL, type CallReply } from "../provider/calls.ts";
import { HOST_BY_ADDRESS, HOST_BY_NAME, hostFound } from "../provider/name-messages.ts";
import { planHostLookup } from "./address-lookup.ts";
import type { FaceCore, HANDLE } from "./event-functions.ts";
import { hostAddress, protocolRecord } from "./name-functions.ts";
import { isPointer } from "./pointers.ts";
import { textOf } from "./text-buffer.ts";
import { noted } from "./transfers.ts";

/** Lookups of whose end a window gets a message, as Winsock 1.1 had them; parameters are judged when the lookup is. */
export interface AsyncNameFunctions {
  WSAAsyncGetHostByName(hWnd: HWND, wMsg: number, name: string | null, buf: hostent | Uint8Array | null, buflen: number): HANDLE;
  WSAAsyncGetHostByAddr(
    hWnd: HWND,
    wMsg: number,
    addr: Uint8Array | in_addr | in6_addr | null,
    len: number,
    type: number,
    buf: hostent | Uint8Array | null,
    buflen: number,
  ): HANDLE;
  WSAAsyncGetServByName(
    hWnd: HWND,
    wMsg: number,
    name: string | null,
    proto: string | null,
    buf: servent | Uint8Array | null,
    buflen: number,
  ): HANDLE;
  WSAAsyncGetServByPort(
    hWnd: HWND,
    wMsg: number,
    port: number,
    proto: string | null,
    buf: servent | Uint8Array | null,
    buflen: number,
  ): HANDLE;
  WSAAsyncGetProtoByName(hWnd: HWND, wMsg: number, name: string | null, buf: protoent | Uint8Array | null, buflen: number): HANDLE;
  WSAAsyncGetProtoByNumber(hWnd: HWND, wMsg: number, number: number, buf: protoent | Uint8Array | null, buflen: number): HANDLE;
  WSACancelAsyncRequest(hAsyncTaskHandle: HANDLE): number;
}

export interface AsyncNameCore extends FaceCore {
  port(): BlockingPort | undefined;
  setLastError(error: number): void;
}

/** Where a record goes; `room` as much as it may take, in bytes as C counts them. */
interface Target {
  readonly hWnd: HWND;
  readonly wMsg: number;
  readonly buf: object | null;
  readonly room: number;
}

/** A record, and what it is in memory. */
type Found = readonly [record: object, bytes: Uint8Array];

export function asyncNameFunctions(core: AsyncNameCore): AsyncNameFunctions {
  let lastTask = 0;
  /** The host's names of the calls that go on, by task. */
  const going = new Map<HANDLE, number>();

  const target = (hWnd: HWND, wMsg: number, buf: object | null, buflen: number): Target => {
    const bytes = buf instanceof Uint8Array ? buf.length : Number.POSITIVE_INFINITY;
    return { hWnd: hWnd | 0, wMsg: wMsg >>> 0, buf, room: isPointer(buf) ? Math.max(0, Math.min(buflen | 0, bytes)) : 0 };
  };

  /** What is known without the host: filled in at once, and the message posted. @param found or the code */
  function tell({ hWnd, wMsg, buf, room }: Target, found: Found | number): HANDLE {
    const started = core.call(CALL.fence, 0, 0, 0, 0, null);
    if (started.error !== 0) return 0;
    const task = ++lastTask;
    const length = typeof found === "number" ? 0 : found[1].length;
    const error = typeof found === "number" ? found : length > room ? WSAENOBUFS : 0;
    if (typeof found !== "number" && error === 0) fill(buf, found);
    core.call(CALL.postMessage, hWnd, wMsg, task, WSAMAKEASYNCREPLY(length, error), null);
    core.setLastError(0);
    return task;
  }

  /** What only the host knows, which posts the message. */
  function ask({ hWnd, wMsg, buf, room }: Target, kind: number, data: Uint8Array | null): HANDLE {
    const port = core.port();
    if (port === undefined) return tell({ hWnd, wMsg, buf, room }, 0);
    const task = ++lastTask;
    let refusal = 0;
    const replied = (reply: CallReply): void => {
      going.delete(task);
      refusal = reply.error;
      if (reply.error !== 0 || reply.result !== 0) return;
      const record = hostFound(reply, kind === HOST_BY_ADDRESS ? data : null);
      const bytes = hostentBytes(record);
      if (bytes.length <= room) noted(() => fill(buf, [record, bytes]));
    };
    going.set(task, 0);
    const id = port.post({ op: CALL.hostForWindow, s: hWnd, a: wMsg, b: kind, c: room, e: task, data }, replied);
    if (going.has(task)) going.set(task, id);
    // A host that has no room for it says so before it answers this.
    core.call(CALL.fence, 0, 0, 0, 0, null);
    port.takeReplies();
    core.setLastError(refusal);
    return refusal === 0 ? task : 0;
  }

  const service = (record: ServiceRecord | undefined): Found | number => {
    if (record === undefined) return WSANO_DATA;
    const found = serviceRecord(record);
    return [found, serventBytes(found)];
  };

  const protocol = (record: ProtocolRecord | undefined): Found | number => {
    if (record === undefined) return WSANO_DATA;
    const found = protocolRecord(record);
    return [found, protoentBytes(found)];
  };

  return {
    WSAAsyncGetHostByName(hWnd, wMsg, name, buf, buflen) {
      const text = textOf(name) ?? "";
      const question = planHostLookup(text);
      if (typeof question === "number") return tell(target(hWnd, wMsg, buf, buflen), question);
      if (!(question instanceof Uint8Array)) return ask(target(hWnd, wMsg, buf, buflen), HOST_BY_NAME, question.data);
      const record = hostRecord(AF_INET, text, [], [question]);
      return tell(target(hWnd, wMsg, buf, buflen), [record, hostentBytes(record)]);
    },

    WSAAsyncGetHostByAddr(hWnd, wMsg, addr, len, type, buf, buflen) {
      const name = hostAddress(addr, len, type);
      if (typeof name === "number") return tell(target(hWnd, wMsg, buf, buflen), name);
      return ask(target(hWnd, wMsg, buf, buflen), HOST_BY_ADDRESS, name);
    },

    WSAAsyncGetServByName: (hWnd, wMsg, name, proto, buf, buflen) =>
      tell(target(hWnd, wMsg, buf, buflen), service(serviceNamed(textOf(name) ?? "", textOf(proto) ?? undefined))),

    WSAAsyncGetServByPort: (hWnd, wMsg, port, proto, buf, buflen) =>
      tell(target(hWnd, wMsg, buf, buflen), service(serviceAt(htons(port), textOf(proto) ?? undefined))),

    WSAAsyncGetProtoByName: (hWnd, wMsg, name, buf, buflen) =>
      tell(target(hWnd, wMsg, buf, buflen), protocol(protocolNamed(textOf(name) ?? ""))),

    WSAAsyncGetProtoByNumber: (hWnd, wMsg, number, buf, buflen) =>
      tell(target(hWnd, wMsg, buf, buflen), protocol(protocolNumbered(number))),

    WSACancelAsyncRequest(hAsyncTaskHandle) {
      const isOver = hAsyncTaskHandle > 0 && hAsyncTaskHandle <= lastTask;
      const id = going.get(hAsyncTaskHandle);
      const cancelled = core.call(CALL.cancel, 0, id ?? 0, 0, 0, null);
      if (cancelled.error !== 0) return core.fail(cancelled.error);
      if (id === undefined) return core.fail(isOver ? WSAEALREADY : WSAEINVAL);
      // It was over, and its answer on the way.
      if (cancelled.a === 0) return core.fail(WSAEALREADY);
      return 0;
    },
  };
}

function fill(buf: object | null, [record, bytes]: Found): void {
  if (buf instanceof Uint8Array) buf.set(bytes);
  else if (isPointer(buf)) Object.assign(buf, record);
}

/** What these functions return when a parameter cannot be read. */
export const asyncNameFault = (name: string): number | undefined => (name.startsWith("WSAAsyncGet") ? 0 : undefined);
