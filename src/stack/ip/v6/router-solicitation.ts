import { IPV6_ANY, isLinkLocalV6 } from "../../core/address.ts";
import type { HostContext } from "../../core/context.ts";
import { fraction } from "../../core/random.ts";
import type { Timer } from "../../core/timers.ts";
import type { NetworkInterface } from "../../link/network-interface.ts";

// RFC 4861 §10; times in milliseconds.
const MAX_RTR_SOLICITATION_DELAY = 1000;
const RTR_SOLICITATION_INTERVAL = 4000;
const MAX_RTR_SOLICITATIONS = 3;

/** Asks the routers of a link to speak up, RFC 4861 §6.3.7: three times at most, until one does. */
export class RouterSolicitation {
  readonly #context: HostContext;
  readonly #through: NetworkInterface;
  readonly #timer: Timer;
  #sent = 0;

  constructor(context: HostContext, through: NetworkInterface) {
    this.#context = context;
    this.#through = through;
    this.#timer = context.timers.timer(
      "router-solicitation",
      () => through.name,
      () => this.#ask(),
    );
  }

  /** Not at once, so that hosts that start together do not ask together. */
  begin(): void {
    this.#sent = 0;
    this.#timer.set(MAX_RTR_SOLICITATION_DELAY * fraction(this.#context.random));
  }

  end(): void {
    this.#timer.cancel();
  }

  #ask(): void {
    this.#sent++;
    if (this.#sent < MAX_RTR_SOLICITATIONS) this.#timer.set(RTR_SOLICITATION_INTERVAL);
    const own = this.#through.addresses.find(({ address, state }) => state !== "tentative" && isLinkLocalV6(address));
    this.#through.ndp.solicitRouters(own?.address ?? IPV6_ANY);
  }
}
