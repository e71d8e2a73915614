import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { KeyedHash } from "../../../src/stack/core/keyed-hash.ts";
import { SeededRandom } from "../../../src/stack/core/random.ts";
import { FlowTable } from "../../../src/stack/tcp/flow-table.ts";

const flow = (n: number) => ({ localV4: 0xcb007102, localPort: 80 + (n % 3), remoteV4: 0xcb007101, remotePort: 1024 + n });

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
        const { localV4, localPort, remoteV4, remotePort } = flow(n);
        expect(table.find(localV4, localPort, remoteV4, remotePort)).toBe(kept.get(n));
      }
    }),
    { numRuns: 200 },
  );
});
