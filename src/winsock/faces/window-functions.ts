import { FALSE, SOCKET_ERROR, TRUE } from "../abi/constants.ts";
import { WSAEFAULT } from "../abi/errors.ts";
import { type HWND, type MSG, PM_REMOVE, WM_QUIT } from "../abi/message-structures.ts";
import type { SOCKET } from "../abi/structures.ts";
import { CALL, type CallReply } from "../provider/calls.ts";
import type { FaceCore } from "./event-functions.ts";

/** What DispatchMessage calls. @returns what DispatchMessage returns */
export type WindowProcedure = (hWnd: HWND, uMsg: number, wParam: number, lParam: number) => number | undefined;

/** Windows that get messages: WSAAsyncSelect, and user32's few that belong to it. */
export interface WindowFunctions {
  CreateMessageWindow(lpfnWndProc: WindowProcedure | null): HWND;
  DestroyWindow(hWnd: HWND): number;
  PostMessage(hWnd: HWND, Msg: number, wParam: number, lParam: number): number;
  PeekMessage(lpMsg: MSG | null, hWnd: HWND, wMsgFilterMin: number, wMsgFilterMax: number, wRemoveMsg: number): number;
  GetMessage(lpMsg: MSG | null, hWnd: HWND, wMsgFilterMin: number, wMsgFilterMax: number): number;
  DispatchMessage(lpMsg: MSG): number;
  WSAAsyncSelect(s: SOCKET, hWnd: HWND, wMsg: number, lEvent: number): number;
}

/** @param procedures of the thread's windows */
export function windowFunctions({ call, fail }: FaceCore, procedures: Map<HWND, WindowProcedure>): WindowFunctions {
  const bool = (reply: CallReply): number => (reply.error === 0 && reply.result === TRUE ? TRUE : FALSE);

  return {
    CreateMessageWindow(lpfnWndProc) {
      const { result, error } = call(CALL.createWindow, 0, 0, 0, 0, null);
      if (error !== 0) return 0;
      if (typeof lpfnWndProc === "function") procedures.set(result, lpfnWndProc);
      return result;
    },

    DestroyWindow(hWnd) {
      procedures.delete(hWnd);
      return bool(call(CALL.destroyWindow, hWnd, 0, 0, 0, null));
    },

    PostMessage: (hWnd, Msg, wParam, lParam) => bool(call(CALL.postMessage, hWnd, Msg >>> 0, Math.trunc(wParam), Math.trunc(lParam), null)),

    PeekMessage(lpMsg, hWnd, wMsgFilterMin, wMsgFilterMax, wRemoveMsg) {
      if (lpMsg === null) return FALSE;
      const reply = call(CALL.peekMessage, hWnd, wMsgFilterMin >>> 0, wMsgFilterMax >>> 0, wRemoveMsg & PM_REMOVE, null);
      return fillMessage(lpMsg, reply) ? TRUE : FALSE;
    },

    GetMessage(lpMsg, hWnd, wMsgFilterMin, wMsgFilterMax) {
      if (lpMsg === null) return fail(WSAEFAULT);
      const reply = call(CALL.getMessage, hWnd, wMsgFilterMin >>> 0, wMsgFilterMax >>> 0, 0, null);
      if (reply.error !== 0) return SOCKET_ERROR;
      return fillMessage(lpMsg, reply) && lpMsg.message !== WM_QUIT ? TRUE : FALSE;
    },

    DispatchMessage: ({ hwnd, message, wParam, lParam }) => procedures.get(hwnd)?.(hwnd, message, wParam, lParam) ?? 0,

    WSAAsyncSelect: (s, hWnd, wMsg, lEvent) => call(CALL.selectMessages, s, hWnd | 0, wMsg >>> 0, lEvent | 0, null).result,
  };
}

/** @returns whether there was one */
export function fillMessage(target: MSG, { result, data }: CallReply): boolean {
  if (result !== TRUE || data === null) return false;
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const [hwnd, message, wParam, lParam] = [0, 8, 16, 24].map((at) => view.getFloat64(at, true));
  Object.assign(target, { hwnd, message, wParam, lParam });
  return true;
}

/** What these functions return when a parameter cannot be read. */
export function windowFault(name: string): number | undefined {
  return /^(CreateMessageWindow|DestroyWindow|PostMessage|PeekMessage|DispatchMessage)$/.test(name) ? FALSE : undefined;
}
