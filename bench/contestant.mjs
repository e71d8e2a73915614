import { parseArgs } from "node:util";
import { RealClock } from "../dist/network/real-clock.js";
import { SystemRandom } from "../dist/network/system-random.js";
import { parseAddress, parseV4 } from "../dist/stack/core/address.js";
import { PROFILES } from "../dist/stack/core/profile.js";
import { Host } from "../dist/stack/host/host.js";
import { openTap } from "../dist/tap/linux-tap.js";
import { Poller } from "../dist/tap/poll.js";

const { values } = parseArgs({
  options: {
    offload: { type: "string", default: "on" },
    tap: { type: "string", default: "tap0" },
    profile: { type: "string", default: "windows" },
  },
});

const tap = openTap({ name: values.tap, offloads: values.offload !== "off" });
const clock = new RealClock();
const host = new Host({ startMs: clock.now(), random: new SystemRandom(), profile: PROFILES.get(values.profile) });
const link = host.attach(tap, { address: parseV4("203.0.113.2"), prefixLength: 24 });
host.ip.addAddress(link, parseAddress("2001:db8::2"), 64);

const chunk = new Uint8Array(256 << 10);
const echoed = new Uint8Array(1 << 16);
/** Datagrams sent in a row, and how long one question has them sent. */
const BURST = 64;
const ASKED_MS = 200;
/** Bytes on their way back to one peer. */
const ECHO_QUEUE = 4 << 20;

/** @param {number} localPort @param {(conn: import("../dist/stack/tcp/tcp-service.js").TcpConnection) => object} service */
function serve(localPort, service) {
  const listener = host.tcp.listen({
    localPort,
    backlog: 1024,
    options: { noDelay: true },
    acceptable: () => {
      for (let conn = listener.accept(); conn !== undefined; conn = listener.accept()) {
        const accepted = conn;
        accepted.user = { endOfStream: () => accepted.close(false), ...service(accepted) };
        // What came before the connection was accepted is not announced again.
        if (accepted.readableBytes > 0) accepted.user.readable?.();
        if (accepted.finReceived) accepted.user.endOfStream();
      }
    },
  });
}

serve(5001, (conn) => {
  const take = () => conn.discard(conn.readableBytes);
  const end = () => {
    take();
    conn.close(false);
  };
  return { readable: take, endOfStream: end };
});

serve(5002, (conn) => {
  const fill = () => {
    while (conn.sendQueueBytes < 4 << 20) if (!conn.write(chunk, 0, chunk.length)) return;
  };
  fill();
  return { writable: fill };
});

serve(5003, (conn) => {
  // A peer that reads nothing back is not read from, and so no byte is ever lost.
  const echo = () => {
    while (conn.sendQueueBytes < ECHO_QUEUE) {
      const n = conn.read(echoed, 0, echoed.length);
      if (n === 0) break;
      conn.write(echoed, 0, n);
    }
    if (conn.finReceived && conn.readableBytes === 0) conn.close(false);
  };
  return { readable: echo, writable: echo, endOfStream: echo };
});

/** @param {number} localPort @param {(endpoint: import("../dist/stack/udp/udp-service.js").UdpEndpoint) => void} taken */
function serveUdp(localPort, taken) {
  const endpoint = host.udp.open({ localPort, user: { readable: () => taken(endpoint) } });
}

serveUdp(5004, (endpoint) => {
  while (endpoint.receive() !== undefined);
});

/** Who asked for datagrams last, of how many bytes, and until when it gets them. */
const asked = { from: undefined, port: 0, bytes: 0, untilMs: 0 };
serveUdp(5005, (endpoint) => {
  for (let d = endpoint.receive(); d !== undefined; d = endpoint.receive()) {
    asked.from = d.from;
    asked.port = d.fromPort;
    asked.bytes = (d.payload[0] << 8) | d.payload[1];
    asked.untilMs = clock.now() + ASKED_MS;
  }
});
const source = host.udp.endpointsOn(5005)[0];

/** @returns whether anybody wanted some */
function sendAsked() {
  const nowMs = clock.now();
  if (nowMs >= asked.untilMs) return false;
  host.enter(nowMs);
  for (let i = 0; i < BURST; i++) if (source.send(chunk, 0, asked.bytes, asked.from, asked.port) !== "sent") break;
  return true;
}

const poller = new Poller();
let interest = "read";
poller.add(tap.descriptor, interest);
for (;;) {
  const isBusy = host.turn(clock.now());
  if (sendAsked() || isBusy) continue;
  const wanted = tap.wantsWritable ? "read+write" : "read";
  if (wanted !== interest) {
    interest = wanted;
    poller.add(tap.descriptor, interest);
  }
  poller.wait(Math.max(0, host.nextDeadlineMs - clock.now()));
  if (interest === "read+write" && poller.isWritable(tap.descriptor)) tap.becameWritable();
  if (tap.isGone) process.exit(1);
}
