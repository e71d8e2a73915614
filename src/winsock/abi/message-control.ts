/** What WSARecvMsg and WSASendMsg carry: a message, and the control data beside it (ws2def.h, ws2ipdef.h). */
import { getI32, getU32, getU64, setU32, setU64 } from "./fields.ts";
import { new_WSABUF, type WSABUF } from "./overlapped-structures.ts";
import { type in_addr, type in6_addr, sizeof_in6_addr, type sockaddr, type sockaddr_in, type sockaddr_in6 } from "./structures.ts";

export const sizeof_WSAMSG = 56;
export const sizeof_WSACMSGHDR = 16;
export const sizeof_in_pktinfo = 8;
export const sizeof_in6_pktinfo = 20;

/** A datagram in pieces, with its address and its control data. */
export interface WSAMSG {
  /** To whom it goes, or room for whom it came from; null for none. */
  name: sockaddr_in | sockaddr_in6 | sockaddr | Uint8Array | null;
  /** Bytes of `name`, in and out. */
  namelen: number;
  lpBuffers: WSABUF[] | null;
  dwBufferCount: number;
  /** WSACMSGHDRs with their data, in C layout; `len` counts bytes, in and out. */
  Control: WSABUF;
  /** MSG_ flags, in and out. */
  dwFlags: number;
}

/** The head of one piece of control data: the fields are those of the memory that it was found in. */
export interface WSACMSGHDR {
  /** Bytes of head and data. */
  cmsg_len: number;
  /** IPPROTO_IP, IPPROTO_IPV6. */
  cmsg_level: number;
  /** IP_PKTINFO and kin. */
  cmsg_type: number;
}

/** IP_PKTINFO. */
export interface in_pktinfo {
  /** Where it was sent to; of one that is sent, where it comes from. */
  ipi_addr: in_addr;
  /** The index of the interface. */
  ipi_ifindex: number;
}

/** IPV6_PKTINFO. */
export interface in6_pktinfo {
  ipi6_addr: in6_addr;
  ipi6_ifindex: number;
}

/** An empty message: memory, name and control data are the program's to put there. */
export function new_WSAMSG(): WSAMSG {
  return { name: null, namelen: 0, lpBuffers: [], dwBufferCount: 0, Control: new_WSABUF(), dwFlags: 0 };
}

/** A zeroed head, in memory of its own. */
export function new_WSACMSGHDR(): WSACMSGHDR {
  return new ControlHeader(new Uint8Array(sizeof_WSACMSGHDR));
}

/** A zeroed in_pktinfo. */
export function new_in_pktinfo(): in_pktinfo {
  return { ipi_addr: { s_addr: 0 }, ipi_ifindex: 0 };
}

/** A zeroed in6_pktinfo. */
export function new_in6_pktinfo(): in6_pktinfo {
  return { ipi6_addr: { s6_addr: new Uint8Array(sizeof_in6_addr) }, ipi6_ifindex: 0 };
}

class ControlHeader implements WSACMSGHDR {
  /** From the head to the end of the control data. */
  readonly memory: Uint8Array;

  constructor(memory: Uint8Array) {
    this.memory = memory;
  }

  get cmsg_len(): number {
    return getU64(this.memory, 0);
  }

  set cmsg_len(value: number) {
    setU64(this.memory, 0, value);
  }

  get cmsg_level(): number {
    return getI32(this.memory, 8);
  }

  set cmsg_level(value: number) {
    setU32(this.memory, 8, value);
  }

  get cmsg_type(): number {
    return getI32(this.memory, 12);
  }

  set cmsg_type(value: number) {
    setU32(this.memory, 12, value);
  }
}

const align = (length: number): number => Math.ceil(length / 8) * 8;

/** What cmsg_len says of so many bytes of data. */
export const WSA_CMSG_LEN = (length: number): number => sizeof_WSACMSGHDR + length;

