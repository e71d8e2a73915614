import { IPV6_ANY, isLinkLocalV6 } from "../../core/address.ts";
import type { HostContext } from "../../core/context.ts";
import { fraction } from "../../core/random.ts";
import type { Timer } from "../../core/timers.ts";
import type { NetworkInterface } from "../../link/network-interface.ts";

// RFC 4861 §10; times in milliseconds.
const MAX_RTR_SOLICITATION_DELAY = 1000;
const RTR_SOLICITATION_INTERVAL = 4000;
const MAX_RTR_SOLICITATIONS = 3;

/** Asks the routers of a link to speak up, RFC 4861 §6.3.7: three times at most, until one says that it is a way out. */
export class RouterSolicitation {
  readonly #context: HostContext;
  readonly #through: NetworkInterface;
  readonly #timer: Timer;
  #left = 0;
  #hasAsked = false;

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
    this.#left = MAX_RTR_SOLICITATIONS;
    this.#hasAsked = false;
    this.#timer.set(MAX_RTR_SOLICITATION_DELAY * fraction(this.#context.random));
  }

  /** A router says that it is a way out. Where that came unasked it is still asked once: what it says to all may leave something out. */
  answered(): void {
    if (this.#hasAsked) this.end();
    else this.#left = 1;
  }

  end(): void {
    this.#timer.cancel();
  }

  #ask(): void {
    this.#hasAsked = true;
    this.#left--;
    if (this.#left > 0) this.#timer.set(RTR_SOLICITATION_INTERVAL);
    const own = this.#through.addresses.find(({ address, state }) => state !== "tentative" && isLinkLocalV6(address));
    this.#through.ndp.solicitRouters(own?.address ?? IPV6_ANY);
  }
}
