import { type IpAddress, isV4, readAddress } from "../stack/core/address.ts";
import { addressOf, EACCES, EADDRNOTAVAIL, EEXIST, EINVAL, ENODEV, EPERM, libc, O_CLOEXEC } from "./libc.ts";
import { TapError } from "./tap-error.ts";

/** The kernel's side of a TAP (or any interface), set through ioctls on a socket, so that nobody needs the `ip` command: netdevice(7). */
export interface InterfaceSettings {
  readonly up?: boolean;
  /** The kernel's own address: an IPv4 one takes the place of the one before, an IPv6 one joins those that are there. */
  readonly address?: string;
  /** 0 to 32, in IPv6 to 128 (the default); the kernel makes the route to the subnet. */
  readonly prefixLength?: number;
  /** Largest IP datagram, in bytes. */
  readonly mtu?: number;
}

export interface InterfaceState {
  readonly up: boolean;
  readonly mtu: number;
  /** Of the kernel's side. */
  readonly mac: Uint8Array;
}

/** Bytes of a name, without the closing zero (IFNAMSIZ is 16). */
export const MAX_INTERFACE_NAME = 15;
export const IFREQ_SIZE = 40;
/** Where the union of struct ifreq begins. */
export const IFREQ_VALUE = 16;

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_DGRAM = 2;
const SIOCGIFFLAGS = 0x8913;
const SIOCSIFFLAGS = 0x8914;
const SIOCSIFADDR = 0x8916;
const SIOCSIFNETMASK = 0x891c;
const SIOCGIFMTU = 0x8921;
const SIOCSIFMTU = 0x8922;
const SIOCGIFHWADDR = 0x8927;
const SIOCGIFINDEX = 0x8933;
const IFF_UP = 0x1;

/** @throws TapError when the interface does not exist, a value is not accepted, or CAP_NET_ADMIN is missing */
export function configureInterface(name: string, settings: InterfaceSettings): void {
  withSocket((fd) => {
    if (settings.mtu !== undefined) {
      request(
        fd,
        SIOCSIFMTU,
        interfaceRequest(name, (v) => v.setInt32(0, settings.mtu!, true)),
        `set the MTU of ${name} to ${settings.mtu}`,
      );
    }
    setAddress(fd, name, settings);
    if (settings.up !== undefined) {
      const action = `take ${name} ${settings.up ? "up" : "down"}`;
      const ifreq = interfaceRequest(name);
      request(fd, SIOCGIFFLAGS, ifreq, action);
      const view = valueIn(ifreq);
      const flags = view.getUint16(0, true);
      view.setUint16(0, settings.up ? flags | IFF_UP : flags & ~IFF_UP, true);
      request(fd, SIOCSIFFLAGS, ifreq, action);
    }
  });
}

function setAddress(fd: number, name: string, { address: text, prefixLength }: InterfaceSettings): void {
  const action = `give ${name} the address "${text}"`;
  const address = text === undefined ? undefined : readIp(text, action);
  if (address !== undefined && !isV4(address)) {
    addIpv6Address(name, address, prefixLength ?? 128, action);
    return;
  }
  if (address !== undefined) request(fd, SIOCSIFADDR, socketAddressRequest(name, address.w3), action);
  if (prefixLength === undefined) return;
  const ofPrefix = `give ${name} the prefix length ${prefixLength}`;
  request(fd, SIOCSIFNETMASK, socketAddressRequest(name, netmask(prefixLength, ofPrefix)), ofPrefix);
}

/** ipv6(7). One that is there already stays. */
function addIpv6Address(name: string, { w0, w1, w2, w3 }: IpAddress, prefixLength: number, action: string): void {
  if (!(Number.isInteger(prefixLength) && prefixLength >= 0 && prefixLength <= 128)) throw new TapError(action, EINVAL, "use 0 to 128");
  // struct in6_ifreq: the address, the prefix length and the interface's number.
  const in6Ifreq = new Uint8Array(24);
  const view = new DataView(in6Ifreq.buffer);
  for (const [i, word] of [w0, w1, w2, w3].entries()) view.setUint32(4 * i, word);
  view.setUint32(16, prefixLength, true);
  view.setInt32(20, interfaceIndex(name), true);
  withSocket((fd) => {
    try {
      request(fd, SIOCSIFADDR, in6Ifreq, action);
    } catch (error) {
      if (!(error instanceof TapError && error.errno === EEXIST)) throw error;
    }
  }, AF_INET6);
}

