/** A run to look at where no simulation is beside the page: two hosts, a conversation with a loss, and a connect that nobody answers. */
import { NO_ABILITIES, type NumberedRequest, type SourceMessage } from "../src/run/page-messages.ts";
import type { RunEvent, RunHeader } from "../src/run/run-event.ts";
import { parseV4 } from "../src/stack/core/address.ts";
import { LINUX, WINDOWS } from "../src/stack/core/profile.ts";
import { SeededRandom } from "../src/stack/core/random.ts";
import type { TraceEvent } from "../src/stack/core/trace.ts";
import type { Host } from "../src/stack/host/host.ts";
import { Simulation } from "../src/stack/host/simulation.ts";
import { inetAddr } from "../src/winsock/abi/address-text.ts";
import { htons } from "../src/winsock/abi/byte-order.ts";
import { AF_INET, IPPROTO_TCP, MAKEWORD, SOCK_STREAM } from "../src/winsock/abi/constants.ts";
import { sizeof_sockaddr_in, sockaddrBytes } from "../src/winsock/abi/structures.ts";
import { CALL, type CallReply, type CallRequest } from "../src/winsock/provider/calls.ts";
import { Provider } from "../src/winsock/provider/provider.ts";
import { ImpairedDevice } from "../src/wire/impaired-device.ts";
import { MemoryWire } from "../src/wire/memory-wire.ts";

const HEADER: RunHeader = {
  title: "Connect, a lost segment, and nobody home",
  kind: "simulated",
  madeBy: "tapsock",
  hosts: [
    { name: "client", title: "Client", addresses: ["203.0.113.2"], profile: "windows", isTraced: true },
    { name: "server", title: "Server", addresses: ["203.0.113.1"], profile: "linux", isTraced: true },
  ],
};

function demoEvents(): RunEvent[] {
  const events: RunEvent[] = [];
  const simulation = new Simulation(7);
  const client = simulation.host({ random: new SeededRandom(1), profile: WINDOWS });
  const server = simulation.host({ random: new SeededRandom(2), profile: LINUX });
  const keep = (name: string, host: Host) =>
    host.trace.subscribe((event: TraceEvent) => {
      if ("bytes" in event) events.push({ ...event, bytes: event.bytes.slice(), length: event.bytes.length, host: name } as RunEvent);
      else events.push({ ...event, host: name } as RunEvent);
    });
  keep("client", client);
  keep("server", server);
  const wire = new MemoryWire();
  const lines = { timers: simulation.timers, random: simulation.random };
  const near = new ImpairedDevice(wire.device({ name: "client0" }), lines);
  const far = new ImpairedDevice(wire.device({ name: "server0" }), lines);
  near.configure("out", { delayMs: 12 });
  far.configure("out", { delayMs: 12 });
  const link = client.attach(near, { address: parseV4("203.0.113.2"), prefixLength: 24 });
  server.attach(far, { address: parseV4("203.0.113.1"), prefixLength: 24 });
  link.neighbours.addStatic(parseV4("203.0.113.9"), new Uint8Array([2, 0, 0, 0, 0, 9]));
  const listener = server.tcp.listen({
    localPort: 80,
    backlog: 8,
    acceptable: () => {
      const accepted = listener.accept();
      if (accepted !== undefined) accepted.user = { endOfStream: () => accepted.close(false) };
    },
  });

  const provider = new Provider(client);
  let calls = 0;
  const call = (op: number, fields: Partial<CallRequest> = {}): CallReply | undefined => {
    let answer: CallReply | undefined;
    const request = { s: 0, a: 0, b: 0, c: 0, data: null, ...fields, op, id: ++calls };
    provider.call(1, request, (reply) => {
      answer = reply;
    });
    simulation.run(() => answer !== undefined);
    return answer;
  };
  const connect = (address: string) => {
    const s = call(CALL.socket, { a: AF_INET, b: SOCK_STREAM, c: IPPROTO_TCP })?.result ?? 0;
    const name = { sin_family: AF_INET, sin_port: htons(80), sin_addr: { s_addr: inetAddr(address).value } };
    call(CALL.connect, { s, data: sockaddrBytes(name), a: sizeof_sockaddr_in });
    return s;
  };
  provider.openClient(1);
  call(CALL.startup, { a: MAKEWORD(2, 2) });
  const s = connect("203.0.113.1");
  call(CALL.send, { s, data: new Uint8Array(3000).fill(65) });
  simulation.advance(60);
  near.pick({ match: "data", direction: "out", action: "drop" });
  call(CALL.send, { s, data: new Uint8Array(700).fill(66) });
  simulation.advance(1000);
  call(CALL.closesocket, { s });
  simulation.advance(500);
  const nobody = connect("203.0.113.9");
  call(CALL.closesocket, { s: nobody });
  call(CALL.cleanup);
  simulation.advance(1000);
  return events;
}

const post = (message: SourceMessage): void => self.postMessage(message);
post({ type: "opened", header: HEADER, abilities: NO_ABILITIES });
post({ type: "events", events: demoEvents() });
self.onmessage = ({ data }: MessageEvent<NumberedRequest>) => post({ type: "refused", id: data.id, problem: "This run is a recorded one" });
