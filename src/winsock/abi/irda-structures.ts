/** Structures of af_irda.h, as objects with C's field names or as bytes in C layout; see structures.ts. */
import { field, getU16, getU32, integer, putBytes, setU16, setU32 } from "./fields.ts";

export const sizeof_SOCKADDR_IRDA = 32;
export const sizeof_IRDA_DEVICE_INFO = 29;
/** With one device. */
export const sizeof_DEVICELIST = 36;
export const sizeof_IAS_SET = 1352;
export const sizeof_IAS_QUERY = 1356;

const DEVICE_ID_LENGTH = 4;
const SERVICE_NAME_LENGTH = 25;
const DEVICE_NAME_LENGTH = 22;
const CLASS_NAME_LENGTH = 64;
const ATTRIBUTE_NAME_LENGTH = 256;
const LONGEST_OCTETS = 1024;
const LONGEST_STRING = 256;

/** IAS_ATTRIB_* of af_irda.h. */
const [INT, OCTETSEQ, STR] = [1, 2, 3] as const;

/** The name of a service on a device. */
export interface SOCKADDR_IRDA {
  irdaAddressFamily: number;
  /** Four bytes. */
  irdaDeviceID: Uint8Array | number[];
  /** At most 24 characters, one byte each; `LSAP-SEL` with a number is an LSAP itself. */
  irdaServiceName: string;
}

export interface IRDA_DEVICE_INFO {
  irdaDeviceID: Uint8Array | number[];
  irdaDeviceName: string;
  irdaDeviceHints1: number;
  irdaDeviceHints2: number;
  irdaCharSet: number;
}

/** What IRLMP_ENUMDEVICES fills. */
export interface DEVICELIST {
  numDevice: number;
  Device: IRDA_DEVICE_INFO[];
}

/** C's union: what counts is said by irdaAttribType. */
export interface IAS_ATTRIBUTE {
  irdaAttribInt: number;
  irdaAttribOctetSeq: { Len: number; OctetSeq: Uint8Array | number[] };
  irdaAttribUsrStr: { Len: number; CharSet: number; UsrStr: Uint8Array | number[] };
}

/** An attribute that IRLMP_IAS_SET gives to this device. */
export interface IAS_SET {
  irdaClassName: string;
  irdaAttribName: string;
  irdaAttribType: number;
  irdaAttribute: IAS_ATTRIBUTE;
}

/** A question to a device, which IRLMP_IAS_QUERY completes with the answer. */
export interface IAS_QUERY extends IAS_SET {
  irdaDeviceID: Uint8Array | number[];
}

export const new_SOCKADDR_IRDA = (): SOCKADDR_IRDA => ({
  irdaAddressFamily: 0,
  irdaDeviceID: new Uint8Array(DEVICE_ID_LENGTH),
  irdaServiceName: "",
});

export const new_DEVICELIST = (): DEVICELIST => ({ numDevice: 0, Device: [] });

const newAttribute = (): IAS_ATTRIBUTE => ({
  irdaAttribInt: 0,
  irdaAttribOctetSeq: { Len: 0, OctetSeq: new Uint8Array(0) },
  irdaAttribUsrStr: { Len: 0, CharSet: 0, UsrStr: new Uint8Array(0) },
});

export const new_IAS_SET = (): IAS_SET => ({ irdaClassName: "", irdaAttribName: "", irdaAttribType: 0, irdaAttribute: newAttribute() });

export const new_IAS_QUERY = (): IAS_QUERY => ({ irdaDeviceID: new Uint8Array(DEVICE_ID_LENGTH), ...new_IAS_SET() });

/** At most `room` − 1 characters, and zeros. */
function putName(bytes: Uint8Array, at: number, name: unknown, room: number): void {
  const text = typeof name === "string" ? name : "";
  for (let i = 0; i < Math.min(text.length, room - 1); i++) bytes[at + i] = text.charCodeAt(i);
}

