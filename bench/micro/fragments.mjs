import { ipv4 as address, makeAddressSlot } from "../../dist/stack/core/address.js";
import { DropCounters } from "../../dist/stack/core/drops.js";
import { SeededRandom } from "../../dist/stack/core/random.js";
import { FrozenTime } from "../../dist/stack/core/time.js";
import { TimerQueue } from "../../dist/stack/core/timers.js";
import { Reassembly } from "../../dist/stack/ip/reassembly.js";

const LENGTH = 1480;
const PIECES = 44;
const LAST = PIECES - 1;

/** A table on whose time nothing is ever due. */
function setUp() {
  const time = new FrozenTime();
  const context = { now: 0, random: new SeededRandom(1), timers: new TimerQueue(time), drops: new DropCounters() };
  const reassembly = new Reassembly(context);
  const packet = { bytes: new Uint8Array(20 + LENGTH), source: makeAddressSlot(), destination: makeAddressSlot() };
  Object.assign(packet, { through: undefined, isBroadcast: false, isLoopback: false, ttl: 64, trafficClass: 0 });
  const place = { id: 0, offset: 0, more: true, limit: 65_515 };
  const user = { reassemblyTimeoutMs: 30_000, reassemblyTimedOut: () => {} };
  const frame = packet.bytes;
  const add = (id, piece, length = LENGTH, offset = piece * LENGTH, more = piece !== LAST) => {
    packet.bytes = frame;
    packet.ipAt = 0;
    packet.at = 20;
    packet.end = 20 + length;
    place.id = id;
    place.offset = offset;
    place.more = more;
    return reassembly.add(packet, place, user);
  };
  return { add, packet };
}

/** What a fragment costs: of datagrams that become whole, in the best and the worst order, and of a flood of those that never do. */
export function addFragments(add) {
  const inOrder = setUp();
  add(`fragment of ${LENGTH} bytes in order, of ${PIECES}`, (i) => {
    inOrder.add(Math.floor(i / PIECES), i % PIECES);
  });
  const reversed = setUp();
  add(`fragment of ${LENGTH} bytes in reverse, of ${PIECES}`, (i) => {
    reversed.add(Math.floor(i / PIECES), LAST - (i % PIECES));
  });
  const flood = setUp();
  let id = 0;
  add("fragment of 8 bytes in a flood, each from another source", () => {
    id++;
    Object.assign(flood.packet.source, address(id));
    flood.add(id, 1, 8, 8, true);
  });
}
