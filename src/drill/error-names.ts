/** Errors of calls, by their POSIX names with Linux' numbers. */
export const ERROR_NUMBERS = {
  EBADF: 9,
  EAGAIN: 11,
  EFAULT: 14,
  EINVAL: 22,
  ENFILE: 23,
  EPIPE: 32,
  EPROTOTYPE: 91,
  ENOPROTOOPT: 92,
  EPROTONOSUPPORT: 93,
  EOPNOTSUPP: 95,
  EAFNOSUPPORT: 97,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
  ENETDOWN: 100,
  ENETUNREACH: 101,
  ECONNABORTED: 103,
  ECONNRESET: 104,
  ENOBUFS: 105,
  EISCONN: 106,
  ENOTCONN: 107,
  EDESTADDRREQ: 89,
  EMSGSIZE: 90,
  ESHUTDOWN: 108,
  ETIMEDOUT: 110,
  ECONNREFUSED: 111,
  EHOSTUNREACH: 113,
  EALREADY: 114,
  EINPROGRESS: 115,
  ENOENT: 2,
  EEXIST: 17,
} as const;

export type DrillError = keyof typeof ERROR_NUMBERS;

/** Names that Linux has twice. */
const SYNONYMS: Readonly<Record<string, DrillError>> = { EWOULDBLOCK: "EAGAIN", ENOTSUP: "EOPNOTSUPP" };

/** Where Winsock says it otherwise than by `WSA` before the name. */
const WINSOCK: Readonly<Partial<Record<DrillError, string>>> = {
  EAGAIN: "WSAEWOULDBLOCK",
  // A connect that goes on in the background, which Winsock calls by the same name.
  EINPROGRESS: "WSAEWOULDBLOCK",
  EPIPE: "WSAESHUTDOWN",
  EBADF: "WSAENOTSOCK",
};

export const winsockName = (error: DrillError): string => WINSOCK[error] ?? `WSA${error}`;

/** Whether a name in a script, of either kind, means this error. */
export const isNamed = (error: DrillError, name: string): boolean =>
  name.startsWith("WSA") ? winsockName(error) === name : (SYNONYMS[name] ?? name) === error;

export const isErrorName = (name: string): boolean =>
  name.startsWith("WSA")
    ? (Object.keys(ERROR_NUMBERS) as DrillError[]).some((error) => winsockName(error) === name)
    : name in ERROR_NUMBERS || name in SYNONYMS;
