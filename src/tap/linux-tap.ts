import { type FrameInfo, plainFrame } from "../stack/core/frame-info.ts";
import { DeviceCounters } from "../stack/link/device-counters.ts";
import { unfitFrame } from "../stack/link/frame-check.ts";
import {
  FRAME_HEADROOM,
  type FrameSink,
  type LinkDevice,
  type LinkListener,
  MAX_FRAME,
  NO_OFFLOADS,
  type Offloads,
  type TransmitResult,
  withoutSegmentation,
} from "../stack/link/link-device.ts";
import { assertUnicastMac, macForName } from "../stack/link/mac-address.ts";
import { configureInterface, IFREQ_VALUE, interfaceRequest, interfaceState, MAX_INTERFACE_NAME } from "./interface-config.ts";
import {
  addressOf,
  EACCES,
  EAGAIN,
  EBADF,
  EBADFD,
  EBUSY,
  EINTR,
  EINVAL,
  EIO,
  ENOBUFS,
  ENODEV,
  ENOENT,
  ENOMEM,
  ENXIO,
  EPERM,
  type Libc,
  libc,
  O_CLOEXEC,
  O_NONBLOCK,
  O_RDWR,
} from "./libc.ts";
import { TapError } from "./tap-error.ts";
import { readVirtioHeader, VIRTIO_HEADER, writeVirtioHeader } from "./virtio-header.ts";

export interface TapOptions {
  /** Up to 15 bytes; `tap%d` (the default) lets the kernel choose the number. An existing TAP of this name is attached to. */
  readonly name?: string;
  /** Partial checksums and TCP segmentation both ways; on by default. The virtio header is there in either case. */
  readonly offloads?: boolean;
  /** Six bytes, of the host behind the device; by default made from the name. Differs from the address of the kernel's side. */
  readonly mac?: Uint8Array;
  /** In bytes; by default what the interface has. Setting another one needs CAP_NET_ADMIN. */
  readonly mtu?: number;
}

const TUN_DEVICE = "/dev/net/tun";
const TUNSETIFF = 0x400454ca;
const TUNSETOFFLOAD = 0x400454d0;
const TUNGETIFF = 0x800454d2;
const TUNSETVNETHDRSZ = 0x400454d8;
const TUNSETVNETLE = 0x400454dc;

const IFF_TAP = 0x0002;
const IFF_MULTI_QUEUE = 0x0100;
const IFF_PERSIST = 0x0800;
const IFF_NO_PI = 0x1000;
const IFF_VNET_HDR = 0x4000;

const TUN_F_CSUM = 0x01;
const TUN_F_TSO4 = 0x02;
const TUN_F_TSO6 = 0x04;
/** UDP over IPv4 and over IPv6; the kernel, from version 6.2 on, has both or neither. */
const TUN_F_USO = 0x20 | 0x40;

const ALL_OFFLOADS: Offloads = { checksum: true, tso4: true, tso6: true, uso: true };
const NO_LISTENER: LinkListener = { readable() {}, writable() {}, linkChanged() {} };

/** Where a frame lies in the read buffer: FRAME_HEADROOM is kept free before it, and the virtio header lies in there. */
const READ_AT = FRAME_HEADROOM - VIRTIO_HEADER;

/**
 * Opens a TAP: makes one that vanishes when it is closed, or attaches to a persistent one (`ip tuntap add`).
 * The kernel's side is left as it is, which for a new one is down and without address: see `configureInterface`.
 * @throws TapError with a hint: no permission, no /dev/net/tun, name taken or unusable, offloads not supported, not Linux, no koffi
 */
export function openTap(options: TapOptions = {}): LinuxTap {
  const name = options.name ?? "tap%d";
  assertUsableName(name);
  const c = libc();
  const fd = c.open(TUN_DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC, 0);
  if (fd < 0) throw openError(c.errno());
  try {
    const ifreq = attach(c, fd, name);
    const actualName = nameIn(ifreq);
    prepareHeader(c, fd, actualName);
    if (options.mtu !== undefined && interfaceState(actualName).mtu !== options.mtu) configureInterface(actualName, { mtu: options.mtu });
    const mac = options.mac?.slice() ?? macForName(actualName);
    assertUnicastMac(mac);
    const tap = new LinuxTap(fd, actualName, mac, interfaceState(actualName).mtu, isPersistent(c, fd));
    tap.setOffloads(options.offloads ?? true);
    return tap;
  } catch (error) {
    c.close(fd);
    throw error;
  }
}

