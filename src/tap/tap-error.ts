/** Names of the error numbers that calls of the system give; Linux's values for x86-64 and arm64. */
const NAMES: Readonly<Record<number, string>> = {
  1: "EPERM",
  2: "ENOENT",
  4: "EINTR",
  5: "EIO",
  6: "ENXIO",
  9: "EBADF",
  11: "EAGAIN",
  12: "ENOMEM",
  13: "EACCES",
  14: "EFAULT",
  16: "EBUSY",
  17: "EEXIST",
  19: "ENODEV",
  20: "ENOTDIR",
  22: "EINVAL",
  23: "ENFILE",
  24: "EMFILE",
  25: "ENOTTY",
  38: "ENOSYS",
  77: "EBADFD",
  95: "EOPNOTSUPP",
  98: "EADDRINUSE",
  99: "EADDRNOTAVAIL",
  100: "ENETDOWN",
  105: "ENOBUFS",
};

/** Such as `EPERM`; `errno 250` for a number that has no name here. */
export const errnoName = (errno: number): string => NAMES[errno] ?? `errno ${errno}`;

/** A TAP device, or what else of the system's a host stands on, could not be had. `hint` is one thing that the operator can do about it. */
export class TapError extends Error {
  override readonly name = "TapError";
  readonly action: string;
  /** Linux's number, 0 when no system call was made. */
  readonly errno: number;
  /** Such as `EPERM`. */
  readonly code: string;
  readonly hint: string;

  /** @param action completes "Cannot …" */
  constructor(action: string, errno: number, hint: string) {
    super(`Cannot ${action}: ${errnoName(errno)}; ${hint}`);
    this.action = action;
    this.errno = errno;
    this.code = errnoName(errno);
    this.hint = hint;
  }
}
