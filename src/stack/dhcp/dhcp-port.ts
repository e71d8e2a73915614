import { type AddressWords, type IpAddress, isLimitedBroadcast, sameAddress } from "../core/address.ts";
import type { HostContext } from "../core/context.ts";
import type { PacketVerdict } from "../core/drop-reasons.ts";
import { guarded } from "../core/guard.ts";
import type { Ip } from "../ip/ip.ts";
import type { InterfaceService } from "../link/interface-service.ts";
import type { NetworkInterface } from "../link/network-interface.ts";
import * as dhcp from "../packet/dhcp.ts";
import type { Udp } from "../udp/udp.ts";
import type { BoundEndpoint } from "../udp/udp-endpoint.ts";

/** Who gets what servers say to one interface. */
export interface DhcpReceiver {
  readonly through: InterfaceService;
  /** @param to an address that is ours, or may become so, or the broadcast address. @returns what it was of use for */
  input(message: Uint8Array, to: AddressWords): PacketVerdict;
}

/** UDP port 68 of one host, which the clients of all its interfaces share. */
export class DhcpPort {
  readonly #context: HostContext;
  readonly #ip: Ip;
  readonly #udp: Udp;
  readonly #receivers = new Set<DhcpReceiver>();
  #endpoint: BoundEndpoint | undefined;

  constructor(context: HostContext, ip: Ip, udp: Udp) {
    this.#context = context;
    this.#ip = ip;
    this.#udp = udp;
  }

  /** @throws RangeError when somebody else has the port */
  open(receiver: DhcpReceiver): void {
    this.#receivers.add(receiver);
    if (this.#endpoint !== undefined) return;
    const opened = this.#udp.open({ localPort: dhcp.CLIENT_PORT, user: { readable: () => this.#readable() } });
    if (typeof opened === "string") {
      this.#receivers.delete(receiver);
      throw new RangeError(`Cannot ask for an address by DHCP: UDP port ${dhcp.CLIENT_PORT} is in use`);
    }
    opened.allowsBroadcast = true;
    this.#endpoint = opened;
  }

  close(receiver: DhcpReceiver): void {
    if (!this.#receivers.delete(receiver) || this.#receivers.size > 0) return;
    this.#endpoint?.close();
    this.#endpoint = undefined;
  }

  /**
   * Sends a message, which is lost when it cannot leave: it is sent again like one that the network lost.
   * @param from an address of ours, or 0.0.0.0
   */
  send(through: NetworkInterface, message: Uint8Array, from: IpAddress, to: IpAddress): void {
    const path = this.#ip.pathTo(to, from, isLimitedBroadcast(to) ? through : undefined);
    if (typeof path === "string") this.#context.drops.count(path);
    else if (this.#endpoint !== undefined) this.#udp.send(this.#endpoint, path, to, dhcp.SERVER_PORT, message, 0, message.length);
  }

  #readable(): void {
    for (let datagram = this.#endpoint?.receive(); datagram !== undefined; datagram = this.#endpoint?.receive()) {
      const { payload, to } = datagram;
      for (const receiver of this.#receivers) {
        if (receiver.through !== datagram.interface) continue;
        guarded(this.#context, () => {
          const verdict = receiver.input(payload, to);
          if (verdict !== "accepted") this.#context.drops.count(verdict);
        });
      }
    }
  }
}

/** Whether a message that gives `address` may have come to `to`: to everybody, or to the address itself (RFC 2131 §4.1). */
export const mayComeTo = (to: AddressWords, address: AddressWords): boolean => isLimitedBroadcast(to) || sameAddress(to, address);
