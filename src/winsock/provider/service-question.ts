import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  IPPROTO_TCP,
  IPPROTO_UDP,
  LUP_CONTAINERS,
  LUP_DEEP,
  LUP_FLUSHCACHE,
  LUP_FLUSHPREVIOUS,
  LUP_NEAREST,
  LUP_NOCONTAINERS,
  LUP_RES_SERVICE,
  LUP_RETURN_ALL,
  NS_ALL,
  NS_DNS,
} from "../abi/constants.ts";
import { WSAEFAULT, WSAEINVAL, WSANO_DATA, WSASERVICE_NOT_FOUND } from "../abi/errors.ts";
import { type GUID, guid, sameGuid } from "../abi/guid.ts";
import { hostentBytes, hostRecord, serventBytes } from "../abi/name-records.ts";
import { type ReadQuerySet, sizeof_WSAQUERYSETW } from "../abi/query-set.ts";
import {
  IS_SVCID_TCP,
  IS_SVCID_UDP,
  PORT_FROM_SVCID_TCP,
  SVCID_HOSTNAME,
  SVCID_INET_HOSTADDRBYINETSTRING,
  SVCID_INET_HOSTADDRBYNAME,
  SVCID_INET_SERVICEBYNAME,
  SVCID_TCP,
  SVCID_UDP,
} from "../abi/service-classes.ts";
import { type ServiceRecord, serviceAt, serviceNamed, serviceRecord } from "../abi/service-table.ts";
import { nameFromText, nameLength } from "../abi/socket-address-text.ts";
import { sockaddrBytes } from "../abi/structures.ts";
import { addressesOfName, namesOfAddress } from "./host-names.ts";
import { asciiBytes, decodeAddresses, decodeNames } from "./name-reply.ts";
import { type Answer, DONE, failed, type Outcome } from "./outcome.ts";
import type { ProviderHost } from "./provider-host.ts";
import { familyOf } from "./socket-family.ts";

/** What WSALookupServiceBegin asks for: its restrictions read, and how the host is asked. */

/** "Microsoft's TCP/IP name space provider", whose name space is that of DNS. */
export const DNS_PROVIDER = guid("22059d40-7e9e-11cf-ae5a-00aa00a7112b");

const KNOWN_FLAGS =
  LUP_DEEP | LUP_CONTAINERS | LUP_NOCONTAINERS | LUP_NEAREST | LUP_RETURN_ALL | LUP_FLUSHPREVIOUS | LUP_FLUSHCACHE | LUP_RES_SERVICE;

/** Whether a control of this call can be that. */
export const areFlags = (flags: number): boolean =>
  (flags & ~KNOWN_FLAGS) === 0 && (flags & (LUP_CONTAINERS | LUP_NOCONTAINERS)) !== (LUP_CONTAINERS | LUP_NOCONTAINERS);

/** What is known once the host has answered. */
export interface FoundService {
  /** The first is the one by which it is known; the others are aliases. */
  readonly names: readonly string[];
  readonly classId: GUID;
  /** In C layout. */
  readonly addresses: readonly Uint8Array[];
  readonly blob: Uint8Array;
}

/** What a lookup asks for, of whom, and what becomes of the answer. */
export interface ServiceQuestion {
  readonly flags: number;
  readonly queryString: string | null;
  /** Of what is found: those that were not restricted away. */
  readonly protocols: readonly number[];
  readonly port: number;
  ask(host: ProviderHost): Answer;
  /** @param outcome a success */
  found(outcome: Outcome): FoundService;
}

/** Checks in the order of Microsoft's name service provider for DNS. @returns what to ask, or the code that the call fails with */
export function questionOf(set: ReadQuerySet, flags: number): ServiceQuestion | number {
  const { lpServiceClassId, lpNSProviderId, dwNameSpace, lpszContext, lpszQueryString: queryString } = set;
  if (lpServiceClassId === null) return WSAEINVAL;
  if (set.dwSize < sizeof_WSAQUERYSETW) return WSAEFAULT;
  if (!areFlags(flags)) return WSAEINVAL;
  const isOurs = lpNSProviderId === null || sameGuid(lpNSProviderId, DNS_PROVIDER);
  if (!isOurs || (dwNameSpace !== NS_ALL && dwNameSpace !== NS_DNS)) return WSASERVICE_NOT_FOUND;
  // There is one level only, and nothing in it contains anything.
  if ((lpszContext !== null && lpszContext !== "" && lpszContext !== "\\") || (flags & LUP_CONTAINERS) !== 0) return WSANO_DATA;
  const service = classOf(lpServiceClassId);
  if (service === undefined) return WSASERVICE_NOT_FOUND;
  const { families, protocols } = restrictionsOf(set, service);
  if (families.length === 0 || protocols.length === 0) return WSANO_DATA;
  const common = { flags, queryString, protocols, port: service.port };
  switch (service.kind) {
    case "host":
      return hostQuestion(common, lpServiceClassId, set.lpszServiceInstanceName ?? "", families);
    case "address":
      return addressQuestion(common, lpServiceClassId, set, families);
    case "service":
      return serviceQuestion(common, set.lpszServiceInstanceName ?? "", protocols);
  }
}

type AskedOfClass = Pick<ServiceQuestion, "flags" | "queryString" | "protocols" | "port">;

interface ServiceClass {
  readonly kind: "host" | "address" | "service";
  readonly port: number;
  /** Where nothing restricts them. */
  readonly families: readonly number[];
  readonly protocols: readonly number[];
  /** Those that it can be had by at all. */
  readonly possible: readonly number[];
}