function getName(bytes: Uint8Array, at: number, room: number): string {
  const name = bytes.subarray(at, at + room);
  const end = name.indexOf(0);
  return String.fromCharCode(...name.subarray(0, end < 0 ? room : end));
}

/** `name` with `irdaAddressFamily` in C layout. */
export function sockaddrIrdaBytes(name: unknown): Uint8Array {
  const bytes = new Uint8Array(sizeof_SOCKADDR_IRDA);
  setU16(bytes, 0, integer(name, "irdaAddressFamily"));
  putBytes(bytes.subarray(2, 2 + DEVICE_ID_LENGTH), 0, field(name, "irdaDeviceID"));
  // One that is too long has no NUL, and is found out by whoever reads it.
  putName(bytes, 6, field(name, "irdaServiceName"), SERVICE_NAME_LENGTH + 1);
  return bytes;
}

export const readSockaddrIrda = (bytes: Uint8Array): SOCKADDR_IRDA => ({
  irdaAddressFamily: getU16(bytes, 0),
  irdaDeviceID: bytes.slice(2, 2 + DEVICE_ID_LENGTH),
  irdaServiceName: getName(bytes, 6, SERVICE_NAME_LENGTH),
});

/** Undefined for a name that does not end. */
export const irdaServiceName = (bytes: Uint8Array): string | undefined =>
  bytes.subarray(6, 6 + SERVICE_NAME_LENGTH).includes(0) ? getName(bytes, 6, SERVICE_NAME_LENGTH) : undefined;

/** One device of a DEVICELIST, with its name as bytes. */
export function irdaDeviceInfoBytes(id: Uint8Array, name: Uint8Array, hints1: number, hints2: number, charset: number): Uint8Array {
  const bytes = new Uint8Array(sizeof_IRDA_DEVICE_INFO);
  bytes.set(id.subarray(0, DEVICE_ID_LENGTH));
  bytes.set(name.subarray(0, DEVICE_NAME_LENGTH), DEVICE_ID_LENGTH);
  bytes.set([hints1, hints2, charset], DEVICE_ID_LENGTH + DEVICE_NAME_LENGTH);
  return bytes;
}

export function readDeviceList(bytes: Uint8Array): DEVICELIST {
  const room = Math.floor(Math.max(0, bytes.length - 4) / sizeof_IRDA_DEVICE_INFO);
  const count = Math.min(getU32(bytes, 0), room);
  const devices = Array.from({ length: count }, (_, i) => bytes.subarray(4 + i * sizeof_IRDA_DEVICE_INFO));
  return {
    numDevice: count,
    Device: devices.map((info) => ({
      irdaDeviceID: info.slice(0, DEVICE_ID_LENGTH),
      irdaDeviceName: getName(info, DEVICE_ID_LENGTH, DEVICE_NAME_LENGTH),
      irdaDeviceHints1: info[26] ?? 0,
      irdaDeviceHints2: info[27] ?? 0,
      irdaCharSet: info[28] ?? 0,
    })),
  };
}

/** What IAS_SET and IAS_QUERY hold, whichever C layout it came from. */
export interface IasAttributeValue {
  readonly className: string;
  readonly attribute: string;
  readonly type: number;
  readonly integer: number;
  readonly charset: number;
  /** Octets, or the string's characters. */
  readonly bytes: Uint8Array;
}

/** In an IAS_SET the lengths are a u_short and two bytes, in an IAS_QUERY u_longs. */
export function readIasAttribute(bytes: Uint8Array, isQuery: boolean): IasAttributeValue {
  const at = isQuery ? DEVICE_ID_LENGTH : 0;
  const valueAt = at + CLASS_NAME_LENGTH + ATTRIBUTE_NAME_LENGTH + 4;
  const type = getU32(bytes, valueAt - 4);
  const isString = type === STR;
  const headBytes = isQuery ? (isString ? 8 : 4) : 2;
  const length = isQuery ? getU32(bytes, valueAt) : isString ? (bytes[valueAt] ?? 0) : getU16(bytes, valueAt);
  const from = valueAt + headBytes;
  return {
    className: getName(bytes, at, CLASS_NAME_LENGTH),
    attribute: getName(bytes, at + CLASS_NAME_LENGTH, ATTRIBUTE_NAME_LENGTH),
    type,
    integer: getU32(bytes, valueAt) | 0,
    charset: isString ? (isQuery ? getU32(bytes, valueAt + 4) & 0xff : (bytes[valueAt + 1] ?? 0)) : 0,
    bytes: type === INT ? new Uint8Array(0) : bytes.slice(from, from + Math.min(length, isString ? LONGEST_STRING : LONGEST_OCTETS)),
  };
}

