import { InfraredMedium } from "../irda/infrared-medium.ts";
import type { StationSettings } from "../irda/infrared-station.ts";
import { guarded } from "../stack/core/guard.ts";
import type { Host } from "../stack/host/host.ts";
import { DatagramRoom } from "../tap/datagram-room.ts";
import type { Provider } from "../winsock/provider/provider.ts";
import type { LoopHost } from "./host-loop.ts";

/** Above the 2048 bytes of data, address, control and FCS of the longest frame of IrLAP. */
const LONGEST_FRAME = 2056;
/** Taken in before the host has its turn. */
const FRAMES_PER_TURN = 64;

/**
 * A host whose infrared device is in a room of the machine, with devices of other programs: what its transceiver sends goes there when its
 * last bit has left, in real time, and what the others send is heard as it comes. Whatever that is, it costs one frame.
 */
export class InfraredHost implements LoopHost {
  readonly #host: Host;
  readonly #room: DatagramRoom;
  readonly #medium = new InfraredMedium({ devices: [] });
  readonly #id: number;
  readonly #hear: (frame: Uint8Array) => void;

  /** @throws TapError when the room cannot be entered */
  constructor(host: Host, provider: Provider, path: string, settings: StationSettings) {
    this.#host = host;
    this.#id = settings.id;
    this.#room = DatagramRoom.enter(path, settings.id, LONGEST_FRAME);
    const heard = this.#medium.openWindow((frame) => this.#room.send(frame));
    this.#hear = (frame) => guarded(host.context, () => heard(frame));
    provider.joinInfrared(this.#medium, settings);
  }

  /** To be polled for reading. */
  get descriptor(): number {
    return this.#room.descriptor;
  }

  enter(nowMs: number): void {
    this.#host.enter(nowMs);
  }

  turn(nowMs: number): boolean {
    this.#host.enter(nowMs);
    const taken = this.#room.receive(this.#hear, FRAMES_PER_TURN);
    return this.#host.turn(nowMs) || taken === FRAMES_PER_TURN;
  }

  get nextDeadlineMs(): number {
    return this.#host.nextDeadlineMs;
  }

  /** The link ends once what its connections have to say has left. */
  leave(): void {
    this.#station.lmp.lap.disconnect();
  }

  get isQuiet(): boolean {
    return !this.#station.lmp.lap.isConnected;
  }

  get #station() {
    return this.#medium.station(this.#id)!;
  }

  close(): void {
    this.#room.close();
  }
}
