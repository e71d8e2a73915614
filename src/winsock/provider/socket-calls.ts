/** What is asked of one socket. */
import { FD_ACCEPT, FD_OOB, FD_READ, FD_WRITE, SO_UPDATE_ACCEPT_CONTEXT, SOL_SOCKET, TF_REUSE_SOCKET } from "../abi/constants.ts";
import { WSAEFAULT, WSAEINVAL, WSAENOTSOCK, WSAEOPNOTSUPP, WSAEWOULDBLOCK } from "../abi/errors.ts";
import { getU32 } from "../abi/fields.ts";
import { CALL, type CallRequest } from "./calls.ts";
import { DatagramSocket } from "./datagram-socket.ts";
import { enumerateEvents, selectEvents } from "./event-calls.ts";
import { ioctl } from "./ioctl.ts";
import { getOption, setOption } from "./options.ts";
import { type Answer, DONE, failed, isWait, type Outcome, succeeded } from "./outcome.ts";
import { PACKET_AHEAD } from "./overlapped.ts";
import { setNotificationModes } from "./port-calls.ts";
import type { Process } from "./process.ts";
import type { Socket } from "./socket.ts";
import { StreamSocket } from "./stream-socket.ts";
import type { Caller } from "./thread.ts";
import { selectMessages } from "./window-calls.ts";

/** A socket that has other handles lives on. One whose close would have to wait where it may not stays as it is. */
export function closeSocket(socket: Socket, { process, handle }: Caller): Answer {
  if (socket.handles > 1) {
    process.close(handle);
    return DONE;
  }
  const answer = socket.close();
  if (socket.isClosed) process.close(handle);
  return answer;
}

/** A call was answered after which these events count anew; one with a pointer that leads nowhere was none, but to a window. */
function reenabling(socket: Socket, bits: number, answer: Answer): Answer {
  const isNone = !isWait(answer) && answer.error === WSAEFAULT && socket.events.sink?.takesMessages !== true;
  if (!isNone) socket.reenable(bits);
  return answer;
}

/** Only a send that found no room lets FD_WRITE come again (Wine's test write_events). */
function sent(socket: Socket, answer: Answer): Answer {
  if (!isWait(answer) && answer.error === WSAEWOULDBLOCK) socket.reenable(FD_WRITE);
  return answer;
}

const NOTHING = new Uint8Array(0);

function accepted(socket: Socket, room: number, offer: number | undefined, process: Process): Answer {
  if (socket instanceof StreamSocket) return socket.accept(room, offer, process);
  return socket.context.infrared?.accept(socket, room, process) ?? failed(WSAEOPNOTSUPP);
}

/** SO_UPDATE_ACCEPT_CONTEXT, whose value is another socket. */
function setAcceptContext(socket: Socket, { process }: Caller, level: number, name: number, value: Uint8Array | null): Outcome | undefined {
  if (level !== SOL_SOCKET || name !== SO_UPDATE_ACCEPT_CONTEXT || !(socket instanceof StreamSocket)) return undefined;
  if (value === null || value.length < 4) return failed(WSAEFAULT);
  return socket.updateAcceptContext(process.socket(new DataView(value.buffer, value.byteOffset).getUint32(0, true)));
}

