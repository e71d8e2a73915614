/** Functions that a program asks for by SIO_GET_EXTENSION_FUNCTION_POINTER (mswsock.h). */
import { type GUID, guid, sameGuid } from "./guid.ts";

export const WSAID_ACCEPTEX = guid("b5367df1-cbac-11cf-95ca-00805f48a192");
export const WSAID_TRANSMITFILE = guid("b5367df0-cbac-11cf-95ca-00805f48a192");
export const WSAID_GETACCEPTEXSOCKADDRS = guid("b5367df2-cbac-11cf-95ca-00805f48a192");
export const WSAID_CONNECTEX = guid("25a207b9-ddf3-4660-8ee9-76e58c74063e");
export const WSAID_DISCONNECTEX = guid("7fda2e11-8630-436f-a031-f536a6eec157");
export const WSAID_TRANSMITPACKETS = guid("d9689da0-1f90-11d3-9971-00c04f68c876");
export const WSAID_WSARECVMSG = guid("f689d7c8-6f1f-436b-8a53-e54fe351c322");
export const WSAID_WSASENDMSG = guid("a441e712-754f-43ca-84a7-0dee44cf606d");
export const WSAID_WSAPOLL = guid("18c76f85-dc66-4964-972e-23c27238312b");

const NAMES: readonly (readonly [GUID, string])[] = [
  [WSAID_ACCEPTEX, "AcceptEx"],
  [WSAID_TRANSMITFILE, "TransmitFile"],
  [WSAID_GETACCEPTEXSOCKADDRS, "GetAcceptExSockaddrs"],
  [WSAID_CONNECTEX, "ConnectEx"],
  [WSAID_DISCONNECTEX, "DisconnectEx"],
  [WSAID_TRANSMITPACKETS, "TransmitPackets"],
  [WSAID_WSARECVMSG, "WSARecvMsg"],
  [WSAID_WSASENDMSG, "WSASendMsg"],
  [WSAID_WSAPOLL, "WSAPoll"],
];

/** What stands for the pointer of a function until a face makes one of it, from 1; undefined for a GUID that stands for none of them. */
export function extensionFunctionIndex(id: GUID | Uint8Array): number | undefined {
  const at = NAMES.findIndex(([known]) => sameGuid(id, known));
  return at < 0 ? undefined : at + 1;
}

/** The name of the function that an index stands for. */
export const extensionFunctionAt = (index: number): string | undefined => NAMES[index - 1]?.[1];
