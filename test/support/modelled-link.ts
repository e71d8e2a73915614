import type { Profile } from "../../src/stack/core/profile.ts";
import { LINUX } from "../../src/stack/core/profile.ts";
import { SeededRandom } from "../../src/stack/core/random.ts";
import { Simulation } from "../../src/stack/host/simulation.ts";
import { ImpairedDevice } from "../../src/wire/impaired-device.ts";
import type { Impairment } from "../../src/wire/impairment.ts";
import { MemoryWire } from "../../src/wire/memory-wire.ts";
import { tcpOf } from "./insides.ts";
import { Endpoint, OUR_ADDRESS, PEER_ADDRESS } from "./two-hosts.ts";

/** A link between two hosts: what it carries, how long it is, what its router holds, and how it errs. */
export interface ModelledLink {
  readonly megabits: number;
  /** There and back, without queueing. */
  readonly rttMs: number;
  /** In products of bandwidth and delay; one full segment at least. */
  readonly queueBdp: number;
  readonly errors?: Partial<Impairment>;
  readonly seed?: number;
  readonly profile?: Profile;
  readonly peerProfile?: Profile;
}

export interface Goodput {
  readonly megabits: number;
  /** Of what the link could carry. */
  readonly share: number;
  readonly timeouts: number;
  readonly retransmissions: number;
  /** Segments that the receiver had already. */
  readonly spurious: number;
}

const FRAME = 1514;
const TEXT_SHARE = 1448 / FRAME;

/** One stream of `seconds` over the link, from a host whose program always has something to send, in virtual time. */
export function goodputOver(link: ModelledLink, seconds: number): Goodput {
  const seed = link.seed ?? 1;
  const simulation = new Simulation(seed);
  const { timers, random } = simulation;
  const wire = new MemoryWire();
  const bdpBytes = (link.megabits * 1e6 * link.rttMs) / 8000;
  const queueFrames = Math.max(4, Math.ceil((bdpBytes * (link.queueBdp + 0.5)) / FRAME));
  const device = new ImpairedDevice(wire.device({ name: "sender", queueFrames: 100_000 }), { timers, random });
  device.configure("out", { delayMs: link.rttMs / 2, rateBitsPerSecond: link.megabits * 1e6, queueFrames, ...link.errors });
  device.configure("in", { delayMs: link.rttMs / 2, queueFrames: 100_000 });
  const sender = simulation.host({ random: new SeededRandom(seed * 2 + 1), profile: link.profile ?? LINUX });
  const receiver = simulation.host({ random: new SeededRandom(seed * 2 + 2), profile: link.peerProfile ?? LINUX });
  sender.attach(device, { address: OUR_ADDRESS, prefixLength: 24 });
  receiver.attach(wire.device({ name: "receiver", queueFrames: 100_000 }), { address: PEER_ADDRESS, prefixLength: 24 });

  let received = 0;
  const sink = new Uint8Array(1 << 20);
  const listener = receiver.tcp.listen({
    localPort: 80,
    backlog: 4,
    acceptable: () => {
      const accepted = listener.accept();
      if (accepted === undefined) return;
      accepted.user = {
        readable: () => {
          while (accepted.readableBytes > 0) received += accepted.read(sink, 0, sink.length);
        },
      };
    },
  });
  const client = new Endpoint();
  const opened = sender.tcp.open({ remote: PEER_ADDRESS, remotePort: 80, user: client.user });
  if (typeof opened === "string") throw new Error(opened);
  const block = new Uint8Array(256 * 1024);
  const fill = (): void => {
    while (opened.sendQueueBytes < 32 * 1024 * 1024) opened.write(block, 0, block.length);
  };
  simulation.run(() => client.has("established"), 60_000);
  opened.user = { ...client.user, writable: fill };
  fill();
  const began = simulation.now;
  const before = received;
  simulation.run(() => false, began + seconds * 1000);
  const megabits = ((received - before) * 8) / 1e6 / seconds;
  const { timeouts, retransmissions } = tcpOf(sender).recoveries;
  return {
    megabits,
    share: megabits / (link.megabits * TEXT_SHARE),
    timeouts,
    retransmissions,
    spurious: (["text-duplicate", "outside-window", "paws-rejected"] as const).reduce(
      (sum, why) => sum + receiver.context.drops.of(why),
      0,
    ),
  };
}