/** What a call by a handle of this socket comes to; WSAEOPNOTSUPP for one that sockets do not know. */
export function answerFor(socket: Socket, caller: Caller, request: CallRequest): Answer {
  const { op, a, b, c, data } = request;
  switch (op) {
    case CALL.bind:
      return socket.bind(data, a);
    case CALL.connect:
      return socket.connect(data, a);
    case CALL.listen:
      return socket.listen(a);
    case CALL.accept:
      return reenabling(socket, FD_ACCEPT, accepted(socket, a, b === 1 ? c : undefined, caller.process));
    case CALL.send:
      return sent(socket, socket.send(data, a, b, c === 1, caller.isOverlapped));
    case CALL.recv:
      return reenabling(socket, FD_READ | FD_OOB, socket.recv(a, b, caller.isOverlapped, c === 1));
    case CALL.show:
      return socket instanceof StreamSocket ? socket.show(a, b, c, caller.process.threads.size > 1) : failed(WSAEOPNOTSUPP);
    case CALL.taken:
      return socket instanceof StreamSocket ? tookShown(socket, caller, request) : failed(WSAEOPNOTSUPP);
    case CALL.room:
      return socket instanceof StreamSocket ? socket.room() : failed(WSAEOPNOTSUPP);
    case CALL.sendto: {
      // A stream looks at its state first, and at no name.
      if (a > (data?.length ?? 0)) return socket instanceof StreamSocket ? socket.sendto(null, b) : failed(WSAEFAULT);
      const name = data !== null && a >= 0 ? data.subarray(0, a) : null;
      return sent(socket, socket.sendto(data?.subarray(Math.max(0, a)) ?? null, b, name, c, caller.isOverlapped));
    }
    case CALL.recvfrom:
      return reenabling(socket, FD_READ | FD_OOB, socket.recvfrom(a, b, c, caller.isOverlapped));
    case CALL.recvMsg:
      if (!(socket instanceof DatagramSocket)) return failed(WSAEOPNOTSUPP);
      return reenabling(socket, FD_READ | FD_OOB, socket.recvMsg(a, b, c, firstWord(data), caller.isOverlapped));
    case CALL.sendMsg:
      return socket instanceof DatagramSocket ? sent(socket, sendMsg(socket, request)) : failed(WSAEINVAL);
    case CALL.offer:
      return socket instanceof StreamSocket ? socket.offer() : failed(WSAEOPNOTSUPP);
    case CALL.reject:
      return socket instanceof StreamSocket ? reenabling(socket, FD_ACCEPT, socket.reject(a)) : failed(WSAEOPNOTSUPP);
    case CALL.connectEx: {
      const name = data !== null && b >= 0 ? data.subarray(0, b) : null;
      return socket instanceof StreamSocket ? socket.connectEx(name, a, data?.subarray(Math.max(0, b)) ?? NOTHING) : failed(WSAEINVAL);
    }
    case CALL.acceptEx: {
      const target = caller.process.socket(a);
      if (target === undefined) return failed(WSAENOTSOCK);
      return socket instanceof StreamSocket ? socket.acceptEx(target, b) : failed(WSAEINVAL);
    }
    case CALL.disconnectEx:
      if ((a & ~TF_REUSE_SOCKET) !== 0) return failed(WSAEINVAL);
      return socket instanceof StreamSocket ? socket.disconnectEx(a !== 0) : failed(WSAEINVAL);
    case CALL.selectMessages:
      return selectMessages(caller, socket, a, b, c);
    case CALL.notificationModes:
      return setNotificationModes(socket, a);
    case CALL.selectEvents:
      return selectEvents(caller.process, socket, a, b);
    case CALL.enumerateEvents:
      return enumerateEvents(caller.process, socket, a);
    case CALL.shutdown:
      return socket.shutdown(a);
    case CALL.closesocket:
      return closeSocket(socket, caller);
    case CALL.ioctlsocket:
      return socket.ioctlsocket(a >>> 0, b, c === 1);
    case CALL.WSAIoctl:
      return ioctl(socket, request, caller.isOverlapped);
    case CALL.getsockname:
      return socket.getsockname(a);
    case CALL.getpeername:
      return socket.getpeername(a);
    case CALL.getsockopt:
      return getOption(socket, a, b, c, data);
    case CALL.setsockopt:
      return setAcceptContext(socket, caller, a, b, data) ?? setOption(socket, a, b, data, c);
    default:
      return failed(WSAEOPNOTSUPP);
  }
}

/** A thread has taken bytes that it was shown. */
function tookShown(socket: StreamSocket, { thread, isOverlapped }: Caller, { a, b, c, d = 0, e = 0 }: CallRequest): Outcome {
  // First, so that it does not get what comes next.
  const filled = isOverlapped || e === 0 ? undefined : thread.pending.get(e);
  if (filled?.isBehindShown === true) filled.end(succeeded(b), (d & PACKET_AHEAD) !== 0);
  socket.taken(a);
  if (c === 1) socket.giveBackShown();
  return succeeded(b);
}

const firstWord = (data: Uint8Array | null): number => (data === null ? 0 : getU32(data, 0));

function sendMsg(socket: DatagramSocket, { a, b, c, data }: CallRequest): Answer {
  const controlLength = firstWord(data);
  const controlAt = 4 + Math.max(0, a);
  if (data === null || controlAt + controlLength > data.length) return failed(WSAEFAULT);
  const name = a < 0 ? null : data.subarray(4, controlAt);
  const payloadAt = controlAt + controlLength;
  return socket.sendMsg(data.subarray(payloadAt), b, name, c, data.subarray(controlAt, payloadAt));
}
