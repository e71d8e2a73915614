import { ipv4 } from "../../dist/stack/core/address.js";
import { KeyedHash } from "../../dist/stack/core/keyed-hash.js";
import { SeededRandom } from "../../dist/stack/core/random.js";
import { FlowTable } from "../../dist/stack/tcp/flow-table.js";

const LOCAL = ipv4(0xcb007102);
const REMOTE = ipv4(0xcb007101);

/** Finding the connection of a segment, among few and among many, with the hash that TCP uses. */
export function addFlows(add) {
  for (const size of [8, 10_000]) {
    const table = new FlowTable(new KeyedHash(new SeededRandom(1), 1, 3));
    for (let i = 0; i < size; i++) table.add({ local: LOCAL, localPort: 5001, remote: REMOTE, remotePort: 1024 + i });
    add(`flow found among ${size}`, (i) => {
      if (table.find(LOCAL, 5001, REMOTE, 1024 + ((i * 7919) % size)) === undefined) throw new Error("A flow is missing");
    });
  }
}
