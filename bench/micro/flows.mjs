import { ipv4, parseAddress } from "../../dist/stack/core/address.js";
import { KeyedHash } from "../../dist/stack/core/keyed-hash.js";
import { SeededRandom } from "../../dist/stack/core/random.js";
import { FlowTable } from "../../dist/stack/tcp/flow-table.js";

const V4 = { local: ipv4(0xcb007102), remote: ipv4(0xcb007101) };
const V6 = { local: parseAddress("2001:db8::2"), remote: parseAddress("2001:db8::1") };

/** As many flows as ports allow from each of as many peers as it takes. */
const PORTS = 60_000;

/** Finding the connection of a segment, among few and among many, of one family and of both, with the hash that TCP uses. */
export function addFlows(add) {
  addTable(add, "flow found among 8", 8, [V4]);
  addTable(add, "flow found among 10000", 10_000, [V4]);
  addTable(add, "IPv6 flow found among 8", 8, [V6]);
  addTable(add, "flow found among 8 of both families", 8, [V4, V6]);
  addTable(add, "flow found among 100000 of both families", 100_000, [V4, V6]);
}

function addTable(add, name, size, families) {
  const table = new FlowTable(new KeyedHash(new SeededRandom(1), 1, 3));
  const flows = Array.from({ length: size }, (_, i) => {
    const { local, remote } = families[i % families.length];
    const flow = { local, localPort: 5001 + Math.floor(i / PORTS), remote, remotePort: 1024 + (i % PORTS) };
    table.add(flow);
    return flow;
  });
  add(name, (i) => {
    const { local, localPort, remote, remotePort } = flows[(i * 7919) % size];
    if (table.find(local, localPort, remote, remotePort) === undefined) throw new Error("A flow is missing");
  });
}
