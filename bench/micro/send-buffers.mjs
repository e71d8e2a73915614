import { seq, seqAdd } from "../../dist/stack/core/seq.js";
import { FrozenTime } from "../../dist/stack/core/time.js";
import { RingPool } from "../../dist/stack/tcp/ring-pool.js";
import { SendBuffer } from "../../dist/stack/tcp/send-buffer.js";

const QUEUE = 1 << 20;

/** The one copy on the way out, and what goes with it: into the queue, out of it, and gone by an acknowledgement. */
export function addSendBuffers(add) {
  const rings = new RingPool(new FrozenTime());
  const target = new Uint8Array(65_536);
  for (const length of [1, 1460, 64_240]) {
    const start = seq(0xffff0000);
    const buffer = new SendBuffer(start, rings);
    const text = new Uint8Array(length);
    for (let i = 0; i < Math.max(1, Math.floor(QUEUE / length)); i++) buffer.append(text, 0, length);
    let at = start;
    add(`send buffer, ${length} bytes copied out`, () => buffer.copy(start, length, target, 54));
    add(`send buffer, ${length} bytes in, out and acknowledged`, () => {
      buffer.append(text, 0, length);
      buffer.copy(at, length, target, 54);
      at = seqAdd(at, length);
      buffer.acknowledge(at);
    });
  }
}
