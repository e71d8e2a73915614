/** LINKTYPE_LINUX_IRDA (tcpdump.org's list of link types): a header like that of Linux' cooked captures, and behind it IrLAP without its FCS. */

const HEADER_BYTES = 16;
const FCS_BYTES = 2;
const [PACKET_HOST, PACKET_BROADCAST, PACKET_OUTGOING] = [0, 1, 4] as const;
const ARPHRD_IRDA = 783;
const ETH_P_IRDA = 0x0017;
const BROADCAST_ADDRESS = 0x7f;

/** Whether a frame of IrLAP stands outside of a connection, and is everybody's. */
export const isInfraredBroadcast = (frame: Uint8Array): boolean => frame[0] !== undefined && frame[0] >>> 1 === BROADCAST_ADDRESS;

/** @param frame with its FCS */
export function linuxIrdaPacket(frame: Uint8Array, direction: "in" | "out"): Uint8Array {
  const packet = new Uint8Array(HEADER_BYTES + Math.max(0, frame.length - FCS_BYTES));
  const view = new DataView(packet.buffer);
  view.setUint16(0, direction === "out" ? PACKET_OUTGOING : isInfraredBroadcast(frame) ? PACKET_BROADCAST : PACKET_HOST);
  view.setUint16(2, ARPHRD_IRDA);
  view.setUint16(14, ETH_P_IRDA);
  packet.set(frame.subarray(0, packet.length - HEADER_BYTES), HEADER_BYTES);
  return packet;
}
