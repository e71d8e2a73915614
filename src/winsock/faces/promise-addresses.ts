/** Socket addresses as the promise face has them: objects or text in, objects out, of every family. */
import { inet_ntoa, inetNtop, inetPton } from "../abi/address-text.ts";
import { AF_INET, AF_INET6, AF_IRDA, INET6_ADDRSTRLEN } from "../abi/constants.ts";
import { WinsockError, WSAEFAULT } from "../abi/errors.ts";
import { readSockaddrIrda, sizeof_SOCKADDR_IRDA, sockaddrIrdaBytes } from "../abi/irda-structures.ts";
import { readSockaddrIn, readSockaddrIn6, sizeof_sockaddr_in, sizeof_sockaddr_in6 } from "../abi/structures.ts";

/** Where a socket is or shall be connected: a numeric address as text, and a port in host byte order. */
export interface SocketAddress {
  /** Such as `203.0.113.2`, `2001:db8::2`, or `fe80::2%1` with the number of its zone. Of an infrared device its id, eight hexadecimal digits. */
  readonly address: string;
  /** 0 of an infrared address, which has none. */
  readonly port: number;
  /** AF_INET, AF_INET6 or AF_IRDA, in every address that a call gives. Of one that a call takes the text says so. */
  readonly family?: number;
  /** Of an infrared address: the device and the name of its service, so that it may be given back as it is. */
  readonly id?: number;
  readonly service?: string;
}

/** A service of an infrared device. */
export interface InfraredAddress {
  /** The device, as `createInfraredMedium` and IRLMP_ENUMDEVICES number it; left out for this one, as bind wants it. */
  readonly id?: number | undefined;
  /** At most 24 characters; `LSAP-SEL` with a number is an LSAP itself. */
  readonly service: string;
}

/** What a call takes for an address: also text, `203.0.113.2:80` or `[2001:db8::2%1]:80`, whose port is 0 where it says none. */
export type NamedAddress = SocketAddress | InfraredAddress | string;

/** Room for a name of any family. */
export const LONGEST_NAME = sizeof_SOCKADDR_IRDA;

/** Where a sockaddr_in6 has its scope id, and a SOCKADDR_IRDA its device. */
const SCOPE_AT = 24;
const DEVICE_AT = 2;

/** An address of IPv6, and the number of its zone behind a `%`. */
const ZONED = /^([^%]*:[^%]*)(?:%(\d{1,10}))?$/;
/** In brackets or without colons, and a port or none; else an address alone. */
const ENDPOINT = /^(?:\[([^[\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/;

/** The parts of an address that is text; text that is none is an address that is none. */
function partsOf(text: string): SocketAddress {
  const [, bracketed, plain, port = "0"] = ENDPOINT.exec(text) ?? [];
  // Brackets are for addresses of IPv6.
  const address = bracketed !== undefined && !bracketed.includes(":") ? text : (bracketed ?? plain ?? text);
  return { address, port: Number(port) };
}

/** The object that text stands for; an object is one already. */
export const endpointNamed = (name: NamedAddress): SocketAddress | InfraredAddress => (typeof name === "string" ? partsOf(name) : name);

const isInfrared = (name: object): name is InfraredAddress => "service" in name && typeof name.service === "string";

/** What an error about this address tells of it. */
export function addressDetail(name: NamedAddress | undefined): { readonly address?: string; readonly port?: number } {
  const told: unknown = name === undefined ? undefined : endpointNamed(name);
  if (typeof told !== "object" || told === null || isInfrared(told)) return {};
  const { address, port } = told as SocketAddress;
  return { ...(typeof address === "string" && { address }), ...(typeof port === "number" && { port }) };
}

/** A name in C layout. @throws WinsockError WSAEFAULT for text that is no numeric address, a port or device that is none, or no name at all */
export function nameBytes(syscall: string, name: NamedAddress | undefined): Uint8Array {
  const told: unknown = name === undefined ? undefined : endpointNamed(name);
  const bytes = typeof told !== "object" || told === null ? undefined : isInfrared(told) ? infraredName(told) : internetName(told);
  if (bytes === undefined) throw new WinsockError(WSAEFAULT, syscall, addressDetail(name));
  return bytes;
}

function internetName({ address, port }: { readonly address?: unknown; readonly port?: unknown }): Uint8Array | undefined {
  const zoned = typeof address === "string" ? ZONED.exec(address) : null;
  const [, text = typeof address === "string" ? address : null, zone = "0"] = zoned ?? [];
  const bytes = new Uint8Array(zoned === null ? sizeof_sockaddr_in : sizeof_sockaddr_in6);
  const family = zoned === null ? AF_INET : AF_INET6;
  const isPort = typeof port === "number" && Number.isInteger(port) && port >= 0 && port <= 0xffff;
  const isAddress = inetPton(family, text, bytes.subarray(zoned === null ? 4 : 8)).value === 1 && Number(zone) <= 0xffffffff;
  if (!isPort || !isAddress) return undefined;
  bytes[0] = family;
  bytes[2] = port >>> 8;
  bytes[3] = port;
  for (let i = 0; zoned !== null && i < 4; i++) bytes[SCOPE_AT + i] = Number(zone) >>> (8 * i);
  return bytes;
}

function infraredName({ id = 0, service }: InfraredAddress): Uint8Array | undefined {
  if (!Number.isInteger(id) || id < 0 || id > 0xffffffff) return undefined;
  const device = Uint8Array.of(id, id >>> 8, id >>> 16, id >>> 24);
  return sockaddrIrdaBytes({ irdaAddressFamily: AF_IRDA, irdaDeviceID: device, irdaServiceName: service });
}

const hostOrder = (port: number): number => ((port & 0xff) << 8) | (port >>> 8);

/** From C layout. */
export function socketAddressOf(name: Uint8Array | null): SocketAddress {
  const bytes = name ?? new Uint8Array(0);
  if (bytes[0] === AF_INET6) {
    const { sin6_addr, sin6_port, sin6_scope_id } = readSockaddrIn6(bytes);
    const text = inetNtop(AF_INET6, sin6_addr, { value: "" }, INET6_ADDRSTRLEN).value ?? "";
    return { address: sin6_scope_id === 0 ? text : `${text}%${sin6_scope_id}`, port: hostOrder(sin6_port), family: AF_INET6 };
  }
  if (bytes[0] === AF_IRDA) {
    const id = new DataView(bytes.buffer, bytes.byteOffset).getUint32(DEVICE_AT, true);
    const { irdaServiceName: service } = readSockaddrIrda(bytes);
    return { address: id.toString(16).padStart(8, "0"), port: 0, family: AF_IRDA, id, service };
  }
  const { sin_addr, sin_port } = readSockaddrIn(bytes);
  return { address: inet_ntoa(sin_addr), port: hostOrder(sin_port), family: AF_INET };
}

/** What recvfrom on a stream tells, which has the one peer. */
export function noSender(family: number): SocketAddress {
  return family === AF_INET6 ? { address: "::", port: 0, family } : { address: "0.0.0.0", port: 0, family: AF_INET };
}

/** Every local address of a family, and any port. @param family of the socket */
export const anyName = (family: number): SocketAddress | InfraredAddress =>
  family === AF_IRDA ? { service: "" } : { address: family === AF_INET6 ? "::" : "0.0.0.0", port: 0 };
