import { expect, test } from "@jest/globals";
import { plainFrame } from "../../../src/stack/core/frame-info.ts";
import { SeededRandom } from "../../../src/stack/core/random.ts";
import { Host } from "../../../src/stack/host/host.ts";
import type { FrameSink, LinkCounters, LinkListener, TransmitResult } from "../../../src/stack/link/link-device.ts";
import * as ethernet from "../../../src/stack/packet/ethernet.ts";
import { MemoryWire } from "../../../src/wire/memory-wire.ts";
import { WrappedDevice } from "../../../src/wire/wrapped-device.ts";
import { OUR_ADDRESS, PEER_ADDRESS } from "../../support/two-hosts.ts";

/** What one frame costs the host's thread, in milliseconds. */
const FRAME_COST_MS = 0.01;

/** A device on which there is always one more frame for us. */
class FloodedDevice extends WrappedDevice {
  frames = 0;
  readonly #frame = new Uint8Array(60);

  constructor() {
    super(new MemoryWire().device({ name: "flooded" }));
    ethernet.writeHeader(this.#frame, 0, this.mac, Uint8Array.of(2, 0, 0, 0, 0, 9), ethernet.TYPE_IPV4);
  }

  override get counters(): LinkCounters {
    return this.inner.counters;
  }

  override receive(sink: FrameSink, budget: number): number {
    for (let i = 0; i < budget; i++) sink.frame(this.#frame, 0, this.#frame.length, plainFrame());
    this.frames += budget;
    return budget;
  }

  override transmit(): TransmitResult {
    return "sent";
  }

  override setListener(listener: LinkListener): void {
    this.inner.setListener(listener);
  }

  override setSegmentation(): void {}

  override close(): void {}
}

test("[SYS-06] a flood leaves alarms late by no more than one turn's share of frames, and other devices and calls their turn", () => {
  const host = new Host({ random: new SeededRandom(1) });
  const flooded = new FloodedDevice();
  const wire = new MemoryWire();
  const quiet = wire.device({ name: "quiet" });
  const peer = wire.device({ name: "peer" });
  host.attach(flooded, { address: OUR_ADDRESS, prefixLength: 24 });
  host.attach(quiet, { address: PEER_ADDRESS, prefixLength: 24 });

  let nowMs = 0;
  let dueMs = 0;
  const lateness: number[] = [];
  const alarm = host.timers.timer(
    "measured",
    () => "test",
    () => {
      lateness.push(nowMs - dueMs);
      dueMs = nowMs + 7;
      alarm.set(7);
    },
  );
  alarm.set(0);
  for (let turn = 0; turn < 50; turn++) {
    const before = flooded.frames;
    const frame = new Uint8Array(60);
    ethernet.writeHeader(frame, 0, quiet.mac, peer.mac, 0x88cc);
    peer.transmit(frame, 0, frame.length, plainFrame());
    expect(host.turn(nowMs)).toBe(true);
    expect(host.context.drops.of("ethernet-unknown-type")).toBe(turn + 1);
    const share = flooded.frames - before;
    expect(share).toBeLessThanOrEqual(2048);
    nowMs += share * FRAME_COST_MS;
  }
  expect(lateness.length).toBeGreaterThan(40);
  expect(Math.max(...lateness)).toBeLessThanOrEqual(2048 * FRAME_COST_MS);
});
