import type { Server } from "node:net";
import { AsyncCallPort, ONLY_CLIENT } from "../runtime/async-call-port.ts";
import { manage } from "../runtime/manage.ts";
import type { HostStatus } from "../runtime/management.ts";
import { emptyMessage, OPEN } from "../runtime/message.ts";
import { hostThread } from "../runtime/networks.ts";
import type { ServiceThread } from "../runtime/service-thread.ts";
import { SharedMemoryLink } from "../runtime/shared-memory-link.ts";
import type { DaemonConfig } from "./config.ts";
import { listenOn, removeSocket } from "./control-socket.ts";
import type { Log } from "./log.ts";
import { DaemonServer } from "./server.ts";

/** One host in its thread, served to other processes. */
export class Daemon {
  readonly #config: DaemonConfig;
  readonly #log: Log;
  readonly #thread: ServiceThread;
  readonly #server: DaemonServer;
  readonly #listening: Server;
  #stopped: Promise<void> | undefined;
  /** Called once when the host ended without `stop`: `why` is empty when a client asked for it. */
  onHostDown: ((why: string) => void) | undefined;

  private constructor(config: DaemonConfig, log: Log, thread: ServiceThread, server: DaemonServer, listening: Server) {
    this.#config = config;
    this.#log = log;
    this.#thread = thread;
    this.#server = server;
    this.#listening = listening;
  }

  /** @throws ControlSocketError, NetworkError: nothing is left behind then */
  static async start(config: DaemonConfig, log: Log): Promise<Daemon> {
    // The socket first: where another daemon runs already, its device must not be touched.
    let accept: DaemonServer | undefined;
    const listening = await listenOn(config.socket, (socket) => {
      if (accept === undefined) socket.destroy();
      else accept.accept(socket);
    });
    let thread: ServiceThread | undefined;
    try {
      thread = hostThread(config.host);
      thread.onNotice = (text) => log.warn(text);
      await thread.untilRunning();
      const { doorbell } = thread;
      const channel = thread.attach();
      const server = new DaemonServer((receiver) => new SharedMemoryLink(channel, doorbell, receiver), {
        clientOpened: (client) => log.info({ client }, "a client attached"),
        clientClosed: (client, why) => log.info({ client, why }, "a client left"),
        hostDown: (why) => daemon.#hostDown(why),
      });
      const daemon = new Daemon(config, log, thread, server, listening);
      accept = server;
      return daemon;
    } catch (error) {
      listening.close();
      removeSocket(config.socket);
      await thread?.stop();
      throw error;
    }
  }

  get socketPath(): string {
    return this.#config.socket;
  }

  async status(): Promise<HostStatus> {
    const channel = this.#thread.attach();
    const port = new AsyncCallPort((receiver) => {
      const link = new SharedMemoryLink(channel, this.#thread.doorbell, receiver);
      link.send({ ...emptyMessage(), kind: OPEN, client: ONLY_CLIENT });
      return link;
    });
    try {
      return await manage(port, { op: "status" });
    } finally {
      port.close();
    }
  }

  /** In order: the socket is removed, the clients go, connections are closed, the TAP that was made here vanishes. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopInOrder();
    return this.#stopped;
  }

  async #stopInOrder(): Promise<void> {
    this.#listening.close();
    // At once: while the host ends, another daemon may take this place.
    removeSocket(this.#config.socket);
    this.#server.close();
    await this.#thread.stop();
    this.#log.info("stopped");
  }

  #hostDown(why: string): void {
    if (this.#stopped !== undefined) return;
    this.onHostDown?.(this.#thread.doorbell.isStopping ? "" : why);
  }
}
