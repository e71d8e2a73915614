import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { ipv4, ipv6 } from "../../../src/stack/core/address.ts";
import { KeyedHash } from "../../../src/stack/core/keyed-hash.ts";
import { SeededRandom } from "../../../src/stack/core/random.ts";
import { FlowTable } from "../../../src/stack/tcp/flow-table.ts";

/** Some of IPv4 and some of IPv6, some of which differ in one word only. */
const flow = (n: number) => {
  const [local, remote] =
    n % 2 === 0 ? [ipv4(0xcb007102), ipv4(0xcb007101)] : [ipv6(0x20010db8, n % 4, 0, 2), ipv6(0x20010db8, 0, n % 5, 1)];
  return { local, localPort: 80 + (n % 3), remote, remotePort: 1024 + (n >> 2) };
};

test("every flow that was added and not deleted is found, and no other, however they collide", () => {
  const action = fc.record({ add: fc.boolean(), n: fc.integer({ min: 0, max: 60 }) });
  fc.assert(
    fc.property(fc.array(action, { minLength: 200, maxLength: 400 }), fc.integer(), (actions, seed) => {
      const table = new FlowTable<ReturnType<typeof flow>>(new KeyedHash(new SeededRandom(seed), 1, 3));
      const kept = new Map<number, ReturnType<typeof flow>>();
      for (const { add, n } of actions) {
        const known = kept.get(n);
        if (add && known === undefined) {
          const added = flow(n);
          table.add(added);
          kept.set(n, added);
        } else if (!add && known !== undefined) {
          table.delete(known);
          kept.delete(n);
        }
      }
      expect(table.size).toBe(kept.size);
      for (let n = 0; n <= 60; n++) {
        const { local, localPort, remote, remotePort } = flow(n);
        expect(table.find(local, localPort, remote, remotePort)).toBe(kept.get(n));
      }
    }),
    { numRuns: 200 },
  );
});

test("many more flows than the table begins with are all found, and what is not there still is not", () => {
  const table = new FlowTable<ReturnType<typeof flow>>(new KeyedHash(new SeededRandom(1), 1, 3));
  const flows = Array.from({ length: 1000 }, (_, n) => flow(n));
  for (const each of flows) table.add(each);
  expect([table.size, new Set(table.values()).size]).toEqual([1000, 1000]);
  const found = ({ local, localPort, remote, remotePort }: ReturnType<typeof flow>) => table.find(local, localPort, remote, remotePort);
  for (const each of flows) expect(found(each)).toBe(each);
  expect(found(flow(4000))).toBeUndefined();
  for (const each of flows.splice(0, 900)) table.delete(each);
  expect([...table.values()].sort((a, b) => a.remotePort - b.remotePort).length).toBe(100);
  for (const each of flows) expect(found(each)).toBe(each);
});

test("[SYS-05] what is looked at to find one flow of a hundred thousand is as little as of a hundred", () => {
  let looks = 0;
  const counted = (n: number) => {
    const { remotePort, ...rest } = flow(n);
    return {
      ...rest,
      get remotePort() {
        looks++;
        return remotePort;
      },
    };
  };
  const looksPerFlow = (count: number): number => {
    const table = new FlowTable<ReturnType<typeof counted>>(new KeyedHash(new SeededRandom(1), 1, 3));
    for (let n = 0; n < count; n++) table.add(counted(n));
    looks = 0;
    for (let n = 0; n < count; n++) {
      const { local, localPort, remote, remotePort } = flow(n);
      table.find(local, localPort, remote, remotePort);
    }
    return looks / count;
  };
  // As full as each other, and fuller than a power of two may be before it doubles.
  for (const count of [120, 120 * 1024]) expect(looksPerFlow(count)).toBeLessThan(4);
});
