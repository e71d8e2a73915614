import { FALSE, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS, TRUE } from "../abi/constants.ts";
import { ERROR_ABANDONED_WAIT_0, WAIT_TIMEOUT, WSA_INVALID_HANDLE, WSA_INVALID_PARAMETER, WSAEMFILE, WSAENOBUFS } from "../abi/errors.ts";
import { CompletionPort, type Packet } from "./completion-port.ts";
import { type Answer, type Outcome, succeeded } from "./outcome.ts";
import type { Process } from "./process.ts";
import type { Socket } from "./socket.ts";
import type { Caller } from "./thread.ts";

/** Completion ports as the program handles them (Microsoft, "CreateIoCompletionPort function" and kin). */

const refused = (error: number): Outcome => ({ result: FALSE, error });
/** Numbers that tell of a packet, each an f64: key, whether it is of a call of this thread, the call, bytes, error. */
export const PACKET_NUMBERS = 5;
/** No call takes more at a time. */
const MOST_AT_ONCE = 1024;

/**
 * CreateIoCompletionPort. Result: the port, 0 for none.
 * @param handle a socket, 0 to make a port alone
 * @param existing a port, 0 for a new one
 */
export function associate(process: Process, handle: number, existing: number, key: number): Outcome {
  const socket = handle === 0 ? undefined : process.socket(handle);
  if (handle !== 0 && socket === undefined) return refused(WSA_INVALID_HANDLE);
  if (socket?.completion !== undefined || (socket === undefined && existing !== 0)) return refused(WSA_INVALID_PARAMETER);
  let port = existing === 0 ? undefined : process.completionPort(existing);
  if (existing !== 0 && port === undefined) return refused(WSA_INVALID_HANDLE);
  let portHandle = existing;
  if (port === undefined) {
    if (!process.hasRoom) return refused(WSAEMFILE);
    port = new CompletionPort(process.waiting);
    portHandle = process.open(port);
  }
  if (socket !== undefined) socket.completion = { port, key };
  return succeeded(portHandle);
}

/**
 * GetQueuedCompletionStatus(Ex). Result: how many packets; reply data: PACKET_NUMBERS little-endian f64 for each, and for those that are shown
 * beside them and stay.
 * @param timeoutMs −1 for ever
 * @param beside so many may be shown, where no other thread could take them, and there is room for more; reply b: so many may be taken before it is asked again
 */
export function dequeue({ process, thread, handle }: Caller, timeoutMs: number, most: number, beside: number): Answer {
  const port = process.completionPort(handle);
  if (port === undefined) return refused(WSA_INVALID_HANDLE);
  const count = Math.min(most, MOST_AT_ONCE);
  if (count < 1 || timeoutMs < -1) return refused(WSA_INVALID_PARAMETER);
  const attempt = (): Outcome | undefined => {
    if (port.isClosed) return refused(ERROR_ABANDONED_WAIT_0);
    const packets = port.take(count);
    if (packets.length === 0) return undefined;
    for (const packet of packets) if (packet.thread !== thread.id) process.threads.get(packet.thread)?.tookElsewhere(packet.call);
    const ahead = process.threads.size > 1 || !port.hasRoom ? 0 : Math.min(Math.max(0, beside), MOST_AT_ONCE);
    return { result: packets.length, error: 0, b: ahead, data: encoded([...packets, ...port.show(ahead)], thread.id) };
  };
  const timedOut = (): Outcome => refused(WAIT_TIMEOUT);
  const outcome = attempt();
  if (outcome !== undefined) return outcome;
  if (timeoutMs === 0) return timedOut();
  return { on: [port], attempt, timeoutMs: timeoutMs < 0 ? Number.POSITIVE_INFINITY : timeoutMs, timedOut };
}

/** PostQueuedCompletionStatus. @param call the caller's number for what it calls lpOverlapped, 0 for null. Reply data: as of a fence */
export function postPacket({ process, thread, handle }: Caller, bytes: number, key: number, call: number): Outcome {
  const port = process.completionPort(handle);
  if (port === undefined) return refused(WSA_INVALID_HANDLE);
  if (!port.hasRoom) return refused(WSAENOBUFS);
  port.post({ key, thread: thread.id, call, bytes, error: 0 });
  const data = thread.tellTakenElsewhere();
  return { ...succeeded(TRUE), ...(data && { data }) };
}

/** SetFileCompletionNotificationModes; events of sockets are set in any case. */
export function setNotificationModes(socket: Socket, flags: number): Outcome {
  socket.skipsPackets = (flags & FILE_SKIP_COMPLETION_PORT_ON_SUCCESS) !== 0;
  return succeeded(TRUE);
}

function encoded(packets: readonly Packet[], thread: number): Uint8Array {
  const numbers = new Float64Array(PACKET_NUMBERS * packets.length);
  let at = 0;
  for (const packet of packets) {
    numbers[at++] = packet.key;
    numbers[at++] = packet.thread === thread ? 1 : 0;
    numbers[at++] = packet.call;
    numbers[at++] = packet.bytes;
    numbers[at++] = packet.error;
  }
  return new Uint8Array(numbers.buffer);
}
