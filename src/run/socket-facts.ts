import type { CallState, HostState } from "./run-state.ts";

export type SocketPhase = "new" | "bound" | "listening" | "connecting" | "connected" | "shut down" | "failed";

/** What a socket's calls say about it; a run tells no more. */
export interface SocketFacts {
  readonly phase: SocketPhase;
  /** Calls that set something, latest last, as a C programmer would write them. */
  readonly options: readonly string[];
}

const SETS: ReadonlySet<string> = new Set(["setsockopt", "ioctlsocket", "WSAIoctl", "WSAEventSelect", "WSAAsyncSelect"]);
const TRANSFERS: ReadonlySet<string> = new Set(["send", "recv", "WSASend", "WSARecv"]);
const OPENS: ReadonlySet<string> = new Set(["connect", "WSAConnect", "ConnectEx"]);
/** WSAEWOULDBLOCK and WSA_IO_PENDING: it goes on. */
const GOES_ON: ReadonlySet<number> = new Set([10035, 997]);

export function socketFacts({ calls, returned, sockets }: Pick<HostState, "calls" | "returned" | "sockets">, socket: number): SocketFacts {
  const own = [...returned, ...calls.values()].filter((call) => call.socket === socket).sort((a, b) => a.event - b.event);
  const label = sockets.get(socket)?.label ?? "";
  let phase: SocketPhase = "new";
  for (const call of own) phase = phaseAfter(phase, call);
  const isStream = label.includes("stream");
  const opened = sockets.get(socket)?.recorded.includes("FD_CONNECT") || sockets.get(socket)?.reported.includes("FD_CONNECT");
  if (phase === "connecting" && isStream && opened === true) phase = "connected";
  return { phase, options: own.filter(({ name, error }) => SETS.has(name) && error === 0).map(({ text }) => text) };
}

function phaseAfter(phase: SocketPhase, { name, error, returnedMs }: CallState): SocketPhase {
  const isPending = returnedMs === undefined;
  if (OPENS.has(name)) {
    if (isPending || GOES_ON.has(error ?? 0)) return "connecting";
    return error === 0 ? "connected" : "failed";
  }
  if (isPending || error !== 0) return phase;
  if (name === "bind") return "bound";
  if (name === "listen") return "listening";
  if (name === "shutdown") return "shut down";
  return TRANSFERS.has(name) && phase !== "shut down" ? "connected" : phase;
}
