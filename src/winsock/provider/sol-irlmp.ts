/** Options of infrared sockets (winsock.md §18.1; Microsoft, "IrDA and Windows Sockets reference"). */
import type { IasAnswer, IasValue } from "../../irda/ias.ts";
import type { DiscoveredDevice } from "../../irda/irlap.ts";
import type { StreamMode } from "../../irda/tinytp.ts";
import * as c from "../abi/constants.ts";
import { WSAEFAULT, WSAEINTR, WSAEINVAL, WSAEISCONN, WSAENOBUFS, WSAENOTCONN, WSAETIMEDOUT } from "../abi/errors.ts";
import {
  irdaDeviceInfoBytes,
  readIasAttribute,
  sizeof_IAS_QUERY,
  sizeof_IAS_SET,
  sizeof_IRDA_DEVICE_INFO,
  writeIasAnswer,
} from "../abi/irda-structures.ts";
import { sizeof_DWORD } from "../abi/structures.ts";
import { codeOfRefusal, IrdaSocket, irdaDeviceId } from "./irda-socket.ts";
import { keptAt, type OptionTable, type SocketOption } from "./option.ts";
import { type Answer, failed, type Outcome } from "./outcome.ts";
import type { Socket } from "./socket.ts";

const kept = keptAt(c.SOL_IRLMP);

/** An answer that comes from the medium. @param begin is given what takes it */
function fromMedium<T>(socket: Socket, begin: (done: (answer: T) => void) => number, outcomeOf: (answer: T) => Outcome): Answer {
  let outcome: Outcome | undefined;
  const code = begin((answer) => {
    outcome = outcomeOf(answer);
    socket.wake();
  });
  if (code !== 0) return failed(code);
  const attempt = (): Outcome | undefined => outcome ?? (socket.isClosed ? failed(WSAEINTR) : undefined);
  return attempt() ?? { on: [socket], attempt, timeoutMs: Number.POSITIVE_INFINITY, timedOut: () => failed(WSAETIMEDOUT) };
}

/** No more devices than there is room for; none is no error. */
function enumDevices(socket: Socket, room: number): Answer {
  if (!(socket instanceof IrdaSocket) || room < sizeof_DWORD) return failed(WSAEFAULT);
  const listOf = (devices: readonly DiscoveredDevice[]): Outcome => {
    const some = devices.slice(0, Math.floor((room - sizeof_DWORD) / sizeof_IRDA_DEVICE_INFO));
    const data = new Uint8Array(sizeof_DWORD + some.length * sizeof_IRDA_DEVICE_INFO);
    data[0] = some.length;
    some.forEach(({ id, name, hints1, hints2, charset }, i) => {
      data.set(irdaDeviceInfoBytes(irdaDeviceId(id), name, hints1, hints2, charset), sizeof_DWORD + i * sizeof_IRDA_DEVICE_INFO);
    });
    return { result: 0, error: 0, data };
  };
  const begin = (done: (devices: readonly DiscoveredDevice[]) => void): number => {
    socket.station.discover(done);
    return 0;
  };
  return fromMedium(socket, begin, listOf);
}

/** The question stands in the memory that the answer goes to. */
function iasQuery(socket: Socket, room: number, input: Uint8Array | null): Answer {
  if (!(socket instanceof IrdaSocket) || input === null || Math.min(room, input.length) < sizeof_IAS_QUERY) return failed(WSAEFAULT);
  const query = input.slice(0, sizeof_IAS_QUERY);
  const { className, attribute } = readIasAttribute(query, true);
  const id = new DataView(query.buffer, query.byteOffset).getUint32(0, true);
  const begin = (done: (answer: IasAnswer) => void): number => {
    const refusal = socket.station.query(id, className, attribute, done);
    return refusal === undefined ? 0 : codeOfRefusal(refusal);
  };
  return fromMedium(socket, begin, (answer) => {
    if (answer === "no-answer") return failed(WSAETIMEDOUT);
    if (answer === "no-class") writeIasAnswer(query, c.IAS_ATTRIB_NO_CLASS, 0, 0, NOTHING);
    else if (answer === "no-attribute") writeIasAnswer(query, c.IAS_ATTRIB_NO_ATTRIB, 0, 0, NOTHING);
    else writeValue(query, answer);
    return { result: 0, error: 0, data: query };
  });
}

