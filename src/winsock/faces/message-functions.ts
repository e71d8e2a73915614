import { INVALID_SOCKET, SOCKET_ERROR } from "../abi/constants.ts";
import { WSAEFAULT, WSAEMSGSIZE } from "../abi/errors.ts";
import { setU32 } from "../abi/fields.ts";
import type { WSAMSG } from "../abi/message-control.ts";
import type { WSAOVERLAPPED } from "../abi/overlapped-structures.ts";
import { type Box, type SOCKET, writeSockaddrIn } from "../abi/structures.ts";
import { CALL, type CallReply } from "../provider/calls.ts";
import { isPointer, type SockaddrPointer } from "./pointers.ts";
import { buffersOf, joined, lengthOf, scatter } from "./scattered.ts";
import type { CompletionRoutine, TransferCore, Transfers } from "./transfers.ts";

/** mswsock.h's functions of datagrams with control data. */
export interface MessageFunctions {
  WSARecvMsg(
    s: SOCKET,
    lpMsg: WSAMSG | null,
    lpdwNumberOfBytesRecvd: Box<number> | null,
    lpOverlapped: WSAOVERLAPPED | null,
    lpCompletionRoutine: CompletionRoutine | null,
  ): number;
  WSASendMsg(
    s: SOCKET,
    lpMsg: WSAMSG | null,
    dwFlags: number,
    lpNumberOfBytesSent: Box<number> | null,
    lpOverlapped: WSAOVERLAPPED | null,
    lpCompletionRoutine: CompletionRoutine | null,
  ): number;
}

interface MessageCore extends TransferCore {
  readonly transfers: Transfers;
  nameBytes(name: SockaddrPointer | null): Uint8Array | null;
}

/** One call carries no more. */
const PIECE = 256 * 1024;
/** What `b` of a receive's answer counts control data in. */
const FLAGS_END = 65536;
const NOTHING = new Uint8Array(0);

export function messageFunctions(core: MessageCore): MessageFunctions {
  const { transfers, fail } = core;

  /** Whether it is a socket comes first (Wine's test WSASendMsg). */
  const isSocket = (s: SOCKET): boolean => core.call(CALL.fence, s === 0 ? INVALID_SOCKET : s, 0, 0, 0, null).error === 0;

  /** The memory of the control data; undefined where C would use some that is not the program's. */
  function controlOf({ Control }: WSAMSG): Uint8Array | undefined {
    const { buf, len } = Control;
    const length = len >>> 0;
    if (length === 0 || !(buf instanceof Uint8Array)) return length === 0 ? NOTHING : undefined;
    return length <= buf.length ? buf.subarray(0, length) : undefined;
  }

  /** A receive was answered. @returns bytes that found room */
  function received(msg: WSAMSG, buffers: readonly Uint8Array[], control: Uint8Array, { error, a, b, data }: CallReply): number {
    if ((error !== 0 && error !== WSAEMSGSIZE) || data === null) return 0;
    const controlAt = a;
    const payloadAt = controlAt + Math.floor(b / FLAGS_END);
    if (a > 0 && isPointer(msg.name)) {
      writeSockaddrIn(msg.name, data.subarray(0, a));
      msg.namelen = a;
    }
    control.set(data.subarray(controlAt, payloadAt));
    msg.Control.len = payloadAt - controlAt;
    msg.dwFlags = b % FLAGS_END;
    return scatter(buffers, data.subarray(payloadAt));
  }

  return {
    WSARecvMsg(s, lpMsg, lpdwNumberOfBytesRecvd, lpOverlapped, lpCompletionRoutine) {
      if (!isSocket(s)) return SOCKET_ERROR;
      if (!isPointer(lpMsg) || (!isPointer(lpOverlapped) && !isPointer(lpdwNumberOfBytesRecvd))) return fail(WSAEFAULT);
      const buffers = buffersOf(lpMsg.lpBuffers, lpMsg.dwBufferCount >>> 0);
      const control = controlOf(lpMsg);
      if (typeof buffers === "number" || control === undefined) return fail(WSAEFAULT);
      const { name } = lpMsg;
      const room = !isPointer(name) ? -1 : Math.max(0, name instanceof Uint8Array ? Math.min(name.length, lpMsg.namelen) : lpMsg.namelen);
      const controlRoom = new Uint8Array(4);
      setU32(controlRoom, 0, control.length);
      const request = {
        ...{ op: CALL.recvMsg, s, a: Math.min(lengthOf(buffers), PIECE), b: lpMsg.dwFlags | 0 },
        ...{ c: room, data: controlRoom },
      };
      if (!isPointer(lpOverlapped)) {
        const reply = core.call(request.op, s, request.a, request.b, room, controlRoom);
        const count = received(lpMsg, buffers, control, reply);
        if (reply.error === 0 || reply.error === WSAEMSGSIZE) lpdwNumberOfBytesRecvd!.value = count;
        return reply.error === 0 ? 0 : SOCKET_ERROR;
      }
      const post = transfers.callOf(request, (transfer, reply) => {
        transfer.bytes = received(lpMsg, buffers, control, reply);
        if (reply.error === 0 || reply.error === WSAEMSGSIZE) transfer.flags = lpMsg.dwFlags;
      });
      return transfers.begin(s, lpOverlapped, post, { bytes: lpdwNumberOfBytesRecvd, routine: lpCompletionRoutine });
    },

    WSASendMsg(s, lpMsg, dwFlags, lpNumberOfBytesSent, lpOverlapped, lpCompletionRoutine) {
      if (!isSocket(s)) return SOCKET_ERROR;
      if (!isPointer(lpMsg)) return fail(WSAEFAULT);
      const name = core.nameBytes(lpMsg.name);
      if (!isPointer(lpOverlapped) && !isPointer(lpNumberOfBytesSent)) {
        // The socket is bound all the same (Wine's test WSASendMsg).
        if (name !== null) core.call(CALL.bind, s, name.length, 0, 0, new Uint8Array(name.length).fill(name[0] ?? 0, 0, 1));
        return fail(WSAEFAULT);
      }
      const buffers = buffersOf(lpMsg.lpBuffers, lpMsg.dwBufferCount >>> 0);
      const control = controlOf(lpMsg);
      if (typeof buffers === "number" || control === undefined) return fail(WSAEFAULT);
      const head = new Uint8Array(4);
      setU32(head, 0, control.length);
      // What is longer than any datagram is refused, however much of it is seen.
      const payload = joined(buffers).subarray(0, PIECE / 2);
      const data = joined([head, name ?? NOTHING, control, payload]);
      const request = { op: CALL.sendMsg, s, a: name?.length ?? -1, b: dwFlags | 0, c: lpMsg.namelen | 0, data };
      if (!isPointer(lpOverlapped)) {
        const { result } = core.call(request.op, s, request.a, request.b, request.c, data);
        if (result < 0) return SOCKET_ERROR;
        lpNumberOfBytesSent!.value = result;
        return 0;
      }
      const post = transfers.callOf(request, (transfer, { result }) => {
        transfer.bytes = Math.max(0, result);
      });
      return transfers.begin(s, lpOverlapped, post, { bytes: lpNumberOfBytesSent, routine: lpCompletionRoutine });
    },
  };
}
