/**
 * The calls that a face makes of the provider, as plain records: the same whether they pass through a function call, shared memory
 * or the daemon's socket. Names and meanings are Microsoft's; what is a pointer in C is bytes here, and null where C has NULL.
 */

import type { SharedProcess } from "./shared-process.ts";

/** Operation codes. They travel between processes, so a number once given keeps its meaning. */
export const CALL = {
  /** a: wanted version as of WSAStartup. Counted for the process. Reply a: the version agreed on. */
  startup: 1,
  /** Undoes one startup of the process. The last one closes all of its handles; calls that wait, of all its threads, end with WSAEINTR. Reply a: startups left. */
  cleanup: 2,
  /** a: af, b: type, c: protocol; e: 1 for one whose overlapped calls wait (WSASocket without WSA_FLAG_OVERLAPPED). Result: SOCKET. */
  socket: 3,
  /** s; data: name or null; a: namelen. */
  bind: 4,
  /** s; data: name or null; a: namelen. */
  connect: 5,
  /** s; a: backlog. */
  listen: 6,
  /**
   * s; a: room for the address, or −1 when no address is wanted; b: 1 for CF_ACCEPT, which is about what `offer` told; c: the number of that,
   * 0 for whatever is next. Result: SOCKET; reply data: the peer's sockaddr when wanted.
   */
  accept: 7,
  /**
   * s; data: bytes or null; a: flags; b: 1 when the bytes continue a call already accepted (a long send travels in pieces), 2 when the
   * caller knew of room for them and does not wait; c: 1 when more pieces follow. Result: bytes taken. Reply a: bytes in the send
   * queue; b: the quota below which the next send is taken.
   */
  send: 8,
  /**
   * s; a: wanted bytes; b: flags; c: 0, and bytes that were shown (see `show`) and not taken are to be had again; or 1 for an overlapped one that
   * wants what comes after those: while any are shown or asked to be, `taken` says what it has. Result: bytes; reply data: them.
   */
  recv: 9,
  /** s; data: name (a bytes of it) followed by the payload; a: length of the name within data or −1 for null; b: flags; c: tolen. Result: payload bytes. */
  sendto: 10,
  /** s; a: wanted bytes; b: flags; c: room for the address or −1. Result: bytes; reply data: sockaddr (a bytes of it) followed by them. */
  recvfrom: 11,
  /** s; a: how. */
  shutdown: 12,
  /** s. */
  closesocket: 13,
  /** data: three counted lists of SOCKETs, little-endian u32 (count, sockets…) for read, write, except; 0xffffffff as a count for null; a: timeout in µs, −1 for ever; b: bits 1, 2, 4 for sets that are null. Reply data: three lists. Result: entries in all. */
  select: 14,
  /** s; a: command; b: argument; c: 1 when argp is null. Reply a: argument out. */
  ioctlsocket: 15,
  /** s; a: room (*namelen) or −1 for null pointers. Reply data: sockaddr. */
  getsockname: 16,
  /** s; a: room or −1. Reply data: sockaddr. */
  getpeername: 17,
  /** s; a: level; b: name; c: *optlen or −1 for a null pointer. Reply data: value. */
  getsockopt: 18,
  /** s; a: level; b: name; data: value or null; c: optlen. */
  setsockopt: 19,
  /** a: id of a pending call of this thread, which ends with WSAEINTR if it is still pending, or with the bytes that a MSG_WAITALL has by then. Reply a: 1 when it was. */
  cancel: 20,
  /**
   * Not Winsock: s; a: at most so many bytes; b: bytes that were shown and are not taken, −1 for all; c: bytes that were taken since. Waits for bytes
   * beyond those shown, which stay unread until they are taken. Result: how many, 0 at the end of the stream; reply data: them. WSAEOPNOTSUPP where receives must
   * all be seen, or may not wait for ever.
   */
  show: 21,
  /**
   * Not Winsock: s, or a completion port; a: how many bytes were taken of those shown, or how many packets of those that may be taken ahead; b:
   * of the bytes, those of an overlapped receive: one (`d`, `e`) that was over when it was called, or, where `d` does not say that it is
   * overlapped, the one behind what was shown whose id `e` is; c: 1 where all others are to be had again. Never refused: one whose event is none has
   * none. Result: b.
   */
  taken: 22,
  /** WSACreateEvent, CreateEvent. a: 1 for manual reset; b: 1 when it is signalled from the beginning. Result: the event, 0 for none. */
  createEvent: 23,
  /** s: an event. Result: BOOL. */
  setEvent: 24,
  /** s: an event. Result: BOOL. */
  resetEvent: 25,
  /** s: an event, or a socket, as closesocket. */
  closeHandle: 26,
  /** WSAWaitForMultipleEvents. data: events, little-endian u32 each; a: 1 to wait for all of them; b: milliseconds, −1 for ever. Result: as the function's. */
  waitForEvents: 27,
  /** WSAEventSelect. s; a: the event, 0 for none; b: FD_ bits. */
  selectEvents: 28,
  /** WSAEnumNetworkEvents. s; a: the event to reset, 0 for none. Reply a: FD_ bits; reply data: ten error codes, little-endian i32 each. */
  enumerateEvents: 29,
  /** WSAPoll. data: entries of descriptor and events, little-endian i32 each; a: milliseconds, negative for ever. Result: entries with events; reply data: revents, little-endian i32 each. */
  poll: 30,
  /**
   * Not Winsock: s, or 0. Does nothing, after all that was asked before; WSAENOTSOCK for an s that is no socket. a: 0, or the id of an
   * overlapped call on s, which, if it is over, counts as over at once; b: 1 where all bytes that were shown are to be had again, of every
   * stream; c: 1 to be answered after all that the program's other threads have
   * asked before. Reply a: `FENCE` bits; b: 1 in a process of version 1.x; data, with c 2: of which calls and posted packets other threads
   * have taken the packets since it was last told, each a little-endian f64.
   */
  fence: 31,
  /** CancelIo, CancelIoEx. s; a: the id of one call of this thread, 0 for all; b: 1 for those of all threads. Ends overlapped calls with WSA_OPERATION_ABORTED. Result: how many. */
  cancelIo: 33,
  /** CreateIoCompletionPort. s: a socket, or 0; a: a port, or 0 for a new one; b: the key. Result: the port, 0 for none. */
  associate: 34,
  /** GetQueuedCompletionStatus(Ex). s: a port; a: milliseconds, −1 for ever; b: how many at most; c: how many more to show, which stay until they are `taken`, where there is one thread. Result: packets; reply b: how many may be taken ahead, of those shown and those of calls that were said to be over, before this is asked again: none where there are more threads, or no room for more; reply data: five little-endian f64 of each: key, 1 when it tells of a call of this thread, that call's id, bytes, error. */
  dequeue: 35,
  /** PostQueuedCompletionStatus. s: a port; a: bytes; b: key; c: what stands for the call, 0 for nothing. Reply data: as of a fence with c 2. */
  postPacket: 36,
  /** SetFileCompletionNotificationModes. s; a: FILE_SKIP_ bits. */
  notificationModes: 37,
  /** ConnectEx. s; data: name (b bytes of it, −1 for null) and the first bytes to send; a: namelen. Result: bytes taken. */
  connectEx: 44,
  /** AcceptEx. s: the listener; a: the socket to accept into; b: room for data. Result: bytes received; reply data: them, then the local name of a bytes and the remote one of b. */
  acceptEx: 45,
  /** DisconnectEx. s; a: 0 or TF_REUSE_SOCKET. */
  disconnectEx: 46,
  /** WSADuplicateSocket. s. Reply a: a number by which `socketOfDuplicate` makes a handle of it, once. */
  duplicateSocket: 56,
  /** WSASocket, with what WSADuplicateSocket gave. a: the number. Result: SOCKET. */
  socketOfDuplicate: 57,
  /** WSAAccept. s: waits for a connection or a request for one, which stays in the queue. Reply data: its peer's name (a bytes of it), then its own; b: its number. */
  offer: 58,
  /** WSAAccept with CF_REJECT. s; a: the number of what was offered, 0 for whatever is next. The connection is reset, the request refused. */
  reject: 59,
  /**
   * WSARecvMsg. s; a: wanted bytes; b: MSG_ flags; c: room for the address, or −1; data: room for control data, a little-endian u32. Result: bytes;
   * reply data: sockaddr (a bytes of it), control data and bytes; b: MSG_ flags, and the bytes of control data as a multiple of 65536.
   */
  recvMsg: 60,
  /** WSASendMsg. s; a: length of the name within data, or −1 for null; b: MSG_ flags; c: namelen; data: the bytes of control data, a little-endian u32, then name, control data and payload. Result: payload bytes. */
  sendMsg: 61,
  /** A window of the calling thread that has nothing but messages. Result: HWND. */
  createWindow: 50,
  /** s: HWND. Result: BOOL. */
  destroyWindow: 51,
  /** s: HWND; a: message; b: wParam; c: lParam. Result: BOOL. */
  postMessage: 52,
  /** Of the thread's own. s: HWND or 0; a, b: first and last message, both 0 for any; c: 1 to take it. Result: BOOL; reply data: hwnd, message, wParam, lParam, a little-endian f64 each. */
  peekMessage: 53,
  /** As peekMessage, and waits. */
  getMessage: 54,
  /** WSAAsyncSelect. s; a: HWND; b: message; c: FD_ bits. */
  selectMessages: 55,
  /**
   * WSAAsyncGetHostByName, WSAAsyncGetHostByAddr. s: HWND; a: message; b: 0 by name, 1 by address; c: room for the record; e: wParam of the
   * message; data: as getaddrinfo's or getnameinfo's. Result: 0 or the lookup's code; reply data and a: as theirs.
   */
  hostForWindow: 49,
  /**
   * s; a: control code; b: 1 where lpcbBytesReturned is NULL, else 0; data: cbInBuffer bytes of
   * input or null; c: room for output, or −1 for NULL. Reply a: bytes returned, −1 where they are left as they were; reply data: output.
   */
  WSAIoctl: 48,
  /** data: JSON of a management request; reply data: JSON. Not Winsock: what the command line and the page ask of a host. */
  control: 32,
  /**
   * The addresses of a name, gethostbyname's too. data: the name in ASCII or null; a: AF_UNSPEC, AF_INET or AF_INET6; b: AI_ flags. Result:
   * how many; reply data: their names (a bytes of it), each of its family's length, then, with NULs between them, the canonical name,
   * the name in full, and aliases.
   */
  getaddrinfo: 40,
  /**
   * The names of an address, gethostbyaddr's too. data: name. Result: how many; reply data: they, with NULs between them; reply a: how many
   * characters of the first name it within the host's own domain.
   */
  getnameinfo: 41,
  /** Reply data: the host's own name. */
  gethostname: 42,
  /** WSALookupServiceBegin. a: LUP_ flags; data: a WSAQUERYSETW in C layout, where pointers are offsets from its beginning, or null. Reply a: the lookup. */
  lookupBegin: 70,
  /**
   * WSALookupServiceNext. s: a lookup; a: LUP_ flags; b: 1 for the wide form; c: bytes that there is room for, −1 for NULL. Reply data: a
   * WSAQUERYSET as above; a: its bytes, with WSAEFAULT too.
   */
  lookupNext: 71,
  /** WSALookupServiceEnd. s: a lookup. */
  lookupEnd: 72,
  /** DuplicateHandle, within the process. s: a socket, an event or a completion port; a: DUPLICATE_ options. Result: the new handle, 0 for none. */
  duplicateHandle: 73,
  /**
   * Not Winsock: s. Waits for a moment until its send queue takes a good deal, or something. Reply a, b: as send's. WSAETIMEDOUT where it
   * takes nothing; WSAEOPNOTSUPP where a send may not wait for ever, or waits for more than that.
   */
  room: 74,
} as const;

