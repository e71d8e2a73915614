/** The host's addresses as WSAIoctl lists them. */
import { isUnspecified } from "../../stack/core/address.ts";
import type { InterfaceAddress, InterfaceService } from "../../stack/link/interface-service.ts";
import { AF_INET } from "../abi/constants.ts";
import { interfaceInfoBytes } from "../abi/ioctl-structures.ts";
import { IFF_BROADCAST, IFF_LOOPBACK, IFF_MULTICAST, IFF_UP } from "../abi/values.ts";
import type { ProviderHost } from "./provider-host.ts";
import { familyOfAddress, LIMITED_BROADCAST_NAME, netmaskName } from "./socket-family.ts";

type Addressing = Pick<ProviderHost["ip"], "interfaces" | "isLocalAddress">;

/** Those that a socket may be bound to, but for the loopback's. */
export function localAddresses(ip: Addressing): InterfaceAddress[] {
  return ip.interfaces.filter(({ isLoopback }) => !isLoopback).flatMap((one) => usable(ip, one));
}

const usable = (ip: Addressing, { addresses }: InterfaceService): InterfaceAddress[] =>
  addresses.filter(({ address }) => !isUnspecified(address) && ip.isLocalAddress(address));

function flagsOf({ isUp, isLoopback }: InterfaceService, { broadcast }: InterfaceAddress): number {
  const reach = isLoopback ? IFF_LOOPBACK : broadcast === undefined ? 0 : IFF_BROADCAST;
  return (isUp ? IFF_UP : 0) | reach | IFF_MULTICAST;
}

/** SIO_GET_INTERFACE_LIST: the IPv4 addresses, the loopback's among them; the broadcast address is the limited one. */
export function interfaceList(ip: Addressing): Uint8Array {
  const entries = ip.interfaces.flatMap((one) =>
    usable(ip, one)
      .filter(({ address }) => familyOfAddress(address).af === AF_INET)
      .map((own) => {
        const name = familyOfAddress(own.address).writeName(own.address, 0);
        return interfaceInfoBytes(flagsOf(one, own), name, LIMITED_BROADCAST_NAME, netmaskName(own.prefixLength));
      }),
  );
  const bytes = new Uint8Array(entries.reduce((sum, entry) => sum + entry.length, 0));
  let end = 0;
  for (const entry of entries) {
    bytes.set(entry, end);
    end += entry.length;
  }
  return bytes;
}