/** @throws TapError (ENODEV) when there is no such interface */
export function interfaceState(name: string): InterfaceState {
  return withSocket((fd) => {
    const action = `read the state of ${name}`;
    const ifreq = interfaceRequest(name);
    request(fd, SIOCGIFFLAGS, ifreq, action);
    const up = (valueIn(ifreq).getUint16(0, true) & IFF_UP) !== 0;
    request(fd, SIOCGIFMTU, ifreq, action);
    const mtu = valueIn(ifreq).getInt32(0, true);
    request(fd, SIOCGIFHWADDR, ifreq, action);
    return { up, mtu, mac: ifreq.slice(IFREQ_VALUE + 2, IFREQ_VALUE + 8) };
  });
}

/** The kernel's number of an interface. @throws TapError (ENODEV) when there is none of that name */
export function interfaceIndex(name: string): number {
  return withSocket((fd) => {
    const ifreq = interfaceRequest(name);
    request(fd, SIOCGIFINDEX, ifreq, `find the interface ${name}`);
    return valueIn(ifreq).getInt32(0, true);
  });
}

/** A struct ifreq with the name filled in. */
export function interfaceRequest(name: string, fill?: (value: DataView) => void): Uint8Array {
  const ifreq = new Uint8Array(IFREQ_SIZE);
  new TextEncoder().encodeInto(name, ifreq.subarray(0, MAX_INTERFACE_NAME));
  fill?.(valueIn(ifreq));
  return ifreq;
}

const valueIn = (ifreq: Uint8Array): DataView => new DataView(ifreq.buffer, ifreq.byteOffset + IFREQ_VALUE, IFREQ_SIZE - IFREQ_VALUE);

const socketAddressRequest = (name: string, address: number): Uint8Array =>
  interfaceRequest(name, (v) => {
    v.setUint16(0, AF_INET, true);
    v.setUint32(4, address);
  });

function withSocket<T>(use: (fd: number) => T, family = AF_INET): T {
  const c = libc();
  const fd = c.socket(family, SOCK_DGRAM | O_CLOEXEC, 0);
  if (fd < 0) throw new TapError("open a socket to configure an interface", c.errno(), "check the limit on open files");
  try {
    return use(fd);
  } finally {
    c.close(fd);
  }
}

function request(fd: number, code: number, ifreq: Uint8Array, action: string): void {
  const c = libc();
  if (c.ioctl(fd, code, addressOf(ifreq)) >= 0) return;
  const errno = c.errno();
  throw new TapError(action, errno, hintFor(errno));
}

function hintFor(errno: number): string {
  if (errno === EPERM || errno === EACCES) return "grant CAP_NET_ADMIN, or let the administrator configure the interface";
  if (errno === ENODEV) return "check the interface's name with `ip link`";
  if (errno === EADDRNOTAVAIL) return "give the address together with the prefix length";
  if (errno === EINVAL) return "give a value that the interface accepts";
  return "see `ip link` for the state of the interface";
}

function readIp(text: string, action: string): IpAddress {
  const address = readAddress(text);
  if (address === undefined) throw new TapError(action, EINVAL, "write it as 203.0.113.1 or 2001:db8::1");
  return address;
}

function netmask(prefixLength: number, action: string): number {
  if (!(Number.isInteger(prefixLength) && prefixLength >= 0 && prefixLength <= 32)) throw new TapError(action, EINVAL, "use 0 to 32");
  return prefixLength === 0 ? 0 : (0xffffffff << (32 - prefixLength)) >>> 0;
}