export type CallName = keyof typeof CALL;

/** What a fence tells of its socket: its overlapped calls wait; it has a completion port; success at once leaves no packet there. */
export const FENCE = { isSynchronous: 1, hasPort: 2, skipsPackets: 4 } as const;

export interface CallRequest {
  /** Chosen by the caller, unique among its pending calls. */
  readonly id: number;
  readonly op: number;
  /** SOCKET, or 0 where the call takes none. */
  readonly s: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  /** How the call is overlapped (`OVERLAPPED`), and its event; 0 (the default) for one that is not. */
  readonly d?: number;
  readonly e?: number;
  /** Valid during the call only: the provider copies what it keeps. */
  readonly data: Uint8Array | null;
}

export interface CallReply {
  readonly id: number;
  /** What the C function returns. */
  readonly result: number;
  /** Last error: 0 or a WSA code. */
  readonly error: number;
  readonly a: number;
  readonly b: number;
  /** Valid during the call only. */
  readonly data: Uint8Array | null;
  /** The data lies in the host's own memory, and stays as it is until it is said to be taken. */
  readonly isLent?: boolean;
}

export type Replier = (reply: CallReply) => void;

/** What takes calls: the provider itself, or something that carries them to one. */
export interface CallHandler {
  /**
   * A thread of a program attached.
   * @param client unique until closed
   * @param process what the threads of one program have in common; 0 (the default) for a program of this thread alone
   * @param isAdministrator whether its program may have raw sockets, as Windows' administrators may; it may unless this is false
   */
  openClient(client: number, process?: number, isAdministrator?: boolean): void;
  /** The thread is gone, and its waiting calls. With the last of a program its sockets go, as those of a process that died. */
  closeClient(client: number): void;
  /** While a client does not take its replies, its waiting calls stay waiting: what they would bring stays where it is bounded. */
  hold(client: number, isHeld: boolean): void;
  /** `reply` is called exactly once, at once or later, never after `closeClient`. */
  call(client: number, request: CallRequest, reply: Replier): void;
}

