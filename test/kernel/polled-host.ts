import { RealClock } from "../../src/network/real-clock.ts";
import { SystemRandom } from "../../src/network/system-random.ts";
import { WINDOWS } from "../../src/stack/core/profile.ts";
import { Host } from "../../src/stack/host/host.ts";
import type { AttachOptions } from "../../src/stack/host/host-options.ts";
import type { InterfaceService } from "../../src/stack/link/interface-service.ts";
import { type LinuxTap, openTap, type TapOptions } from "../../src/tap/linux-tap.ts";
import { Poller } from "../../src/tap/poll.ts";
import { CaptureDevice } from "../../src/wire/capture-device.ts";
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
  readonly #captures: CaptureDevice[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: TapOptions) {
    this.host = new Host({ startMs: this.#clock.now(), random: new SystemRandom(), profile: WINDOWS });
    this.host.attach(new Loopback());
    this.eth = this.attach(options);
    this.#turn();
  }

  /** One more device. @param use what the host is given there; nothing unless given */
  attach(options: TapOptions, use?: AttachOptions): InterfaceService {
    const tap = openTap(options);
    this.#taps.push(tap);
    this.#poller.add(tap.descriptor, "read+write");
    this.enter();
    const capture = new CaptureDevice(tap, { time: this.host.context, epochOffsetMs: 0 });
    this.#captures.push(capture);
    return this.host.attach(capture, use);
  }

  /** Keeps all that passes the devices from now on. @returns ends it, and gives a pcapng file for each device */
  startCapture(): () => Buffer[] {
    const files = this.#captures.map((capture) => {
      const blocks: Uint8Array[] = [];
      capture.start({ sink: (block) => blocks.push(block) });
      return blocks;
    });
    return () => {
      for (const capture of this.#captures) capture.stop();
      return files.map((blocks) => Buffer.concat(blocks));
    };
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
