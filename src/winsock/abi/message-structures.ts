/** Messages of windows, for WSAAsyncSelect. */
/** The first message that is a program's own. */
export const WM_USER = 0x400;
export const WM_APP = 0x8000;
/** Ends a loop of GetMessage. */
export const WM_QUIT = 0x12;
export const PM_NOREMOVE = 0;
export const PM_REMOVE = 1;
/** CreateMessageWindow makes windows under this one, which nobody sees. */
export const HWND_MESSAGE = -3;

/** A window. */
export type HWND = number;

export const sizeof_MSG = 48;

/** What GetMessage and PeekMessage fill in. */
export interface MSG {
  hwnd: HWND;
  message: number;
  /** Of WSAAsyncSelect's: the socket. */
  wParam: number;
  /** Of WSAAsyncSelect's: WSAGETSELECTEVENT and WSAGETSELECTERROR take it apart. */
  lParam: number;
}

/** An empty message. */
export function new_MSG(): MSG {
  return { hwnd: 0, message: 0, wParam: 0, lParam: 0 };
}

/** The FD_ bit of a message. */
export const WSAGETSELECTEVENT = (lParam: number): number => lParam & 0xffff;

/** The code that goes with it: 0 or a WSA code. */
export const WSAGETSELECTERROR = (lParam: number): number => (lParam >>> 16) & 0xffff;

/** As WSAAsyncSelect's messages are made. */
export const WSAMAKESELECTREPLY = (event: number, error: number): number => (event & 0xffff) | ((error & 0xffff) << 16);

/** Of the message of a WSAAsyncGetXByY function: bytes that the record takes, which says after WSAENOBUFS how many it needs. */
export const WSAGETASYNCBUFLEN = (lParam: number): number => lParam & 0xffff;

/** The code that goes with it: 0 or a WSA code. */
export const WSAGETASYNCERROR = (lParam: number): number => (lParam >>> 16) & 0xffff;

/** As the messages of the WSAAsyncGetXByY functions are made. */
export const WSAMAKEASYNCREPLY = (buflen: number, error: number): number => Math.min(buflen, 0xffff) | ((error & 0xffff) << 16);