/**
 * A Linux TAP device with a virtio-net header before each frame. Wait for `descriptor` in a `Poller`, also for writing while
 * `wantsWritable`; call `receive` when it is readable and `becameWritable` when it is writable.
 */
export class LinuxTap implements LinkDevice {
  readonly name: string;
  readonly mac: Uint8Array;
  readonly mtu: number;
  readonly isLoopback = false;
  /** Made with `ip tuntap add`: it stays when it is closed here. */
  readonly isPersistent: boolean;
  readonly counters = new DeviceCounters();
  readonly #libc: Libc = libc();
  readonly #buffer = new Uint8Array(READ_AT + VIRTIO_HEADER + MAX_FRAME + 64);
  readonly #bufferAddress = addressOf(this.#buffer);
  readonly #info: FrameInfo = plainFrame();
  #fd: number;
  #isUp = true;
  #isGone = false;
  #wantsWritable = false;
  #wanted: Offloads = NO_OFFLOADS;
  #isSegmenting = true;
  #offloads: Offloads = NO_OFFLOADS;
  #listener = NO_LISTENER;

  constructor(fd: number, name: string, mac: Uint8Array, mtu: number, isPersistent: boolean) {
    this.#fd = fd;
    this.name = name;
    this.mac = mac;
    this.mtu = mtu;
    this.isPersistent = isPersistent;
  }

  /** −1 after `close`, which poll(2) passes over. */
  get descriptor(): number {
    return this.#fd;
  }

  get offloads(): Offloads {
    return this.#offloads;
  }

  /** Taken to be up until the kernel refuses a frame (interface down), up again when it is writable or a frame comes. */
  get isUp(): boolean {
    return this.#isUp && !this.#isGone;
  }

  /** The interface was deleted: nothing but `close` is left to do, and the descriptor must leave the poller. */
  get isGone(): boolean {
    return this.#isGone || this.#fd < 0;
  }

  /** Ask poll for POLLOUT too: the device is full, or waits for its interface to come up. */
  get wantsWritable(): boolean {
    return this.#wantsWritable;
  }

  /**
   * What the kernel may hand us; what we may hand it changes with it. Super-frames already on their way still arrive.
   * @throws TapError when the kernel cannot do it
   */
  setOffloads(wanted: boolean | Offloads): void {
    if (this.isGone) return;
    this.#wanted = wanted === true ? ALL_OFFLOADS : wanted === false ? NO_OFFLOADS : wanted;
    const offloads = this.#isSegmenting ? this.#wanted : withoutSegmentation(this.#wanted);
    const { tso4, tso6 } = offloads;
    let uso = offloads.uso === true;
    const checksum = offloads.checksum || tso4 || tso6 || uso; // the kernel has no segmentation without it
    const bits = (checksum ? TUN_F_CSUM : 0) | (tso4 ? TUN_F_TSO4 : 0) | (tso6 ? TUN_F_TSO6 : 0);
    const isSet = (all: number) => this.#libc.ioctl(this.#fd, TUNSETOFFLOAD, all) >= 0;
    // An older kernel refuses what it does not know, and does without.
    uso &&= isSet(bits | TUN_F_USO);
    if (!uso && !isSet(bits)) {
      const errno = this.#libc.errno();
      if (isGoneErrno(errno)) {
        this.#vanish();
        return;
      }
      throw new TapError(`set the offloads of ${this.name}`, errno, "open the TAP with offloads off");
    }
    this.#offloads = { checksum, tso4, tso6, ...(uso ? { uso } : {}) };
  }

