import { expect, test } from "@jest/globals";
import { SeededRandom } from "../../src/stack/core/random.ts";
import { Host } from "../../src/stack/host/host.ts";
import { tcpOf } from "../support/insides.ts";
import { connectPair, PEER_ADDRESS, TwoHosts } from "../support/two-hosts.ts";

function hostThatReports() {
  const mistakes: unknown[] = [];
  const host = new Host({ random: new SeededRandom(1), onMistake: (error) => mistakes.push(error) });
  return { host, mistakes };
}

test("an alarm that throws is reported, and later alarms still go off", () => {
  const { host, mistakes } = hostThatReports();
  const error = new Error("in an alarm");
  let rang = false;
  host.timers
    .timer(
      "bad",
      () => "test",
      () => {
        throw error;
      },
    )
    .set(0);
  host.timers
    .timer(
      "good",
      () => "test",
      () => {
        rang = true;
      },
    )
    .set(0);
  host.turn(0);
  expect(mistakes).toEqual([error]);
  expect(rang).toBe(true);
});

test("without a listener for mistakes they come out of turn()", () => {
  const host = new Host({ random: new SeededRandom(1) });
  host.timers
    .timer(
      "bad",
      () => "test",
      () => {
        throw new Error("seen");
      },
    )
    .set(0);
  expect(() => host.turn(0)).toThrow("seen");
});

test("a connection whose handling throws is reset, and another one goes on (hardening §9)", () => {
  const hosts = new TwoHosts();
  const seen: unknown[] = [];
  Object.assign(hosts.ours.context, { mistake: (error: unknown) => seen.push(error) });
  const { client, server } = connectPair(hosts);
  const opened = hosts.ours.tcp.open({
    remote: PEER_ADDRESS,
    remotePort: 81,
    user: {
      connectFailed: () => {
        throw new Error("a user that trips");
      },
    },
  });
  expect(typeof opened).not.toBe("string");
  hosts.simulation.advance(3000);
  expect(seen).toHaveLength(1);
  client.connection?.write(new Uint8Array(10), 0, 10);
  hosts.simulation.advance(100);
  expect(server.receivedBytes).toBe(10);
});

test("a listener or an endpoint whose user throws costs no other one anything, when a connection comes and when the device goes", () => {
  const hosts = new TwoHosts();
  const seen: string[] = [];
  Object.assign(hosts.peer.context, { mistake: (error: Error) => seen.push(error.message) });
  const trip = (what: string) => () => {
    throw new Error(what);
  };
  hosts.peer.tcp.listen({ localPort: 81, backlog: 8, acceptable: trip("acceptable"), networkDown: trip("listener down") });
  let isTold = false;
  hosts.peer.tcp.listen({
    localPort: 82,
    backlog: 8,
    acceptable: () => {},
    networkDown: () => {
      isTold = true;
    },
  });
  expect(typeof hosts.ours.tcp.open({ remote: PEER_ADDRESS, remotePort: 81, user: {} })).not.toBe("string");
  const { client, server } = connectPair(hosts);
  expect(seen).toEqual(["acceptable"]);
  client.connection?.write(new Uint8Array(10), 0, 10);
  hosts.simulation.advance(100);
  expect(server.receivedBytes).toBe(10);
  tcpOf(hosts.peer).networkDown(() => true);
  expect(seen).toEqual(["acceptable", "listener down"]);
  expect(isTold).toBe(true);
});

test("a user that throws when it is told of the end of its connection is told once", () => {
  const hosts = new TwoHosts();
  const { client, server } = connectPair(hosts);
  const seen: string[] = [];
  Object.assign(hosts.ours.context, { mistake: (error: Error) => seen.push(error.message) });
  client.connection!.user = {
    aborted: () => {
      throw new Error("aborted");
    },
  };
  server.connection!.abort();
  hosts.simulation.advance(1000);
  expect(seen).toEqual(["aborted"]);
});
