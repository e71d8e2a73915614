import { AF_UNSPEC, NI_NUMERICHOST } from "../abi/constants.ts";
import { WinsockError, WSAEFAULT, WSAEINVAL } from "../abi/errors.ts";
import { nameLength } from "../abi/socket-address-text.ts";
import type { CallReply } from "../provider/calls.ts";
import { asciiText, decodeAddresses } from "../provider/name-reply.ts";
import { numericName, planAddressLookup, planHostLookup } from "./address-lookup.ts";
import { foundNames, hostOf, NAME_INFO_FLAGS, numericHost, serviceOf } from "./address-names.ts";
import { endpointNamed, type NamedAddress, type SocketAddress } from "./promise-addresses.ts";
import type { Cancellable, PromiseCalls } from "./promise-calls.ts";
import { textOf } from "./text-buffer.ts";

/** What getaddrinfo is to look for; whatever is left out is left open. */
export interface AddressHints extends Cancellable {
  /** AF_INET or AF_INET6. */
  readonly family?: number;
  /** SOCK_STREAM or SOCK_DGRAM. */
  readonly socktype?: number;
  readonly protocol?: number;
  /** AI_ flags. */
  readonly flags?: number;
}

/** An address that can be given to connect, or to bind, as it is. */
export interface FoundAddress extends SocketAddress {
  readonly family: number;
  readonly socktype: number;
  readonly protocol: number;
  /** Of the first address, with AI_CANONNAME or AI_FQDN. */
  readonly canonicalName?: string;
}

/** A host with its names and addresses. */
export interface HostRecord {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly addresses: readonly string[];
}

export interface LookupTime {
  /** Milliseconds that the lookup may take; without it as long as name servers are given. */
  readonly timeoutMs?: number | undefined;
}

/** Names of hosts, awaited; tapsock/winsock/promises says of each what it does. */
export interface NamePromises {
  getaddrinfo(node: string | null, service?: string | number | null, hints?: AddressHints): Promise<FoundAddress[]>;
  GetAddrInfoEx(node: string | null, service?: string | number | null, hints?: AddressHints & LookupTime): Promise<FoundAddress[]>;
  getnameinfo(
    name: NamedAddress,
    options?: Cancellable & { readonly flags?: number },
  ): Promise<{ readonly host: string; readonly service: string }>;
  gethostbyname(name?: string | null, options?: Cancellable): Promise<HostRecord>;
  gethostbyaddr(address: string, options?: Cancellable): Promise<HostRecord>;
  gethostname(): Promise<string>;
}

/** @param ask calls the host, and throws what it fails with */
export function createNamePromises(ask: PromiseCalls["call"]): NamePromises {
  async function addresses(
    syscall: string,
    node: string | null,
    service: string | number | null,
    hints: AddressHints,
    milliseconds: number,
  ): Promise<FoundAddress[]> {
    const { family = AF_UNSPEC, socktype = 0, protocol = 0, flags = 0, signal } = hints;
    const servname = typeof service === "number" ? String(service) : textOf(service);
    const lookup = planAddressLookup(textOf(node), servname, { family, socktype, protocol, flags, isClean: true });
    if (typeof lookup === "number") throw new WinsockError(lookup, syscall);
    signal?.throwIfAborted();
    const { question } = lookup;
    const reply = question === undefined ? undefined : await ask("getaddrinfo", { ...question, c: milliseconds }, signal, { syscall });
    return lookup.entries(reply).map(({ name, family, canonicalName }) => ({
      address: numericHost(name),
      port: (name[2]! << 8) | name[3]!,
      family,
      socktype,
      protocol,
      ...(canonicalName === null ? {} : { canonicalName }),
    }));
  }

  return {
    getaddrinfo: (node, service = null, hints = {}) => addresses("getaddrinfo", node, service, hints, 0),

    async GetAddrInfoEx(node, service = null, { timeoutMs, ...hints } = {}) {
      const isBounded = timeoutMs !== undefined && timeoutMs < Number.POSITIVE_INFINITY;
      if (timeoutMs !== undefined && !(timeoutMs >= 0)) throw new WinsockError(WSAEINVAL, "GetAddrInfoEx");
      const milliseconds = isBounded ? Math.min(Math.max(1, Math.ceil(timeoutMs)), 0x7fffffff) : 0;
      return addresses("GetAddrInfoEx", node, service, hints, milliseconds);
    },

    async getnameinfo(named, { flags = 0, signal } = {}) {
      const address = endpointNamed(named) as SocketAddress;
      const name = nameOf("getnameinfo", address?.address);
      if ((flags & ~NAME_INFO_FLAGS) !== 0) throw new WinsockError(WSAEINVAL, "getnameinfo");
      const port = address.port | 0;
      name[2] = port >>> 8;
      name[3] = port;
      signal?.throwIfAborted();
      const host = (flags & NI_NUMERICHOST) !== 0 ? numericHost(name) : hostOf(name, flags, await answered(ask, name, signal));
      if (typeof host === "number") throw new WinsockError(host, "getnameinfo");
      return { host, service: serviceOf(name, flags) };
    },

    async gethostbyname(name = null, { signal } = {}) {
      const node = textOf(name) ?? "";
      const question = planHostLookup(node);
      if (typeof question === "number") throw new WinsockError(question, "gethostbyname");
      if (question instanceof Uint8Array) return { name: node, aliases: [], addresses: [node] };
      const { data, a } = await ask("getaddrinfo", question, signal, { syscall: "gethostbyname" });
      const { canonicalName, aliases, addresses } = decodeAddresses(data ?? new Uint8Array(0), a, nameLength);
      return { name: canonicalName, aliases, addresses: addresses.map(numericHost) };
    },

    async gethostbyaddr(address, { signal } = {}) {
      const name = nameOf("gethostbyaddr", address);
      const [first = "", ...aliases] = foundNames(await ask("getnameinfo", { data: name }, signal, { syscall: "gethostbyaddr" })).names;
      return { name: first, aliases, addresses: [numericHost(name)] };
    },

    async gethostname() {
      return asciiText((await ask("gethostname", {})).data ?? new Uint8Array(0));
    },
  };
}

/** The answer, be it a failure. */
async function answered(ask: PromiseCalls["call"], data: Uint8Array, signal: AbortSignal | undefined): Promise<CallReply> {
  try {
    return await ask("getnameinfo", { data }, signal);
  } catch (error) {
    if (!(error instanceof WinsockError)) throw error;
    return { id: 0, result: -1, error: error.errno, a: 0, b: 0, data: null };
  }
}

/** A name in C layout, without a port. @throws WinsockError WSAEFAULT for text that is no address */
function nameOf(syscall: string, address: unknown): Uint8Array {
  const name = numericName(textOf(address) ?? "");
  if (name === undefined) throw new WinsockError(WSAEFAULT, syscall);
  return name;
}