const BOTH_FAMILIES = [AF_INET, AF_INET6];
const BOTH_PROTOCOLS = [IPPROTO_TCP, IPPROTO_UDP];

function classOf(id: GUID): ServiceClass | undefined {
  const host = { kind: "host", port: 0, families: BOTH_FAMILIES, protocols: [IPPROTO_TCP], possible: BOTH_PROTOCOLS } as const;
  if (sameGuid(id, SVCID_HOSTNAME)) return host;
  // As gethostbyname, which knows one family.
  if (sameGuid(id, SVCID_INET_HOSTADDRBYNAME)) return { ...host, families: [AF_INET] };
  if (sameGuid(id, SVCID_INET_HOSTADDRBYINETSTRING)) return { ...host, kind: "address" };
  if (sameGuid(id, SVCID_INET_SERVICEBYNAME)) return { ...host, kind: "service", protocols: BOTH_PROTOCOLS };
  const port = PORT_FROM_SVCID_TCP(id);
  if (IS_SVCID_TCP(id)) return { ...host, port, possible: [IPPROTO_TCP] };
  if (IS_SVCID_UDP(id)) return { ...host, port, protocols: [IPPROTO_UDP], possible: [IPPROTO_UDP] };
  return undefined;
}

/** What lpafpProtocols leaves of a class. */
function restrictionsOf({ lpafpProtocols }: ReadQuerySet, { families, protocols, possible }: ServiceClass) {
  if (lpafpProtocols === null || lpafpProtocols.length === 0) return { families, protocols };
  const isOneOf = (wanted: number, each: number): boolean => wanted === 0 || wanted === each;
  return {
    families: BOTH_FAMILIES.filter((af) => lpafpProtocols.some(({ iAddressFamily }) => isOneOf(iAddressFamily, af))),
    protocols: possible.filter((each) => lpafpProtocols.some(({ iProtocol }) => isOneOf(iProtocol, each))),
  };
}

/** A host without a name is this one. */
function hostQuestion(common: AskedOfClass, classId: GUID, name: string, families: readonly number[]): ServiceQuestion {
  const family = families.length > 1 ? AF_UNSPEC : families[0]!;
  // What is an address already is no name (Microsoft, "gethostbyname function in the API").
  const isNumeric = nameFromText(name, AF_INET).isRead || nameFromText(name, AF_INET6).isRead;
  return {
    ...common,
    ask: (host) => (isNumeric ? failed(WSASERVICE_NOT_FOUND) : addressesOfName(host, asciiBytes(name), family, 0)),
    found({ data, a = 0 }) {
      const { addresses, canonicalName, aliases } = decodeAddresses(data ?? new Uint8Array(0), a, nameLength);
      return { names: [canonicalName, ...aliases], classId, addresses, blob: hostBlob(canonicalName, aliases, addresses) };
    },
  };
}

/** A hostent, which is of one family: of IPv4 where there is any. */
function hostBlob(name: string, aliases: readonly string[], addresses: readonly Uint8Array[]): Uint8Array {
  const type = addresses.some((address) => familyOf(address) === AF_INET) ? AF_INET : AF_INET6;
  const ofType = addresses.filter((address) => familyOf(address) === type);
  return hostentBytes(hostRecord(type, name, aliases, ofType));
}

/** The address is given as text, or else as the one that lpcsaBuffer leads to. */
function addressQuestion(common: AskedOfClass, classId: GUID, set: ReadQuerySet, families: readonly number[]): ServiceQuestion | number {
  const text = set.lpszServiceInstanceName ?? "";
  const given = set.lpcsaBuffer?.length === 1 ? (set.lpcsaBuffer[0]?.RemoteAddr.lpSockaddr ?? null) : null;
  if (text === "" && given === null) return WSAEINVAL;
  const read = [AF_INET, AF_INET6].map((af) => nameFromText(text, af)).find(({ isRead }) => isRead);
  const name = text === "" ? sockaddrBytes(given!) : read?.bytes;
  if (name === undefined) return WSAEINVAL;
  const type = familyOf(name) ?? AF_UNSPEC;
  if (!families.includes(type)) return WSANO_DATA;
  name.fill(0, 2, 4);
  return {
    ...common,
    ask: (host) => namesOfAddress(host, name),
    found({ data, a = 0 }) {
      const { names } = decodeNames(data ?? new Uint8Array(0), a);
      return { names, classId, addresses: [name], blob: hostBlob(names[0] ?? "", names.slice(1), [name]) };
    },
  };
}

/** Which the host need not be asked for. Its type is the class of its port. */
function serviceQuestion(common: AskedOfClass, text: string, protocols: readonly number[]): ServiceQuestion | number {
  if (text === "") return WSAEINVAL;
  const [name = "", protocol] = text.split("/", 2);
  const named = [IPPROTO_TCP, IPPROTO_UDP].filter((each) => protocols.includes(each)).map((each) => (each === IPPROTO_TCP ? "tcp" : "udp"));
  const wanted = protocol === undefined ? named : named.filter((each) => each === protocol.toLowerCase());
  const byProtocol = (each: string): ServiceRecord | undefined =>
    /^\d{1,5}$/.test(name) ? serviceAt(Number(name), each) : serviceNamed(name, each);
  const record = wanted.map(byProtocol).find((each) => each !== undefined);
  return {
    ...common,
    ask: () => (record === undefined ? failed(WSASERVICE_NOT_FOUND) : DONE),
    found: () => ({
      names: [record!.name, ...record!.aliases],
      classId: record!.protocol === "tcp" ? SVCID_TCP(record!.port) : SVCID_UDP(record!.port),
      addresses: [],
      blob: serventBytes(serviceRecord(record!)),
    }),
  };
}
