import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { RealClock } from "../../src/network/real-clock.ts";
import { SystemRandom } from "../../src/network/system-random.ts";
import { parseV4 } from "../../src/stack/core/address.ts";
import { Host } from "../../src/stack/host/host.ts";
import type { InterfaceService } from "../../src/stack/link/interface-service.ts";
import type { UdpEndpoint } from "../../src/stack/udp/udp-service.ts";
import { configureInterface } from "../../src/tap/interface-config.ts";
import { type LinuxTap, openTap } from "../../src/tap/linux-tap.ts";
import { CaptureDevice } from "../../src/wire/capture-device.ts";

export const TAP = "mc-tap";
export const BRIDGE = "mc-bridge";
export const KERNEL = "203.0.113.1";
export const OURS = "203.0.113.2";

export const ip = (...words: string[]) => execFileSync("ip", words, { stdio: "pipe" });

/** A host over a TAP that is a port of the kernel's bridge, which listens to memberships and asks for them. */
export class BridgedHost {
  readonly host: Host;
  readonly tap: LinuxTap;
  readonly interface: InterfaceService;
  /** Length of the last query, by which its version is told. */
  queryBytes = 0;
  readonly #clock = new RealClock();
  readonly #driver: NodeJS.Timeout;
  readonly #endpoints: UdpEndpoint[] = [];
  readonly #capture: CaptureDevice;
  readonly #captured: Uint8Array[] = [];

  constructor() {
    this.host = new Host({ startMs: this.#clock.now(), random: new SystemRandom() });
    this.tap = openTap({ name: TAP });
    this.#capture = new CaptureDevice(this.tap, { time: this.host.context, epochOffsetMs: Date.now() - this.#clock.now() });
    this.#capture.start({ sink: (block) => void this.#captured.push(block) });
    this.interface = this.host.attach(this.#capture, { address: parseV4(OURS), prefixLength: 24 });
    ip("link", "add", BRIDGE, "type", "bridge", "mcast_snooping", "1", "mcast_igmp_version", "3", "forward_delay", "0");
    ip("link", "set", BRIDGE, "type", "bridge", "mcast_querier", "1", "mcast_query_response_interval", "100");
    ip("link", "set", TAP, "master", BRIDGE);
    configureInterface(TAP, { up: true });
    configureInterface(BRIDGE, { up: true, address: KERNEL, prefixLength: 24 });
    this.host.trace.subscribe((event) => {
      if (event.type === "frame" && event.direction === "in" && event.bytes[23] === 2 && event.bytes[38] === 0x11) {
        this.queryBytes = event.bytes.length - 38;
      }
    });
    this.#driver = setInterval(() => {
      while (this.host.turn(this.#clock.now()));
    }, 1);
  }

  udp(localPort = 0): UdpEndpoint {
    this.host.enter(this.#clock.now());
    const endpoint = this.host.udp.open({ localPort, user: {} });
    if (typeof endpoint === "string") throw new Error(endpoint);
    this.#endpoints.push(endpoint);
    return endpoint;
  }

  /** A call from outside. */
  now(call: () => void): void {
    this.host.enter(this.#clock.now());
    call();
  }

  closeEndpoints(): void {
    this.now(() => {
      for (const endpoint of this.#endpoints.splice(0)) endpoint.close();
    });
  }

  /** All that crossed the TAP, as a file. */
  writeCapture(path: string): void {
    this.#capture.stop();
    writeFileSync(path, Buffer.concat(this.#captured));
  }

  stop(): void {
    clearInterval(this.#driver);
    this.#capture.close();
    ip("link", "del", BRIDGE);
  }
}
