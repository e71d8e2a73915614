import type { NetworkInterface } from "../../link/network-interface.ts";

/** Addresses that an interface gives itself: whoever advertises more prefixes does not mean well. Linux has the same bound. */
export const MOST_OWN_ADDRESSES = 16;

/** Whether the interface may give itself one more. */
export const hasRoomForAddress = ({ addresses }: NetworkInterface): boolean =>
  addresses.filter(({ origin }) => origin === "slaac" || origin === "temporary").length < MOST_OWN_ADDRESSES;
