/** NTSTATUS as it stands in WSAOVERLAPPED.Internal, and what Winsock makes of it (Wine's test WSAGetOverlappedResult). */
import {
  WSA_IO_INCOMPLETE,
  WSA_OPERATION_ABORTED,
  WSAEACCES,
  WSAEADDRINUSE,
  WSAEADDRNOTAVAIL,
  WSAECONNABORTED,
  WSAECONNREFUSED,
  WSAECONNRESET,
  WSAEDISCON,
  WSAEFAULT,
  WSAEHOSTDOWN,
  WSAEHOSTUNREACH,
  WSAEINTR,
  WSAEINVAL,
  WSAEISCONN,
  WSAEMSGSIZE,
  WSAENETDOWN,
  WSAENETUNREACH,
  WSAENOBUFS,
  WSAENOTCONN,
  WSAENOTSOCK,
  WSAEOPNOTSUPP,
  WSAESHUTDOWN,
  WSAETIMEDOUT,
  WSAEWOULDBLOCK,
} from "./errors.ts";

export const STATUS_SUCCESS = 0;
export const STATUS_PENDING = 0x103;
export const STATUS_BUFFER_OVERFLOW = 0x80000005;
const STATUS_UNSUCCESSFUL = 0xc0000001;

/** Each status with its code; of several with the same code the first is the one that is written. */
const STATUSES: readonly (readonly [number, number])[] = [
  [STATUS_PENDING, WSA_IO_INCOMPLETE],
  [STATUS_BUFFER_OVERFLOW, WSAEMSGSIZE],
  [0xc0000206, WSAEMSGSIZE],
  [0xc0000120, WSA_OPERATION_ABORTED],
  [0xc0000008, WSAENOTSOCK],
  [0xc0000024, WSAENOTSOCK],
  [0xc00000bb, WSAEOPNOTSUPP],
  [0xc0000002, WSAEOPNOTSUPP],
  [0xc0000005, WSAEFAULT],
  [0xc0000023, WSAEFAULT],
  [0xc0000022, WSAEACCES],
  [0xc000000e, WSAENETDOWN],
  [0xc000000f, WSAENETDOWN],
  [0xc0000034, WSAENETDOWN],
  [0xc00000c4, WSAENETDOWN],
  [0xc000009a, WSAENOBUFS],
  [0xc0000017, WSAENOBUFS],
  [0xc0000043, WSAEADDRINUSE],
  [0xc000020a, WSAEADDRINUSE],
  [0xc00000a3, WSAEWOULDBLOCK],
  [0xc00000b0, WSAESHUTDOWN],
  [0xc00000b5, WSAETIMEDOUT],
  [0xc0000236, WSAECONNREFUSED],
  [0xc000023c, WSAENETUNREACH],
  [0xc00000be, WSAENETUNREACH],
  [0xc000023e, WSAENETUNREACH],
  [0xc0000241, WSAECONNABORTED],
  [0xc000013b, WSAECONNABORTED],
  [0xc000020d, WSAECONNRESET],
  [0xc000020c, WSAECONNRESET],
  [0xc000013c, WSAECONNRESET],
  [0xc000023f, WSAECONNRESET],
  [0xc0000140, WSAENOTCONN],
  [0xc000023b, WSAEISCONN],
  [0xc0000141, WSAEADDRNOTAVAIL],
  [0xc0000237, WSAEDISCON],
  [0xc000023d, WSAEHOSTUNREACH],
  [0xc0000350, WSAEHOSTDOWN],
  [0xc0000240, WSAEINTR],
];

/** What Internal holds after a call came to this code. */
export function statusOfError(error: number): number {
  if (error === 0) return STATUS_SUCCESS;
  return STATUSES.find(([, code]) => code === error)?.[0] ?? STATUS_UNSUCCESSFUL;
}

/** What WSAGetOverlappedResult says of a status: 0 for those of success. */
export function errorOfStatus(status: number): number {
  const unsigned = status >>> 0;
  const known = STATUSES.find(([each]) => each === unsigned);
  if (known !== undefined) return known[1];
  return unsigned < 0x80000000 ? 0 : WSAEINVAL;
}
