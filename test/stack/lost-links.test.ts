import { expect, test } from "@jest/globals";
import { ipOf } from "../support/insides.ts";
import { connectPair, TwoHosts } from "../support/two-hosts.ts";

test("a connection survives a link that goes down and comes back: what was lost meanwhile is sent again", () => {
  const hosts = new TwoHosts();
  const { client, server } = connectPair(hosts);
  const [ours] = hosts.wire.devices;
  ours?.setLink(false);
  client.connection?.write(new Uint8Array(5000), 0, 5000);
  hosts.simulation.advance(700);
  expect(server.receivedBytes).toBe(0);
  expect(client.connection?.state).toBe("ESTABLISHED");
  ours?.setLink(true);
  hosts.simulation.advance(5000);
  expect(server.receivedBytes).toBe(5000);
});

test("a device that is gone takes its connections with it, and their users are told", () => {
  const hosts = new TwoHosts();
  const { client } = connectPair(hosts);
  hosts.impaired.close();
  const ip = ipOf(hosts.ours);
  ip.linkChanged(ip.interfaces[0]!, false);
  hosts.simulation.settle();
  expect(client.events).toContain("aborted: network-down");
  expect(hosts.ours.tcp.statuses()).toEqual([]);
});
