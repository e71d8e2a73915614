/** A room with infrared devices in virtual time, and what becomes of their connections. */

import { InfraredMedium } from "../../src/irda/infrared-medium.ts";
import { InfraredCall, type InfraredStation, type InfraredUser, type StationSettings } from "../../src/irda/infrared-station.ts";
import { SeededRandom } from "../../src/stack/core/random.ts";
import { Simulation } from "../../src/stack/host/simulation.ts";

export const PHONE = 0x0a0b0c0d;
export const PRINTER = 0x11223344;
export const LAPTOP = 0x00000777;

export class InfraredRoom {
  readonly simulation = new Simulation(1);
  readonly medium: InfraredMedium;
  readonly laptop: InfraredStation;

  constructor(devices: readonly StationSettings[], seed = 1) {
    this.medium = new InfraredMedium({ devices });
    const { context } = this.simulation.host({ random: new SeededRandom(seed) });
    this.laptop = this.medium.join(context, { id: LAPTOP, name: "laptop" });
  }

  station(id: number): InfraredStation {
    return this.medium.station(id)!;
  }

  /** Time passes until there is an answer. */
  answerOf<T>(ask: (done: (answer: T) => void) => unknown, limitMs = 60_000): T | undefined {
    let answer: T | undefined;
    ask((given) => {
      answer = given;
    });
    this.simulation.run(() => answer !== undefined, this.simulation.now + limitMs);
    return answer;
  }

  /** The connection, once it stands; else why it does not. */
  connect(from: InfraredStation, to: number, service: string | number, isExclusive = false): End | string {
    const end = new End();
    const call = from.connect(to, service, isExclusive, end);
    if (!(call instanceof InfraredCall)) return call;
    end.call = call;
    this.simulation.run(() => end.events.length > 0, this.simulation.now + 60_000);
    return end.events[0] === "connected" ? end : (end.events[0] ?? "nothing");
  }
}

export class End implements InfraredUser {
  call: InfraredCall | undefined;
  readonly events: string[] = [];
  text = "";

  connected(): void {
    this.events.push("connected");
  }

  connectFailed(why: string): void {
    this.events.push(why);
  }

  readable(): void {
    const bytes = new Uint8Array(this.call!.ttp.readableBytes);
    this.call!.ttp.read(bytes, 0, bytes.length);
    this.text += String.fromCharCode(...bytes);
  }

  writable(): void {}

  ended(isOrderly: boolean): void {
    this.events.push(isOrderly ? "ended" : "lost");
  }
}

export const ECHO: StationSettings = {
  id: PHONE,
  name: "phone",
  services: [{ name: "Echo", received: (bytes, conversation) => (bytes === undefined ? conversation.close() : conversation.send(bytes)) }],
  attributes: [
    { class: "Phone", attribute: "Number", value: "555" },
    { class: "Phone", attribute: "Calls", value: 7 },
    { class: "Phone", attribute: "Tones", value: Uint8Array.of(1, 2, 3) },
  ],
};
