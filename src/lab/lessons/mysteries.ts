import { SeededRandom } from "../../stack/core/random.ts";
import type { FramePick, Impairment } from "../../wire/impairment.ts";
import { FIRST_SCENE, type Scene, type SceneHost } from "../scene/scene.ts";

/** Something that may be wrong in a mystery. */
export interface MysteryFault {
  /** A short word: what a learner answers with. */
  readonly id: string;
  /** In a sentence. */
  readonly name: string;
  /** What is said once it is found, or given up. */
  readonly explanation: string;
  /** By which events in the trace it can be known. */
  readonly evidence: string;
  readonly spoil: (scene: Scene, random: SeededRandom) => Scene;
}

const onClient =
  (faults: (random: SeededRandom) => NonNullable<SceneHost["faults"]>) =>
  (scene: Scene, random: SeededRandom): Scene =>
    withHost(scene, "client", (host) => ({ ...host, faults: faults(random) }));

const impaired = (direction: "in" | "out", settings: (random: SeededRandom) => Partial<Impairment>) =>
  onClient((random) => ({ [direction]: settings(random) }));

const picked = (pick: (random: SeededRandom) => FramePick) => onClient((random) => ({ picks: [pick(random)] }));

const among = (random: SeededRandom, least: number, most: number): number => least + (random.u32() % (most - least + 1));

export const MYSTERY_FAULTS: readonly MysteryFault[] = [
  {
    id: "loss-out",
    name: "The line loses some of what the client sends",
    explanation:
      "Acknowledgements vanished on their way out. What came in arrived whole, but the server could not know it, and sent again what it need not have.",
    evidence: "frames of the client that never arrive, while every frame of the server does",
    spoil: impaired("out", (random) => ({ loss: among(random, 20, 30) / 100 })),
  },
  {
    id: "loss-in",
    name: "The line loses some of what the server sends",
    explanation: "Answers vanished on their way in, so the server sent them again.",
    evidence: "frames of the server that never arrive, and retransmissions by the server",
    spoil: impaired("in", (random) => ({ loss: among(random, 5, 10) / 100 })),
  },
  {
    id: "slow-line",
    name: "The line to the client is slow",
    explanation: "Each frame waits for those before it, so round trips grow with what is on its way.",
    evidence: "round trips of the server that are short at first, and grow with what is on its way",
    spoil: impaired("in", (random) => ({ rateBitsPerSecond: among(random, 300, 600) * 1000, queueFrames: 200 })),
  },
  {
    id: "long-line",
    name: "The line is long",
    explanation: "Every frame takes its time, the first as much as the last: distance, not load.",
    evidence: "round trips that are long from the first SYN on, and stay the same",
    spoil: onClient((random) => {
      const delayMs = among(random, 150, 300);
      return { in: { delayMs }, out: { delayMs } };
    }),
  },
  {
    id: "reorder",
    name: "Frames overtake each other",
    explanation: "Nothing was lost: late frames made gaps that closed by themselves, and duplicate acknowledgements in between.",
    evidence: "duplicate acknowledgements although every frame arrives",
    spoil: impaired("in", (random) => ({ reorder: among(random, 20, 40) / 100, reorderDelayMs: 8 })),
  },
  {
    id: "duplicate",
    name: "The line brings some frames twice",
    explanation: "Second copies came in; TCP recognised their numbers and threw them away.",
    evidence: "segments that come twice and are judged outside the window, although nobody sent them twice",
    spoil: impaired("in", (random) => ({ duplicate: among(random, 30, 60) / 100 })),
  },
  {
    id: "corrupt",
    name: "The line damages some frames",
    explanation: "A bit was turned over on the way; the checksum told, and the segment was dropped as if it had been lost.",
    evidence: "frames that arrive and are dropped for a bad checksum",
    spoil: impaired("in", (random) => ({ corrupt: among(random, 5, 10) / 100 })),
  },
  {
    id: "syn-ack-lost",
    name: "The first answers to the client's SYN are lost",
    explanation: "The server answered, but the client did not hear it, and sent its SYN again.",
    evidence: "SYN-ACKs that never arrive, and afterwards no loss at all",
    spoil: picked((random) => ({ match: "syn-ack", direction: "in", action: "drop", count: among(random, 1, 2) })),
  },
  {
    id: "fin-held",
    name: "The end of the stream is held back",
    explanation: "All data but the last came at once; the segment with the FIN took seconds, whenever it was sent, and recv waited for it.",
    evidence: "a FIN of the server that arrives long after it was sent",
    spoil: picked((random) => ({ match: "fin", direction: "in", action: "delay", count: 10, delayMs: among(random, 2, 5) * 1000 })),
  },
  {
    id: "closed-port",
    name: "Nobody listens on the port",
    explanation: "The server is there and says so itself: a reset to each SYN.",
    evidence: "resets in answer to SYNs, and WSAECONNREFUSED",
    spoil: (scene) => withHost(scene, "server", (host) => ({ ...host, services: [] })),
  },
  {
    id: "nobody-home",
    name: "The server does not hear the client at all",
    explanation: "ARP was answered, so the machine is there; its TCP says nothing, as behind a firewall that drops.",
    evidence: "SYNs without any answer, and WSAETIMEDOUT",
    spoil: picked(() => ({ match: "tcp", direction: "out", action: "drop", count: 1_000_000 })),
  },
];

function withHost(scene: Scene, name: string, change: (host: SceneHost) => SceneHost): Scene {
  return { ...scene, hosts: scene.hosts.map((host) => (host.name === name ? change(host) : host)) };
}

/** Seeds of neighbours must not be neighbours. */
const SPREAD = 2654435761;

/** The fault of a mystery. Whoever reads this number's seed knows it; the page does not show it before it is asked. */
export function mysteryFault(number: number): MysteryFault {
  const random = new SeededRandom(Math.imul(number, SPREAD) >>> 0);
  return MYSTERY_FAULTS[random.u32() % MYSTERY_FAULTS.length]!;
}

/** The scene of a mystery, the fault in it. */
export function mysteryScene(number: number): Scene {
  const fault = mysteryFault(number);
  return fault.spoil(
    { ...FIRST_SCENE, title: `Mystery ${number}`, hidesFaults: true },
    new SeededRandom(Math.imul(number + 1, SPREAD) >>> 0),
  );
}

/** What the learner's program does there: it fetches what port 19 has, with a line for each thing that happens. */
export const MYSTERY_PROGRAM = `import {
  AF_INET, closesocket, connect, htons, inet_addr, IPPROTO_TCP, MAKEWORD, new_sockaddr_in, new_WSADATA, recv, send,
  SOCK_STREAM, SOCKET_ERROR, sizeof_sockaddr_in, socket, WSACleanup, WSAGetLastError, WSAStartup,
} from "tapsock/winsock";

WSAStartup(MAKEWORD(2, 2), new_WSADATA());
const s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
const server = new_sockaddr_in();
server.sin_family = AF_INET;
server.sin_addr.s_addr = inet_addr("203.0.113.1");
server.sin_port = htons(19);

if (connect(s, server, sizeof_sockaddr_in) === SOCKET_ERROR) {
  console.error("connect failed with error", WSAGetLastError());
} else {
  const buffer = new Uint8Array(16384);
  let total = 0;
  for (;;) {
    const count = recv(s, buffer, buffer.length, 0);
    if (count === SOCKET_ERROR) console.error("recv failed with error", WSAGetLastError());
    if (count <= 0) break;
    total += count;
  }
  console.log("received", total, "bytes");
}
closesocket(s);
WSACleanup();
`;
