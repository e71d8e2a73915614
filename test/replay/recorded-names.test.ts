import { expect, test } from "@jest/globals";
import { Recorder } from "../../src/replay/recorder.ts";
import { Recording } from "../../src/replay/recording.ts";
import { Replay } from "../../src/replay/replay.ts";
import { parseAddress } from "../../src/stack/core/address.ts";
import { SeededRandom } from "../../src/stack/core/random.ts";
import { Host } from "../../src/stack/host/host.ts";
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
