/**
 * Two hosts on a wire in memory, in virtual time: a SYN to a closed port, and Windows' five attempts in no time at all.
 *
 *   node dist/examples/virtual-wire.js
 */
import { describeFrame, LINUX, MemoryWire, parseV4, SeededRandom, Simulation, WINDOWS } from "tapsock";

const simulation = new Simulation();
const wire = new MemoryWire();
const ours = simulation.host({ random: new SeededRandom(1), profile: WINDOWS });
const peer = simulation.host({ random: new SeededRandom(2), profile: LINUX });
ours.attach(wire.device({ name: "ours" }), { address: parseV4("203.0.113.2"), prefixLength: 24 });
peer.attach(wire.device({ name: "peer" }), { address: parseV4("203.0.113.1"), prefixLength: 24 });

ours.trace.subscribe((event) => {
  if (event.type !== "frame") return;
  const { summary } = describeFrame(event.bytes, 0, event.bytes.length);
  console.log(`${event.atMs.toFixed(0).padStart(6)} ms  ${event.direction.padEnd(3)}  ${summary}`);
});

const connectFailed = (reason: string) => console.log(`${simulation.now.toFixed(0).padStart(6)} ms  the connect failed: ${reason}`);
ours.tcp.open({ remote: parseV4("203.0.113.1"), remotePort: 80, user: { connectFailed } });

// Everything that can happen now happens; then time jumps to the next timer.
simulation.run(() => false);
