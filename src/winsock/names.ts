/** The part of `tapsock/winsock` that is about names, and about addresses as text. Who resolves them is the host: see `tapsock dns`. */
import type { HWND } from "./abi/message-structures.ts";
import type { addrinfo, addrinfoex, hostent, protoent, servent } from "./abi/name-structures.ts";
import type { WSAOVERLAPPED } from "./abi/overlapped-structures.ts";
import type { Box, in_addr, in6_addr, SOCKET, timeval } from "./abi/structures.ts";
import type { HANDLE } from "./faces/event-functions.ts";
import type { LookupRoutine } from "./faces/lookups-begun.ts";
import type { AddrinfoexPointer, AddrinfoPointer } from "./faces/name-functions.ts";
import type { SockaddrPointer } from "./faces/pointers.ts";
import type { QuerySetPointer } from "./faces/service-lookup-functions.ts";
import type { TextPointer } from "./faces/text-buffer.ts";
import { face } from "./this-thread.ts";

/**
 * Finds the addresses of a host, and the port of a service: waits for the host's name servers where it has to.
 * @param pNodeName a name, an address as text, `""` for the host itself, or null for its loopback (with AI_PASSIVE for all its addresses)
 * @param pServiceName a port as digits, the name of a service such as `http`, or null
 * @param pHints `new_addrinfo()` with ai_flags, ai_family, ai_socktype and ai_protocol as wanted, or null
 * @param ppResult its `value` becomes the first of a list, in the order in which to try them, or null
 * @returns 0, or the code itself: WSAHOST_NOT_FOUND, WSANO_DATA, WSATRY_AGAIN, WSANO_RECOVERY, WSATYPE_NOT_FOUND for the service,
 * WSAEINVAL, WSAEAFNOSUPPORT and WSAESOCKTNOSUPPORT for the hints, WSAEINTR, WSANOTINITIALISED
 */
export function getaddrinfo(
  pNodeName: string | null,
  pServiceName: string | null,
  pHints: addrinfo | Uint8Array | null,
  ppResult: AddrinfoPointer | null,
): number {
  return face.getaddrinfo(pNodeName, pServiceName, pHints, ppResult);
}

/** As getaddrinfo, of which it is the wide form. */
export function GetAddrInfoW(
  pNodeName: string | null,
  pServiceName: string | null,
  pHints: addrinfo | Uint8Array | null,
  ppResult: AddrinfoPointer | null,
): number {
  return face.GetAddrInfoW(pNodeName, pServiceName, pHints, ppResult);
}

/** As GetAddrInfoW. */
export function GetAddrInfo(
  pNodeName: string | null,
  pServiceName: string | null,
  pHints: addrinfo | Uint8Array | null,
  ppResult: AddrinfoPointer | null,
): number {
  return face.GetAddrInfoW(pNodeName, pServiceName, pHints, ppResult);
}

/**
 * Finds the addresses of a host as GetAddrInfoW does, in a name space.
 * @param dwNameSpace NS_DNS, or NS_ALL: there is no other
 * @param lpNspId null: there is one provider
 * @param hints `new_addrinfoex()` with what is wanted, or null
 * @param timeout how long it may take, after which it is WSATRY_AGAIN; null for as long as it does
 * @param lpOverlapped where it shall not wait: its event is set when `ppResult` is filled, or GetAddrInfoExOverlappedResult tells why not
 * @param lpCompletionRoutine instead of the event; it runs in an alertable wait of this thread
 * @param lpHandle gets what GetAddrInfoExCancel takes
 * @returns 0, WSA_IO_PENDING, or the code itself: WSASERVICE_NOT_FOUND for another name space, WSAEINVAL for a routine beside an event
 * or without lpOverlapped, and those of GetAddrInfoW
 */
export function GetAddrInfoExW(
  pName: string | null,
  pServiceName: string | null,
  dwNameSpace: number,
  lpNspId: object | null,
  hints: addrinfoex | Uint8Array | null,
  ppResult: AddrinfoexPointer | null,
  timeout: timeval | Uint8Array | null,
  lpOverlapped: WSAOVERLAPPED | null,
  lpCompletionRoutine: LookupRoutine | null,
  lpHandle: Box<HANDLE> | null,
): number {
  const rest = [timeout, lpOverlapped, lpCompletionRoutine, lpHandle] as const;
  return face.GetAddrInfoExW(pName, pServiceName, dwNameSpace, lpNspId, hints, ppResult, ...rest);
}

