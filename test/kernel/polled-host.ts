import { RealClock } from "../../src/network/real-clock.ts";
import { SystemRandom } from "../../src/network/system-random.ts";
import { WINDOWS } from "../../src/stack/core/profile.ts";
import { Host } from "../../src/stack/host/host.ts";
import type { InterfaceService } from "../../src/stack/link/interface-service.ts";
import { type LinuxTap, openTap, type TapOptions } from "../../src/tap/linux-tap.ts";
import { Poller } from "../../src/tap/poll.ts";
import { Loopback } from "../../src/wire/loopback.ts";

/** How long the event loop has between two looks at the device, in milliseconds. */
const PAUSE_MS = 1;

/**
 * A host on TAPs, driven between the other things of the test's event loop, so that its transports are within a test's reach and the
 * kernel's sockets of node:net are its peers.
 */
export class PolledHost {
  readonly host: Host;
  /** The first attachment. */
  readonly eth: InterfaceService;
  readonly #clock = new RealClock();
  readonly #poller = new Poller();
  readonly #taps: LinuxTap[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: TapOptions) {
    this.host = new Host({ startMs: this.#clock.now(), random: new SystemRandom(), profile: WINDOWS });
    this.host.attach(new Loopback());
    this.eth = this.attach(options);
    this.#turn();
  }

  /** One more device. */
  attach(options: TapOptions): InterfaceService {
    const tap = openTap(options);
    this.#taps.push(tap);
    this.#poller.add(tap.descriptor, "read+write");
    this.enter();
    return this.host.attach(tap);
  }

  /** To be called before a call into the host: it happens now. */
  enter(): void {
    this.host.enter(this.#clock.now());
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#poller.close();
    for (const tap of this.#taps) tap.close();
  }

  #turn(): void {
    if (this.#taps.some((tap) => tap.wantsWritable)) {
      this.#poller.wait(0);
      for (const tap of this.#taps) if (tap.wantsWritable && this.#poller.isWritable(tap.descriptor)) tap.becameWritable();
    }
    // A stream may keep it busy for long: the peer in this thread needs its time too.
    const isBusy = this.host.turn(this.#clock.now());
    this.#timer = setTimeout(() => this.#turn(), isBusy ? 0 : PAUSE_MS);
  }
}
