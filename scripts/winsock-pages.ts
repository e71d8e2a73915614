/** Which calls and options of Winsock there are, as the code has them. */
import { readFileSync } from "node:fs";
import * as constants from "../src/winsock/abi/constants.ts";
import { errorName } from "../src/winsock/abi/errors.ts";
import { IOCTLS } from "../src/winsock/provider/ioctl.ts";
import { listOptions, type OptionListing } from "../src/winsock/provider/options.ts";
import { IRLMP_LEVEL } from "../src/winsock/provider/sol-irlmp.ts";
import { page, table } from "./markdown.ts";

/** Winsock 2, by Microsoft's page "Winsock Functions", without what belongs to service providers and to protocols that are gone. */
const WINSOCK_FUNCTIONS = `accept AcceptEx bind closesocket connect ConnectEx DisconnectEx freeaddrinfo FreeAddrInfoEx FreeAddrInfoW
getaddrinfo GetAddrInfoEx GetAddrInfoExCancel GetAddrInfoExOverlappedResult GetAddrInfoW gethostbyaddr gethostbyname gethostname getnameinfo GetNameInfoW getpeername getprotobyname getprotobynumber
getservbyname getservbyport getsockname getsockopt htonl htons inet_addr inet_ntoa inet_ntop inet_pton ioctlsocket listen ntohl
ntohs recv recvfrom select send sendto setsockopt shutdown socket TransmitFile WSAAccept WSAAddressToString WSAAsyncGetHostByName
WSAAsyncSelect WSACancelAsyncRequest WSACleanup WSACloseEvent WSAConnect WSAConnectByName WSACreateEvent WSADuplicateSocket
WSAEnumNetworkEvents WSAEnumProtocols WSAEventSelect WSAGetLastError WSAGetOverlappedResult WSAHtonl WSAHtons WSAIoctl WSAJoinLeaf
WSALookupServiceBegin WSALookupServiceEnd WSALookupServiceNext WSANtohl WSANtohs WSAPoll WSARecv WSARecvFrom WSARecvMsg WSAResetEvent WSASend WSASendMsg WSASendTo WSASetEvent WSASetLastError
WSASocket WSAStartup WSAStringToAddress WSAWaitForMultipleEvents`.split(/\s+/);

/** An exported function of an entry. */
interface ListedCall {
  /** The first sentence of its doc comment. */
  readonly does: string;
  /** Below src/winsock. */
  readonly file: string;
}

/** Exported functions of a face's entry, those of byte order among them. */
function functionsOf(...files: string[]): Map<string, ListedCall> {
  const found = new Map<string, ListedCall>();
  for (const file of files) {
    const text = readFileSync(new URL(`../src/winsock/${file}`, import.meta.url), "utf8");
    for (const [, comment = "", name = ""] of text.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\nexport (?:function|const) (\w+)/g)) {
      const words = comment
        .replace(/^\s*\* ?/gm, " ")
        .replace(/\s+/g, " ")
        .trim();
      const does = /^.*?[.:](?= |$)/.exec(words.replace(/@\w+.*/, ""))?.[0].replace(/:$/, ".") ?? words;
      if (!found.has(name)) found.set(name, { does, file });
    }
  }
  return found;
}

/** Macros of Microsoft's headers that have no page of their own, and what is named there otherwise. */
const PAGES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(["FD_CLR", "FD_ISSET", "FD_SET", "FD_ZERO"].map((name) => [name, "select function"])),
  ...Object.fromEntries(["LOBYTE", "HIBYTE", "MAKEWORD"].map((name) => [name, `${name} macro`])),
  CreateMessageWindow: "Message-Only Windows",
  HasOverlappedIoCompleted: "HasOverlappedIoCompleted macro",
};

/** The page of Microsoft's that says what it does: by its name without the A or W, where both have one. "" for what is ours alone. */
function microsoftPage(name: string): string {
  if (OURS.has(name)) return "";
  return PAGES[name] ?? `${name} function`;
}

/** What C has not. */
const OURS: ReadonlySet<string> = new Set([
  ...[
    "createInfraredMedium",
    "networkFailure",
    "accepted",
    "received",
    "datagrams",
    "networkEvents",
    "addressListChanges",
    "routingInterfaceChanges",
    "owned",
  ],
]);