/** A face's end when its thread may wait: the call returns when the answer is there. */
export interface BlockingPort {
  /** Of the program that this thread is one of; undefined for a program of this thread alone. */
  readonly process?: SharedProcess | undefined;
  call(request: Omit<CallRequest, "id">): CallReply;
  /**
   * A call whose answer, of one message at most, the caller does not wait for; it takes its turn among the others. `replied` hears it
   * during a later call on this port, and must not call the port itself. The reply's data is valid during the call.
   * @returns the call's id, by which it can be cancelled
   */
  post(request: Omit<CallRequest, "id">, replied: (reply: CallReply) => void): number;
  /** Hears what answers to posted calls have come, without waiting. */
  takeReplies(): void;
  /** Waits until a posted call is answered. @returns false when the network is gone, or none is posted */
  awaitPosted(): boolean;
  close(): void;
}

/** A face's end in asynchronous code. */
export interface AsyncPort {
  call(request: Omit<CallRequest, "id">, signal?: AbortSignal): Promise<CallReply>;
  /**
   * A call that is not a reason for the program to live on. `replied` hears its answer, whose data is valid during the call.
   * @returns false when the network is gone, or there is no room for its data now, and nothing was sent; one without data waits for room
   */
  post(request: Omit<CallRequest, "id">, replied: (reply: CallReply) => void): boolean;
  /** Somebody waits for a posted call after all: until then it is a reason for the program to live on. */
  waitingFor(answer: Promise<void>): Promise<void>;
  close(): void;
}
