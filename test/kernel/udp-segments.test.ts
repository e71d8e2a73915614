import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect, jest } from "@jest/globals";
import { parseV4 } from "../../src/stack/core/address.ts";
import { GSO_UDP } from "../../src/stack/core/frame-info.ts";
import { BridgedHost, KERNEL, OURS } from "./bridged-host.ts";
import { tapTest, whyNoTap } from "./namespace.ts";
import { until } from "./tap-network.ts";

jest.setTimeout(60_000);
const run = promisify(execFile);
const PORT = 5401;

let ours: BridgedHost;

beforeAll(() => {
  if (whyNoTap() === undefined) ours = new BridgedHost();
});

afterEach(() => ours?.closeEndpoints());
afterAll(() => ours?.stop());

/** Whether the host and its TAP have exchanged super-datagrams since. */
function watchSuperDatagrams(): { readonly directions: Set<string>; end(): void } {
  const directions = new Set<string>();
  const end = ours.host.trace.subscribe((event) => {
    if (event.type === "frame" && event.info.gsoType === GSO_UDP) directions.add(event.direction);
  });
  return { directions, end };
}

tapTest("[UDP-15] what we have the kernel cut arrives as datagrams of their length, each with its checksum", async () => {
  expect(ours.tap.offloads.uso).toBe(true);
  const kernel = createSocket("udp4");
  kernel.bind(0, KERNEL);
  await once(kernel, "listening");
  const got: Buffer[] = [];
  kernel.on("message", (message) => got.push(message));
  const watch = watchSuperDatagrams();
  const endpoint = ours.udp(PORT);
  const payload = Uint8Array.from({ length: 10_500 }, (_, i) => i / 1000);
  ours.now(() => {
    endpoint.segmentBytes = 1000;
    expect(["sent", "queued"]).toContain(endpoint.send(payload, 0, payload.length, parseV4(KERNEL), kernel.address().port));
  });
  await until(() => got.length === 11, "eleven datagrams come");
  expect(got.map((message) => message.length)).toEqual([...Array(10).fill(1000), 500]);
  expect(Buffer.compare(Buffer.concat(got), payload)).toBe(0);
  expect([...watch.directions]).toEqual(["out"]);
  watch.end();
  kernel.close();
});

tapTest("[UDP-15] what the kernel leaves uncut is several datagrams here", async () => {
  const endpoint = ours.udp(PORT);
  const watch = watchSuperDatagrams();
  // UDP_SEGMENT (103) at the level of UDP (17).
  const program = `import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(17, 103, 1200)
s.sendto(bytes(i // 1200 for i in range(6500)), ("${OURS}", ${PORT}))`;
  await run("python3", ["-c", program]);
  await until(() => endpoint.queuedDatagrams === 6, "six datagrams come");
  for (let i = 0; i < 6; i++) expect(endpoint.receive()!.payload).toEqual(new Uint8Array(i < 5 ? 1200 : 500).fill(i));
  expect([...watch.directions]).toEqual(["in"]);
  watch.end();
});
