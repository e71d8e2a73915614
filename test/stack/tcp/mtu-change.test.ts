import { expect, test } from "@jest/globals";
import { describeFrame } from "../../../src/stack/packet/describe.ts";
import { connectPair, pattern, TwoHosts } from "../../support/two-hosts.ts";

test("[ETH-10] an interface whose MTU goes from 1500 to 1300 sends nothing larger from then on, and the transfer goes on", () => {
  const hosts = new TwoHosts({ impairment: { delayMs: 20, loss: 0.02 } });
  const { client, server } = connectPair(hosts);
  const { ours, simulation } = hosts;
  const [through] = ours.ip.interfaces;
  const bytes = pattern(200_000, 3);
  client.connection?.write(bytes, 0, bytes.length);
  simulation.run(() => server.receivedBytes > 50_000, simulation.now + 60_000);
  let largest = 0;
  let isLowered = false;
  ours.trace.subscribe((event) => {
    if (!isLowered || event.type !== "frame" || event.direction !== "out") return;
    if (describeFrame(event.bytes, 0, event.bytes.length).protocol === "tcp") largest = Math.max(largest, event.bytes.length - 14);
  });
  ours.ip.limitMtu(through!, 1300);
  isLowered = true;
  simulation.run(() => server.receivedBytes === bytes.length, simulation.now + 600_000);
  expect(Buffer.compare(server.bytes(), bytes)).toBe(0);
  expect(largest).toBe(1300);
});