export function callsPage(): string {
  const inC = functionsOf(
    "index.ts",
    "events.ts",
    "extensions.ts",
    "names.ts",
    "overlapped.ts",
    "processes.ts",
    "windows.ts",
    "abi/byte-order.ts",
    "abi/fd-set.ts",
  );
  const awaited = functionsOf("promises.ts", "awaited-connections.ts", "awaited-messages.ts", "abi/byte-order.ts");
  const names = [...new Set([...WINSOCK_FUNCTIONS, ...inC.keys(), ...awaited.keys()])].sort((a, b) =>
    a.toLowerCase() < b.toLowerCase() ? -1 : 1,
  );
  const isThere = (name: string): boolean => inC.has(name) || awaited.has(name);
  const mark = (face: ReadonlyMap<string, ListedCall>, name: string): string => (face.has(name) ? "yes" : "–");
  const row = (name: string): string[] => {
    const listed = inC.get(name) ?? awaited.get(name);
    const source = listed === undefined ? "" : `[${listed.file}](../../src/winsock/${listed.file})`;
    return [`\`${name}\``, mark(inC, name), mark(awaited, name), listed?.does ?? "", microsoftPage(name), source];
  };
  return page([
    "# Calls of Winsock",
    "",
    "`tapsock/winsock` has them in C's manner, `tapsock/winsock/promises` awaited; each has its doc comment there, with the codes that it fails",
    "with. A program that imports a name which is not there is refused when it is loaded.",
    "",
    ...table(["call", "in C's manner", "awaited", "what it does", "Microsoft's page", "source"], names.filter(isThere).map(row)),
    "",
    "## Not there yet",
    "",
    `${names
      .filter((name) => !isThere(name))
      .map((name) => `\`${name}\``)
      .join(", ")}.`,
  ]);
}

const LEVELS: readonly (readonly [string, number, RegExp])[] = [
  ["SOL_SOCKET", constants.SOL_SOCKET, /^SO_/],
  ["IPPROTO_TCP", constants.IPPROTO_TCP, /^TCP_/],
  ["IPPROTO_IP", constants.IPPROTO_IP, /^(IP|MCAST)_/],
  ["IPPROTO_IPV6", constants.IPPROTO_IPV6, /^(IPV6|MCAST)_/],
  ["IPPROTO_UDP", constants.IPPROTO_UDP, /^UDP_/],
  ["SOL_IRLMP", constants.SOL_IRLMP, /^IRLMP_/],
];

const CODES = Object.entries(constants).flatMap(([name, code]): (readonly [string, number])[] =>
  /^(SIO_|FIO|SIOC)/.test(name) && typeof code === "number" ? [[name, code]] : [],
);

const MEANING: Readonly<Record<OptionListing["effect"], string>> = { honoured: "honoured", kept: "accepted", none: "refused" };

export function optionsPage(): string {
  const known = listOptions(IRLMP_LEVEL);
  const sections = LEVELS.flatMap(([level, number, prefix]) => {
    const named = Object.entries(constants).filter(([name, value]) => prefix.test(name) && typeof value === "number");
    const rows = known.filter((each) => each.level === number).map((each) => row(named, each));
    const others = named
      .filter(([, value]) => !known.some((each) => each.level === number && each.name === value))
      .map(([name]) => `\`${name}\``);
    const rest = others.length === 0 ? [] : ["", `Refused with WSAENOPROTOOPT: ${others.join(", ")}.`];
    if (rows.length === 0 && others.length === 0) return [];
    const head = ["option", "state", "sockets", "value", "read", "set"];
    return ["", `## ${level}`, ...(rows.length === 0 ? [] : ["", ...table(head, rows)]), ...rest];
  });
  return page([
    "# Socket options and control codes",
    "",
    "What getsockopt and setsockopt do with each. *Honoured*: it does what Microsoft says. *Accepted*: it is kept and read back, and nothing",
    "else comes of it. *Refused*: with the code that Windows has for it. A level that is not listed is WSAEINVAL, an option that is not",
    "WSAENOPROTOOPT. They come from `sol-*.ts` and `ipproto-*.ts` in `src/winsock/provider`.",
    ...sections,
    "",
    "## Control codes",
    "",
    "Of WSAIoctl, and the first three of ioctlsocket. A code that is not listed is WSAEOPNOTSUPP, of an overlapped call after WSA_IO_PENDING.",
    "SIO_ADDRESS_LIST_CHANGE and SIO_ROUTING_INTERFACE_CHANGE wait for a change on a blocking socket and where they are overlapped; else they are",
    "WSAEWOULDBLOCK, and the change is FD_ADDRESS_LIST_CHANGE or FD_ROUTING_INTERFACE_CHANGE. SIO_IDEAL_SEND_BACKLOG_CHANGE is WSAEWOULDBLOCK on",
    "a nonblocking socket, else WSAEOPNOTSUPP; so are overlapped SIO_BASE_HANDLE and SIO_BSP_HANDLE codes.",
    "SIO_LOOPBACK_FAST_PATH is accepted and changes nothing; SIO_RCVALL is for raw sockets, and WSAEINVAL of others.",
    "",
    `${CODES.filter(([, code]) => IOCTLS.includes(code))
      .map(([name]) => `\`${name}\``)
      .join(", ")}.`,
    "",
    `Not there: ${CODES.filter(([, code]) => !IOCTLS.includes(code))
      .map(([name]) => `\`${name}\``)
      .join(", ")}.`,
  ]);
}

function row(named: readonly (readonly [string, unknown])[], option: OptionListing): string[] {
  const name = named.find(([, value]) => value === option.name)?.[0] ?? `0x${option.name.toString(16)}`;
  const { effect, only, streamCode, raw, lengths, structure = "structure", read, set } = option;
  const value = { bool: "BOOL", byte: "BOOL, of which one byte counts", number: "number", dword: "DWORD", structure }[lengths];
  const outcome = (code: number): string => (code === 0 ? "yes" : (errorName(code) ?? String(code)));
  const having = only === "any" ? "all" : `${only}s`;
  const others = streamCode === undefined ? having : `datagrams; of streams ${errorName(streamCode)}`;
  const sockets = raw === "only" ? "raw; of others WSAEINVAL" : raw === "never" ? `${others}; of raw ones WSAEINVAL` : others;
  return [`\`${name}\``, MEANING[effect], sockets, value, outcome(read), outcome(set)];
}
