import type { ProfileName } from "../../run/run-event.ts";
import type { FramePick, Impairment } from "../../wire/impairment.ts";

/** What a host of a scene does by itself, without a program: the other end of a lesson. */
export type Service =
  /** Accepts connections and keeps them; reads and throws away what comes; closes when the peer has. */
  | { readonly service: "discard"; readonly port: number }
  /** Sends back what comes. */
  | { readonly service: "echo"; readonly port: number }
  /** Sends so many bytes to whoever connects, then closes. */
  | { readonly service: "source"; readonly port: number; readonly bytes: number }
  /** Accepts, and reads nothing for so long; then as `discard`. */
  | { readonly service: "sleeper"; readonly port: number; readonly sleepMs: number }
  /** Lets connections wait in its queue and accepts none. */
  | { readonly service: "busy"; readonly port: number; readonly backlog: number }
  /** Sends back each datagram. */
  | { readonly service: "udp-echo"; readonly port: number };

/** How the line of a host misbehaves, seen from the host. */
export interface SceneFaults {
  readonly in?: Partial<Impairment>;
  readonly out?: Partial<Impairment>;
  readonly picks?: readonly FramePick[];
}

export interface SceneHost {
  /** A short word, unique in the scene. */
  readonly name: string;
  /** What people read; the name when left out. */
  readonly title?: string;
  /** Address and prefix length, `203.0.113.2/24`. */
  readonly address: string;
  readonly address6?: string;
  readonly profile: ProfileName;
  readonly gateway?: string;
  readonly mtu?: number;
  /** Without selective acknowledgement when false, as stacks of old. */
  readonly sack?: boolean;
  readonly services?: readonly Service[];
  readonly faults?: SceneFaults;
}

/** Something that happens at a moment without anybody's doing. */
export type SceneEvent =
  | { readonly atMs: number; readonly do: "run-program"; readonly host: string; readonly title: string; readonly source: string }
  | ({ readonly atMs: number; readonly do: "faults"; readonly host: string } & SceneFaults)
  | { readonly atMs: number; readonly do: "clear-faults" }
  | { readonly atMs: number; readonly do: "note"; readonly host: string; readonly text: string };

/** Hosts on one wire, and what happens there. */
export interface Scene {
  readonly title: string;
  readonly hosts: readonly SceneHost[];
  readonly events?: readonly SceneEvent[];
  /** How long a frame is on its way; 1 ms when left out. */
  readonly wireDelayMs?: number;
  /** What is wrong with its lines nobody is told: it is to be found out. */
  readonly hidesFaults?: boolean;
  /** A run of it stands still after so long; 10 minutes when left out. */
  readonly limitMs?: number;
}

/** Where the button *Connect* goes. */
export const CLIENT_ADDRESS = "203.0.113.2";
export const SERVER_ADDRESS = "203.0.113.1";

/** Two hosts and a server: what the page shows before anything is chosen. */
export const FIRST_SCENE: Scene = {
  title: "Two hosts on a wire",
  hosts: [
    { name: "client", title: "client", address: `${CLIENT_ADDRESS}/24`, profile: "windows" },
    {
      name: "server",
      title: "server",
      address: `${SERVER_ADDRESS}/24`,
      profile: "linux",
      services: [
        { service: "echo", port: 7 },
        { service: "discard", port: 9 },
        { service: "source", port: 19, bytes: 200_000 },
        { service: "udp-echo", port: 7 },
        { service: "discard", port: 8080 },
      ],
    },
  ],
};
