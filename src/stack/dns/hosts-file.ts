import { type AddressWords, type IpAddress, isV4, readAddress, sameAddress } from "../core/address.ts";
import { AddressMap } from "../core/address-map.ts";
import { canonicalName } from "./domain-names.ts";

/** A line of the file. */
export interface HostsEntry {
  readonly address: IpAddress;
  /** The canonical name, then its aliases. */
  readonly names: readonly string[];
}

/** A hosts file, as RFC 952 had it and every system has it now: on each line an address, its name, and other names for it. */
export class HostsFile {
  readonly #byName = new Map<string, HostsEntry[]>();
  readonly #byAddress = new AddressMap<HostsEntry>();

  /** @param text lines that cannot be read count for nothing */
  constructor(text: string) {
    for (const line of text.split("\n")) {
      const [addressText = "", ...rest] = (line.split("#", 1)[0] ?? "").trim().split(/\s+/);
      const address = readAddress(addressText);
      const names = rest.map(canonicalName).filter((name) => name !== undefined);
      if (address !== undefined && names.length > 0) this.#add({ address, names });
    }
  }

  /** How many names have an address. */
  get size(): number {
    return this.#byName.size;
  }

  /** Lines that name it and have an address of the family. */
  entriesOf(name: string, isIpv4: boolean): readonly HostsEntry[] {
    return this.#byName.get(name)?.filter(({ address }) => isV4(address) === isIpv4) ?? [];
  }

  /** The first line that has the address. */
  entryAt(address: AddressWords): HostsEntry | undefined {
    return this.#byAddress.get(address);
  }

  #add(entry: HostsEntry): void {
    for (const name of entry.names) {
      const entries = this.#byName.get(name);
      if (entries === undefined) this.#byName.set(name, [entry]);
      else if (!entries.some(({ address }) => sameAddress(address, entry.address))) entries.push(entry);
    }
    if (this.#byAddress.get(entry.address) === undefined) this.#byAddress.set(entry.address, entry);
  }
}
