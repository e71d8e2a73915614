import { formatEndpoint } from "../../stack/core/address.ts";
import * as constants from "../abi/constants.ts";
import { errorName } from "../abi/errors.ts";
import { readSockaddrIrda, sizeof_SOCKADDR_IRDA } from "../abi/irda-structures.ts";
import { readQuerySet } from "../abi/query-set.ts";
import { CALL, type CallName, type CallRequest } from "./calls.ts";
import { asciiText } from "./name-reply.ts";
import type { Outcome } from "./outcome.ts";
import { decodeSets } from "./select.ts";
import { familyOf, socketFamily } from "./socket-family.ts";

const nameOfOp: ReadonlyMap<number, CallName> = new Map((Object.keys(CALL) as CallName[]).map((name) => [CALL[name], name]));

/** Of operations that are not called as the C function is. */
const C_NAMES: Readonly<Partial<Record<CallName, string>>> = {
  startup: "WSAStartup",
  cleanup: "WSACleanup",
  createEvent: "WSACreateEvent",
  setEvent: "WSASetEvent",
  resetEvent: "WSAResetEvent",
  closeHandle: "CloseHandle",
  waitForEvents: "WSAWaitForMultipleEvents",
  selectEvents: "WSAEventSelect",
  enumerateEvents: "WSAEnumNetworkEvents",
  poll: "WSAPoll",
  cancelIo: "CancelIo",
  associate: "CreateIoCompletionPort",
  dequeue: "GetQueuedCompletionStatus",
  postPacket: "PostQueuedCompletionStatus",
  notificationModes: "SetFileCompletionNotificationModes",
  connectEx: "ConnectEx",
  acceptEx: "AcceptEx",
  disconnectEx: "DisconnectEx",
  createWindow: "CreateMessageWindow",
  destroyWindow: "DestroyWindow",
  postMessage: "PostMessage",
  peekMessage: "PeekMessage",
  getMessage: "GetMessage",
  selectMessages: "WSAAsyncSelect",
  hostForWindow: "WSAAsyncGetHostByName",
  duplicateSocket: "WSADuplicateSocket",
  socketOfDuplicate: "WSASocket",
  offer: "WSAAccept",
  lookupBegin: "WSALookupServiceBegin",
  lookupNext: "WSALookupServiceNext",
  lookupEnd: "WSALookupServiceEnd",
  duplicateHandle: "DuplicateHandle",
  reject: "WSAAccept",
  recvMsg: "WSARecvMsg",
  sendMsg: "WSASendMsg",
};

/** The C function's name, such as `connect`; undefined for a number that is no operation. */
export function callName(op: number): string | undefined {
  const name = nameOfOp.get(op);
  return name === undefined ? undefined : (C_NAMES[name] ?? name);
}

function namer(prefixes: readonly string[]): (value: number) => string {
  const names = new Map<number, string>();
  for (const [name, value] of Object.entries(constants)) {
    if (typeof value === "number" && prefixes.some((prefix) => name.startsWith(prefix)) && !names.has(value)) names.set(value, name);
  }
  return (value) => names.get(value) ?? String(value);
}

const family = namer(["AF_"]);
const type = namer(["SOCK_"]);
/** `AI_PASSIVE|AI_CANONNAME`. */
function flagsOf(prefix: string): (value: number) => string {
  const flag = namer([prefix]);
  return (value) => {
    const names = Array.from({ length: 32 }, (_, bit) => (value & (1 << bit)) >>> 0).flatMap((bit) => (bit === 0 ? [] : [flag(bit)]));
    return names.length === 0 ? "0" : names.join("|");
  };
}
const flags = flagsOf("AI_");
const lookupFlags = flagsOf("LUP_");
const how = namer(["SD_"]);
const ioctl = namer(["FION", "SIOCAT", "SIO_"]);

const protocol = (value: number): string => {
  if (value === constants.IPPROTO_TCP) return "IPPROTO_TCP";
  if (value === constants.IPPROTO_IPV6) return "IPPROTO_IPV6";
  return value === constants.IPPROTO_UDP ? "IPPROTO_UDP" : String(value);
};
function level(value: number): string {
  if (value === constants.SOL_SOCKET) return "SOL_SOCKET";
  if (value === constants.SOL_IRLMP) return "SOL_IRLMP";
  return value === constants.IPPROTO_IP ? "IPPROTO_IP" : protocol(value);
}
/** Names of options by their level: each level counts anew. */
const optionNamers: ReadonlyMap<number, (name: number) => string> = new Map([
  [constants.SOL_SOCKET, namer(["SO_"])],
  [constants.IPPROTO_IP, namer(["IP_", "MCAST_"])],
  [constants.IPPROTO_IPV6, namer(["IPV6_", "MCAST_"])],
  [constants.IPPROTO_TCP, namer(["TCP_"])],
  [constants.IPPROTO_UDP, namer(["UDP_"])],
  [constants.SOL_IRLMP, namer(["IRLMP_"])],
]);
const option = (of: number, name: number): string => optionNamers.get(of)?.(name) ?? String(name);
const version = (word: number): string => `MAKEWORD(${constants.LOBYTE(word)}, ${constants.HIBYTE(word)})`;

