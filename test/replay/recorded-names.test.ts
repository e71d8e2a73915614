import { expect, test } from "@jest/globals";
import { withManagement } from "../../src/management/managed-handler.ts";
import { ManagementService } from "../../src/management/management-service.ts";
import { Recorder } from "../../src/replay/recorder.ts";
import { Recording } from "../../src/replay/recording.ts";
import { Replay } from "../../src/replay/replay.ts";
import { parseAddress } from "../../src/stack/core/address.ts";
import { SeededRandom } from "../../src/stack/core/random.ts";
import { Host } from "../../src/stack/host/host.ts";
import { Simulation } from "../../src/stack/host/simulation.ts";
import { describeFrame } from "../../src/stack/packet/describe.ts";
import { AF_INET } from "../../src/winsock/abi/constants.ts";
import { CALL, type CallReply } from "../../src/winsock/provider/calls.ts";
import { Provider } from "../../src/winsock/provider/provider.ts";
import { MemoryWire } from "../../src/wire/memory-wire.ts";
import { a, TYPE } from "../support/dns-message.ts";
import { answerTo, ScriptedServer } from "../support/scripted-dns.ts";
import { recordingIn } from "./recorded-run.ts";

function recorded(setUp: (host: Host) => void): Uint8Array {
  const blocks: Uint8Array[] = [];
  const recorder = new Recorder((block) => void blocks.push(block.slice()));
  const host = new Host({ random: recorder.random(new SeededRandom(1)) });
  setUp(host);
  recorder.begin(host);
  recorder.end();
  return recordingIn(blocks);
}

test("a replayed host resolves names as the recorded one was told to", () => {
  const recording = recorded(({ dns }) => {
    dns.configure("dhcp", { servers: [{ address: parseAddress("203.0.113.53") }], searchList: ["lan"] });
    dns.configure("configured", { servers: [{ address: parseAddress("2001:db8::53"), port: 5353 }] });
    dns.setHosts("203.0.113.9 box");
  });
  const { dns } = new Replay(recording).host;
  expect(dns.status()).toMatchObject({
    servers: [{ server: "[2001:db8::53]:5353", source: "configured" }],
    searchList: ["lan"],
    hostsNames: 1,
  });
  dns.configure("configured", { servers: [] });
  expect(dns.status()).toMatchObject({ servers: [{ server: "203.0.113.53:53", source: "dhcp" }] });
});

test("where nothing was said about names, the recording says nothing", () => {
  expect(new Recording(recorded(() => {})).setup).not.toHaveProperty("names");
});

test("a name that management asked for is asked for again, of the same server with the same number and port", () => {
  const simulation = new Simulation(3);
  const wire = new MemoryWire();
  const others = simulation.host({ random: new SeededRandom(2) });
  others.attach(wire.device({ name: "servers" }), { address: parseAddress("203.0.113.53"), prefixLength: 24 });
  const server = new ScriptedServer(simulation, others, parseAddress("203.0.113.53"));
  server.answer = (query) => answerTo(query, { answers: [a(query.name, "203.0.113.9")] });

  const blocks: Uint8Array[] = [];
  const recorder = new Recorder((block) => void blocks.push(block.slice()));
  const host = simulation.host({ name: "box", random: recorder.random(new SeededRandom(1)) });
  host.attach(recorder.device(wire.device({ name: "ours" })), { address: parseAddress("203.0.113.2"), prefixLength: 24 });
  host.dns.configure("configured", { servers: [{ address: server.address }], searchList: ["lan"] });
  recorder.begin(host, { isManaged: true });
  const provider = new Provider(host);
  const management = new ManagementService({
    host,
    devices: [],
    send: () => true,
    shutdown: () => {},
    doorUsage: () => undefined,
    programUsage: () => provider.usage,
  });
  const handler = recorder.handler(withManagement(provider, management));
  const answers: string[] = [];
  handler.openClient(1);
  const data = new TextEncoder().encode(JSON.stringify({ op: "resolve", name: "www" }));
  handler.call(1, { id: 1, op: CALL.control, s: 0, a: 0, b: 0, c: 0, data }, ({ data: answer }) =>
    answers.push(new TextDecoder().decode(answer!)),
  );
  simulation.run(() => answers.length > 0, 10_000);
  const request = { s: 0, a: AF_INET, b: 0, c: 0, data: null };
  const keep = ({ data: answer }: CallReply) => answers.push(textOf(answer));
  handler.call(1, { ...request, id: 2, op: CALL.startup, a: 0x0202 }, keep);
  handler.call(1, { ...request, id: 3, op: CALL.gethostname }, keep);
  handler.call(1, { ...request, id: 4, op: CALL.getaddrinfo, data: new TextEncoder().encode("www") }, keep);
  simulation.run(() => answers.length > 3, 10_000);
  recorder.end();
  expect(answers.slice(2)).toEqual(["box", expect.stringContaining("www.lan")]);
  expect(JSON.parse(answers[0]!)).toMatchObject({ ok: true, result: { name: "www.lan", records: [{ address: "203.0.113.9" }] } });

  const replay = new Replay(recordingIn(blocks));
  const again: string[] = [];
  const queries: string[] = [];
  replay.onReply = (_client, reply) => again.push(textOf(reply.data));
  replay.onFrameOut = (_device, bytes) => {
    const frame = describeFrame(bytes, 0, bytes.length);
    if (frame.protocol === "udp" && frame.dns !== undefined) queries.push(`${frame.sourcePort} ${frame.dns}`);
  };
  replay.run();
  expect(again).toEqual(answers);
  expect(queries).toEqual(server.heard.map(({ fromPort, type }) => `${fromPort} ${type === TYPE.A ? "A" : "AAAA"}? www.lan`));
});

const textOf = (data: Uint8Array | null): string => new TextDecoder().decode(data ?? new Uint8Array(0));
