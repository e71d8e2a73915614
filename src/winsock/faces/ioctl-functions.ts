import { SIO_GET_EXTENSION_FUNCTION_POINTER } from "../abi/constants.ts";
import { WSAEINVAL, WSAEOPNOTSUPP } from "../abi/errors.ts";
import { extensionFunctionAt } from "../abi/extension-functions.ts";
import type { WSAOVERLAPPED } from "../abi/overlapped-structures.ts";
import type { Box, SOCKET } from "../abi/structures.ts";
import { CALL, type CallReply } from "../provider/calls.ts";
import { IOCTLS } from "../provider/ioctl.ts";
import type { FaceCore } from "./event-functions.ts";
import { type IoctlInput, type IoctlOutput, ioctlInputBytes, ioctlNumber, writeIoctlOutput } from "./ioctl-values.ts";
import { isPointer } from "./pointers.ts";
import type { CompletionRoutine, Transfers } from "./transfers.ts";

/** Control codes, as WSAIoctl has them. */
export interface IoctlFunctions {
  /** Control codes of both kinds; see docs/reference/winsock-options.md. */
  WSAIoctl(
    s: SOCKET,
    dwIoControlCode: number,
    lpvInBuffer: IoctlInput | null,
    cbInBuffer: number,
    lpvOutBuffer: IoctlOutput | null,
    cbOutBuffer: number,
    lpcbBytesReturned: Box<number> | null,
    lpOverlapped: WSAOVERLAPPED | null,
    lpCompletionRoutine: CompletionRoutine | null,
  ): number;
}

export interface IoctlCore extends FaceCore {
  readonly transfers: Transfers;
  /** A function of the face, undefined for one that it does not have. */
  functionNamed(name: string): unknown;
}

/** `b` of the call: the program has no place for the number of bytes returned. */
const NO_COUNT = 1;

export function ioctlFunctions({ call, fail, transfers, functionNamed }: IoctlCore): IoctlFunctions {
  /** What a code returned goes where it was wanted. @returns false for an extension function that Windows has, and this face has not */
  function fill(code: number, output: IoctlOutput | null, { data }: CallReply): boolean {
    if (data === null || !isPointer(output)) return true;
    if (code === SIO_GET_EXTENSION_FUNCTION_POINTER && !(output instanceof Uint8Array)) {
      const found = functionNamed(extensionFunctionAt(ioctlNumber(data)) ?? "");
      if (found === undefined) return false;
      (output as Box<unknown>).value = found;
    } else {
      writeIoctlOutput(code, output, data);
    }
    return true;
  }

  return {
    WSAIoctl(s, dwIoControlCode, lpvInBuffer, cbInBuffer, output, cbOutBuffer, returned, lpOverlapped, lpCompletionRoutine) {
      const code = dwIoControlCode >>> 0;
      const data = ioctlInputBytes(lpvInBuffer)?.subarray(0, Math.max(0, cbInBuffer | 0)) ?? null;
      const room = output instanceof Uint8Array ? Math.min(output.length, cbOutBuffer >>> 0) : isPointer(output) ? cbOutBuffer | 0 : -1;
      if (!isPointer(returned)) return call(CALL.WSAIoctl, s, code, NO_COUNT, room, data).result;
      if (isPointer(lpOverlapped)) {
        const post = transfers.callOf({ op: CALL.WSAIoctl, s, a: code, b: 0, c: room, data }, (transfer, reply) => {
          if (reply.error === 0 && !fill(code, output, reply)) throw new RangeError(`Cannot give a function of 0x${code.toString(16)}`);
          // The count is the caller's memory only until the call has returned, and the structure tells none (Wine's test fionread_siocatmark).
          if (!transfer.isPending && !transfer.hadGoneOn && (reply.error === 0 || reply.a > 0)) returned.value = reply.a;
        });
        return transfers.begin(s, lpOverlapped, post, {
          routine: lpCompletionRoutine ?? null,
          ...(IOCTLS.includes(code) ? {} : { toldLater: WSAEOPNOTSUPP }),
        });
      }
      const reply = call(CALL.WSAIoctl, s, code, 0, room, data);
      if (reply.a < 0) return reply.result;
      const isFilled = reply.error !== 0 || fill(code, output, reply);
      returned.value = isFilled ? reply.a : 0;
      return isFilled ? reply.result : fail(WSAEINVAL);
    },
  };
}
