/** The process and its handles: functions of `tapsock/winsock`. */
import type { Box } from "./abi/structures.ts";
import type { HANDLE } from "./faces/event-functions.ts";
import { face } from "./this-thread.ts";

/** What stands for this process: −1. */
export function GetCurrentProcess(): HANDLE {
  return face.GetCurrentProcess();
}

/** The system's number of this process, as WSADuplicateSocket takes it. */
export function GetCurrentProcessId(): number {
  return face.GetCurrentProcessId();
}

/**
 * A second handle of a socket, an event or a completion port; the object lives until the last one is closed.
 * @param hSourceProcessHandle GetCurrentProcess(), and so `hTargetProcessHandle`: between processes there is WSADuplicateSocket
 * @param lpTargetHandle gets the handle; null, with DUPLICATE_CLOSE_SOURCE, closes the source and no more
 * @param dwOptions DUPLICATE_SAME_ACCESS, DUPLICATE_CLOSE_SOURCE
 * @returns TRUE, or FALSE with WSA_INVALID_HANDLE, WSAEMFILE
 */
export function DuplicateHandle(
  hSourceProcessHandle: HANDLE,
  hSourceHandle: HANDLE,
  hTargetProcessHandle: HANDLE,
  lpTargetHandle: Box<HANDLE> | null,
  dwDesiredAccess: number,
  bInheritHandle: number | boolean,
  dwOptions: number,
): number {
  return face.DuplicateHandle(
    hSourceProcessHandle,
    hSourceHandle,
    hTargetProcessHandle,
    lpTargetHandle,
    dwDesiredAccess,
    bInheritHandle,
    dwOptions,
  );
}

/** As WSAGetLastError: there is one last error of a thread. */
export function GetLastError(): number {
  return face.GetLastError();
}

/** As WSASetLastError. */
export function SetLastError(dwErrCode: number): void {
  face.SetLastError(dwErrCode);
}
