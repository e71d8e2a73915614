/**
 * Socket addresses as text, both ways: WSAStringToAddress, which reads what inet_addr does and a port, and WSAAddressToString. Pure, as
 * address-text.ts is.
 */
import { inetNtop, inetPton } from "./address-text.ts";
import { AF_INET, AF_INET6, INET6_ADDRSTRLEN } from "./constants.ts";
import { sizeof_sockaddr_in, sizeof_sockaddr_in6 } from "./structures.ts";

/** A name in C layout. Where the text is none it is what Windows leaves: no family, and the part of an IPv4 address that could be read. */
export interface NameFromText {
  readonly isRead: boolean;
  readonly bytes: Uint8Array;
}

/** Of names of this family; undefined for one that has no text. */
export function nameLength(family: number): number | undefined {
  if (family === AF_INET) return sizeof_sockaddr_in;
  return family === AF_INET6 ? sizeof_sockaddr_in6 : undefined;
}

/** @param family AF_INET or AF_INET6 */
export const nameFromText = (text: string, family: number): NameFromText => (family === AF_INET ? readInet(text) : readInet6(text));

/** `a.b.c.d`, `a.b.c.d:port`, `x::y%scope`, `[x::y%scope]:port`: no port and no scope where they are 0. @param name of its family's length at least */
export function nameAsText(name: Uint8Array): string {
  const port = (name[2]! << 8) | name[3]!;
  if (name[0] === AF_INET) {
    const address = name.subarray(4, 8).join(".");
    return port === 0 ? address : `${address}:${port}`;
  }
  const text = inetNtop(AF_INET6, name.subarray(8, 24), { value: "" }, INET6_ADDRSTRLEN).value ?? "";
  const scope = new DataView(name.buffer, name.byteOffset, name.length).getUint32(SCOPE_AT, true);
  const address = scope === 0 ? text : `${text}%${scope}`;
  return port === 0 ? address : `[${address}]:${port}`;
}

// ---- IPv4 ----

const SCOPE_AT = 24;

/** A number as C has it, at the beginning of a text. What looks octal ends before the first digit that is not. */
const LEADING_NUMBER = /^(?:0[xX]([0-9a-fA-F]+)|0(?=[0-9])([0-7]+)|(0(?![0-9xX])|[1-9][0-9]*))/;

/** One to four parts as inet_addr has them, then nothing, or a port; and no white space. Hexadecimal digits beyond 32 bits push out the first. */
function readInet(text: string): NameFromText {
  const failed = (address = 0): NameFromText => ({ isRead: false, bytes: inetName(0, address, 0) });
  const parts: number[] = [];
  let rest = text;
  for (let goesOn = true; goesOn; ) {
    const [whole = "", hexadecimal, octal, decimal] = LEADING_NUMBER.exec(rest) ?? [];
    if (whole === "" || parts.length === 4) return failed();
    parts.push(numberOf(hexadecimal, octal, decimal));
    rest = rest.slice(whole.length);
    goesOn = rest.startsWith(".");
    if (goesOn) rest = rest.slice(1);
  }
  const last = parts.pop()!;
  if (parts.some((part) => part > 255) || last >= 256 ** (4 - parts.length)) return failed();
  const address = parts.reduce((sum, part, i) => sum + part * 256 ** (3 - i), last);
  if (rest === "") return { isRead: true, bytes: inetName(AF_INET, address, 0) };
  const port = rest.startsWith(":") ? readPort(rest.slice(1)) : undefined;
  return port === undefined ? failed(address) : { isRead: true, bytes: inetName(AF_INET, address, port) };
}

function numberOf(hexadecimal: string | undefined, octal: string | undefined, decimal = ""): number {
  if (hexadecimal !== undefined) return Number.parseInt(hexadecimal.slice(-8), 16);
  return octal === undefined ? Number.parseInt(decimal, 10) : Number.parseInt(octal, 8);
}

/** 1 to 65535, decimal, octal or hexadecimal; anything else, 0 and nothing included, is no port. */
function readPort(text: string): number | undefined {
  const [whole = "", hexadecimal, octal, decimal] = LEADING_NUMBER.exec(text) ?? [];
  if (whole === "" || whole.length < text.length || (hexadecimal?.length ?? 0) > 8) return undefined;
  const port = numberOf(hexadecimal, octal, decimal);
  return port >= 1 && port <= 0xffff ? port : undefined;
}

function inetName(family: number, address: number, port: number): Uint8Array {
  const name = new Uint8Array(sizeof_sockaddr_in);
  const view = new DataView(name.buffer);
  view.setUint16(0, family, true);
  view.setUint16(2, port);
  view.setUint32(4, address);
  return name;
}

// ---- IPv6 ----

/** In brackets, behind which there may be a port, or without; with the number of its zone or without. */
const INET6_NAME = /^(?:\[([^\]%]*)(%\d{1,10})?\](?::(.*))?|([^[\]%]*)(%\d{1,10})?)$/s;

function readInet6(text: string): NameFromText {
  const name = new Uint8Array(sizeof_sockaddr_in6);
  const [whole, bracketed, bracketedZone, portText, bare, bareZone] = INET6_NAME.exec(text) ?? [];
  const port = portText === undefined ? 0 : readPort(portText);
  const zone = Number((bracketedZone ?? bareZone ?? "%0").slice(1));
  const address = new Uint8Array(16);
  const isAddress = whole !== undefined && inetPton(AF_INET6, bracketed ?? bare ?? "", address).value === 1;
  if (!isAddress || port === undefined || zone > 0xffffffff) return { isRead: false, bytes: name };
  const view = new DataView(name.buffer);
  view.setUint16(0, AF_INET6, true);
  view.setUint16(2, port);
  name.set(address, 8);
  view.setUint32(SCOPE_AT, zone, true);
  return { isRead: true, bytes: name };
}
