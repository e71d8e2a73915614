import { expect, test } from "@jest/globals";
import { addressOf, libc } from "../../src/tap/libc.ts";
import { Doorbell, newDoorbellMemory } from "../../src/transport/doorbell.ts";

const EFD_NONBLOCK = 0o4000;
/** Where the count of threads in the middle of a ring lies. */
const RINGERS = 9;

test("a descriptor may be closed once nobody can be in the middle of a ring, and not before", () => {
  const memory = newDoorbellMemory();
  const doorbell = new Doorbell(memory);
  const descriptor = libc().eventfd(0, EFD_NONBLOCK);
  doorbell.useDescriptor(descriptor);
  doorbell.aboutToSleep();
  doorbell.ring();
  // A thread that is terminated, or held, between its look at the descriptor and its write to it.
  Atomics.add(new Int32Array(memory), RINGERS, 1);
  expect(doorbell.withdrawDescriptor()).toBe(false);
  Atomics.sub(new Int32Array(memory), RINGERS, 1);
  expect(doorbell.withdrawDescriptor()).toBe(true);
  // Whoever rings later does not write to it: its count is still what the one ring before made it.
  doorbell.aboutToSleep();
  doorbell.ring();
  const count = new BigUint64Array(1);
  expect(libc().read(descriptor, addressOf(new Uint8Array(count.buffer)), 8)).toBe(8);
  expect(count[0]).toBe(1n);
  libc().close(descriptor);
});
