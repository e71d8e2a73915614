import { LINUX } from "../../../src/stack/core/profile.ts";
import { SeededRandom } from "../../../src/stack/core/random.ts";
import { Simulation } from "../../../src/stack/host/simulation.ts";
import type { Offloads } from "../../../src/stack/link/link-device.ts";
import { MemoryWire } from "../../../src/wire/memory-wire.ts";
import { Endpoint, OUR_ADDRESS, PEER_ADDRESS } from "../../support/two-hosts.ts";

/** Two hosts with nothing between them but the wire, connected. `peerQueueFrames`: what the peer's device holds before it is full. */
export function connected(options: { offloads?: Offloads; peerQueueFrames?: number }) {
  const simulation = new Simulation();
  const { offloads, peerQueueFrames } = options;
  const wire = new MemoryWire(offloads ? { offloads } : {});
  const ours = simulation.host({ random: new SeededRandom(1), profile: LINUX });
  const peer = simulation.host({ random: new SeededRandom(2), profile: LINUX });
  ours.attach(wire.device({ name: "ours" }), { address: OUR_ADDRESS, prefixLength: 24 });
  const peerDevice = wire.device({ name: "peer", ...(peerQueueFrames ? { queueFrames: peerQueueFrames } : {}) });
  peer.attach(peerDevice, { address: PEER_ADDRESS, prefixLength: 24 });
  const server = new Endpoint();
  const listener = peer.tcp.listen({
    localPort: 80,
    backlog: 8,
    acceptable: () => {
      const accepted = listener.accept();
      if (accepted !== undefined) server.use(accepted);
    },
  });
  const client = ours.tcp.open({ remote: PEER_ADDRESS, remotePort: 80, user: new Endpoint().user });
  if (typeof client === "string") throw new Error(client);
  simulation.settle();
  return { simulation, ours, peer, client, server };
}
