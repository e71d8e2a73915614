import * as c from "../abi/constants.ts";
import { WSAEFAULT, WSAEINVAL, WSAENOPROTOOPT, WSAENOTCONN, WSAENOTSOCK } from "../abi/errors.ts";
import { protocolInfoBytes, sizeof_WSAPROTOCOL_INFOA, sizeof_WSAPROTOCOL_INFOW } from "../abi/protocol-info.ts";
import { csaddrInfoBytes, sizeof_CSADDR_INFO } from "../abi/socket-state.ts";
import { lingerBytes, readLinger, sizeof_linger } from "../abi/structures.ts";
import { DatagramSocket } from "./datagram-socket.ts";
import type { Endpoint } from "./endpoint.ts";
import { amount, beforeBind, flag, isStream, keptAt, type OptionTable, type SocketOption } from "./option.ts";
import { failed, type Outcome } from "./outcome.ts";
import { protocolInfo } from "./protocols.ts";
import type { Socket } from "./socket.ts";

const kept = keptAt(c.SOL_SOCKET);

/** SO_REUSEADDR and SO_EXCLUSIVEADDRUSE: before bind only, and never both. */
const sharing = (field: "reuseAddress" | "exclusiveAddressUse", other: "reuseAddress" | "exclusiveAddressUse"): SocketOption => ({
  lengths: "bool",
  only: "any",
  get: (socket) => Number(socket.options[field]),
  set: (socket, value) => {
    if (socket.isBound || (value !== 0 && socket.options[other])) return WSAEINVAL;
    socket.options[field] = value !== 0;
    return 0;
  },
});

const unsupported: SocketOption = { lengths: "dword", only: "any", setError: () => WSAEINVAL };

const LINGER: SocketOption = {
  lengths: "structure",
  structure: "linger",
  only: "stream",
  read: ({ options }, room) => {
    if (room < sizeof_linger) return failed(WSAEFAULT);
    const { on, seconds } = options.linger;
    return { result: 0, error: 0, data: lingerBytes({ l_onoff: Number(on), l_linger: seconds }) };
  },
  write: (s, bytes) => {
    if (bytes.length < sizeof_linger) return WSAEFAULT;
    const { l_onoff, l_linger } = readLinger(bytes);
    s.options.linger = { on: l_onoff !== 0, seconds: l_linger };
    return 0;
  },
};

const anyTimeConditional = flag("bool", "conditionalAccept", "stream");
/** Microsoft, "SO_CONDITIONAL_ACCEPT": before listen. */
const conditionalAccept: SocketOption = {
  ...anyTimeConditional,
  set: (s, v) => (s.isListening ? WSAEINVAL : anyTimeConditional.set!(s, v)),
};

/** Both names, the type and the protocol; room is asked for as if both names were there. */
function readBspState(socket: Socket, room: number): Outcome {
  const { family, localEndpoint, peer, type, protocol } = socket;
  if (room < sizeof_CSADDR_INFO + 2 * family.nameBytes) return failed(WSAEFAULT);
  const name = (endpoint: Endpoint | undefined): Uint8Array | null =>
    endpoint === undefined ? null : family.writeName(endpoint.address, endpoint.port);
  return { result: 0, error: 0, data: csaddrInfoBytes(name(localEndpoint), name(peer), type, protocol) };
}

/** Too little room is told how much it takes (Wine's test so_protocol_info). */
const readProtocolInfo =
  (characterBytes: 1 | 2) =>
  (socket: Socket, room: number): Outcome => {
    const size = characterBytes === 2 ? sizeof_WSAPROTOCOL_INFOW : sizeof_WSAPROTOCOL_INFOA;
    if (room < size) return { ...failed(WSAEFAULT), a: size };
    return { result: 0, error: 0, data: protocolInfoBytes(protocolInfo(socket), characterBytes) };
  };

const largestMessage = (s: Socket): number => (s instanceof DatagramSocket ? s.largestMessage : 0);

const NEVER_CONNECTED = 0xffffffff;

