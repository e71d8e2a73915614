import { type AddressWords, formatAddress, type IpAddress } from "../core/address.ts";
import { AddressMap } from "../core/address-map.ts";
import type { HostContext } from "../core/context.ts";
import { fraction } from "../core/random.ts";
import type { Timer } from "../core/timers.ts";
import { NONCE } from "../packet/ndp.ts";
import type { InterfaceAddresses } from "./interface-addresses.ts";
import type { LinkParameters } from "./link-parameters.ts";
import type { Ndp } from "./ndp.ts";

/** RFC 4862 §5.1. */
const DUP_ADDR_DETECT_TRANSMITS = 1;
/** RFC 4861 §10, in milliseconds: hosts that start together do not ask together. */
const MAX_RTR_SOLICITATION_DELAY = 1000;
/** A link that hands our own frames back is asked this often again: another's answer may hide among the echoes (RFC 7527 §4.1). */
const PROBES_AFTER_ECHO = 3;

/** What duplicate address detection needs of its interface. */
export interface DuplicateLink {
  readonly name: string;
  readonly isUp: boolean;
  readonly ndp: Pick<Ndp, "probe">;
  readonly parameters: LinkParameters;
}

/** One address that is looked after. */
interface Trial {
  readonly address: IpAddress;
  readonly timer: Timer;
  /** In the probe that was sent last. */
  readonly nonce: Uint8Array;
  probesLeft: number;
  hasEchoed: boolean;
}

/**
 * Tries whether an IPv6 address is unique on its link before it is used, RFC 4862 §5.4, and again whenever the link comes back. Our own
 * probes are known by their nonce (RFC 7527). It holds nothing of any address but ours.
 */
export class DuplicateDetection {
  readonly #context: HostContext;
  readonly #link: DuplicateLink;
  readonly #addresses: InterfaceAddresses;
  readonly #trials = new AddressMap<Trial>();

  constructor(context: HostContext, link: DuplicateLink, addresses: InterfaceAddresses) {
    this.#context = context;
    this.#link = link;
    this.#addresses = addresses;
  }

  /**
   * Tries a tentative address: within two seconds it is ours, or removed as a duplicate. While the link is down this waits.
   */
  try(address: IpAddress): void {
    this.forget(address);
    const timer = this.#context.timers.timer(
      "duplicate-detection",
      () => `${this.#link.name} ${formatAddress(address)}`,
      () => this.#due(trial),
    );
    const trial: Trial = { address, timer, nonce: new Uint8Array(NONCE), probesLeft: 0, hasEchoed: false };
    this.#trials.set(address, trial);
    this.#begin(trial);
  }

  /** The address is none of ours any more, or never became so. */
  forget(address: AddressWords): void {
    this.#trials.get(address)?.timer.cancel();
    this.#trials.delete(address);
  }

  /** What was unique on a link need not be so on the one that comes up now. */
  linkChanged(isUp: boolean): void {
    for (const trial of this.#trials.values()) {
      trial.timer.cancel();
      if (!isUp) continue;
      this.#addresses.doubt(trial.address);
      this.#begin(trial);
    }
  }

  /** Another station says that it has the address. @returns whether we were trying it: then it does not become ours */
  claimed(address: AddressWords): boolean {
    const trial = this.#trials.get(address);
    if (trial === undefined || !this.#addresses.isTentative(address)) return false;
    this.#addresses.remove(trial.address, "duplicate");
    return true;
  }

  /**
   * A station tries the address, and said so with a nonce of its own or without any. @param hasNonce whether it was this nonce
   * @returns `own` for a probe of ours that came back, `duplicate` where we were trying the address too, undefined where we were not
   */
  probed(address: AddressWords, hasNonce: (nonce: Uint8Array) => boolean): "own" | "duplicate" | undefined {
    const trial = this.#trials.get(address);
    if (trial === undefined || !hasNonce(trial.nonce)) return this.claimed(address) ? "duplicate" : undefined;
    if (!trial.hasEchoed && this.#addresses.isTentative(address)) {
      trial.hasEchoed = true;
      trial.probesLeft += PROBES_AFTER_ECHO;
    }
    return "own";
  }

  #begin(trial: Trial): void {
    trial.probesLeft = DUP_ADDR_DETECT_TRANSMITS;
    trial.hasEchoed = false;
    if (this.#link.isUp) trial.timer.set(MAX_RTR_SOLICITATION_DELAY * fraction(this.#context.random));
  }

  #due(trial: Trial): void {
    if (trial.probesLeft === 0) {
      this.#addresses.confirm(trial.address);
      return;
    }
    trial.probesLeft--;
    const { random } = this.#context;
    for (let i = 0; i < NONCE; i++) trial.nonce[i] = random.u32() >>> 24;
    trial.timer.set(this.#link.parameters.retransMs);
    this.#link.ndp.probe(trial.address, trial.nonce);
  }
}
