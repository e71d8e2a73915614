import type { ManagementOp, ManagementRequest } from "../../src/management/management.ts";
import type { EventListener, EventPort } from "../../src/transport/async-call-port.ts";
import type { CallReply, CallRequest } from "../../src/winsock/provider/calls.ts";
import { NO_IMPAIRMENT } from "../../src/wire/impairment.ts";

const COUNTS = { waiting: 0, lost: 0, duplicated: 0, reordered: 0, corrupted: 0, delayed: 0, queueFull: 0 };

/** A host that answers management as a test wants it, and whose trace a test speaks. */
export class ScriptedHost {
  readonly asked: ManagementRequest[] = [];
  readonly ports: ScriptedPort[] = [];
  isThere = true;
  loss = 0;

  readonly openPort = async (): Promise<EventPort> => {
    if (!this.isThere) throw new Error("Cannot reach the host");
    const port = new ScriptedPort(this);
    this.ports.push(port);
    return port;
  };

  /** To who watches now. */
  say(...records: readonly object[]): void {
    this.ports.at(-1)!.say(records);
  }

  /** As one that died. */
  goDown(): void {
    this.isThere = false;
    this.ports.at(-1)!.onDown?.("it was killed");
  }

  answer(request: ManagementRequest): unknown {
    this.asked.push(request);
    const answers: Partial<Record<ManagementOp, () => unknown>> = {
      status: () => ({
        version: "0.1.0",
        profile: "windows",
        drops: { "tcp-bad-checksum": 2 },
        interfaces: [{ ...{ name: "tap0", mac: "02:00:00:00:00:01", mtu: 1500, isUp: true }, addresses: [{ address: "203.0.113.2/24" }] }],
      }),
      "feed-start": () => ({ subscription: 1, nowMs: 1000 }),
      "route-list": () => [{ destination: "0.0.0.0/0", gateway: "203.0.113.1", interface: "tap0", metric: 0, origin: "manual" }],
      "fault-list": () => this.#faults(),
      "fault-set": () => {
        this.loss = request.op === "fault-set" ? (request.settings.loss ?? 0) : 0;
        return this.#faults();
      },
      "fault-pick": () => this.#faults(),
      "fault-clear": () => {
        this.loss = 0;
        return this.#faults();
      },
    };
    return answers[request.op]?.() ?? null;
  }

  #faults(): unknown {
    const settings = { ...NO_IMPAIRMENT, loss: this.loss };
    return { impaired: this.loss > 0, in: { settings: NO_IMPAIRMENT, ...COUNTS }, out: { settings, ...COUNTS }, picks: [] };
  }
}

class ScriptedPort implements EventPort {
  onEvent: EventListener | undefined;
  onDown: ((why: string) => void) | undefined;
  isClosed = false;
  readonly #host: ScriptedHost;
  #count = 0;

  constructor(host: ScriptedHost) {
    this.#host = host;
  }

  async call(request: Omit<CallRequest, "id">): Promise<CallReply> {
    const asked = JSON.parse(new TextDecoder().decode(request.data!)) as ManagementRequest;
    const data = new TextEncoder().encode(JSON.stringify({ ok: true, result: this.#host.answer(asked) }));
    return { id: 1, result: 0, error: 0, a: 0, b: 0, data };
  }

  say(records: readonly object[]): void {
    for (const record of records) this.onEvent?.(1, this.#count++, new TextEncoder().encode(JSON.stringify(record)));
  }

  post(): boolean {
    return false;
  }

  waitingFor<T>(answer: Promise<T>): Promise<T> {
    return answer;
  }

  close(): void {
    this.isClosed = true;
  }
}
