import { describe, expect, test } from "@jest/globals";
import { LINUX, type Profile, WINDOWS } from "../../../src/stack/core/profile.ts";
import { below, SeededRandom } from "../../../src/stack/core/random.ts";
import type { Connection } from "../../../src/stack/tcp/connection.ts";
import { NOBODY } from "../../../src/stack/tcp/notices.ts";
import { MAX_URGENT_MARKS } from "../../../src/stack/tcp/urgent-marks.ts";
import { connectPair, pattern, TwoHosts } from "../../support/two-hosts.ts";

const BYTES = 12_000;

const patient = (profile: Profile): Profile => ({ ...profile, synRetries: 20, synAckRetries: 20, dataRetries: 30 });

/** Marks in a stream over a bad wire into a small window, read in pieces and late; numbers wrap in its first bytes. */
function exchange(seed: number, isInline: boolean) {
  const random = new SeededRandom(seed);
  const level = ((seed % 11) / 10) * 0.2;
  const hosts = new TwoHosts({
    seed,
    impairment: { loss: level, duplicate: level / 2, reorder: level, reorderDelayMs: 7, delayMs: 2, jitterMs: seed % 5 },
    profile: patient(WINDOWS),
    peerProfile: patient(LINUX),
  });
  const { client, server } = connectPair(hosts, 80, 3_600_000);
  const sender = client.connection as Connection;
  const receiver = server.connection as Connection;
  receiver.user = NOBODY;
  receiver.setOptions({ urgentInline: isInline, ...(seed % 3 === 0 ? {} : { receiveBufferBytes: 600 + below(random, 3000) }) });
  if (seed % 2 === 0) sender.setOptions({ noDelay: true });

  const sent = { plain: [] as number[], urgent: [] as number[], all: [] as number[], marks: [] as number[] };
  const got = { stream: [] as number[], urgent: [] as number[], marks: [] as number[] };
  const takeUrgent = () => {
    for (let byte = receiver.readUrgent(false); byte !== undefined; byte = receiver.readUrgent(false)) got.urgent.push(byte);
  };
  for (let step = 0; step < 20_000; step++) {
    if (sent.all.length < BYTES) {
      const bytes = pattern(1 + below(random, below(random, 5) === 0 ? 900 : 8), step);
      const isUrgent = below(random, 3) === 0 && (sender.urgent?.sent.length ?? 0) < MAX_URGENT_MARKS;
      if (isUrgent) sender.writeUrgent(bytes, 0, bytes.length);
      else sender.write(bytes, 0, bytes.length);
      sent.all.push(...bytes);
      sent.plain.push(...(isUrgent ? bytes.subarray(0, -1) : bytes));
      if (isUrgent) {
        sent.urgent.push(bytes.at(-1)!);
        sent.marks.push(sent.all.length - 1);
      }
    } else if (sender.sendQueueBytes === 0 && receiver.readableBytes === 0 && receiver.urgentApart === 0) break;
    hosts.simulation.advance(below(random, 4) === 0 ? 300 : 1);
    if (below(random, 2) === 0) takeUrgent();
    if (below(random, 3) > 0) continue;
    const until = receiver.bytesUntilUrgent;
    if (until === 0) got.marks.push(got.stream.length);
    const target = new Uint8Array(until === 0 ? 1 : Math.min(1 + below(random, 700), until ?? 700));
    got.stream.push(...target.subarray(0, receiver.read(target, 0, target.length)));
  }
  takeUrgent();
  return { sent, got };
}

describe("urgent bytes through loss, duplication and reordering", () => {
  test("stand apart, each of them and no other", () => {
    for (let seed = 1; seed <= 60; seed++) {
      const { sent, got } = exchange(seed, false);
      expect({ seed, stream: Buffer.from(got.stream).equals(Buffer.from(sent.plain)) }).toEqual({ seed, stream: true });
      expect({ seed, urgent: got.urgent }).toEqual({ seed, urgent: sent.urgent });
    }
  });

  test("have their marks in the stream, each of them and no other", () => {
    for (let seed = 1; seed <= 60; seed++) {
      const { sent, got } = exchange(seed, true);
      expect({ seed, stream: Buffer.from(got.stream).equals(Buffer.from(sent.all)) }).toEqual({ seed, stream: true });
      expect({ seed, marks: got.marks }).toEqual({ seed, marks: sent.marks });
    }
  });
});