/** As GetAddrInfoExW. */
export function GetAddrInfoEx(
  pName: string | null,
  pServiceName: string | null,
  dwNameSpace: number,
  lpNspId: object | null,
  hints: addrinfoex | Uint8Array | null,
  ppResult: AddrinfoexPointer | null,
  timeout: timeval | Uint8Array | null,
  lpOverlapped: WSAOVERLAPPED | null,
  lpCompletionRoutine: LookupRoutine | null,
  lpHandle: Box<HANDLE> | null,
): number {
  const rest = [timeout, lpOverlapped, lpCompletionRoutine, lpHandle] as const;
  return face.GetAddrInfoExW(pName, pServiceName, dwNameSpace, lpNspId, hints, ppResult, ...rest);
}

/** As GetAddrInfoExW, but one of the last four is WSAEINVAL: on Windows too it knows only calls that wait. */
export function GetAddrInfoExA(
  pName: string | null,
  pServiceName: string | null,
  dwNameSpace: number,
  lpNspId: object | null,
  hints: addrinfoex | Uint8Array | null,
  ppResult: AddrinfoexPointer | null,
  timeout: timeval | Uint8Array | null,
  lpOverlapped: WSAOVERLAPPED | null,
  lpCompletionRoutine: LookupRoutine | null,
  lpNameHandle: Box<HANDLE> | null,
): number {
  const rest = [timeout, lpOverlapped, lpCompletionRoutine, lpNameHandle] as const;
  return face.GetAddrInfoExA(pName, pServiceName, dwNameSpace, lpNspId, hints, ppResult, ...rest);
}

/** What a lookup that did not wait came to: 0, a code of GetAddrInfoExW, WSA_E_CANCELLED, or WSAEINPROGRESS while it goes on. */
export function GetAddrInfoExOverlappedResult(lpOverlapped: WSAOVERLAPPED | null): number {
  return face.GetAddrInfoExOverlappedResult(lpOverlapped);
}

/**
 * Ends a lookup that goes on, whose event or routine tells so at once.
 * @returns 0, or WSA_INVALID_HANDLE for one that is over or never was
 */
export function GetAddrInfoExCancel(lpHandle: Box<HANDLE> | null): number {
  return face.GetAddrInfoExCancel(lpHandle);
}

/** As freeaddrinfo. */
export function FreeAddrInfoExW(pAddrInfoEx: addrinfoex | null): void {
  face.FreeAddrInfoExW(pAddrInfoEx);
}

/** As freeaddrinfo. */
export function FreeAddrInfoExA(pAddrInfoEx: addrinfoex | null): void {
  face.FreeAddrInfoExA(pAddrInfoEx);
}

/** As freeaddrinfo. */
export function FreeAddrInfoEx(pAddrInfoEx: addrinfoex | null): void {
  face.FreeAddrInfoExW(pAddrInfoEx);
}

/** Does nothing here: what nobody holds any more is freed anyway. */
export function freeaddrinfo(pAddrInfo: addrinfo | null): void {
  face.freeaddrinfo(pAddrInfo);
}

/** As freeaddrinfo. */
export function FreeAddrInfoW(pAddrInfo: addrinfo | null): void {
  face.FreeAddrInfoW(pAddrInfo);
}

/** As freeaddrinfo. */
export function FreeAddrInfo(pAddrInfo: addrinfo | null): void {
  face.FreeAddrInfoW(pAddrInfo);
}

/**
 * Finds the name of an address and of its port. An address without a name, and a port without a service, are told as numbers.
 * @param pNodeBuffer filled in with the host's name, or null when it is not wanted
 * @param NodeBufferSize characters that it has room for; NI_MAXHOST always suffices
 * @param pServiceBuffer filled in with the service's name, or null when it is not wanted
 * @param ServiceBufferSize characters that it has room for; NI_MAXSERV always suffices
 * @param Flags 0, or NI_ flags
 * @returns 0, or the code itself: WSAEFAULT, WSAEAFNOSUPPORT, WSAEINVAL, WSAHOST_NOT_FOUND (with NI_NAMEREQD, or when nothing is wanted),
 * ERROR_INSUFFICIENT_BUFFER, WSAEINTR, WSANOTINITIALISED
 */
export function getnameinfo(
  pSockaddr: SockaddrPointer | null,
  SockaddrLength: number,
  pNodeBuffer: TextPointer | null,
  NodeBufferSize: number,
  pServiceBuffer: TextPointer | null,
  ServiceBufferSize: number,
  Flags: number,
): number {
  return face.getnameinfo(pSockaddr, SockaddrLength, pNodeBuffer, NodeBufferSize, pServiceBuffer, ServiceBufferSize, Flags);
}

