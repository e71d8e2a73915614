import { LiveRun } from "../live/live-run.ts";
import { announcePage, keptTokens, withdrawPage } from "../live/page-files.ts";
import { PageServer } from "../live/page-server.ts";
import { manage } from "../management/manage.ts";
import type { HostStatus } from "../management/management.ts";
import { hostThread } from "../network/networks.ts";
import type { ServiceThread } from "../network/service-thread.ts";
import type { DoorNotice } from "../network/socket-door.ts";
import { closeDescriptor } from "../tap/unix-socket.ts";
import { AsyncCallPort, type EventPort, ONLY_CLIENT } from "../transport/async-call-port.ts";
import { emptyMessage, OPEN } from "../transport/message.ts";
import { SharedMemoryLink } from "../transport/shared-memory-link.ts";
import type { DaemonConfig } from "./config.ts";
import { listenOn, removeSocket } from "./control-socket.ts";
import type { Log } from "./log.ts";

/** One host in its thread, which serves other processes itself; here it is only watched over. */
export class Daemon {
  readonly #config: DaemonConfig;
  readonly #log: Log;
  readonly #thread: ServiceThread;
  #page: PageServer | undefined;
  #stopped: Promise<void> | undefined;
  /** Called once when the host ended without `stop`: `why` is empty when a client asked for it. */
  onHostDown: ((why: string) => void) | undefined;

  private constructor(config: DaemonConfig, log: Log, thread: ServiceThread) {
    this.#config = config;
    this.#log = log;
    this.#thread = thread;
    thread.ref();
    thread.doorbell.ended().then(
      () => this.#hostDown(),
      () => {},
    );
  }

  /** @throws ControlSocketError, NetworkError, PageAddressError: nothing is left behind then */
  static async start(config: DaemonConfig, log: Log): Promise<Daemon> {
    // The socket first: where another daemon runs already, its device must not be touched.
    const listener = await listenOn(config.socket);
    let thread: ServiceThread | undefined;
    try {
      thread = hostThread(config.host, { listener, limits: config.limits, administrators: config.administrators }, config.programs);
      thread.onNotice = (text) => log.warn(text);
      thread.onNews = (text) => log.info(text);
      thread.onDoorNotice = (notice) => logDoor(log, notice);
      await thread.untilRunning();
      const daemon = new Daemon(config, log, thread);
      try {
        await daemon.#servePage();
      } catch (error) {
        // Its end is no host's that went down by itself.
        daemon.#stopped = Promise.resolve();
        throw error;
      }
      return daemon;
    } catch (error) {
      removeSocket(config.socket);
      await thread?.stop();
      closeDescriptor(listener);
      throw error;
    }
  }

  get socketPath(): string {
    return this.#config.socket;
  }

  /** Undefined where no page is served. */
  get page(): { readonly ownerUrl: string; readonly readerUrl: string } | undefined {
    return this.#page;
  }

  async status(): Promise<HostStatus> {
    const port = this.#openPort();
    try {
      return await manage(port, { op: "status" });
    } finally {
      port.close();
    }
  }

  #openPort(): EventPort {
    const channel = this.#thread.attach();
    return new AsyncCallPort((receiver) => {
      const link = new SharedMemoryLink(channel, this.#thread.doorbell, receiver);
      link.send({ ...emptyMessage(), kind: OPEN, client: ONLY_CLIENT });
      return link;
    });
  }

  async #servePage(): Promise<void> {
    const { page } = this.#config;
    if (page === undefined) return;
    const run = new LiveRun({ openPort: async () => this.#openPort() });
    const { tokens, problem } = keptTokens(this.#config.socket);
    if (problem !== undefined) this.#log.warn(problem);
    this.#page = await PageServer.start({ address: page, run, tokens });
    announcePage(this.#config.socket, this.#page.origin);
  }

  /** In order: the socket is removed, the clients go, connections are closed, the TAP that was made here vanishes. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopInOrder();
    return this.#stopped;
  }

  async #stopInOrder(): Promise<void> {
    // At once: while the host ends, another daemon may take this place.
    removeSocket(this.#config.socket);
    if (this.#page !== undefined) withdrawPage(this.#config.socket);
    await this.#page?.close();
    await this.#thread.stop();
    this.#log.info("stopped");
  }

  #hostDown(): void {
    if (this.#stopped !== undefined) return;
    const { doorbell } = this.#thread;
    this.onHostDown?.(doorbell.isStopping ? "" : doorbell.text);
  }
}

function logDoor(log: Log, notice: DoorNotice): void {
  switch (notice.type) {
    case "client-opened":
      log.info({ client: notice.client }, "a client attached");
      return;
    case "client-closed":
      log.info({ client: notice.client, why: notice.why }, "a client left");
      return;
    case "clients-refused":
      log.warn({ why: notice.why }, "clients are turned away");
  }
}
