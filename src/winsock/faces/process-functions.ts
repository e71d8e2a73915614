import { DUPLICATE_CLOSE_SOURCE, FALSE, TRUE } from "../abi/constants.ts";
import { WSA_INVALID_HANDLE } from "../abi/errors.ts";
import type { Box } from "../abi/structures.ts";
import { CALL } from "../provider/calls.ts";
import type { FaceCore, HANDLE } from "./event-functions.ts";

/** The process and its handles: kernel32's names. */
export interface ProcessFunctions {
  GetCurrentProcess(): HANDLE;
  GetCurrentProcessId(): number;
  DuplicateHandle(
    hSourceProcessHandle: HANDLE,
    hSourceHandle: HANDLE,
    hTargetProcessHandle: HANDLE,
    lpTargetHandle: Box<HANDLE> | null,
    dwDesiredAccess: number,
    bInheritHandle: number | boolean,
    dwOptions: number,
  ): number;
  GetLastError(): number;
  SetLastError(dwErrCode: number): void;
}

export interface ProcessCore extends FaceCore {
  /** What GetCurrentProcessId says. */
  readonly processId: number;
  lastError(): number;
  setLastError(error: number): void;
  /** Another handle of this socket is somewhere. */
  share(s: HANDLE): void;
}

/** GetCurrentProcess's pseudo handle. */
const CURRENT_PROCESS = -1;

export function processFunctions(core: ProcessCore): ProcessFunctions {
  function refuse(error: number): number {
    core.setLastError(error);
    return FALSE;
  }

  return {
    GetCurrentProcess: () => CURRENT_PROCESS,

    GetCurrentProcessId: () => core.processId,

    DuplicateHandle(
      hSourceProcessHandle,
      hSourceHandle,
      hTargetProcessHandle,
      lpTargetHandle,
      _dwDesiredAccess,
      _bInheritHandle,
      dwOptions,
    ) {
      // There is no way to a handle of another process but WSADuplicateSocket.
      if (hSourceProcessHandle !== CURRENT_PROCESS) return refuse(WSA_INVALID_HANDLE);
      const isClosing = (dwOptions & DUPLICATE_CLOSE_SOURCE) !== 0;
      if (lpTargetHandle === null && isClosing) return core.call(CALL.closeHandle, hSourceHandle, 0, 0, 0, null).error === 0 ? TRUE : FALSE;
      if (hTargetProcessHandle !== CURRENT_PROCESS) return refuse(WSA_INVALID_HANDLE);
      core.share(hSourceHandle);
      const { result, error } = core.call(CALL.duplicateHandle, hSourceHandle, dwOptions >>> 0, 0, 0, null);
      if (error !== 0) return FALSE;
      core.share(result);
      if (lpTargetHandle !== null) lpTargetHandle.value = result;
      return TRUE;
    },

    GetLastError: () => core.lastError(),

    SetLastError(dwErrCode) {
      core.setLastError(dwErrCode | 0);
    },
  };
}

/** What these functions return when a parameter cannot be read. */
export const processFault = (name: string): number | undefined => (name === "DuplicateHandle" ? FALSE : undefined);