/** As getnameinfo, of which it is the wide form: memory gets UTF-16. */
export function GetNameInfoW(
  pSockaddr: SockaddrPointer | null,
  SockaddrLength: number,
  pNodeBuffer: TextPointer | null,
  NodeBufferSize: number,
  pServiceBuffer: TextPointer | null,
  ServiceBufferSize: number,
  Flags: number,
): number {
  return face.GetNameInfoW(pSockaddr, SockaddrLength, pNodeBuffer, NodeBufferSize, pServiceBuffer, ServiceBufferSize, Flags);
}

/** As GetNameInfoW. */
export function GetNameInfo(
  pSockaddr: SockaddrPointer | null,
  SockaddrLength: number,
  pNodeBuffer: TextPointer | null,
  NodeBufferSize: number,
  pServiceBuffer: TextPointer | null,
  ServiceBufferSize: number,
  Flags: number,
): number {
  return face.GetNameInfoW(pSockaddr, SockaddrLength, pNodeBuffer, NodeBufferSize, pServiceBuffer, ServiceBufferSize, Flags);
}

/**
 * Finds the IPv4 addresses of a host.
 * @param name a name, a dotted quad, or null or `""` for the host itself
 * @returns this thread's hostent, which the next such call fills anew, or null: WSAHOST_NOT_FOUND, WSANO_DATA, WSATRY_AGAIN,
 * WSANO_RECOVERY, WSAEINTR
 */
export function gethostbyname(name: string | null): hostent | null {
  return face.gethostbyname(name);
}

/**
 * Finds the names of an address.
 * @param addr as on the wire, or an in_addr or in6_addr
 * @param len 4 or 16
 * @param type AF_INET or AF_INET6
 * @returns this thread's hostent, which the next such call fills anew, or null: WSAHOST_NOT_FOUND, WSANO_DATA, WSATRY_AGAIN,
 * WSANO_RECOVERY, WSAEAFNOSUPPORT, WSAEFAULT, WSAEINVAL, WSAEINTR
 */
export function gethostbyaddr(addr: Uint8Array | in_addr | in6_addr | null, len: number, type: number): hostent | null {
  return face.gethostbyaddr(addr, len, type);
}

/** What the host calls itself. @param namelen characters that there is room for. @returns 0, or SOCKET_ERROR: WSAEFAULT where it is too little */
export function gethostname(name: TextPointer | null, namelen: number): number {
  return face.gethostname(name, namelen);
}

/** As gethostname, of which it is the wide form: memory gets UTF-16. */
export function GetHostNameW(name: TextPointer | null, namelen: number): number {
  return face.GetHostNameW(name, namelen);
}

/**
 * Finds a service by its name.
 * @param proto `tcp`, `udp`, or null for the first that there is
 * @returns this thread's servent, which the next such call fills anew, or null: WSANO_DATA
 */
export function getservbyname(name: string | null, proto: string | null): servent | null {
  return face.getservbyname(name, proto);
}

/**
 * Finds a service by its port.
 * @param port in network byte order: htons(80)
 * @param proto `tcp`, `udp`, or null for the first that there is
 * @returns this thread's servent, which the next such call fills anew, or null: WSANO_DATA
 */
export function getservbyport(port: number, proto: string | null): servent | null {
  return face.getservbyport(port, proto);
}

/** Finds a protocol by its name. @returns this thread's protoent, which the next such call fills anew, or null: WSANO_DATA */
export function getprotobyname(name: string | null): protoent | null {
  return face.getprotobyname(name);
}

/** Finds a protocol by its number. @returns this thread's protoent, which the next such call fills anew, or null: WSANO_DATA */
export function getprotobynumber(number: number): protoent | null {
  return face.getprotobynumber(number);
}

/** As inet_pton, of which it is the wide form: text that is no address is WSAEINVAL. @returns 1, 0, or -1: WSAEAFNOSUPPORT, WSAEFAULT */
export function InetPtonW(Family: number, pszAddrString: string | null, pAddrBuf: Uint8Array | in_addr | in6_addr | null): number {
  return face.InetPtonW(Family, pszAddrString, pAddrBuf);
}