const NOTHING = new Uint8Array(0);

function writeValue(query: Uint8Array, answer: IasValue): void {
  switch (answer.type) {
    case "integer":
      writeIasAnswer(query, c.IAS_ATTRIB_INT, answer.value, 0, NOTHING);
      return;
    case "octets":
      writeIasAnswer(query, c.IAS_ATTRIB_OCTETSEQ, 0, 0, answer.value);
      return;
    case "string":
      writeIasAnswer(query, c.IAS_ATTRIB_STR, 0, answer.charset, answer.value);
  }
}

function iasSet(socket: Socket, bytes: Uint8Array): number {
  if (!(socket instanceof IrdaSocket) || bytes.length < sizeof_IAS_SET) return WSAEFAULT;
  const { className, attribute, type, integer, charset, bytes: text } = readIasAttribute(bytes, false);
  const value: IasValue | undefined =
    type === c.IAS_ATTRIB_INT
      ? { type: "integer", value: integer >>> 0 }
      : type === c.IAS_ATTRIB_OCTETSEQ
        ? { type: "octets", value: text }
        : type === c.IAS_ATTRIB_STR
          ? { type: "string", value: text, charset }
          : undefined;
  if (value === undefined || className === "") return WSAEINVAL;
  return socket.setAttribute(className, attribute, value) ? 0 : WSAENOBUFS;
}

/** Before there is a connection; what becomes of it is found out by connect. */
const EXCLUSIVE: SocketOption = {
  lengths: "dword",
  only: "any",
  get: (s) => Number(s instanceof IrdaSocket && s.isExclusive),
  set: (s, value) => {
    if (!(s instanceof IrdaSocket)) return WSAEINVAL;
    if (s.isConnected) return WSAEISCONN;
    s.isExclusive = value !== 0;
    return 0;
  },
};

/** Before bind and connect: what is registered, asked for and sent depends on it. Off means TinyTP again. */
const modeOption = (mode: StreamMode): SocketOption => ({
  lengths: "dword",
  only: "any",
  get: (s) => Number(s instanceof IrdaSocket && s.mode === mode),
  set: (s, value) => {
    if (!(s instanceof IrdaSocket)) return WSAEINVAL;
    if (s.isConnected) return WSAEISCONN;
    if (s.isBound || s.isConnecting) return WSAEINVAL;
    if (value !== 0) s.mode = mode;
    else if (s.mode === mode) s.mode = "tinytp";
    return 0;
  },
});

export const IRLMP_LEVEL: OptionTable = new Map<number, SocketOption>([
  [c.IRLMP_ENUMDEVICES, { lengths: "structure", structure: "DEVICELIST", only: "any", ask: enumDevices }],
  [c.IRLMP_IAS_SET, { lengths: "structure", structure: "IAS_SET", only: "any", write: iasSet }],
  [c.IRLMP_IAS_QUERY, { lengths: "structure", structure: "IAS_QUERY", only: "any", ask: iasQuery }],
  [
    c.IRLMP_SEND_PDU_LEN,
    {
      lengths: "dword",
      only: "any",
      refuses: (s) => (s instanceof IrdaSocket && s.pduBytes === undefined ? WSAENOTCONN : 0),
      get: (s) => (s instanceof IrdaSocket ? (s.pduBytes ?? 0) : 0),
    },
  ],
  [c.IRLMP_EXCLUSIVE_MODE, EXCLUSIVE],
  [c.IRLMP_TINYTP_MODE, modeOption("tinytp")],
  [c.IRLMP_9WIRE_MODE, modeOption("9wire")],
  [c.IRLMP_IRLPT_MODE, modeOption("irlpt")],
  kept(c.IRLMP_DISCOVERY_MODE, "dword"),
]);