/** Room that so many bytes of data take, with their head and what aligns the next one. */
export const WSA_CMSG_SPACE = (length: number): number => sizeof_WSACMSGHDR + align(length);

/** The first head in the control data of a message, or null. */
export function WSA_CMSG_FIRSTHDR(msg: WSAMSG): WSACMSGHDR | null {
  const { buf, len } = msg.Control;
  return buf === null ? null : headerAt(buf.subarray(0, len));
}

/** The head behind this one, or null; the first where this is null. */
export function WSA_CMSG_NXTHDR(msg: WSAMSG, cmsg: WSACMSGHDR | null): WSACMSGHDR | null {
  if (cmsg === null) return WSA_CMSG_FIRSTHDR(msg);
  // One without even a head's length leads nowhere, and would lead there for ever.
  if (!(cmsg instanceof ControlHeader) || cmsg.cmsg_len < sizeof_WSACMSGHDR) return null;
  return headerAt(cmsg.memory.subarray(Math.min(align(cmsg.cmsg_len), cmsg.memory.length)));
}

/** The memory of the data behind a head, all there is while `cmsg_len` says nothing of it. */
export function WSA_CMSG_DATA(cmsg: WSACMSGHDR): Uint8Array {
  if (!(cmsg instanceof ControlHeader)) return new Uint8Array(0);
  const { cmsg_len: length, memory } = cmsg;
  return memory.subarray(sizeof_WSACMSGHDR, length > sizeof_WSACMSGHDR ? Math.min(length, memory.length) : memory.length);
}

const headerAt = (memory: Uint8Array): ControlHeader | null => (memory.length < sizeof_WSACMSGHDR ? null : new ControlHeader(memory));

/** One piece of control data. */
export interface ControlItem {
  readonly level: number;
  readonly type: number;
  readonly data: Uint8Array;
}

/** Undefined for bytes that are no control data. */
export function readControl(bytes: Uint8Array): ControlItem[] | undefined {
  const items: ControlItem[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = getU64(bytes, at);
    if (bytes.length - at < sizeof_WSACMSGHDR || length < sizeof_WSACMSGHDR || length > bytes.length - at) return undefined;
    items.push({ level: getI32(bytes, at + 8), type: getI32(bytes, at + 12), data: bytes.subarray(at + sizeof_WSACMSGHDR, at + length) });
    at += align(length);
  }
  return items;
}

/** As many of them, whole, as there is room for. */
export function controlBytes(items: readonly ControlItem[], room = Number.POSITIVE_INFINITY): Uint8Array {
  let end = 0;
  let count = 0;
  while (count < items.length && end + WSA_CMSG_SPACE(items[count]!.data.length) <= room) {
    end += WSA_CMSG_SPACE(items[count]!.data.length);
    count++;
  }
  const bytes = new Uint8Array(end);
  let at = 0;
  for (const { level, type, data } of items.slice(0, count)) {
    const head = new ControlHeader(bytes.subarray(at));
    head.cmsg_len = WSA_CMSG_LEN(data.length);
    head.cmsg_level = level;
    head.cmsg_type = type;
    bytes.set(data, at + sizeof_WSACMSGHDR);
    at += WSA_CMSG_SPACE(data.length);
  }
  return bytes;
}

/** From what WSA_CMSG_DATA gives. */
export function read_in_pktinfo(bytes: Uint8Array): in_pktinfo {
  return { ipi_addr: { s_addr: getU32(bytes, 0) }, ipi_ifindex: getU32(bytes, 4) };
}

/** From what WSA_CMSG_DATA gives. */
export function read_in6_pktinfo(bytes: Uint8Array): in6_pktinfo {
  const address = new Uint8Array(sizeof_in6_addr);
  address.set(bytes.subarray(0, sizeof_in6_addr));
  return { ipi6_addr: { s6_addr: address }, ipi6_ifindex: getU32(bytes, sizeof_in6_addr) };
}