/** As InetPtonW. */
export function InetPton(Family: number, pszAddrString: string | null, pAddrBuf: Uint8Array | in_addr | in6_addr | null): number {
  return face.InetPtonW(Family, pszAddrString, pAddrBuf);
}

/** As inet_ntop, of which it is the wide form: memory gets UTF-16, and the size counts characters. */
export function InetNtopW(
  Family: number,
  pAddr: Uint8Array | in_addr | in6_addr | null,
  pStringBuf: TextPointer | null,
  StringBufSize: number,
): string | null {
  return face.InetNtopW(Family, pAddr, pStringBuf, StringBufSize);
}

/** As InetNtopW. */
export function InetNtop(
  Family: number,
  pAddr: Uint8Array | in_addr | in6_addr | null,
  pStringBuf: TextPointer | null,
  StringBufSize: number,
): string | null {
  return face.InetNtopW(Family, pAddr, pStringBuf, StringBufSize);
}

/**
 * Reads an address with or without a port: `203.0.113.1:80`, `2001:db8::1`, `[fe80::1%3]:80`.
 * @param AddressFamily AF_INET or AF_INET6
 * @param lpProtocolInfo of no account here
 * @param lpAddressLength bytes of `lpAddress`, in and out
 * @returns 0, or SOCKET_ERROR: WSAEINVAL for text that is none, WSAEFAULT where there is too little room
 */
export function WSAStringToAddressW(
  AddressString: string | null,
  AddressFamily: number,
  lpProtocolInfo: object | null,
  lpAddress: SockaddrPointer | null,
  lpAddressLength: Box<number> | null,
): number {
  return face.WSAStringToAddressW(AddressString, AddressFamily, lpProtocolInfo, lpAddress, lpAddressLength);
}

/** As WSAStringToAddressW. */
export function WSAStringToAddressA(
  AddressString: string | null,
  AddressFamily: number,
  lpProtocolInfo: object | null,
  lpAddress: SockaddrPointer | null,
  lpAddressLength: Box<number> | null,
): number {
  return face.WSAStringToAddressA(AddressString, AddressFamily, lpProtocolInfo, lpAddress, lpAddressLength);
}

/** As WSAStringToAddressW. */
export function WSAStringToAddress(
  AddressString: string | null,
  AddressFamily: number,
  lpProtocolInfo: object | null,
  lpAddress: SockaddrPointer | null,
  lpAddressLength: Box<number> | null,
): number {
  return face.WSAStringToAddressW(AddressString, AddressFamily, lpProtocolInfo, lpAddress, lpAddressLength);
}

/**
 * Writes an address, with its port where that is not 0. Memory gets UTF-16.
 * @param lpProtocolInfo of no account here
 * @param lpdwAddressStringLength characters that there is room for, the NUL included; then those that were written, or are needed
 * @returns 0, or SOCKET_ERROR: WSAEFAULT where there is too little room, WSAEINVAL for what is no address
 */
export function WSAAddressToStringW(
  lpsaAddress: SockaddrPointer | null,
  dwAddressLength: number,
  lpProtocolInfo: object | null,
  lpszAddressString: TextPointer | null,
  lpdwAddressStringLength: Box<number> | null,
): number {
  return face.WSAAddressToStringW(lpsaAddress, dwAddressLength, lpProtocolInfo, lpszAddressString, lpdwAddressStringLength);
}

/** As WSAAddressToStringW, but memory gets a byte for each character. */
export function WSAAddressToStringA(
  lpsaAddress: SockaddrPointer | null,
  dwAddressLength: number,
  lpProtocolInfo: object | null,
  lpszAddressString: TextPointer | null,
  lpdwAddressStringLength: Box<number> | null,
): number {
  return face.WSAAddressToStringA(lpsaAddress, dwAddressLength, lpProtocolInfo, lpszAddressString, lpdwAddressStringLength);
}

/** As WSAAddressToStringW. */
export function WSAAddressToString(
  lpsaAddress: SockaddrPointer | null,
  dwAddressLength: number,
  lpProtocolInfo: object | null,
  lpszAddressString: TextPointer | null,
  lpdwAddressStringLength: Box<number> | null,
): number {
  return face.WSAAddressToStringW(lpsaAddress, dwAddressLength, lpProtocolInfo, lpszAddressString, lpdwAddressStringLength);
}

/** htonl, for the byte order of a socket. @param lpnetlong gets it. @returns 0, or SOCKET_ERROR: WSAENOTSOCK, WSAEFAULT */
export function WSAHtonl(s: SOCKET, hostlong: number, lpnetlong: Box<number> | null): number {
  return face.WSAHtonl(s, hostlong, lpnetlong);
}

