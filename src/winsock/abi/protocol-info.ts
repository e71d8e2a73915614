/** WSAPROTOCOL_INFO, by which Winsock describes a protocol: an object with C's fields, or bytes in C layout. */
import { MAX_PROTOCOL_CHAIN, WSAPROTOCOL_LEN } from "./constants.ts";
import { getI32, getU16, getU32, setU16, setU32 } from "./fields.ts";
import { type GUID, guidBytes, readGuid, sizeof_GUID } from "./guid.ts";

export const sizeof_WSAPROTOCOL_INFOW = 628;
export const sizeof_WSAPROTOCOL_INFOA = 372;

export interface WSAPROTOCOLCHAIN {
  /** 1 for a base protocol. */
  ChainLen: number;
  ChainEntries: number[];
}

/** WSAPROTOCOL_INFOW and WSAPROTOCOL_INFOA, which differ in the bytes of szProtocol only. */
export interface WSAPROTOCOL_INFO {
  dwServiceFlags1: number;
  dwServiceFlags2: number;
  dwServiceFlags3: number;
  dwServiceFlags4: number;
  dwProviderFlags: number;
  ProviderId: GUID;
  dwCatalogEntryId: number;
  ProtocolChain: WSAPROTOCOLCHAIN;
  iVersion: number;
  iAddressFamily: number;
  iMaxSockAddr: number;
  iMinSockAddr: number;
  iSocketType: number;
  iProtocol: number;
  iProtocolMaxOffset: number;
  iNetworkByteOrder: number;
  iSecurityScheme: number;
  dwMessageSize: number;
  dwProviderReserved: number;
  szProtocol: string;
}

export type WSAPROTOCOL_INFOW = WSAPROTOCOL_INFO;
export type WSAPROTOCOL_INFOA = WSAPROTOCOL_INFO;

const PROVIDER_AT = 20;
const CHAIN_AT = 40;
const NAME_AT = 116;

/** Fields of four bytes with where they lie, but for those of the chain. */
const NUMBERS = [
  ["dwServiceFlags1", 0],
  ["dwServiceFlags2", 4],
  ["dwServiceFlags3", 8],
  ["dwServiceFlags4", 12],
  ["dwProviderFlags", 16],
  ["dwCatalogEntryId", 36],
  ["iVersion", 72],
  ["iAddressFamily", 76],
  ["iMaxSockAddr", 80],
  ["iMinSockAddr", 84],
  ["iSocketType", 88],
  ["iProtocol", 92],
  ["iProtocolMaxOffset", 96],
  ["iNetworkByteOrder", 100],
  ["iSecurityScheme", 104],
  ["dwMessageSize", 108],
  ["dwProviderReserved", 112],
] as const;

/** A zeroed WSAPROTOCOL_INFOW. */
export const new_WSAPROTOCOL_INFOW = (): WSAPROTOCOL_INFOW => readProtocolInfo(new Uint8Array(sizeof_WSAPROTOCOL_INFOW));
/** A zeroed WSAPROTOCOL_INFOA. */
export const new_WSAPROTOCOL_INFOA = (): WSAPROTOCOL_INFOA => readProtocolInfo(new Uint8Array(sizeof_WSAPROTOCOL_INFOA));

/** In C layout. @param characterBytes of szProtocol: 2 for WSAPROTOCOL_INFOW, 1 for WSAPROTOCOL_INFOA */
export function protocolInfoBytes(info: WSAPROTOCOL_INFO, characterBytes: 1 | 2): Uint8Array {
  const bytes = new Uint8Array(characterBytes === 2 ? sizeof_WSAPROTOCOL_INFOW : sizeof_WSAPROTOCOL_INFOA);
  for (const [name, at] of NUMBERS) setU32(bytes, at, info[name]);
  bytes.set(guidBytes(info.ProviderId), PROVIDER_AT);
  setU32(bytes, CHAIN_AT, info.ProtocolChain.ChainLen);
  info.ProtocolChain.ChainEntries.slice(0, MAX_PROTOCOL_CHAIN).forEach((entry, i) => {
    setU32(bytes, CHAIN_AT + 4 + 4 * i, entry);
  });
  for (let i = 0; i < Math.min(info.szProtocol.length, WSAPROTOCOL_LEN); i++) {
    const at = NAME_AT + i * characterBytes;
    if (characterBytes === 2) setU16(bytes, at, info.szProtocol.charCodeAt(i));
    else bytes[at] = info.szProtocol.charCodeAt(i);
  }
  return bytes;
}

/** From C layout; how long the characters are, the length says. */
export function readProtocolInfo(bytes: Uint8Array): WSAPROTOCOL_INFO {
  const isWide = bytes.length >= sizeof_WSAPROTOCOL_INFOW;
  let szProtocol = "";
  for (let i = 0; i < WSAPROTOCOL_LEN; i++) {
    const code = isWide ? getU16(bytes, NAME_AT + 2 * i) : (bytes[NAME_AT + i] ?? 0);
    if (code === 0) break;
    szProtocol += String.fromCharCode(code);
  }
  const numbers = Object.fromEntries(NUMBERS.map(([name, at]) => [name, name.startsWith("i") ? getI32(bytes, at) : getU32(bytes, at)]));
  return {
    ...(numbers as unknown as Pick<WSAPROTOCOL_INFO, (typeof NUMBERS)[number][0]>),
    ProviderId: readGuid(bytes.subarray(PROVIDER_AT, PROVIDER_AT + sizeof_GUID)),
    ProtocolChain: {
      ChainLen: getI32(bytes, CHAIN_AT),
      ChainEntries: Array.from({ length: MAX_PROTOCOL_CHAIN }, (_, i) => getU32(bytes, CHAIN_AT + 4 + 4 * i)),
    },
    szProtocol,
  };
}