  setSegmentation(on: boolean): void {
    this.#isSegmenting = on;
    this.setOffloads(this.#wanted);
  }

  setListener(listener: LinkListener): void {
    this.#listener = listener;
  }

  /** A frame that no device could carry (runt, longer than the MTU) counts as sent, and as a drop. */
  transmit(bytes: Uint8Array, at: number, end: number, info: FrameInfo): TransmitResult {
    if (this.#fd < 0 || this.#isGone) {
      this.counters.drop("down");
      return "down";
    }
    const unfit = unfitFrame(bytes, at, end, info, this.mtu);
    if (unfit !== undefined) {
      this.counters.drop(unfit);
      return "sent";
    }
    if (at < VIRTIO_HEADER) return this.#transmitMoved(bytes, at, end, info);
    writeVirtioHeader(bytes, at, info);
    return this.#write(addressOf(bytes) + at - VIRTIO_HEADER, VIRTIO_HEADER + end - at);
  }

  /** Frames with a bad virtio header count against the budget, so that they cannot hold the loop. */
  receive(sink: FrameSink, budget: number): number {
    const b = this.#buffer;
    let frames = 0;
    while (frames < budget && this.#fd >= 0) {
      const n = this.#libc.read(this.#fd, this.#bufferAddress + READ_AT, b.length - READ_AT);
      if (n < 0) {
        const errno = this.#libc.errno();
        if (errno === EINTR) continue;
        if (errno !== EAGAIN) this.#failed(errno);
        break;
      }
      frames++;
      if (!this.#isUp) this.#cameUp();
      const end = READ_AT + n;
      const bad = n < VIRTIO_HEADER ? "vnet-truncated" : readVirtioHeader(b, FRAME_HEADROOM, end, this.#info);
      if (bad !== undefined) {
        this.counters.drop(bad);
        continue;
      }
      this.counters.cameIn(end - FRAME_HEADROOM);
      sink.frame(b, FRAME_HEADROOM, end, this.#info);
    }
    return frames;
  }

  /** The poller says that the descriptor can be written. */
  becameWritable(): void {
    if (!this.#wantsWritable) return;
    this.#wantsWritable = false;
    if (this.#isGone) return;
    // The kernel reports a TAP writable only while its interface is up.
    if (!this.#isUp) this.#cameUp();
    this.#listener.writable();
  }

  /** Closes the descriptor; a TAP that is not persistent vanishes with it. */
  close(): void {
    if (this.#fd < 0) return;
    this.#libc.close(this.#fd);
    this.#fd = -1;
    this.#isUp = false;
    this.#wantsWritable = false;
  }

  #write(address: number, length: number): TransmitResult {
    for (;;) {
      const n = this.#libc.write(this.#fd, address, length);
      if (n >= 0) {
        if (!this.#isUp) this.#cameUp();
        this.counters.wentOut(length - VIRTIO_HEADER);
        return "sent";
      }
      const errno = this.#libc.errno();
      if (errno === EINTR) continue;
      if (errno === EAGAIN || errno === ENOBUFS || errno === ENOMEM) {
        this.#wantsWritable = true;
        return "full";
      }
      return this.#failed(errno);
    }
  }

  /** For a caller that left no headroom: the read buffer is free outside `receive`, but not inside, so this makes a copy. */
  #transmitMoved(bytes: Uint8Array, at: number, end: number, info: FrameInfo): TransmitResult {
    const copy = new Uint8Array(FRAME_HEADROOM + end - at);
    copy.set(bytes.subarray(at, end), FRAME_HEADROOM);
    return this.transmit(copy, FRAME_HEADROOM, copy.length, info);
  }

  #failed(errno: number): TransmitResult {
    if (isGoneErrno(errno)) this.#vanish();
    else if (errno === EIO) this.#wentDown();
    else {
      // The kernel dislikes this one frame; the next may pass.
      this.counters.drop("refused");
      return "sent";
    }
    this.counters.drop("down");
    return "down";
  }

  #vanish(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#wantsWritable = false;
    this.#isUp = false;
    this.#listener.linkChanged(false);
  }

  #wentDown(): void {
    this.#wantsWritable = true;
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#listener.linkChanged(false);
  }

  #cameUp(): void {
    this.#isUp = true;
    this.#listener.linkChanged(true);
  }
}

const isGoneErrno = (errno: number): boolean => errno === EBADFD || errno === ENODEV || errno === EBADF || errno === ENXIO;

function assertUsableName(name: string): void {
  const bytes = new TextEncoder().encode(name).length;
  const hint = `use 1 to ${MAX_INTERFACE_NAME} bytes without "/", ":", "%" or spaces`;
  // "%d" at the end is the kernel's own placeholder for a free number.
  const usable = bytes > 0 && bytes <= MAX_INTERFACE_NAME && !/[/:\s\0%]/.test(name.replace(/%d$/, "")) && name !== "." && name !== "..";
  if (!usable) throw new TapError(`use "${name}" as the name of a TAP`, EINVAL, hint);
}

function openError(errno: number): TapError {
  const action = `open ${TUN_DEVICE}`;
  if (errno === ENOENT || errno === ENODEV || errno === ENXIO)
    return new TapError(action, errno, "load the kernel's tun module (modprobe tun)");
  if (errno === EACCES || errno === EPERM) return new TapError(action, errno, `give this user read and write access to ${TUN_DEVICE}`);
  return new TapError(action, errno, "check the limit on open files");
}

function attach(c: Libc, fd: number, name: string): Uint8Array {
  let errno = setInterface(c, fd, name, 0);
  if (typeof errno !== "number") return errno;
  // A persistent TAP made for many queues takes a descriptor only as one of its queues.
  if (errno === EINVAL) {
    const ifreq = setInterface(c, fd, name, IFF_MULTI_QUEUE);
    if (typeof ifreq !== "number") return ifreq;
    errno = EINVAL;
  }
  throw attachError(name, errno);
}

/** @returns the answer with the name in it, or the error number */
function setInterface(c: Libc, fd: number, name: string, moreFlags: number): Uint8Array | number {
  const ifreq = interfaceRequest(name, (v) => v.setUint16(0, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | moreFlags, true));
  return c.ioctl(fd, TUNSETIFF, addressOf(ifreq)) < 0 ? c.errno() : ifreq;
}

function attachError(name: string, errno: number): TapError {
  const action = `attach to TAP "${name}"`;
  switch (errno) {
    case EPERM:
    case EACCES:
      return new TapError(action, errno, `grant CAP_NET_ADMIN, or use a TAP of this user: ip tuntap add ${name} mode tap user $USER`);
    case EBUSY:
      return new TapError(action, errno, "the name is in use by another program: end that, or choose another name");
    case EINVAL:
      return new TapError(action, errno, "the name belongs to an interface that is not a TAP: choose another name");
    default:
      return new TapError(action, errno, "check that the kernel's tun module supports TAP devices with virtio headers");
  }
}

function prepareHeader(c: Libc, fd: number, name: string): void {
  const value = new Int32Array(1);
  value[0] = VIRTIO_HEADER;
  if (c.ioctl(fd, TUNSETVNETHDRSZ, addressOf(value)) < 0) {
    throw new TapError(`set the virtio header size of ${name}`, c.errno(), "use a kernel of version 3.9 or later");
  }
  // A kernel without this request uses its native order, which is the same everywhere but on s390x.
  value[0] = 1;
  c.ioctl(fd, TUNSETVNETLE, addressOf(value));
}

function isPersistent(c: Libc, fd: number): boolean {
  const ifreq = interfaceRequest("");
  if (c.ioctl(fd, TUNGETIFF, addressOf(ifreq)) < 0) return false;
  return ((ifreq[IFREQ_VALUE]! | (ifreq[IFREQ_VALUE + 1]! << 8)) & IFF_PERSIST) !== 0;
}

function nameIn(ifreq: Uint8Array): string {
  const end = ifreq.indexOf(0);
  return new TextDecoder().decode(ifreq.subarray(0, end < 0 || end > MAX_INTERFACE_NAME ? MAX_INTERFACE_NAME : end));
}