export const SOCKET_LEVEL: OptionTable = new Map<number, SocketOption>([
  kept(c.SO_DEBUG, "byte"),
  [c.SO_ACCEPTCONN, { lengths: "bool", only: "any", get: (s) => Number(s.isListening) }],
  [c.SO_REUSEADDR, sharing("reuseAddress", "exclusiveAddressUse")],
  [c.SO_EXCLUSIVEADDRUSE, sharing("exclusiveAddressUse", "reuseAddress")],
  [
    c.SO_KEEPALIVE,
    {
      ...flag("byte", "keepAlive", "stream"),
      set: (s, v) => {
        // Microsoft, "SOL_SOCKET Socket Options": not while a connect is in progress.
        if (isStream(s) && s.isConnecting) return WSAEINVAL;
        s.options.keepAlive = v !== 0;
        s.applyOptions();
        return 0;
      },
    },
  ],
  kept(c.SO_DONTROUTE, "byte"),
  [c.SO_BROADCAST, flag("bool", "broadcast", "datagram")],
  [c.SO_USELOOPBACK, unsupported],
  [c.SO_LINGER, LINGER],
  [
    c.SO_DONTLINGER,
    {
      lengths: "bool",
      only: "stream",
      get: (s) => Number(!s.options.linger.on),
      set: (s, v) => {
        s.options.linger = { ...s.options.linger, on: v === 0 };
        return 0;
      },
    },
  ],
  [c.SO_OOBINLINE, flag("bool", "outOfBandInline", "stream")],
  [
    c.SO_SNDBUF,
    {
      ...amount("sendBufferBytes"),
      set: (s, v) => {
        s.options.sendBufferBytes = v;
        s.options.sendBufferIsSet = true;
        s.applyOptions();
        return 0;
      },
    },
  ],
  [
    c.SO_RCVBUF,
    {
      ...amount("receiveBufferBytes"),
      set: (s, v) => {
        s.options.receiveBufferBytes = v;
        s.options.receiveBufferIsSet = true;
        s.applyOptions();
        return 0;
      },
    },
  ],
  [c.SO_SNDLOWAT, unsupported],
  [c.SO_RCVLOWAT, unsupported],
  [c.SO_SNDTIMEO, amount("sendTimeoutMs")],
  [c.SO_RCVTIMEO, amount("receiveTimeoutMs")],
  [
    c.SO_ERROR,
    {
      lengths: "dword",
      only: "any",
      get: (s) => s.soError,
      set: (s, v) => {
        s.soError = v;
        return 0;
      },
    },
  ],
  [c.SO_TYPE, { lengths: "dword", only: "any", get: (s) => s.type, setError: (stream) => (stream ? WSAENOPROTOOPT : WSAEINVAL) }],
  [c.SO_BSP_STATE, { lengths: "structure", structure: "CSADDR_INFO", only: "any", read: readBspState }],
  // Microsoft: reserved, of socket groups that never came.
  [c.SO_GROUP_ID, { lengths: "dword", only: "any", get: () => 0 }],
  kept(c.SO_GROUP_PRIORITY, "dword"),
  [c.SO_MAX_MSG_SIZE, { lengths: "dword", only: "any", get: largestMessage }],
  [c.SO_PROTOCOL_INFOA, { lengths: "structure", structure: "WSAPROTOCOL_INFOA", only: "any", read: readProtocolInfo(1) }],
  [c.SO_PROTOCOL_INFOW, { lengths: "structure", structure: "WSAPROTOCOL_INFOW", only: "any", read: readProtocolInfo(2) }],
  [c.SO_CONDITIONAL_ACCEPT, conditionalAccept],
  [c.SO_PAUSE_ACCEPT, flag("bool", "pauseAccept", "stream")],
  // There is one routing compartment, the first.
  kept(c.SO_COMPARTMENT_ID, "dword", 1),
  // Ports are chosen at random anyway (RFC 6056).
  beforeBind(kept(c.SO_RANDOMIZE_PORT, "bool")),
  beforeBind(kept(c.SO_PORT_SCALABILITY, "bool")),
  beforeBind(kept(c.SO_REUSE_UNICASTPORT, "bool")),
  beforeBind(kept(c.SO_REUSE_MULTICASTPORT, "bool")),
  [c.SO_MAXDG, { lengths: "dword", only: "datagram", get: largestMessage }],
  [c.SO_MAXPATHDG, { lengths: "dword", only: "datagram", get: largestMessage }],
  [
    c.SO_UPDATE_CONNECT_CONTEXT,
    {
      lengths: "structure",
      structure: "nothing",
      only: "any",
      takesNothing: true,
      write: (s) => {
        if (isStream(s)) return s.updateConnectContext().error;
        return s.peer === undefined ? WSAENOTCONN : 0;
      },
    },
  ],
  [
    c.SO_UPDATE_ACCEPT_CONTEXT,
    {
      lengths: "structure",
      structure: "SOCKET",
      only: "stream",
      // The provider finds the listener first: its handle is the program's, and options know no program.
      write: () => WSAENOTSOCK,
    },
  ],
  [c.SO_CONNECT_TIME, { lengths: "dword", only: "any", get: connectTime }],
]);

function connectTime(socket: Socket): number {
  const since = isStream(socket) ? socket.connectedAtMs : undefined;
  return since === undefined ? NEVER_CONNECTED : Math.floor((socket.context.host.context.now - since) / 1000);
}
