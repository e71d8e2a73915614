import { type Attacker, chance } from "./attacker.ts";
import {
  arpReply,
  arpRequest,
  neighbourAdvertisement,
  neighbourSolicitation,
  redirect,
  routerAdvertisement,
  tagged,
} from "./formats-of-links.ts";
import {
  atomicFragment,
  controlError,
  datagram,
  echo,
  fragmentedControl,
  fragmentedDatagram,
  igmpMessage,
  mergedDatagrams,
  mldMessage,
  unknownProtocol,
  withExtensionHeaders,
  withOptions,
} from "./formats-of-packets.ts";
import { dhcpReply, dnsAnswer, mergedSegments, segment } from "./formats-of-programs.ts";

/** Makes a valid message: one frame, or several of one datagram. */
export type Format = (a: Attacker) => Uint8Array[];

/** Everything that a host reads, by name. */
export const FORMATS: Readonly<Record<string, Format>> = {
  "ARP request": arpRequest,
  "ARP reply": arpReply,
  "UDP datagram": datagram,
  "IPv4 options": withOptions,
  "IPv6 extension headers": withExtensionHeaders,
  fragments: fragmentedDatagram,
  "fragments of ICMP": fragmentedControl,
  "atomic fragment": atomicFragment,
  echo,
  "ICMP error": controlError,
  IGMP: igmpMessage,
  MLD: mldMessage,
  "neighbour solicitation": neighbourSolicitation,
  "neighbour advertisement": neighbourAdvertisement,
  "router advertisement": routerAdvertisement,
  redirect,
  "TCP segment": segment,
  "merged TCP segments": mergedSegments,
  "merged UDP datagrams": mergedDatagrams,
  "DNS answer": dnsAnswer,
  "DHCP reply": dhcpReply,
  "unknown protocol": unknownProtocol,
  "VLAN tag": (a) => [tagged((chance(a.random, 2) ? segment(a) : datagram(a))[0]!)],
};

/** TCP has the most states to be led into, so that it comes more often. */
export const FORMAT_NAMES: readonly string[] = [...Object.keys(FORMATS), ...new Array<string>(6).fill("TCP segment")];
