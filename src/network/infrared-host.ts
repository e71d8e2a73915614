import { InfraredMedium } from "../irda/infrared-medium.ts";
import type { StationSettings } from "../irda/infrared-station.ts";
import { infraredId } from "../irda/irlap-frame.ts";
import type { InfraredStatus } from "../management/management.ts";
import { guarded } from "../stack/core/guard.ts";
import type { Host } from "../stack/host/host.ts";
import { DatagramRoom } from "../tap/datagram-room.ts";
import { joinInfrared } from "../winsock/provider/infrared-sockets.ts";
import type { Provider } from "../winsock/provider/provider.ts";
import type { LoopHost } from "./host-loop.ts";

/** Above the 2048 bytes of data, address, control and FCS of the longest frame of IrLAP. */
const LONGEST_FRAME = 2056;
/** Taken in before the host has its turn. */
const FRAMES_PER_TURN = 64;

/** Where an infrared device is, and who is there too. */
export interface InfraredSurroundings {
  /** A room of the machine, for devices of other programs; undefined where there are none. */
  readonly room: string | undefined;
  /** Simulated devices. */
  readonly devices: readonly StationSettings[];
}

/**
 * A host with an infrared device. Where that is in a room of the machine, what is sent goes there when its last bit has left, in real
 * time, and what others send is heard as it comes; whatever that is, it costs one frame.
 */
export class InfraredHost implements LoopHost {
  readonly #host: Host;
  readonly #room: DatagramRoom | undefined;
  readonly #medium: InfraredMedium;
  readonly #id: number;
  readonly #path: string | undefined;
  readonly #hear: (frame: Uint8Array) => void;

  /** @throws TapError when the room cannot be entered */
  constructor(host: Host, provider: Provider, settings: StationSettings, { room, devices }: InfraredSurroundings) {
    this.#host = host;
    this.#id = settings.id;
    this.#path = room;
    this.#medium = new InfraredMedium({ devices });
    this.#room = room === undefined ? undefined : DatagramRoom.enter(room, settings.id, LONGEST_FRAME);
    const heard = this.#medium.openWindow((frame) => this.#room?.send(frame));
    this.#hear = (frame) => guarded(host.context, () => heard(frame));
    joinInfrared(provider, this.#medium, settings);
  }

  /** To be polled for reading; undefined without a room. */
  get descriptor(): number | undefined {
    return this.#room?.descriptor;
  }

  enter(nowMs: number): void {
    this.#host.enter(nowMs);
  }

  turn(nowMs: number): boolean {
    this.#host.enter(nowMs);
    const taken = this.#room?.receive(this.#hear, FRAMES_PER_TURN);
    return this.#host.turn(nowMs) || taken === FRAMES_PER_TURN;
  }

  get nextDeadlineMs(): number {
    return this.#host.nextDeadlineMs;
  }

  /** The link ends once what its connections have to say has left. */
  leave(): void {
    this.#station.lmp.lap.disconnect();
  }

  get status(): InfraredStatus {
    const { name, lmp } = this.#station;
    const peer = lmp.lap.isConnected ? lmp.lap.peer : undefined;
    return {
      id: infraredId(this.#id),
      name,
      room: this.#path,
      peer: peer === undefined ? undefined : infraredId(peer),
      connections: lmp.others(),
    };
  }

  get isQuiet(): boolean {
    return !this.#station.lmp.lap.isConnected;
  }

  get #station() {
    return this.#medium.station(this.#id)!;
  }

  close(): void {
    this.#room?.close();
  }
}
