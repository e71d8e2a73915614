/** Windows that get messages: functions of `tapsock/winsock`. */
import { FALSE } from "./abi/constants.ts";
import type { HWND, MSG } from "./abi/message-structures.ts";
import type { SOCKET } from "./abi/structures.ts";
import type { WindowProcedure } from "./faces/window-functions.ts";
import { face } from "./this-thread.ts";

/** A window of the calling thread that nobody sees and that gets messages. @param lpfnWndProc what DispatchMessage calls, or null. @returns the window, or 0 */
export function CreateMessageWindow(lpfnWndProc: WindowProcedure | null): HWND {
  return face.CreateMessageWindow(lpfnWndProc);
}

/** The window goes, and its messages. @returns TRUE, or FALSE with ERROR_INVALID_WINDOW_HANDLE */
export function DestroyWindow(hWnd: HWND): number {
  return face.DestroyWindow(hWnd);
}

/** Puts a message into the queue of the thread whose window it is. @returns TRUE; or FALSE: ERROR_INVALID_WINDOW_HANDLE, ERROR_NOT_ENOUGH_QUOTA when 10,000 wait there */
export function PostMessage(hWnd: HWND, Msg: number, wParam: number, lParam: number): number {
  return face.PostMessage(hWnd, Msg, wParam, lParam);
}

/** As PostMessage: what is posted is numbers, whatever the text of a window. */
export const PostMessageA: typeof PostMessage = PostMessage;

/** As PostMessage: what is posted is numbers, whatever the text of a window. */
export const PostMessageW: typeof PostMessage = PostMessage;

/** Looks for a message of this thread, without waiting. @param wRemoveMsg PM_REMOVE to take it. @returns TRUE when there was one */
export function PeekMessage(lpMsg: MSG | null, hWnd: HWND, wMsgFilterMin: number, wMsgFilterMax: number, wRemoveMsg: number): number {
  return face.PeekMessage(lpMsg, hWnd, wMsgFilterMin, wMsgFilterMax, wRemoveMsg);
}

/** As PeekMessage: what is posted is numbers, whatever the text of a window. */
export const PeekMessageA: typeof PeekMessage = PeekMessage;

/** As PeekMessage: what is posted is numbers, whatever the text of a window. */
export const PeekMessageW: typeof PeekMessage = PeekMessage;

/** Waits for a message of this thread. @param lpMsg filled in: `new_MSG()`. @returns TRUE; FALSE for WM_QUIT; −1 for an error */
export function GetMessage(lpMsg: MSG | null, hWnd: HWND, wMsgFilterMin: number, wMsgFilterMax: number): number {
  return face.GetMessage(lpMsg, hWnd, wMsgFilterMin, wMsgFilterMax);
}

/** As GetMessage: what is posted is numbers, whatever the text of a window. */
export const GetMessageA: typeof GetMessage = GetMessage;

/** As GetMessage: what is posted is numbers, whatever the text of a window. */
export const GetMessageW: typeof GetMessage = GetMessage;

/** Calls the procedure of the message's window. @returns what that returns */
export function DispatchMessage(lpMsg: MSG): number {
  return face.DispatchMessage(lpMsg);
}

/** As DispatchMessage: what is posted is numbers, whatever the text of a window. */
export const DispatchMessageA: typeof DispatchMessage = DispatchMessage;

/** As DispatchMessage: what is posted is numbers, whatever the text of a window. */
export const DispatchMessageW: typeof DispatchMessage = DispatchMessage;

/** Would make characters of keys, of which there are none. @returns FALSE */
export function TranslateMessage(_lpMsg: MSG | null): number {
  return FALSE;
}

/**
 * From here on the window gets a message for each of these network events; the socket becomes nonblocking. It takes the place of what was
 * selected before; no events end it.
 * @param lEvent FD_ bits
 * @returns 0, or SOCKET_ERROR: WSAEINVAL for what is no window
 */
export function WSAAsyncSelect(s: SOCKET, hWnd: HWND, wMsg: number, lEvent: number): number {
  return face.WSAAsyncSelect(s, hWnd, wMsg, lEvent);
}
