import type { ScriptExpr } from "./script.ts";
import { ScriptError } from "./script-error.ts";

/** Numbers that calls are made with, as Linux has them; Winsock's names for the same things have the same numbers here. */
const SYMBOLS: Readonly<Record<string, number>> = {
  NULL: 0,
  AF_UNSPEC: 0,
  AF_INET: 2,
  AF_INET6: 10,
  PF_INET: 2,
  PF_INET6: 10,
  SOCK_STREAM: 1,
  SOCK_DGRAM: 2,
  SOCK_RAW: 3,
  SOCK_NONBLOCK: 0o4000,
  SOCK_CLOEXEC: 0o2000000,
  IPPROTO_IP: 0,
  IPPROTO_TCP: 6,
  IPPROTO_UDP: 17,
  IPPROTO_IPV6: 41,
  SOL_IP: 0,
  SOL_SOCKET: 1,
  SOL_TCP: 6,
  SOL_IPV6: 41,
  SO_REUSEADDR: 2,
  SO_EXCLUSIVEADDRUSE: -5,
  SO_ERROR: 4,
  SO_SNDBUF: 7,
  SO_RCVBUF: 8,
  SO_KEEPALIVE: 9,
  SO_OOBINLINE: 10,
  SO_LINGER: 13,
  SO_REUSEPORT: 15,
  SO_MARK: 36,
  SO_TIMESTAMPING: 37,
  SO_ZEROCOPY: 60,
  TCP_NODELAY: 1,
  TCP_MAXSEG: 2,
  TCP_CORK: 3,
  TCP_KEEPIDLE: 4,
  TCP_KEEPINTVL: 5,
  TCP_KEEPCNT: 6,
  TCP_SYNCNT: 7,
  TCP_LINGER2: 8,
  TCP_DEFER_ACCEPT: 9,
  TCP_WINDOW_CLAMP: 10,
  TCP_INFO: 11,
  TCP_QUICKACK: 12,
  TCP_CONGESTION: 13,
  TCP_USER_TIMEOUT: 18,
  TCP_FASTOPEN: 23,
  TCP_TIMESTAMP: 24,
  TCP_NOTSENT_LOWAT: 25,
  TCP_FASTOPEN_CONNECT: 30,
  TCP_FASTOPEN_KEY: 33,
  TCP_FASTOPEN_NO_COOKIE: 34,
  TCP_INQ: 36,
  TCP_CM_INQ: 36,
  TCP_TX_DELAY: 37,
  TCP_MAXRT: 1018,
  IP_TOS: 1,
  IP_TTL: 2,
  IP_MTU_DISCOVER: 10,
  IP_RECVERR: 11,
  IP_FREEBIND: 15,
  IPV6_RECVERR: 25,
  IPV6_TCLASS: 67,
  IPV6_UNICAST_HOPS: 16,
  IP_PMTUDISC_DONT: 0,
  IP_PMTUDISC_WANT: 1,
  IP_PMTUDISC_DO: 2,
  IP_PMTUDISC_PROBE: 3,
  F_GETFL: 3,
  F_SETFL: 4,
  O_RDONLY: 0,
  O_WRONLY: 1,
  O_RDWR: 2,
  O_NONBLOCK: 0o4000,
  MSG_OOB: 1,
  MSG_PEEK: 2,
  MSG_DONTROUTE: 4,
  MSG_CTRUNC: 8,
  MSG_TRUNC: 0x20,
  MSG_DONTWAIT: 0x40,
  MSG_EOR: 0x80,
  MSG_WAITALL: 0x100,
  MSG_ERRQUEUE: 0x2000,
  MSG_NOSIGNAL: 0x4000,
  MSG_MORE: 0x8000,
  MSG_ZEROCOPY: 0x4000000,
  MSG_FASTOPEN: 0x20000000,
  SHUT_RD: 0,
  SHUT_WR: 1,
  SHUT_RDWR: 2,
  SD_RECEIVE: 0,
  SD_SEND: 1,
  SD_BOTH: 2,
  SIOCINQ: 0x541b,
  FIONREAD: 0x541b,
  SIOCOUTQ: 0x5411,
  FIONBIO: 0x5421,
  POLLIN: 1,
  POLLPRI: 2,
  POLLOUT: 4,
  POLLERR: 8,
  POLLHUP: 0x10,
  POLLNVAL: 0x20,
  POLLRDNORM: 0x40,
  POLLWRNORM: 0x100,
  POLLRDHUP: 0x2000,
  EPOLLIN: 1,
  EPOLLPRI: 2,
  EPOLLOUT: 4,
  EPOLLERR: 8,
  EPOLLHUP: 0x10,
  EPOLLRDNORM: 0x40,
  EPOLLWRNORM: 0x100,
  EPOLLRDHUP: 0x2000,
  EPOLLEXCLUSIVE: 1 << 28,
  EPOLLONESHOT: 1 << 30,
  EPOLLET: 0x80000000,
  EPOLL_CTL_ADD: 1,
  EPOLL_CTL_DEL: 2,
  EPOLL_CTL_MOD: 3,
  INVALID_SOCKET: -1,
  SOCKET_ERROR: -1,
};

/** The number of a symbol. @throws RangeError for a name that is none, a mistake of ours */
export function symbol(name: string): number {
  const value = SYMBOLS[name];
  if (value === undefined) throw new RangeError(`There is no symbol ${name}`);
  return value;
}

/** Names of the bits of a number, of those that begin so. */
export function bitNames(bits: number, prefix: string): string {
  const names = Object.entries(SYMBOLS).filter(([name, value]) => name.startsWith(prefix) && value !== 0 && (bits & value) === value);
  return names.length === 0 ? String(bits) : names.map(([name]) => name).join("|");
}

/** A whole number, as signed as C has it in an int. @throws ScriptError when the expression is none */
export function intOf(expr: ScriptExpr | undefined, line: number): number {
  const value = bitsOf(expr, line);
  return value > 0x7fffffff ? value - 2 ** 32 : value;
}

/** A whole number as it is written. @throws ScriptError when the expression is none */
export function bitsOf(expr: ScriptExpr | undefined, line: number): number {
  switch (expr?.kind) {
    case "int":
      return expr.value;
    case "or":
      return expr.parts.reduce((bits, part) => (bits | bitsOf(part, line)) >>> 0, 0);
    case "word": {
      const value = SYMBOLS[expr.name];
      if (value === undefined) throw new ScriptError(line, `"${expr.name}" is no symbol that is known`);
      return value;
    }
    default:
      throw new ScriptError(
        line,
        `a number is expected${expr === undefined ? "" : `, and not ${expr.kind === "ellipsis" ? '"..."' : `a ${expr.kind}`}`}`,
      );
  }
}

export const isEllipsis = (expr: ScriptExpr | undefined): boolean => expr?.kind === "ellipsis";

/** Whether an argument is a null pointer instead of a buffer. */
export const isNull = (expr: ScriptExpr | undefined): boolean =>
  (expr?.kind === "word" && expr.name === "NULL") || (expr?.kind === "int" && expr.value === 0);

/** The items of a list or structure. */
export function itemsOf(expr: ScriptExpr | undefined, line: number): readonly ScriptExpr[] {
  if (expr?.kind === "list" || expr?.kind === "struct") return expr.items;
  throw new ScriptError(line, "a list or structure is expected");
}

/** A field of a structure by its name. */
export function fieldOf(expr: ScriptExpr | undefined, name: string, line: number): ScriptExpr | undefined {
  const found = itemsOf(expr, line).find((item) => item.kind === "field" && item.name === name);
  return found?.kind === "field" ? found.value : undefined;
}
