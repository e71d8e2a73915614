import { describe, expect, test } from "@jest/globals";
import { LINUX, type Profile, RFC, WINDOWS } from "../../../src/stack/core/profile.ts";
import { connectPair, pattern, TwoHosts } from "../../support/two-hosts.ts";

/** Loss, duplication and reordering each up to this, both ways; what a run is made of follows from its seed alone. */
const WORST = 0.2;
const SEEDS = 200;

function impairmentOf(seed: number) {
  const level = ((seed % 21) / 20) * WORST;
  return { loss: level, duplicate: level / 2, reorder: level, reorderDelayMs: 7, delayMs: seed % 3 === 0 ? 20 : 2, jitterMs: seed % 5 };
}

/** A wire this bad may swallow every try that a profile allows; here only the stream is looked at, so tries are plenty. */
const patient = (profile: Profile): Profile => ({
  ...profile,
  connectLimitMs: Number.POSITIVE_INFINITY,
  synRetries: 20,
  synAckRetries: 20,
  dataRetries: 30,
  neighbourMulticastProbes: 20,
});

function transfer(seed: number) {
  const profiles = [WINDOWS, LINUX, RFC].map(patient);
  const profile = profiles[seed % 3]!;
  const peerProfile = profiles[(seed + 1) % 3]!;
  const hosts = new TwoHosts({ seed, impairment: impairmentOf(seed), profile, peerProfile });
  const up = pattern(60_000, seed);
  const down = pattern(45_000, seed + 1);
  const { client, server } = connectPair(hosts, 80, 3_600_000);
  client.connection?.write(up, 0, up.length);
  server.connection?.write(down, 0, down.length);
  client.connection?.shutdownSend();
  server.connection?.shutdownSend();
  hosts.simulation.run(() => client.has("end") && server.has("end"), 36_000_000);
  return { hosts, client, server, up, down };
}

describe("a stream through loss, duplication and reordering", () => {
  test.each(Array.from({ length: SEEDS / 20 }, (_, i) => i * 20))(
    "[HDR-15] comes out whole, both ways, seeds %i and the 19 after it (RFC 9293 §3.4, RFC 6298, RFC 6675)",
    (first) => {
      for (let seed = first; seed < first + 20; seed++) {
        const { client, server, up, down } = transfer(seed);
        expect({ seed, ours: client.has("end"), peer: server.has("end") }).toEqual({ seed, ours: true, peer: true });
        expect(Buffer.compare(server.bytes(), up)).toBe(0);
        expect(Buffer.compare(client.bytes(), down)).toBe(0);
      }
    },
  );
});
