import { parseV4 } from "../stack/core/address.ts";
import { LINUX, WINDOWS } from "../stack/core/profile.ts";
import { SeededRandom } from "../stack/core/random.ts";
import type { TraceEvent } from "../stack/core/trace.ts";
import { Simulation } from "../stack/host/simulation.ts";
import { inetAddr } from "../winsock/abi/address-text.ts";
import { htons } from "../winsock/abi/byte-order.ts";
import { AF_INET, IPPROTO_TCP, MAKEWORD, SOCK_STREAM } from "../winsock/abi/constants.ts";
import { sizeof_sockaddr_in, sockaddrBytes } from "../winsock/abi/structures.ts";
import { CALL, type CallReply, type CallRequest } from "../winsock/provider/calls.ts";
import { Provider } from "../winsock/provider/provider.ts";
import { MemoryWire } from "../wire/memory-wire.ts";
import {
  type DemonstrationCase,
  HOST_ADDRESS,
  KERNEL_ADDRESS,
  OPEN_PORT,
  PREFIX_LENGTH,
  SWALLOWING_ADDRESS,
} from "./demonstration-cases.ts";
import type { Stage } from "./stage.ts";

/** For the last segments of a case, before TIME-WAIT ends. */
const SETTLE_MS = 1000;

/** The demonstration without a TAP device: two hosts on a wire in memory, the second in the kernel's place, in virtual time. */
export class EmbeddedStage implements Stage {
  readonly #simulation = new Simulation();
  readonly #host = this.#simulation.host({ random: new SeededRandom(1), profile: WINDOWS });
  readonly #provider = new Provider(this.#host);
  #lastClient = 0;

  async setUp(): Promise<void> {
    const wire = new MemoryWire();
    const peer = this.#simulation.host({ random: new SeededRandom(2), profile: LINUX });
    const peerDevice = wire.device({ name: "peer0" });
    const link = this.#host.attach(wire.device({ name: "wire0" }), { address: parseV4(HOST_ADDRESS), prefixLength: PREFIX_LENGTH });
    peer.attach(peerDevice, { address: parseV4(KERNEL_ADDRESS), prefixLength: PREFIX_LENGTH });
    // As on a TAP: the frames arrive at a host that has no such address.
    link.neighbours.addStatic(parseV4(SWALLOWING_ADDRESS), peerDevice.mac);
    const listener = peer.tcp.listen({
      localPort: OPEN_PORT,
      backlog: 8,
      acceptable: () => {
        const accepted = listener.accept();
        if (accepted !== undefined) accepted.user = { endOfStream: () => accepted.close(false) };
      },
    });
  }

  /** The calls of examples/connect.ts, in its order. */
  async run(each: DemonstrationCase, sink: (event: TraceEvent) => void): Promise<number | undefined> {
    const unsubscribe = this.#host.trace.subscribe(sink);
    const client = ++this.#lastClient;
    let calls = 0;
    const call = (op: number, fields: Partial<CallRequest> = {}): CallReply | undefined => {
      let answer: CallReply | undefined;
      const request = { s: 0, a: 0, b: 0, c: 0, data: null, ...fields, op, id: ++calls };
      this.#provider.call(client, request, (reply) => {
        answer = reply;
      });
      this.#simulation.run(() => answer !== undefined);
      return answer;
    };
    try {
      this.#provider.openClient(client);
      call(CALL.startup, { a: MAKEWORD(2, 2) });
      const s = call(CALL.socket, { a: AF_INET, b: SOCK_STREAM, c: IPPROTO_TCP })?.result ?? 0;
      const name = { sin_family: AF_INET, sin_port: htons(each.port), sin_addr: { s_addr: inetAddr(each.address).value } };
      const connected = call(CALL.connect, { s, data: sockaddrBytes(name), a: sizeof_sockaddr_in });
      call(CALL.closesocket, { s });
      call(CALL.cleanup);
      this.#simulation.advance(SETTLE_MS);
      return connected?.error;
    } finally {
      this.#provider.closeClient(client);
      unsubscribe();
    }
  }

  async close(): Promise<void> {}
}