function nameText(name: Uint8Array | null): string {
  if (name === null) return "NULL";
  if (familyOf(name) === constants.AF_IRDA && name.length >= sizeof_SOCKADDR_IRDA) {
    const { irdaDeviceID: id, irdaServiceName } = readSockaddrIrda(name);
    // The number of its four bytes, as others show infrared devices.
    return `${JSON.stringify(irdaServiceName)} of ${Array.from(id, (byte) => byte.toString(16).padStart(2, "0"))
      .reverse()
      .join("")}`;
  }
  const family = socketFamily(familyOf(name) ?? constants.AF_UNSPEC);
  if (family === undefined || name.length < family.nameBytes) return `${name.length} bytes`;
  const { address, port } = family.readName(name);
  return formatEndpoint(address, port);
}

const bytesText = (data: Uint8Array | null): string => (data === null ? "NULL" : `${data.length} bytes`);
const setText = (set: readonly number[] | undefined): string => (set === undefined ? "NULL" : `{${set.join(" ")}}`);

function selectText(data: Uint8Array | null, timeoutUs: number): string {
  const sets = data === null ? undefined : decodeSets(data);
  const lists = sets === undefined ? "?" : `read ${setText(sets.read)}, write ${setText(sets.write)}, except ${setText(sets.except)}`;
  return `${lists}, ${timeoutUs < 0 ? "NULL" : `${timeoutUs / 1000} ms`}`;
}

function valueText(data: Uint8Array | null): string {
  if (data === null) return "NULL";
  let value = 0;
  for (let i = Math.min(data.length, 4) - 1; i >= 0; i--) value = value * 256 + data[i]!;
  return String(value);
}

function parameters({ op, s, a, b, c, data }: CallRequest): string {
  switch (op) {
    case CALL.startup:
      return version(a);
    case CALL.cleanup:
      return "";
    case CALL.socket:
      return `${family(a)}, ${type(b)}, ${protocol(c)}`;
    case CALL.bind:
    case CALL.connect:
      return `s=${s}, ${nameText(data)}, ${a}`;
    case CALL.listen:
      return `s=${s}, ${a === constants.SOMAXCONN ? "SOMAXCONN" : a}`;
    case CALL.send:
      return `s=${s}, ${bytesText(data)}, ${a}`;
    case CALL.sendto: {
      const nameLength = Math.max(0, a);
      const name = data !== null && a >= 0 ? data.subarray(0, nameLength) : null;
      return `s=${s}, ${bytesText(data?.subarray(nameLength) ?? null)}, ${b}, ${nameText(name)}, ${c}`;
    }
    case CALL.recv:
    case CALL.recvfrom:
      return `s=${s}, ${a} bytes, ${b}`;
    case CALL.shutdown:
      return `s=${s}, ${how(a)}`;
    case CALL.select:
      return selectText(data, a);
    case CALL.ioctlsocket:
      return `s=${s}, ${ioctl(a >>> 0)}, ${c === 1 ? "NULL" : b}`;
    case CALL.WSAIoctl:
      return `s=${s}, ${ioctl(a >>> 0)}, ${bytesText(data)}, ${c < 0 ? "NULL" : `room for ${c}`}`;
    case CALL.getsockopt:
      return `s=${s}, ${level(a)}, ${option(a, b)}`;
    case CALL.getaddrinfo:
      return `${data === null ? "NULL" : JSON.stringify(asciiText(data))}, ${family(a)}, ${flags(b)}`;
    case CALL.getnameinfo:
      return nameText(data);
    case CALL.lookupBegin: {
      const name = data === null ? null : readQuerySet(data, true).lpszServiceInstanceName;
      return `${name === null ? "NULL" : JSON.stringify(name)}, ${lookupFlags(a)}`;
    }
    case CALL.gethostname:
      return "";
    case CALL.setsockopt:
      return `s=${s}, ${level(a)}, ${option(a, b)}, ${valueText(data)}, ${c}`;
    default:
      return `s=${s}`;
  }
}

/** The call as a C programmer would write it: `connect(s=4, 203.0.113.1:81, 16)`. */
export const callText = (request: CallRequest): string => `${callName(request.op) ?? `operation ${request.op}`}(${parameters(request)})`;

/** What it returned: `0`, or `SOCKET_ERROR, WSAECONNREFUSED (10061)`. */
export function outcomeText(op: number, outcome: Outcome): string {
  if (outcome.error === 0) return String(outcome.result);
  const isHandle = op === CALL.socket || op === CALL.accept;
  const value = outcome.result !== -1 ? String(outcome.result) : isHandle ? "INVALID_SOCKET" : "SOCKET_ERROR";
  return `${value}, ${errorName(outcome.error) ?? "error"} (${outcome.error})`;
}
