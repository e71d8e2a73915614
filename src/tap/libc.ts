import { createRequire } from "node:module";
import { TapError } from "./tap-error.ts";

/**
 * The few calls of the C library that Node does not offer, made through koffi. It is loaded at first use, so that importing
 * tapsock works where koffi or Linux is missing. Memory is passed as an address: that is the cheapest shape measured
 * (a read of 64 bytes costs 350 ns, against 390 with a Buffer and 425 with a `subarray` made for the call), and an offset is an addition.
 * No call here is asynchronous: koffi does not keep a Buffer alive for a call that runs elsewhere.
 */
export interface Libc {
  open(path: string, flags: number, mode: number): number;
  close(fd: number): number;
  read(fd: number, address: number, length: number): number;
  write(fd: number, address: number, length: number): number;
  /** `argument` is an address or a plain number, as the request wants. */
  ioctl(fd: number, request: number, argument: number): number;
  fcntl(fd: number, command: number, argument: number): number;
  poll(address: number, count: number, timeoutMs: number): number;
  /** `timespec` and `sigmask` are addresses; 0 stands for NULL. */
  ppoll(address: number, count: number, timespec: number, sigmask: number): number;
  eventfd(initial: number, flags: number): number;
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: number, length: number): number;
  listen(fd: number, backlog: number): number;
  accept4(fd: number, address: number, length: number, flags: number): number;
  connect(fd: number, address: number, length: number): number;
  send(fd: number, address: number, length: number, flags: number): number;
  recv(fd: number, address: number, length: number, flags: number): number;
  sendto(fd: number, address: number, length: number, flags: number, name: number, nameLength: number): number;
  shutdown(fd: number, how: number): number;
  sendmsg(fd: number, header: number, flags: number): number;
  setsockopt(fd: number, level: number, option: number, value: number, length: number): number;
  epoll_create1(flags: number): number;
  epoll_ctl(epoll: number, operation: number, fd: number, event: number): number;
  epoll_wait(epoll: number, events: number, count: number, timeoutMs: number): number;
  getsockopt(fd: number, level: number, option: number, value: number, length: number): number;
  madvise(address: number, length: number, advice: number): number;
  /** Of the last call above that failed. */
  errno(): number;
}

export const O_RDWR = 0o2;
export const O_NONBLOCK = 0o4000;
export const O_CLOEXEC = 0o2000000;

export const EPERM = 1;
export const ENOENT = 2;
export const EINTR = 4;
export const EIO = 5;
export const ENXIO = 6;
export const EBADF = 9;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EEXIST = 17;
export const EBUSY = 16;
export const ENODEV = 19;
export const ENOTDIR = 20;
export const EINVAL = 22;
export const ENAMETOOLONG = 36;
export const ENOSYS = 38;
export const ENFILE = 23;
export const EMFILE = 24;
export const EBADFD = 77;
export const EADDRINUSE = 98;
export const EADDRNOTAVAIL = 99;
export const ECONNABORTED = 103;
export const ENOBUFS = 105;
export const ECONNREFUSED = 111;

const require = createRequire(import.meta.url);
let loaded: Libc | undefined;
let addressOfView: ((view: Uint8Array) => number) | undefined;
let viewAt: ((address: number, length: number) => ArrayBuffer) | undefined;

/** @throws TapError with errno ENOSYS when this is not Linux, or when koffi is not installed for this system */
export function libc(): Libc {
  if (loaded !== undefined) return loaded;
  loaded = load();
  return loaded;
}

/**
 * Whether `libc` is loaded already. A worker must not load it in the midst of things: one that is terminated just then takes the whole
 * program with it (koffi cannot throw into a thread that is ending).
 */
export const isLibcLoaded = (): boolean => loaded !== undefined;

/** Loads `libc` where it can be had. */
export function preloadLibc(): void {
  try {
    libc();
  } catch {
    // Who cannot do without it will say so.
  }
}

