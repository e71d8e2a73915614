import * as c from "../abi/constants.ts";
import { WSAENOPROTOOPT } from "../abi/errors.ts";
import { amount, keptAt, type OptionTable, type SocketOption } from "./option.ts";

const kept = keptAt(c.IPPROTO_UDP);

/** Raw sockets have none of them. */
const ofUdp = ([name, option]: [number, SocketOption]): [number, SocketOption] => [
  name,
  { ...option, refuses: (s) => (s.type === c.SOCK_DGRAM ? 0 : WSAENOPROTOOPT) },
];

/** Microsoft, "IPPROTO_UDP Socket Options". */
export const UDP_LEVEL: OptionTable = new Map<number, SocketOption>([
  ofUdp(kept(c.UDP_NOCHECKSUM, "bool", 0, "datagram")),
  ofUdp([c.UDP_SEND_MSG_SIZE, amount("segmentBytes", "datagram")]),
  ofUdp(kept(c.UDP_RECV_MAX_COALESCED_SIZE, "dword", 0, "datagram")),
  ofUdp(kept(c.UDP_CHECKSUM_COVERAGE, "bool", 0, "datagram")),
]);
