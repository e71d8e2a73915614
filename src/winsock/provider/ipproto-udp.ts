import * as c from "../abi/constants.ts";
import { amount, keptAt, type OptionTable, type SocketOption } from "./option.ts";

const kept = keptAt(c.IPPROTO_UDP);

/** Microsoft, "IPPROTO_UDP Socket Options". */
export const UDP_LEVEL: OptionTable = new Map<number, SocketOption>([
  kept(c.UDP_NOCHECKSUM, "bool", 0, "datagram"),
  [c.UDP_SEND_MSG_SIZE, amount("segmentBytes", "datagram")],
  kept(c.UDP_RECV_MAX_COALESCED_SIZE, "dword", 0, "datagram"),
  kept(c.UDP_CHECKSUM_COVERAGE, "bool", 0, "datagram"),
]);