function load(): Libc {
  if (process.platform !== "linux") {
    throw new TapError(
      "open a TAP device",
      ENOSYS,
      `TAP devices need Linux, and this is ${process.platform}; use a virtual wire (embedded:) here`,
    );
  }
  const koffi = requireKoffi();
  const library = koffi.load(null);
  addressOfView = (view) => Number(koffi.address(view));
  viewAt = (address, length) => koffi.view(address, length);
  return {
    open: library.func("open", "int", ["str", "int", "int"]) as Libc["open"],
    close: library.func("close", "int", ["int"]) as Libc["close"],
    read: library.func("read", "int64_t", ["int", "uintptr_t", "size_t"]) as Libc["read"],
    write: library.func("write", "int64_t", ["int", "uintptr_t", "size_t"]) as Libc["write"],
    ioctl: library.func("ioctl", "int", ["int", "unsigned long", "uintptr_t"]) as Libc["ioctl"],
    fcntl: library.func("fcntl", "int", ["int", "int", "uintptr_t"]) as Libc["fcntl"],
    poll: library.func("poll", "int", ["uintptr_t", "unsigned long", "int"]) as Libc["poll"],
    ppoll: library.func("ppoll", "int", ["uintptr_t", "unsigned long", "uintptr_t", "uintptr_t"]) as Libc["ppoll"],
    eventfd: library.func("eventfd", "int", ["uint32_t", "int"]) as Libc["eventfd"],
    socket: library.func("socket", "int", ["int", "int", "int"]) as Libc["socket"],
    bind: library.func("bind", "int", ["int", "uintptr_t", "uint32_t"]) as Libc["bind"],
    listen: library.func("listen", "int", ["int", "int"]) as Libc["listen"],
    accept4: library.func("accept4", "int", ["int", "uintptr_t", "uintptr_t", "int"]) as Libc["accept4"],
    connect: library.func("connect", "int", ["int", "uintptr_t", "uint32_t"]) as Libc["connect"],
    send: library.func("send", "int64_t", ["int", "uintptr_t", "size_t", "int"]) as Libc["send"],
    shutdown: library.func("shutdown", "int", ["int", "int"]) as Libc["shutdown"],
    recv: library.func("recv", "int64_t", ["int", "uintptr_t", "size_t", "int"]) as Libc["recv"],
    sendto: library.func("sendto", "int64_t", ["int", "uintptr_t", "size_t", "int", "uintptr_t", "uint32_t"]) as Libc["sendto"],
    sendmsg: library.func("sendmsg", "int64_t", ["int", "uintptr_t", "int"]) as Libc["sendmsg"],
    setsockopt: library.func("setsockopt", "int", ["int", "int", "int", "uintptr_t", "uint32_t"]) as Libc["setsockopt"],
    epoll_create1: library.func("epoll_create1", "int", ["int"]) as Libc["epoll_create1"],
    epoll_ctl: library.func("epoll_ctl", "int", ["int", "int", "int", "uintptr_t"]) as Libc["epoll_ctl"],
    epoll_wait: library.func("epoll_wait", "int", ["int", "uintptr_t", "int", "int"]) as Libc["epoll_wait"],
    getsockopt: library.func("getsockopt", "int", ["int", "int", "int", "uintptr_t", "uintptr_t"]) as Libc["getsockopt"],
    madvise: library.func("madvise", "int", ["uintptr_t", "size_t", "int"]) as Libc["madvise"],
    errno: () => koffi.errno(),
  };
}

function requireKoffi(): typeof import("koffi") {
  try {
    return require("koffi") as typeof import("koffi");
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new TapError("load koffi, which makes the system calls", ENOSYS, `run "npm install koffi" for this system (${why})`);
  }
}

/** Where each memory block lies; an entry lives as long as its block, and a block never moves. */
const bases = new WeakMap<ArrayBufferLike, number>();
let lastBlock: ArrayBufferLike | undefined;
let lastBase = 0;

/** The address of the first byte of `bytes`, good for as long as something refers to `bytes`, and at least until the next call of this. */
export function addressOf(bytes: Uint8Array | Int32Array): number {
  // Asking for `buffer` also moves a small array, which V8 may hold in its heap, to where it stays.
  const block = bytes.buffer;
  if (block !== lastBlock) {
    lastBase = baseOf(block);
    lastBlock = block;
  }
  return lastBase + bytes.byteOffset;
}

function baseOf(block: ArrayBufferLike): number {
  let base = bases.get(block);
  if (base === undefined) {
    libc();
    base = addressOfView!(new Uint8Array(block));
    bases.set(block, base);
  }
  return base;
}

/** For `madvise`: the pages hold zeroes when they are touched again, and are no memory until then. */
export const MADV_DONTNEED = 4;
/** For `madvise`: memory comes in pages of 2 MiB where there is room for whole ones, or never does. Kernels without such pages refuse. */
export const MADV_HUGEPAGE = 14;
export const MADV_NOHUGEPAGE = 15;

/**
 * Shared memory as V8 sees memory that is not shared: copies to and from it are as quick as any, and nothing keeps two threads from
 * touching the same bytes at once. Whoever uses it passes bytes on by `Atomics` on words of the shared view. The memory lives as long.
 */
export function plainView(shared: SharedArrayBuffer): Uint8Array {
  const address = addressOf(new Uint8Array(shared));
  const bytes = new Uint8Array(viewAt!(address, shared.byteLength));
  Object.defineProperty(bytes.buffer, "memory", { value: shared });
  return bytes;
}
