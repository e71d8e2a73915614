/** Values of getsockopt and setsockopt as a C program has them: boxes, structures, bytes. */
import {
  IPPROTO_TCP,
  IRLMP_ENUMDEVICES,
  IRLMP_IAS_QUERY,
  SO_BSP_STATE,
  SO_LINGER,
  SO_PROTOCOL_INFOA,
  SO_PROTOCOL_INFOW,
  SOL_IRLMP,
  SOL_SOCKET,
  TCP_ICMP_ERROR_INFO,
} from "../abi/constants.ts";
import { type DEVICELIST, type IAS_QUERY, type IAS_SET, iasBytes, readDeviceList, readIasQueryAnswer } from "../abi/irda-structures.ts";
import { type MulticastRequest, multicastRequestBytes } from "../abi/multicast-requests.ts";
import { readProtocolInfo, type WSAPROTOCOL_INFO } from "../abi/protocol-info.ts";
import { type CSADDR_INFO, type ICMP_ERROR_INFO, readCsaddrInfo, readIcmpErrorInfo } from "../abi/socket-state.ts";
import { type Box, type linger, lingerBytes, readLinger, writeLinger } from "../abi/structures.ts";

/** A pointer to an option's value. */
export type OptionPointer =
  | Box<number>
  | Box<boolean>
  | linger
  | MulticastRequest
  | WSAPROTOCOL_INFO
  | CSADDR_INFO
  | ICMP_ERROR_INFO
  | DEVICELIST
  | IAS_SET
  | IAS_QUERY
  | Uint8Array;

/** Of structures that are only read: from bytes in C layout to C's fields. */
export function readOptionStructure(level: number, optname: number, bytes: Uint8Array): object | undefined {
  if (level === IPPROTO_TCP) return optname === TCP_ICMP_ERROR_INFO ? readIcmpErrorInfo(bytes) : undefined;
  if (level === SOL_IRLMP && optname === IRLMP_ENUMDEVICES) return readDeviceList(bytes);
  if (level === SOL_IRLMP && optname === IRLMP_IAS_QUERY) return readIasQueryAnswer(bytes);
  if (level !== SOL_SOCKET) return undefined;
  if (optname === SO_PROTOCOL_INFOA || optname === SO_PROTOCOL_INFOW) return readProtocolInfo(bytes);
  return optname === SO_BSP_STATE ? readCsaddrInfo(bytes) : undefined;
}

const isLinger = (option: object): option is linger => "l_onoff" in option;

const integerOf = (value: unknown): number => (typeof value === "number" || typeof value === "boolean" ? Number(value) | 0 : 0);

/** The value in C layout; null where there is none. */
export function optionBytes(option: OptionPointer | null): Uint8Array | null {
  if (typeof option !== "object" || option === null) return null;
  if (option instanceof Uint8Array) return option;
  if (isLinger(option)) return lingerBytes(option);
  const ias = iasBytes(option);
  if (ias !== undefined) return ias;
  const request = multicastRequestBytes(option);
  if (request !== undefined) return request;
  const value = integerOf((option as Box<number>).value);
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}

/** Bytes that the option does not write keep what they held. */
export function writeOption(option: OptionPointer, level: number, optname: number, bytes: Uint8Array): void {
  if (option instanceof Uint8Array) {
    option.set(bytes.subarray(0, option.length));
    return;
  }
  const structure = "value" in option ? undefined : readOptionStructure(level, optname, bytes);
  if (structure !== undefined) {
    Object.assign(option, structure);
  } else if (isLinger(option) || (level === SOL_SOCKET && optname === SO_LINGER && !("value" in option))) {
    writeLinger(option as linger, readLinger(bytes));
  } else {
    const box = option as Box<number>;
    const whole = new Uint8Array(4);
    const view = new DataView(whole.buffer);
    view.setInt32(0, integerOf(box.value), true);
    whole.set(bytes.subarray(0, 4));
    box.value = view.getUint32(0, true);
  }
}
