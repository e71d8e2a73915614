import type { Host } from "../../stack/host/host.ts";
import type { Simulation } from "../../stack/host/simulation.ts";
import type { TcpConnection } from "../../stack/tcp/tcp-service.ts";
import type { Service } from "./scene.ts";

const BACKLOG = 16;
const CHUNK = 4096;
/** So much of a source's bytes waits in its send queue at most. */
const QUEUE_BYTES = 64 * 1024;

/** Lets a host serve: its users sit on the transports themselves, so that in its trace there are no calls but those of programs. */
export function serve(simulation: Simulation, host: Host, service: Service): void {
  switch (service.service) {
    case "discard":
      listen(host, service.port, (connection) => discard(connection));
      return;
    case "echo":
      listen(host, service.port, (connection) => echo(connection));
      return;
    case "source":
      listen(host, service.port, (connection) => send(connection, service.bytes));
      return;
    case "sleeper":
      listen(host, service.port, (connection) => sleep(simulation, host, connection, service.sleepMs));
      return;
    case "busy":
      host.tcp.listen({ localPort: service.port, backlog: service.backlog, acceptable: () => {} });
      return;
    case "udp-echo":
      echoDatagrams(host, service.port);
  }
}

function listen(host: Host, localPort: number, serveOne: (connection: TcpConnection) => void): void {
  const listener = host.tcp.listen({
    localPort,
    backlog: BACKLOG,
    acceptable: () => {
      for (let accepted = listener.accept(); accepted !== undefined; accepted = listener.accept()) serveOne(accepted);
    },
  });
}

function discard(connection: TcpConnection): void {
  const take = () => {
    connection.discard(connection.readableBytes);
    if (connection.finReceived) connection.close(false);
  };
  connection.user = { readable: take, endOfStream: take };
  take();
}

function echo(connection: TcpConnection): void {
  const bytes = new Uint8Array(CHUNK);
  const answer = () => {
    while (connection.readableBytes > 0 && connection.sendQueueBytes < QUEUE_BYTES) {
      const count = connection.read(bytes, 0, CHUNK);
      if (!connection.write(bytes, 0, count)) break;
    }
    if (connection.finReceived && connection.readableBytes === 0) connection.close(false);
  };
  connection.user = { readable: answer, writable: answer, endOfStream: answer };
  answer();
}

function send(connection: TcpConnection, total: number): void {
  const bytes = Uint8Array.from({ length: CHUNK }, (_, i) => 0x20 + (i % 95));
  let left = total;
  const fill = () => {
    while (left > 0 && connection.sendQueueBytes < QUEUE_BYTES) {
      const count = Math.min(left, CHUNK);
      if (!connection.write(bytes, 0, count)) return;
      left -= count;
    }
    if (left === 0) connection.shutdownSend();
  };
  const take = () => {
    connection.discard(connection.readableBytes);
    // A peer that has only ended its own side still wants the rest.
    if (connection.finReceived && left === 0) connection.close(false);
  };
  connection.user = {
    writable: () => {
      fill();
      take();
    },
    readable: take,
    endOfStream: take,
  };
  fill();
  take();
}

function sleep(simulation: Simulation, host: Host, connection: TcpConnection, sleepMs: number): void {
  connection.user = {};
  simulation.at(simulation.now + sleepMs, () => {
    host.enter(simulation.now);
    discard(connection);
    host.onTurnRequested?.();
  });
}

function echoDatagrams(host: Host, localPort: number): void {
  const opened = host.udp.open({
    localPort,
    user: {
      readable: () => {
        if (typeof opened === "string") return;
        for (let datagram = opened.receive(); datagram !== undefined; datagram = opened.receive()) {
          const { payload, from, fromPort } = datagram;
          opened.send(payload, 0, payload.length, from, fromPort);
        }
      },
    },
  });
  if (typeof opened === "string") throw new Error(`Cannot serve UDP port ${localPort}: ${opened}`);
}
