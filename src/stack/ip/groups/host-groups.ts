import type { AddressWords } from "../../core/address.ts";
import type { HostContext } from "../../core/context.ts";
import type { NetworkInterface } from "../../link/network-interface.ts";
import type { GroupMessages } from "./group-messages.ts";
import { InterfaceGroups } from "./interface-groups.ts";

/** The groups of one family on all interfaces of a host. */
export class HostGroups {
  readonly #context: HostContext;
  readonly #messagesOf: (through: NetworkInterface) => GroupMessages;
  readonly #byInterface = new Map<NetworkInterface, InterfaceGroups>();

  /** @param messagesOf makes what tells routers of an interface's groups */
  constructor(context: HostContext, messagesOf: (through: NetworkInterface) => GroupMessages) {
    this.#context = context;
    this.#messagesOf = messagesOf;
  }

  of(through: NetworkInterface): InterfaceGroups {
    const known = this.#byInterface.get(through);
    if (known !== undefined) return known;
    const made = new InterfaceGroups(this.#context, this.#messagesOf(through), through.name);
    this.#byInterface.set(through, made);
    return made;
  }

  isJoined(through: NetworkInterface, group: AddressWords): boolean {
    return this.#byInterface.get(through)?.isJoined(group) === true;
  }
}
