import { describe, expect, test } from "@jest/globals";
import { formatEndpoint, ipv4, ipv6, parseAddress } from "../../../src/stack/core/address.ts";
import { KeyedHash } from "../../../src/stack/core/keyed-hash.ts";
import { below, SeededRandom } from "../../../src/stack/core/random.ts";
import { FIRST_COLUMN, PackedFlows } from "../../../src/stack/tcp/packed-flows.ts";

const hash = () => new KeyedHash(new SeededRandom(1), 1, 3);
const local = ipv4(0xcb007102);

describe("flows kept in numbers", () => {
  test.each([1, 2, 3])("a table that is filled and emptied at random holds what a Map does (seed %i)", (seed) => {
    const random = new SeededRandom(seed);
    const flows = new PackedFlows(hash(), FIRST_COLUMN + 1, 1);
    const model = new Map<string, { record: number; value: number }>();
    for (let step = 0; step < 20_000; step++) {
      // Filled in the first half, emptied in the second, and from a peer of each family.
      const isFilling = below(random, 10) < (step < 10_000 ? 6 : 4);
      const remote = below(random, 2) === 0 ? ipv4(below(random, 3)) : ipv6(0x20010db8, 0, 0, below(random, 3), below(random, 2));
      const [localPort, remotePort] = [below(random, 2) * 40_000, 60_000 + below(random, 400)];
      const key = `${localPort} ${formatEndpoint(remote, remotePort)}`;
      const known = model.get(key);
      if (flows.find(local, localPort, remote, remotePort) !== (known?.record ?? -1)) throw new Error(`Another record for ${key}`);
      if (known === undefined && isFilling) {
        const record = flows.add(local, localPort, remote, remotePort);
        flows.setWord(record, FIRST_COLUMN, ~step);
        flows.setTime(record, 0, step / 3);
        model.set(key, { record, value: step });
      } else if (known !== undefined && !isFilling) {
        const { record, value } = known;
        expect([flows.word(record, FIRST_COLUMN), flows.time(record, 0)]).toEqual([~value, value / 3]);
        expect(`${flows.localPort(record)} ${formatEndpoint(flows.remote(record), flows.remotePort(record))}`).toBe(key);
        flows.delete(known.record);
        model.delete(key);
      }
    }
    expect(flows.size).toBe(model.size);
    expect([...flows.records()].sort()).toEqual([...model.values()].map(({ record }) => record).sort());
  });

  test("[CLS-12] a record of 22 words and two moments takes less than 200 bytes at any size, and all go back with the last", () => {
    const flows = new PackedFlows(hash(), 22, 2);
    const empty = flows.bytes;
    let most = 0;
    for (let i = 0; i < 100_000; i++) {
      flows.add(local, 80, ipv4(i >>> 8), i & 255);
      if (i > 1000) most = Math.max(most, flows.bytes / (i + 1));
    }
    expect(most).toBeLessThan(200);
    for (const record of [...flows.records()]) flows.delete(record);
    expect([flows.size, flows.bytes]).toEqual([0, empty]);
  });

  test("zones tell addresses apart", () => {
    const flows = new PackedFlows(hash(), FIRST_COLUMN, 0);
    const [one, two] = [parseAddress("fe80::1%1"), parseAddress("fe80::1%4294967295")];
    const record = flows.add(two, 1, two, 2);
    expect(flows.find(one, 1, two, 2)).toBe(-1);
    expect(flows.find(two, 1, two, 2)).toBe(record);
    expect(formatEndpoint(flows.local(record), 1)).toBe("[fe80::1%4294967295]:1");
  });
});
