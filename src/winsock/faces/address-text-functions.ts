import { inetNtop, inetPton } from "../abi/address-text.ts";
import { htonl, htons, ntohl, ntohs } from "../abi/byte-order.ts";
import { AF_INET6, SO_TYPE, SOCKET_ERROR, SOL_SOCKET } from "../abi/constants.ts";
import { describeError, errorName, STATUS_INVALID_PARAMETER, WSA_ERRORS, WSAEFAULT, WSAEINVAL, WSANOTINITIALISED } from "../abi/errors.ts";
import { nameAsText, nameFromText, nameLength } from "../abi/socket-address-text.ts";
import {
  type Box,
  type in_addr,
  type in6_addr,
  readSockaddrIn6,
  type SOCKET,
  sizeof_DWORD,
  sockaddrBytes,
  writeSockaddrIn,
} from "../abi/structures.ts";
import { CALL, type CallReply } from "../provider/calls.ts";
import { isPointer, type SockaddrPointer } from "./pointers.ts";
import { putTextInto, type TextPointer, textOf } from "./text-buffer.ts";

/** Addresses as text and byte order of a socket, in C's manner; tapsock/winsock says of each what it does. */
export interface AddressTextFunctions {
  InetPtonW(family: number, text: string | null, dst: Uint8Array | in_addr | in6_addr | null): number;
  InetNtopW(family: number, src: Uint8Array | in_addr | in6_addr | null, dst: TextPointer | null, size: number): string | null;
  WSAStringToAddressA(
    text: string | null,
    family: number,
    protocolInfo: object | null,
    address: SockaddrPointer | null,
    addressLength: Box<number> | null,
  ): number;
  WSAStringToAddressW(
    text: string | null,
    family: number,
    protocolInfo: object | null,
    address: SockaddrPointer | null,
    addressLength: Box<number> | null,
  ): number;
  WSAAddressToStringA(
    address: SockaddrPointer | null,
    addressLength: number,
    protocolInfo: object | null,
    text: TextPointer | null,
    textLength: Box<number> | null,
  ): number;
  WSAAddressToStringW(
    address: SockaddrPointer | null,
    addressLength: number,
    protocolInfo: object | null,
    text: TextPointer | null,
    textLength: Box<number> | null,
  ): number;
  WSAHtonl(s: SOCKET, hostlong: number, netlong: Box<number> | null): number;
  WSAHtons(s: SOCKET, hostshort: number, netshort: Box<number> | null): number;
  WSANtohl(s: SOCKET, netlong: number, hostlong: Box<number> | null): number;
  WSANtohs(s: SOCKET, netshort: number, hostshort: Box<number> | null): number;
  gai_strerrorA(code: number): string;
  gai_strerrorW(code: number): string;
}

/** What the functions need of their face. */
export interface TextCaller {
  readonly isStarted: () => boolean;
  /** Sets the last error. */
  readonly setError: (error: number) => void;
  /** Asks the host about a socket, which sets the last error. */
  readonly askOf: (op: number, s: SOCKET, a: number, b: number, c: number) => CallReply;
}

export function createAddressTextFunctions({ isStarted, setError, askOf }: TextCaller): AddressTextFunctions {
  function result(error: number): number {
    setError(error);
    return error === 0 ? 0 : SOCKET_ERROR;
  }

  function stringToAddress(...[text, family, , address, addressLength]: Parameters<AddressTextFunctions["WSAStringToAddressW"]>): number {
    if (!isStarted()) return result(WSANOTINITIALISED);
    if (!isPointer(address) || !isPointer(addressLength)) return result(WSAEFAULT);
    const needed = nameLength(family);
    if (needed === undefined) return result(WSAEINVAL);
    const room = addressLength.value | 0;
    if (room < needed || (address instanceof Uint8Array && address.length < needed)) {
      addressLength.value = needed;
      return result(WSAEFAULT);
    }
    const { isRead, bytes } = nameFromText(textOf(text) ?? "", family);
    // A name without a family says nothing of whose fields it has.
    if (!isRead && family === AF_INET6 && !(address instanceof Uint8Array)) Object.assign(address, readSockaddrIn6(bytes));
    else writeSockaddrIn(address, bytes);
    if (!isRead) return result(WSAEINVAL);
    addressLength.value = needed;
    return result(0);
  }

  function addressToString(isWide: boolean, ...parameters: Parameters<AddressTextFunctions["WSAAddressToStringW"]>): number {
    const [address, addressLength, , text, textLength] = parameters;
    if (!isStarted()) return result(WSANOTINITIALISED);
    if (!isPointer(address) || !isPointer(textLength)) return result(WSAEINVAL);
    const name = sockaddrBytes(address);
    const needed = nameLength((name[0] ?? 0) | ((name[1] ?? 0) << 8));
    if (needed === undefined || addressLength < needed || name.length < needed) return result(WSAEINVAL);
    const written = nameAsText(name);
    const isPut = putTextInto(text, textLength.value, written, isWide);
    textLength.value = written.length + 1;
    return result(isPut ? 0 : WSAEFAULT);
  }

  /** Byte order is the same for all sockets there are; that it is one is what Winsock wants to know. */
  function converted(s: SOCKET, target: Box<number> | null, value: number): number {
    if (askOf(CALL.getsockopt, s, SOL_SOCKET, SO_TYPE, sizeof_DWORD).error !== 0) return SOCKET_ERROR;
    if (!isPointer(target)) return result(WSAEFAULT);
    target.value = value;
    return 0;
  }

  return {
    InetPtonW(family, text, dst) {
      const { value, error } = inetPton(family, text, dst);
      // Unlike its narrow twin it says so (Wine's test inet_pton).
      if (error !== undefined || value === 0) setError(error ?? WSAEINVAL);
      return value;
    },
    InetNtopW(family, src, dst, size) {
      const { value, error } = inetNtop(family, src, { value: "" }, size);
      if (value !== null && putTextInto(dst, size, value, true)) return value;
      setError(error ?? STATUS_INVALID_PARAMETER);
      return null;
    },
    WSAStringToAddressA: stringToAddress,
    WSAStringToAddressW: stringToAddress,
    WSAAddressToStringA: (...parameters) => addressToString(false, ...parameters),
    WSAAddressToStringW: (...parameters) => addressToString(true, ...parameters),
    WSAHtonl: (s, hostlong, netlong) => converted(s, netlong, htonl(hostlong)),
    WSAHtons: (s, hostshort, netshort) => converted(s, netshort, htons(hostshort)),
    WSANtohl: (s, netlong, hostlong) => converted(s, hostlong, ntohl(netlong)),
    WSANtohs: (s, netshort, hostshort) => converted(s, hostshort, ntohs(netshort)),
    gai_strerrorA: errorText,
    gai_strerrorW: errorText,
  };
}

function errorText(code: number): string {
  const name = errorName(code);
  return name === undefined ? describeError(code) : WSA_ERRORS[name].text;
}
