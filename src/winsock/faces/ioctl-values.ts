/** Buffers of WSAIoctl as a C program has them: boxes, structures, arrays of structures, bytes. */
import {
  SIO_ADDRESS_LIST_QUERY,
  SIO_ADDRESS_LIST_SORT,
  SIO_GET_BROADCAST_ADDRESS,
  SIO_GET_INTERFACE_LIST,
  SIO_ROUTING_INTERFACE_QUERY,
  SIO_TCP_INFO,
} from "../abi/constants.ts";
import { field, getU64 } from "../abi/fields.ts";
import { type GUID, guidBytes } from "../abi/guid.ts";
import {
  addressListOf,
  type INTERFACE_INFO,
  initialRtoBytes,
  keepaliveBytes,
  readAddressList,
  readInterfaceList,
  readTcpInfo,
  type SOCKET_ADDRESS_LIST,
  type TCP_INFO_v0,
  type TCP_INITIAL_RTO_PARAMETERS,
  type tcp_keepalive,
} from "../abi/ioctl-structures.ts";
import { type Box, type sockaddr, type sockaddr_in, type sockaddr_in6, sockaddrBytes, writeSockaddrIn } from "../abi/structures.ts";

/** A pointer to what a command takes. */
export type IoctlInput =
  | Box<number>
  | Box<boolean>
  | tcp_keepalive
  | TCP_INITIAL_RTO_PARAMETERS
  | SOCKET_ADDRESS_LIST
  | sockaddr_in
  | sockaddr_in6
  | sockaddr
  | GUID
  | Uint8Array;

/** A pointer to what a command fills. A function's pointer is a box that gets the function. */
export type IoctlOutput =
  | Box<unknown>
  | INTERFACE_INFO[]
  | SOCKET_ADDRESS_LIST
  | TCP_INFO_v0
  | sockaddr_in
  | sockaddr_in6
  | sockaddr
  | Uint8Array;

/** In C layout, the structure told by its fields; null for what is no pointer. */
export function ioctlInputBytes(input: IoctlInput | null): Uint8Array | null {
  if (typeof input !== "object" || input === null) return null;
  if (input instanceof Uint8Array) return input;
  if (field(input, "onoff") !== undefined) return keepaliveBytes(input as tcp_keepalive);
  if (field(input, "Rtt") !== undefined) return initialRtoBytes(input as TCP_INITIAL_RTO_PARAMETERS);
  if (field(input, "Data1") !== undefined) return guidBytes(input as GUID);
  if (field(input, "iAddressCount") !== undefined) return addressListOf(input as SOCKET_ADDRESS_LIST);
  if (!("value" in input)) return sockaddrBytes(input as sockaddr_in);
  const value = Number(input.value) | 0;
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}

/** Fills what the program gave with what a command returned. */
export function writeIoctlOutput(code: number, output: IoctlOutput, bytes: Uint8Array): void {
  if (output instanceof Uint8Array) {
    output.set(bytes.subarray(0, output.length));
  } else if (code === SIO_GET_INTERFACE_LIST && Array.isArray(output)) {
    output.splice(0, output.length, ...readInterfaceList(bytes));
  } else if ("value" in output) {
    output.value = ioctlNumber(bytes);
  } else {
    writeFields(code, output, bytes);
  }
}

function writeFields(code: number, output: object, bytes: Uint8Array): void {
  switch (code) {
    case SIO_ADDRESS_LIST_QUERY:
    case SIO_ADDRESS_LIST_SORT:
      Object.assign(output, readAddressList(bytes));
      return;
    case SIO_TCP_INFO:
      Object.assign(output, readTcpInfo(bytes));
      return;
    case SIO_ROUTING_INTERFACE_QUERY:
    case SIO_GET_BROADCAST_ADDRESS:
      writeSockaddrIn(output as sockaddr_in, bytes);
      return;
  }
}

/** A DWORD, or a handle. */
export const ioctlNumber = (bytes: Uint8Array): number => getU64(bytes, 0);