/** Puts type and value into an IAS_QUERY. */
export function writeIasAnswer(query: Uint8Array, type: number, integer32: number, charset: number, value: Uint8Array): void {
  const at = DEVICE_ID_LENGTH + CLASS_NAME_LENGTH + ATTRIBUTE_NAME_LENGTH;
  setU32(query, at, type);
  if (type === INT) setU32(query, at + 4, integer32);
  if (type !== OCTETSEQ && type !== STR) return;
  const some = value.subarray(0, type === STR ? LONGEST_STRING : LONGEST_OCTETS);
  setU32(query, at + 4, some.length);
  if (type === STR) setU32(query, at + 8, charset);
  query.set(some, at + (type === STR ? 12 : 8));
}

/** The C layout of an IAS_SET, or of an IAS_QUERY for an object with an irdaDeviceID; undefined for any other object. */
export function iasBytes(option: object): Uint8Array | undefined {
  if (field(option, "irdaClassName") === undefined) return undefined;
  const isQuery = field(option, "irdaDeviceID") !== undefined;
  const bytes = new Uint8Array(isQuery ? sizeof_IAS_QUERY : sizeof_IAS_SET);
  const at = isQuery ? DEVICE_ID_LENGTH : 0;
  if (isQuery) putBytes(bytes.subarray(0, DEVICE_ID_LENGTH), 0, field(option, "irdaDeviceID"));
  putName(bytes, at, field(option, "irdaClassName"), CLASS_NAME_LENGTH);
  putName(bytes, at + CLASS_NAME_LENGTH, field(option, "irdaAttribName"), ATTRIBUTE_NAME_LENGTH);
  if (isQuery) return bytes;
  const type = integer(option, "irdaAttribType");
  const valueAt = CLASS_NAME_LENGTH + ATTRIBUTE_NAME_LENGTH + 4;
  setU32(bytes, valueAt - 4, type);
  const value = field(option, "irdaAttribute");
  if (type === INT) setU32(bytes, valueAt, integer(value, "irdaAttribInt"));
  if (type === OCTETSEQ) {
    const octets = field(value, "irdaAttribOctetSeq");
    setU16(bytes, valueAt, integer(octets, "Len"));
    putBytes(bytes, valueAt + 2, field(octets, "OctetSeq"));
  } else if (type === STR) {
    const text = field(value, "irdaAttribUsrStr");
    bytes[valueAt] = integer(text, "Len");
    bytes[valueAt + 1] = integer(text, "CharSet");
    putBytes(bytes, valueAt + 2, field(text, "UsrStr"));
  }
  return bytes;
}

/** The answer in an IAS_QUERY: its irdaAttribType and irdaAttribute. */
export function readIasQueryAnswer(bytes: Uint8Array): Pick<IAS_QUERY, "irdaAttribType" | "irdaAttribute"> {
  const { type, integer: int, charset, bytes: value } = readIasAttribute(bytes, true);
  const attribute = newAttribute();
  if (type === INT) attribute.irdaAttribInt = int;
  if (type === OCTETSEQ) attribute.irdaAttribOctetSeq = { Len: value.length, OctetSeq: value };
  if (type === STR) attribute.irdaAttribUsrStr = { Len: value.length, CharSet: charset, UsrStr: value };
  return { irdaAttribType: type, irdaAttribute: attribute };
}
