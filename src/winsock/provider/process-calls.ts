/** What a program asks of itself: its start-up, its handles, and the calls of it that go on. */
import { AF_IRDA, DUPLICATE_CLOSE_SOURCE, FALSE, LOBYTE, SOCK_RAW, SOCK_STREAM } from "../abi/constants.ts";
import {
  WSA_INVALID_HANDLE,
  WSA_OPERATION_ABORTED,
  WSAEACCES,
  WSAEINTR,
  WSAEMFILE,
  WSAENOTSOCK,
  WSAVERNOTSUPPORTED,
} from "../abi/errors.ts";
import { negotiateVersion } from "../abi/startup-version.ts";
import { type CallRequest, FENCE } from "./calls.ts";
import type { Duplicates } from "./duplicates.ts";
import { HANDLE_STEP } from "./handles.ts";
import { type Answer, DONE, failed, type Outcome, succeeded } from "./outcome.ts";
import type { Process } from "./process.ts";
import { ServiceLookup } from "./service-lookup.ts";
import { Socket } from "./socket.ts";
import { closeSocket } from "./socket-calls.ts";
import type { SocketFamily } from "./socket-family.ts";
import { resolveKind } from "./socket-kind.ts";
import type { Caller, Thread } from "./thread.ts";
import type { HandleObject } from "./waitable.ts";

/** WSAStartup. @param wanted the version asked for. Reply a: the version agreed on */
export function start(process: Process, wanted: number): Outcome {
  const version = negotiateVersion(wanted);
  if (version === undefined) return { result: WSAVERNOTSUPPORTED, error: WSAVERNOTSUPPORTED };
  process.startups++;
  if (LOBYTE(version) === 1) process.isLegacy = true;
  return { result: 0, error: 0, a: version };
}

/** Whoever of the program's threads does it last ends it for all of them (Microsoft, "WSACleanup function"). */
export function cleanUp(process: Process, duplicates: Duplicates): Outcome {
  process.startups--;
  if (process.startups > 0) return { result: 0, error: 0, a: process.startups };
  for (const { pending } of process.threads.values()) {
    for (const call of [...pending.values()]) call.interrupt(call.isOverlapped ? WSA_OPERATION_ABORTED : WSAEINTR);
  }
  process.closeAll(isSocket, (socket) => socket.closeAtCleanup());
  duplicates.forget(process, (socket) => socket.closeAtCleanup());
  process.closeAll(isLookup, (lookup) => lookup.abort());
  process.isLegacy = false;
  return DONE;
}

/** socket, WSASocket. Result: SOCKET. */
export function newSocket(process: Process, { a: af, b: wanted, c: protocol, e = 0 }: CallRequest): Outcome {
  const kind = resolveKind(af, wanted, protocol, process.hasInfrared);
  if ("code" in kind) return failed(kind.code);
  if (kind.type === SOCK_RAW && !process.isAdministrator) return failed(WSAEACCES);
  if (!process.hasRoom) return failed(WSAEMFILE);
  const { family, type } = kind;
  const infrared = family.af === AF_IRDA ? process.newIrdaSocket() : undefined;
  const socket = infrared ?? newIpSocket(process, family, type, protocol);
  socket.isSynchronous = e === 1;
  return succeeded(process.open(socket));
}

function newIpSocket(process: Process, family: SocketFamily, type: number, protocol: number): Socket {
  if (type === SOCK_STREAM) return process.newStreamSocket(family);
  return type === SOCK_RAW ? process.newRawSocket(family, protocol) : process.newUdpSocket(family);
}

/** CloseHandle, of a socket too. */
export function closeHandle(caller: Caller): Answer {
  const { process, handle } = caller;
  const socket = process.socket(handle);
  if (socket !== undefined) return closeSocket(socket, caller);
  const object = process.event(handle) ?? process.completionPort(handle);
  if (object === undefined) return { result: FALSE, error: WSA_INVALID_HANDLE };
  if (process.close(itself(handle))) object.abort();
  return DONE;
}

/** Without the low bits, which an event's handle leaves to the program. */
const itself = (handle: number): number => handle - (handle % HANDLE_STEP);

/** DuplicateHandle (Microsoft's page): a second handle of the same object, which lives until the last one is closed. */
export function duplicateHandle({ process, handle }: Caller, options: number): Outcome {
  const object = process.socket(handle) ?? process.event(handle) ?? process.completionPort(handle);
  if (object === undefined) return { result: 0, error: WSA_INVALID_HANDLE };
  if (!process.hasRoom) return { result: 0, error: WSAEMFILE };
  if (object instanceof Socket) object.isShared = true;
  const duplicate = process.open(object);
  if ((options & DUPLICATE_CLOSE_SOURCE) !== 0) process.close(itself(handle));
  return succeeded(duplicate);
}

/** What a call that is over by now has to tell is told by its answer: as of one that was over at once, it leaves no packet. */
export function fence({ process, thread, handle }: Caller, call: number, tellsTaken: boolean): Outcome {
  const socket = process.socket(handle);
  if (handle !== 0 && socket === undefined) return failed(WSAENOTSOCK);
  if (call !== 0) socket?.completion?.port.withdraw(thread.id, call, !socket.skipsPackets);
  const a =
    (socket?.isSynchronous === true ? FENCE.isSynchronous : 0) |
    (socket?.completion === undefined ? 0 : FENCE.hasPort) |
    (socket?.skipsPackets === true ? FENCE.skipsPackets : 0);
  const data = tellsTaken ? thread.tellTakenElsewhere() : undefined;
  return { result: 0, error: 0, a, b: process.isLegacy ? 1 : 0, ...(data && { data }) };
}

/** Reply a: 1 when the call had still to be answered. */
export function cancel({ pending }: Thread, id: number): Outcome {
  const call = pending.get(id);
  call?.giveUp();
  return { result: 0, error: 0, a: call === undefined ? 0 : 1 };
}

/** Overlapped calls by this handle: one of this thread, which alone has its number; or all, of this thread or of all threads. */
export function cancelIo({ process, thread, handle }: Caller, id: number, ofAllThreads: boolean): Outcome {
  if (process.socket(handle) === undefined) return { result: FALSE, error: WSA_INVALID_HANDLE };
  let count = 0;
  for (const { pending } of ofAllThreads && id === 0 ? process.threads.values() : [thread]) {
    for (const call of [...pending.values()]) {
      if (!call.isOverlapped || call.handle !== handle || (id !== 0 && call.call !== id)) continue;
      call.interrupt(WSA_OPERATION_ABORTED);
      count++;
    }
  }
  return succeeded(count);
}

const isLookup = (object: HandleObject): object is ServiceLookup => object instanceof ServiceLookup;
const isSocket = (object: HandleObject): object is Socket => object instanceof Socket;
