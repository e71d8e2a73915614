import { expect, test } from "@jest/globals";
import { SeededRandom } from "../../../src/stack/core/random.ts";
import type { Host } from "../../../src/stack/host/host.ts";
import type { TcpConnection } from "../../../src/stack/tcp/tcp-service.ts";
import { Endpoint, OUR_ADDRESS, PEER_ADDRESS, TwoHosts } from "../../support/two-hosts.ts";

const UNFINISHED = ["FIN-WAIT-1", "CLOSING", "LAST-ACK"];

/** What a listing of everything says must be what the counters say. */
function expectCountsOf(host: Host): void {
  const { tcp } = host;
  const rows = tcp.statuses().filter((row) => row.state !== "LISTEN");
  expect(tcp.connectionCount).toBe(rows.length);
  expect(tcp.unfinishedCount).toBe(rows.filter((row) => UNFINISHED.includes(row.state)).length);
  const alive = rows.filter((row) => row.state !== "TIME-WAIT");
  for (const port of [80, 81, 5000, 5001]) {
    expect(tcp.hasConnectionOn(undefined, port)).toBe(alive.some((row) => row.local.endsWith(`:${port}`)));
    for (const [address, text] of [
      [OUR_ADDRESS, "203.0.113.2"],
      [PEER_ADDRESS, "203.0.113.1"],
    ] as const) {
      expect(tcp.hasConnectionOn(address, port)).toBe(alive.some((row) => row.local === `${text}:${port}`));
    }
  }
}

test.each([1, 2, 3])("counters of connections agree with a listing through opening, closing, aborting and loss (seed %d)", (seed) => {
  const hosts = new TwoHosts({ seed, impairment: { loss: 0.1 } });
  const random = new SeededRandom(seed);
  const pick = (n: number) => random.u32() % n;
  const ends: TcpConnection[] = [];
  for (const port of [80, 81]) {
    const listener = hosts.peer.tcp.listen({
      localPort: port,
      backlog: 4,
      acceptable: () => {
        const accepted = listener.accept();
        if (accepted !== undefined) ends.push(new Endpoint().use(accepted).connection!);
      },
    });
  }
  let unfinished = 0;
  for (let i = 0; i < 400; i++) {
    const end = ends[pick(ends.length || 1)];
    const step = pick(6);
    if (step === 0 || end === undefined) {
      const localPort = pick(3) === 0 ? 5000 + pick(2) : 0;
      const user = new Endpoint().user;
      const opened = hosts.ours.tcp.open({ remote: PEER_ADDRESS, remotePort: 80 + pick(3), localPort, user });
      if (typeof opened !== "string") ends.push(opened);
    } else if (step === 1) end.shutdownSend();
    else if (step === 2) end.close(false);
    else if (step === 3 && pick(4) === 0) end.abort();
    else if (step === 4) end.write(new Uint8Array(3000), 0, 3000);
    hosts.simulation.advance(pick(200));
    for (const host of [hosts.ours, hosts.peer]) expectCountsOf(host);
    unfinished += hosts.ours.tcp.unfinishedCount;
  }
  expect(unfinished).toBeGreaterThan(0);
  for (const end of ends) end.abort();
  hosts.simulation.advance(300_000);
  for (const host of [hosts.ours, hosts.peer]) {
    expect([host.tcp.connectionCount, host.tcp.unfinishedCount]).toEqual([0, 0]);
    expectCountsOf(host);
  }
});
