/** What an option is made of, and how those are made that many are alike. */

import { WSAEFAULT, WSAEINVAL } from "../abi/errors.ts";
import { type Answer, failed, type Outcome } from "./outcome.ts";
import type { Socket } from "./socket.ts";
import { keptKey, type SocketOptions } from "./socket-options.ts";
import { StreamSocket } from "./stream-socket.ts";

/**
 * How an option's length is judged (Wine's test set_getsockopt): `bool` four bytes, shorter ones allowed; `byte` one byte counts;
 * `number` as `bool` without being made 0 or 1; `dword` four or more; a `structure` judges for itself.
 */
export type LengthClass = "bool" | "byte" | "number" | "dword" | "structure";

export type SocketType = "stream" | "datagram";

export interface SocketOption {
  readonly lengths: LengthClass;
  /** What C calls a structure. */
  readonly structure?: string;
  /** Undefined: cannot be read. */
  readonly get?: (socket: Socket) => number;
  /** @returns 0 or a WSA code; undefined option: cannot be set */
  readonly set?: (socket: Socket, value: number) => number;
  /** The same of a structure. @param room *optlen */
  readonly read?: (socket: Socket, room: number) => Outcome;
  /** The same of what others have to be asked for. @param input what the program's memory holds already */
  readonly ask?: (socket: Socket, room: number, input: Uint8Array | null) => Answer;
  /** @param bytes optlen of them */
  readonly write?: (socket: Socket, bytes: Uint8Array) => number;
  /** The only type of socket that has it; the other says WSAENOPROTOOPT. */
  readonly only: SocketType | "any";
  /** What streams say instead, whether it is read or set, where they know it and have it not. */
  readonly streamCode?: number;
  /** Raw sockets alone have it, or all but they: the others say WSAEINVAL (Wine's test sockopt_validity). */
  readonly raw?: "only" | "never";
  /** The code for this socket, at this time, whether it is read or set; 0 for none. */
  readonly refuses?: (socket: Socket) => number;
  /** The code for an attempt to read what can only be set; WSAENOPROTOOPT or WSAEINVAL. */
  readonly getError?: number;
  /** The code for an attempt to set what can only be read. */
  readonly setError?: (isStream: boolean) => number;
  /** Set and read back, and nothing else comes of it. */
  readonly isOnlyKept?: boolean;
  /** An address, an index or a count of bytes may stand behind the value where setsockopt gives it, even none: a NULL is no fault. */
  readonly takesNothing?: boolean;
}

export type OptionTable = ReadonlyMap<number, SocketOption>;

export const isStream = (socket: Socket): socket is StreamSocket => socket instanceof StreamSocket;

type FlagName = { [K in keyof SocketOptions]: SocketOptions[K] extends boolean ? K : never }[keyof SocketOptions];
type AmountName = { [K in keyof SocketOptions]: SocketOptions[K] extends number ? K : never }[keyof SocketOptions];

/** A boolean that may be set at any time. */
export const flag = (lengths: "bool" | "byte", field: FlagName, only: SocketType | "any"): SocketOption => ({
  lengths,
  only,
  get: (socket) => Number(socket.options[field]),
  set: (socket, value) => {
    socket.options[field] = value !== 0;
    socket.applyOptions();
    return 0;
  },
});

/** A number that may be set at any time. */
export const amount = (field: AmountName, only: SocketType | "any" = "any"): SocketOption => ({
  lengths: "dword",
  only,
  get: (socket) => socket.options[field],
  set: (socket, value) => {
    socket.options[field] = value;
    socket.applyOptions();
    return 0;
  },
});

/** Options of one level that are set and read back, and of which nothing else comes. */
export const keptAt =
  (level: number) =>
  (name: number, lengths: "bool" | "byte" | "number" | "dword", initial = 0, only: SocketType | "any" = "any"): [number, SocketOption] => {
    const key = keptKey(level, name);
    const isFlag = lengths === "bool" || lengths === "byte";
    const option: SocketOption = {
      lengths,
      only,
      get: ({ options }) => options.kept.get(key) ?? initial,
      set: ({ options }, value) => {
        options.kept.set(key, isFlag ? Number(value !== 0) : value);
        return 0;
      },
      isOnlyKept: true,
    };
    return [name, option];
  };

/** The same of so many bytes. @param most that are kept */
export const keptBytesAt =
  (level: number) =>
  (name: number, structure: string, most: number): [number, SocketOption] => {
    const key = keptKey(level, name);
    const option: SocketOption = {
      lengths: "structure",
      structure,
      only: "any",
      read: ({ options }, room) => {
        if (room === 0) return failed(WSAEFAULT);
        const data = (options.keptBytes.get(key) ?? NOTHING).subarray(0, room);
        return { result: 0, error: 0, data };
      },
      write: ({ options }, bytes) => {
        if (bytes.length > most) return WSAEINVAL;
        options.keptBytes.set(key, bytes.slice());
        return 0;
      },
      isOnlyKept: true,
    };
    return [name, option];
  };

const NOTHING = new Uint8Array(0);

/** The option where the program chose before it was bound; afterwards its value can be read only. */
export const beforeBind = ([name, option]: [number, SocketOption]): [number, SocketOption] => [
  name,
  { ...option, set: (socket, value) => (socket.isBound ? WSAEINVAL : option.set!(socket, value)) },
];

/** The option, but WSAEINVAL on streams (Wine's test sockopt_validity). */
export const notOnStreams = ([name, option]: [number, SocketOption]): [number, SocketOption] => [
  name,
  { ...option, streamCode: WSAEINVAL },
];

/** One that is known, and neither read nor set (Wine's test sockopt_validity). */
export const notThere = (name: number): [number, SocketOption] => [
  name,
  { lengths: "dword", only: "any", getError: WSAEINVAL, setError: () => WSAEINVAL },
];
