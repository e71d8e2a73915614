/** How Windows' catalogue describes the protocols of our sockets: what WSAEnumProtocols lists and SO_PROTOCOL_INFO tells. */
import * as c from "../abi/constants.ts";
import { guid } from "../abi/guid.ts";
import type { WSAPROTOCOL_INFO } from "../abi/protocol-info.ts";
import type { Socket } from "./socket.ts";
import { IRDA, socketFamily } from "./socket-family.ts";

const STREAM_FLAGS = c.XP1_GUARANTEED_DELIVERY | c.XP1_GUARANTEED_ORDER | c.XP1_GRACEFUL_CLOSE | c.XP1_EXPEDITED_DATA | c.XP1_IFS_HANDLES;
const DATAGRAM_FLAGS =
  c.XP1_CONNECTIONLESS | c.XP1_MESSAGE_ORIENTED | c.XP1_SUPPORT_BROADCAST | c.XP1_SUPPORT_MULTIPOINT | c.XP1_IFS_HANDLES;

/** Of Windows' base provider for each family. */
const PROVIDERS = new Map([
  [c.AF_INET, { id: guid("e70f1aa0-ab8b-11cf-8ca3-00805f48a192"), suffix: "IP", firstEntry: 1001 }],
  [c.AF_INET6, { id: guid("f9eab0c0-26d4-11d0-bbbf-00aa006c34e4"), suffix: "IPv6", firstEntry: 1004 }],
]);

/** TinyTP knows no expedited data. */
const INFRARED_FLAGS = STREAM_FLAGS & ~c.XP1_EXPEDITED_DATA;

/** Microsoft's base provider for infrared. */
const IRDA_PROVIDER = { id: guid("3972523d-2af1-11d1-b655-00805f3642cc"), suffix: "IrDA", firstEntry: 1007 };

/** The entry for raw sockets is for protocols 0 to this. */
const LAST_PROTOCOL = 255;
/** What Windows' catalogue says of them; SO_MAX_MSG_SIZE is what they take. */
const RAW_MESSAGE_BYTES = 0x8000;

/** Which entry of the catalogue a socket is of. */
export function protocolInfo({ family, type, protocol }: Pick<Socket, "family" | "type" | "protocol">): WSAPROTOCOL_INFO {
  const provider = PROVIDERS.get(family.af) ?? IRDA_PROVIDER;
  const isStream = type === c.SOCK_STREAM;
  const isRaw = type === c.SOCK_RAW;
  return {
    dwServiceFlags1: provider === IRDA_PROVIDER ? INFRARED_FLAGS : isStream ? STREAM_FLAGS : DATAGRAM_FLAGS,
    dwServiceFlags2: 0,
    dwServiceFlags3: 0,
    dwServiceFlags4: 0,
    // Windows' catalogue has it so, though its page on raw sockets says that WSAEnumProtocols lists them.
    dwProviderFlags: c.PFL_MATCHES_PROTOCOL_ZERO | (isRaw ? c.PFL_HIDDEN : 0),
    ProviderId: provider.id,
    dwCatalogEntryId: provider.firstEntry + type - c.SOCK_STREAM,
    ProtocolChain: { ChainLen: c.BASE_PROTOCOL, ChainEntries: new Array<number>(c.MAX_PROTOCOL_CHAIN).fill(0) },
    iVersion: 2,
    iAddressFamily: family.af,
    iMaxSockAddr: family.nameBytes,
    iMinSockAddr: family.nameBytes,
    iSocketType: type,
    iProtocol: protocol,
    iProtocolMaxOffset: isRaw ? LAST_PROTOCOL : 0,
    iNetworkByteOrder: c.BIGENDIAN,
    iSecurityScheme: c.SECURITY_PROTOCOL_NONE,
    dwMessageSize: isRaw ? RAW_MESSAGE_BYTES : isStream ? 0 : family.largestDatagram,
    dwProviderReserved: 0,
    szProtocol:
      provider === IRDA_PROVIDER ? "MSAFD Irda [IrDA]" : `MSAFD Tcpip [${isRaw ? "RAW" : isStream ? "TCP" : "UDP"}/${provider.suffix}]`,
  };
}

/** Every entry of the catalogue, which WSAEnumProtocols lists. It is the same on every host, whether it has an infrared device or not. */
export function protocolCatalogue(): WSAPROTOCOL_INFO[] {
  const internet = [...PROVIDERS.keys()].flatMap((af) => {
    const family = socketFamily(af)!;
    const stream = { family, type: c.SOCK_STREAM, protocol: c.IPPROTO_TCP };
    const datagram = { family, type: c.SOCK_DGRAM, protocol: c.IPPROTO_UDP };
    // Of any protocol: socket() is told which.
    const raw = { family, type: c.SOCK_RAW, protocol: c.IPPROTO_IP };
    return [stream, datagram, raw];
  });
  return [...internet, { family: IRDA, type: c.SOCK_STREAM, protocol: c.IRDA_PROTO_SOCK_STREAM }].map(protocolInfo);
}
