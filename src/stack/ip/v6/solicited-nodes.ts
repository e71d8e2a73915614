import { type IpAddress, isV4, sameAddress, solicitedNodeOf } from "../../core/address.ts";
import type { NetworkInterface } from "../../link/network-interface.ts";
import type { InterfaceGroups } from "../groups/interface-groups.ts";
import { ANY_SOURCE } from "../groups/source-filter.ts";

/** The groups in which an interface listens for solicitations of its addresses, those on trial among them (RFC 4861 §7.2.1, RFC 4862 §5.4.2). */
export class SolicitedNodes {
  readonly #interface: NetworkInterface;
  readonly #groups: InterfaceGroups;
  #memberships: readonly { readonly group: IpAddress }[] = [];

  constructor(of: NetworkInterface, groups: InterfaceGroups) {
    this.#interface = of;
    this.#groups = groups;
  }

  /** Joins and leaves as the addresses are now. */
  follow(): void {
    const { addresses, index } = this.#interface;
    const wanted = addresses.filter(({ address }) => !isV4(address)).map(({ address }) => solicitedNodeOf(address, index));
    const before = this.#memberships;
    const kept = before.filter(({ group }) => wanted.some((w) => sameAddress(w, group)));
    for (const gone of before) if (!kept.includes(gone)) this.#groups.setWanted(gone, gone.group, undefined);
    const all = [...kept];
    for (const group of wanted) {
      if (all.some((m) => sameAddress(m.group, group))) continue;
      const joined = { group };
      all.push(joined);
      this.#groups.setWanted(joined, group, ANY_SOURCE);
    }
    this.#memberships = all;
  }
}
