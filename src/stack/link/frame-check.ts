import { type FrameInfo, GSO_NONE } from "../core/frame-info.ts";
import { MAX_FRAME } from "./link-device.ts";

/** Ethernet II: two addresses and the type. */
export const ETHERNET_HEADER = 14;
/** 802.1Q: four bytes between the addresses and the type. */
export const VLAN_TAG = 4;

export type UnfitFrame = "runt" | "too-long" | "bad-checksum-offset" | "bad-gso";

/** Says why a frame cannot be carried by a device with this MTU, or undefined when it can. */
export function unfitFrame(bytes: Uint8Array, at: number, end: number, info: FrameInfo, mtu: number): UnfitFrame | undefined {
  const length = end - at;
  if (!(at >= 0 && length >= ETHERNET_HEADER && end <= bytes.length)) return "runt";
  if (info.checksumStart !== 0 && info.checksumStart + info.checksumOffset + 2 > length) return "bad-checksum-offset";
  if (info.gsoType === GSO_NONE) {
    const room = mtu + ETHERNET_HEADER;
    return length <= room || (length <= room + VLAN_TAG && isTagged(bytes, at)) ? undefined : "too-long";
  }
  if (length > MAX_FRAME) return "too-long";
  const whole = info.gsoSize > 0 && info.checksumStart !== 0 && info.headerLength > ETHERNET_HEADER && info.headerLength <= length;
  return whole ? undefined : "bad-gso";
}

/** 802.1Q or 802.1ad. */
export const isTagged = (b: Uint8Array, at: number): boolean =>
  (b[at + 12] === 0x81 && b[at + 13] === 0x00) || (b[at + 12] === 0x88 && b[at + 13] === 0xa8);