/** htons, for the byte order of a socket. @param lpnetshort gets it. @returns 0, or SOCKET_ERROR: WSAENOTSOCK, WSAEFAULT */
export function WSAHtons(s: SOCKET, hostshort: number, lpnetshort: Box<number> | null): number {
  return face.WSAHtons(s, hostshort, lpnetshort);
}

/** ntohl, for the byte order of a socket. @param lphostlong gets it. @returns 0, or SOCKET_ERROR: WSAENOTSOCK, WSAEFAULT */
export function WSANtohl(s: SOCKET, netlong: number, lphostlong: Box<number> | null): number {
  return face.WSANtohl(s, netlong, lphostlong);
}

/** ntohs, for the byte order of a socket. @param lphostshort gets it. @returns 0, or SOCKET_ERROR: WSAENOTSOCK, WSAEFAULT */
export function WSANtohs(s: SOCKET, netshort: number, lphostshort: Box<number> | null): number {
  return face.WSANtohs(s, netshort, lphostshort);
}

/** A code of getaddrinfo or getnameinfo in a sentence. */
export function gai_strerrorW(ecode: number): string {
  return face.gai_strerrorW(ecode);
}

/** As gai_strerrorW. */
export function gai_strerrorA(ecode: number): string {
  return face.gai_strerrorA(ecode);
}

/** As gai_strerrorW. */
export function gai_strerror(ecode: number): string {
  return face.gai_strerrorW(ecode);
}

/**
 * Finds a host's addresses as gethostbyname does, without waiting: `hWnd` gets `wMsg` when it is over, whose wParam is the task that is
 * returned and of whose lParam WSAGETASYNCERROR and WSAGETASYNCBUFLEN tell. Parameters are judged by then too.
 * @param buf a hostent, or bytes that get one in C layout, with offsets from its beginning where C has pointers
 * @param buflen what `buf` may take as C counts it, MAXGETHOSTSTRUCT for all cases; where that is too little, WSAENOBUFS
 * @returns the task, or 0 when nothing was begun
 */
export function WSAAsyncGetHostByName(
  hWnd: HWND,
  wMsg: number,
  name: string | null,
  buf: hostent | Uint8Array | null,
  buflen: number,
): HANDLE {
  return face.WSAAsyncGetHostByName(hWnd, wMsg, name, buf, buflen);
}

/** As gethostbyaddr, with a message when it is over, as WSAAsyncGetHostByName. */
export function WSAAsyncGetHostByAddr(
  hWnd: HWND,
  wMsg: number,
  addr: Uint8Array | in_addr | in6_addr | null,
  len: number,
  type: number,
  buf: hostent | Uint8Array | null,
  buflen: number,
): HANDLE {
  return face.WSAAsyncGetHostByAddr(hWnd, wMsg, addr, len, type, buf, buflen);
}

/** As getservbyname, with a message when it is over, as WSAAsyncGetHostByName. */
export function WSAAsyncGetServByName(
  hWnd: HWND,
  wMsg: number,
  name: string | null,
  proto: string | null,
  buf: servent | Uint8Array | null,
  buflen: number,
): HANDLE {
  return face.WSAAsyncGetServByName(hWnd, wMsg, name, proto, buf, buflen);
}

/** As getservbyport, with a message when it is over, as WSAAsyncGetHostByName. */
export function WSAAsyncGetServByPort(
  hWnd: HWND,
  wMsg: number,
  port: number,
  proto: string | null,
  buf: servent | Uint8Array | null,
  buflen: number,
): HANDLE {
  return face.WSAAsyncGetServByPort(hWnd, wMsg, port, proto, buf, buflen);
}

/** As getprotobyname, with a message when it is over, as WSAAsyncGetHostByName. */
export function WSAAsyncGetProtoByName(
  hWnd: HWND,
  wMsg: number,
  name: string | null,
  buf: protoent | Uint8Array | null,
  buflen: number,
): HANDLE {
  return face.WSAAsyncGetProtoByName(hWnd, wMsg, name, buf, buflen);
}

/** As getprotobynumber, with a message when it is over, as WSAAsyncGetHostByName. */
export function WSAAsyncGetProtoByNumber(
  hWnd: HWND,
  wMsg: number,
  number: number,
  buf: protoent | Uint8Array | null,
  buflen: number,
): HANDLE {
  return face.WSAAsyncGetProtoByNumber(hWnd, wMsg, number, buf, buflen);
}

