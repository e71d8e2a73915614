/** Both faces of our host with a scripted name server on the peer, and what their calls of names come to, in one shape. */
import { parseAddress } from "../../src/stack/core/address.ts";
import { inetNtop } from "../../src/winsock/abi/address-text.ts";
import { ntohs } from "../../src/winsock/abi/byte-order.ts";
import { AF_INET, AF_INET6 } from "../../src/winsock/abi/constants.ts";
import { errorName, WinsockError } from "../../src/winsock/abi/errors.ts";
import { type addrinfo, new_addrinfo } from "../../src/winsock/abi/name-structures.ts";
import type { sockaddr_in, sockaddr_in6 } from "../../src/winsock/abi/structures.ts";
import type { BlockingFace } from "../../src/winsock/faces/blocking-face.ts";
import type { AddressHints } from "../../src/winsock/faces/name-promises.ts";
import { createPromiseFace, type PromiseFace } from "../../src/winsock/faces/promise-face.ts";
import { a, aaaa, cname, ptr, type RecordParts, TYPE } from "./dns-message.ts";
import { ipv6Winsock } from "./ipv6-winsock.ts";
import { answerTo, knowing, ScriptedServer } from "./scripted-dns.ts";
import { untilSettled } from "./until-settled.ts";
import { PEER, VirtualWinsock } from "./virtual-winsock.ts";

export const WWW = [
  a("www.example", "198.51.100.80"),
  a("www.example", "198.51.100.81"),
  aaaa("www.example", [0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x80]),
  a("four.example", "198.51.100.4"),
  aaaa("six.example", [0x2001, 0xdb8, 0, 0, 0, 0, 0, 6]),
  a("printer.lan", "203.0.113.9"),
  a("xn--zckzah.example", "198.51.100.7"),
  ptr("80.100.51.198.in-addr.arpa", "www.example"),
  ptr("9.113.0.203.in-addr.arpa", "printer.lan"),
] as const;

/** An alias as a recursive server answers it: with what it leads to. */
const ALIAS = [cname("alias.example", "www.example"), a("www.example", "198.51.100.80")];

export interface NamesRig {
  readonly v: VirtualWinsock;
  readonly server: ScriptedServer;
  readonly promises: PromiseFace;
  /** Time passes until the promise is settled. */
  readonly settled: <T>(promise: Promise<T>) => Promise<T>;
}

/** @param families which addresses our host has beside those of its loopback */
export function namesRig(families: "ipv4" | "both" = "both", records: readonly RecordParts[] = WWW): NamesRig {
  const v = families === "both" ? ipv6Winsock() : new VirtualWinsock();
  const server = new ScriptedServer(v.simulation, v.peer, parseAddress(PEER));
  const known = knowing(...records);
  server.answer = (query) => (query.name === "alias.example" && query.type === TYPE.A ? answerTo(query, { answers: ALIAS }) : known(query));
  v.ours.dns.configure("configured", { servers: [{ address: parseAddress(PEER) }], searchList: ["lan"] });
  v.ours.dns.setHosts("203.0.113.70 mail.lan mail post");
  const settled = <T>(promise: Promise<T>): Promise<T> => untilSettled(v, promise);
  return { v, server, promises: createPromiseFace(async () => v.asyncPort()), settled };
}

/** An address as the tests write it: `[2001:db8::80]:80 stream 6`, with what else is said of it. */
const described = (address: string, port: number, socktype: number, protocol: number, canonicalName: string | null): string =>
  `${address.includes(":") ? `[${address}]` : address}:${port} ${socktype}/${protocol}${canonicalName === null ? "" : ` ${canonicalName}`}`;

const codeName = (code: number): string => errorName(code) ?? String(code);

/** What getaddrinfo finds, or the name of the code that it fails with. */
export type Getaddrinfo = (node: string | null, service: string | null, hints?: Omit<AddressHints, "signal">) => Promise<string | string[]>;

export function getaddrinfoInC(face: BlockingFace): Getaddrinfo {
  return async (node, service, wanted) => {
    const result = { value: new_addrinfo() as addrinfo | null };
    const { family = 0, socktype = 0, protocol = 0, flags = 0 } = wanted ?? {};
    const hints = { ...new_addrinfo(), ai_family: family, ai_socktype: socktype, ai_protocol: protocol, ai_flags: flags };
    const code = face.getaddrinfo(node, service, wanted === undefined ? null : hints, result);
    if (code !== face.WSAGetLastError()) return `returned ${code}, last error ${face.WSAGetLastError()}`;
    if (code !== 0) return result.value === null ? codeName(code) : `${codeName(code)} with a result`;
    const found: string[] = [];
    for (let each = result.value; each !== null; each = each.ai_next) {
      const { address, port } = endpointOf(each.ai_addr as sockaddr_in | sockaddr_in6);
      found.push(described(address, port, each.ai_socktype, each.ai_protocol, each.ai_canonname));
    }
    return found;
  };
}

export function getaddrinfoAwaited({ promises, settled }: NamesRig): Getaddrinfo {
  return async (node, service, hints) => {
    try {
      const found = await settled(promises.getaddrinfo(node, service, hints));
      return found.map(({ address, port, socktype, protocol, canonicalName }) =>
        described(address, port, socktype, protocol, canonicalName ?? null),
      );
    } catch (error) {
      return error instanceof WinsockError ? error.code : String(error);
    }
  };
}

export function endpointOf(name: sockaddr_in | sockaddr_in6): { readonly address: string; readonly port: number } {
  if ("sin_family" in name) {
    return { address: inetNtop(AF_INET, name.sin_addr, { value: "" }, 22).value ?? "", port: ntohs(name.sin_port) };
  }
  const text = inetNtop(AF_INET6, name.sin6_addr, { value: "" }, 65).value ?? "";
  return { address: name.sin6_scope_id === 0 ? text : `${text}%${name.sin6_scope_id}`, port: ntohs(name.sin6_port) };
}
