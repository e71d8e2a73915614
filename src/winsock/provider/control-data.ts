/** Control data of datagrams: what WSARecvMsg tells of one that came, and what WSASendMsg says of one that goes. */
import { type IpAddress, isUnspecified } from "../../stack/core/address.ts";
import type { Datagram } from "../../stack/ip/datagram.ts";
import type { InterfaceService } from "../../stack/link/interface-service.ts";
import * as c from "../abi/constants.ts";
import { WSAEADDRNOTAVAIL, WSAEINVAL } from "../abi/errors.ts";
import { getI32, getU32, setU32 } from "../abi/fields.ts";
import { type ControlItem, readControl, sizeof_in_pktinfo, sizeof_in6_pktinfo } from "../abi/message-control.ts";
import type { Socket } from "./socket.ts";
import { familyOfAddress, socketFamily } from "./socket-family.ts";
import { keptKey } from "./socket-options.ts";

const INET = socketFamily(c.AF_INET)!;
const INET6 = socketFamily(c.AF_INET6)!;
const ECN_BITS = 3;
const MOST = 255;

function dword(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  setU32(bytes, 0, value);
  return bytes;
}

function packetInfo({ to, interface: { index } }: Datagram, family: typeof INET): Uint8Array {
  const { addressBytes } = family;
  const bytes = new Uint8Array(addressBytes + 4);
  const name = family.writeName(to, 0);
  const addressAt = family === INET ? 4 : 8;
  bytes.set(name.subarray(addressAt, addressAt + addressBytes));
  setU32(bytes, addressBytes, index);
  return bytes;
}

/** What an option asks for: its name, the type of the data, and the data. */
type Telling = readonly [option: number, type: number, tell: (datagram: Datagram) => Uint8Array];

const hops = ({ ttl }: Datagram): Uint8Array => dword(ttl);
const trafficClass = (datagram: Datagram): Uint8Array => dword(datagram.trafficClass);
const congestion = (datagram: Datagram): Uint8Array => dword(datagram.trafficClass & ECN_BITS);
const arrival = (datagram: Datagram): Uint8Array => dword(datagram.interface.index);

/** Microsoft, "IPPROTO_IP Socket Options" and "IPPROTO_IPV6 Socket Options". */
const OF_IP: readonly Telling[] = [
  [c.IP_PKTINFO, c.IP_PKTINFO, (datagram) => packetInfo(datagram, INET)],
  [c.IP_RECVTTL, c.IP_TTL, hops],
  [c.IP_RECVIF, c.IP_RECVIF, arrival],
  [c.IP_RECVTOS, c.IP_TOS, trafficClass],
  [c.IP_ECN, c.IP_ECN, congestion],
];
const OF_IPV6: readonly Telling[] = [
  [c.IPV6_PKTINFO, c.IPV6_PKTINFO, (datagram) => packetInfo(datagram, INET6)],
  [c.IPV6_HOPLIMIT, c.IPV6_HOPLIMIT, hops],
  [c.IPV6_RECVIF, c.IPV6_RECVIF, arrival],
  [c.IPV6_RECVTCLASS, c.IPV6_TCLASS, trafficClass],
  [c.IPV6_ECN, c.IPV6_ECN, congestion],
];

/** What the socket's program wants to hear of a datagram. A socket of both families hears of one of IPv4 as IPv4 tells it, where it asks that. */
export function controlOf({ options, family }: Socket, datagram: Datagram): ControlItem[] {
  const isAskedFor = (level: number, option: number): boolean => (options.kept.get(keptKey(level, option)) ?? 0) !== 0;
  const told = (level: number, tellings: readonly Telling[]): ControlItem[] =>
    tellings.filter(([option]) => isAskedFor(level, option)).map(([, type, tell]): ControlItem => ({ level, type, data: tell(datagram) }));
  const ofIp = familyOfAddress(datagram.to) === INET ? told(c.IPPROTO_IP, OF_IP) : [];
  return ofIp.length > 0 || family === INET ? ofIp : told(c.IPPROTO_IPV6, OF_IPV6);
}

/** How one datagram leaves, where it differs from the socket's options. */
export interface SendChoices {
  source?: IpAddress;
  through?: InterfaceService;
  ttl?: number;
  trafficClass?: number;
  segmentBytes?: number;
}

/** @returns the code for control data that says nothing, or what cannot be */
export function sendChoices(socket: Socket, control: Uint8Array): SendChoices | number {
  const items = readControl(control);
  if (items === undefined) return WSAEINVAL;
  const choices: SendChoices = {};
  for (const item of items) {
    const code = take(socket, item, choices);
    if (code !== 0) return code;
  }
  return choices;
}

function take(socket: Socket, { level, type, data }: ControlItem, choices: SendChoices): number {
  if (data.length < 4) return WSAEINVAL;
  const number = getI32(data, 0);
  switch (`${level}/${type}`) {
    case keptKey(c.IPPROTO_IP, c.IP_PKTINFO):
      return data.length < sizeof_in_pktinfo ? WSAEINVAL : takePacketInfo(socket, data, INET, choices);
    case keptKey(c.IPPROTO_IPV6, c.IPV6_PKTINFO):
      return data.length < sizeof_in6_pktinfo ? WSAEINVAL : takePacketInfo(socket, data, INET6, choices);
    case keptKey(c.IPPROTO_IP, c.IP_TTL):
    case keptKey(c.IPPROTO_IP, c.IP_RECVTTL):
    case keptKey(c.IPPROTO_IPV6, c.IPV6_HOPLIMIT):
      if (number < 1 || number > MOST) return WSAEINVAL;
      choices.ttl = number;
      return 0;
    case keptKey(c.IPPROTO_IP, c.IP_TOS):
    case keptKey(c.IPPROTO_IPV6, c.IPV6_TCLASS):
      if (number < 0 || number > MOST) return WSAEINVAL;
      choices.trafficClass = number | ((choices.trafficClass ?? 0) & ECN_BITS);
      return 0;
    case keptKey(c.IPPROTO_IP, c.IP_ECN):
    case keptKey(c.IPPROTO_IPV6, c.IPV6_ECN):
      if (number < 0 || number > ECN_BITS) return WSAEINVAL;
      choices.trafficClass = ((choices.trafficClass ?? socket.options.trafficClass) & ~ECN_BITS) | number;
      return 0;
    case keptKey(c.IPPROTO_UDP, c.UDP_SEND_MSG_SIZE):
      if (number < 0 || socket.type !== c.SOCK_DGRAM) return WSAEINVAL;
      choices.segmentBytes = number;
      return 0;
    default:
      return WSAEINVAL;
  }
}

/** An address that is unspecified and index 0 leave the choice as it is. */
function takePacketInfo({ context }: Socket, data: Uint8Array, family: typeof INET, choices: SendChoices): number {
  const index = getU32(data, family.addressBytes);
  const address = family.readAddress(data, 0);
  if (index !== 0) {
    const through = context.host.ip.interfaces.find((one) => one.index === index);
    if (through === undefined) return WSAEADDRNOTAVAIL;
    choices.through = through;
  }
  if (!isUnspecified(address)) {
    const own = context.host.ip.localAddress(address);
    if (own === undefined) return WSAEADDRNOTAVAIL;
    choices.source = own;
  }
  return 0;
}