/**
 * No message will tell of the task.
 * @returns 0, or SOCKET_ERROR: WSAEALREADY for one that is over, WSAEINVAL for one that never was
 */
export function WSACancelAsyncRequest(hAsyncTaskHandle: HANDLE): number {
  return face.WSACancelAsyncRequest(hAsyncTaskHandle);
}

/**
 * Begins to look for a host or a service in DNS, and asks nobody yet.
 * @param lpqsRestrictions `new_WSAQUERYSETW()` with lpServiceClassId: SVCID_INET_HOSTADDRBYNAME, SVCID_HOSTNAME, `SVCID_TCP(port)` and
 * `SVCID_UDP(port)` for the host of lpszServiceInstanceName (null for this one), SVCID_INET_HOSTADDRBYINETSTRING for the name of an
 * address, SVCID_INET_SERVICEBYNAME for a service such as `http/tcp`; lpafpProtocols restricts families and protocols
 * @param dwControlFlags LUP_RETURN_ flags for what is to be given, LUP_RETURN_ALIASES for a result of each alias too
 * @param lphLookup gets what WSALookupServiceNext takes; never null
 * @returns 0, or SOCKET_ERROR: WSAEINVAL for a class or flags that are missing or none, WSASERVICE_NOT_FOUND for a class, name space or
 * provider that there is not, WSANO_DATA for restrictions that leave nothing, WSA_NOT_ENOUGH_MEMORY, WSAEFAULT
 */
export function WSALookupServiceBeginW(
  lpqsRestrictions: QuerySetPointer | null,
  dwControlFlags: number,
  lphLookup: Box<HANDLE> | null,
): number {
  return face.WSALookupServiceBeginW(lpqsRestrictions, dwControlFlags, lphLookup);
}

/** As WSALookupServiceBeginW, of which it is the narrow form: in memory, strings have a byte for a character. */
export function WSALookupServiceBeginA(
  lpqsRestrictions: QuerySetPointer | null,
  dwControlFlags: number,
  lphLookup: Box<HANDLE> | null,
): number {
  return face.WSALookupServiceBeginA(lpqsRestrictions, dwControlFlags, lphLookup);
}

/** As WSALookupServiceBeginW. */
export const WSALookupServiceBegin: typeof WSALookupServiceBeginW = WSALookupServiceBeginW;

/**
 * The next result, for which the first call waits as getaddrinfo does.
 * @param dwControlFlags LUP_FLUSHPREVIOUS to pass over a result that was too long; LUP_RETURN_ flags that restrict what is given further
 * @param lpdwBufferLength bytes that the result may take, as C counts them; with WSAEFAULT how many it would take: the next call gives it
 * @param lpqsResults filled in: `new_WSAQUERYSETW()`; null together with a length of 0 to ask for the length
 * @returns 0, or SOCKET_ERROR: WSA_E_NO_MORE after the last result, WSASERVICE_NOT_FOUND for a name that there is not, WSANO_DATA for one
 * without addresses of the families, WSATRY_AGAIN, WSANO_RECOVERY, WSA_E_CANCELLED when WSALookupServiceEnd came meanwhile,
 * WSA_INVALID_HANDLE
 */
export function WSALookupServiceNextW(
  hLookup: HANDLE,
  dwControlFlags: number,
  lpdwBufferLength: Box<number> | null,
  lpqsResults: QuerySetPointer | null,
): number {
  return face.WSALookupServiceNextW(hLookup, dwControlFlags, lpdwBufferLength, lpqsResults);
}

/** As WSALookupServiceNextW, of which it is the narrow form: in memory, strings have a byte for a character. */
export function WSALookupServiceNextA(
  hLookup: HANDLE,
  dwControlFlags: number,
  lpdwBufferLength: Box<number> | null,
  lpqsResults: QuerySetPointer | null,
): number {
  return face.WSALookupServiceNextA(hLookup, dwControlFlags, lpdwBufferLength, lpqsResults);
}

/** As WSALookupServiceNextW. */
export const WSALookupServiceNext: typeof WSALookupServiceNextW = WSALookupServiceNextW;

/** Ends a lookup; who waits for its next result is told WSA_E_CANCELLED. @returns 0, or SOCKET_ERROR with WSA_INVALID_HANDLE */
export function WSALookupServiceEnd(hLookup: HANDLE): number {
  return face.WSALookupServiceEnd(hLookup);
}
