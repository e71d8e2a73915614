/** Frames of IrLAP: address, control, payload and FCS, without the flags and escapes that SIR puts around them. */

/** The broadcast connection address, of frames outside of a connection. */
export const BROADCAST_ADDRESS = 0x7f;

/** As people write the id of an infrared device: `0a0b0c0d`. */
export const infraredId = (id: number): string => id.toString(16).padStart(8, "0");

const COMMAND_BIT = 0x01;
const POLL_FINAL = 0x10;

/** Control bytes of unnumbered frames, with the command bit as 0x100: some mean another thing in a response. */
const UNNUMBERED = {
  snrm: 0x183,
  rnrm: 0x083,
  disc: 0x143,
  rd: 0x043,
  ua: 0x063,
  dm: 0x00f,
  frmr: 0x087,
  xidCommand: 0x12f,
  xidResponse: 0x0af,
} as const;
const SUPERVISORY = { rr: 0x1, rnr: 0x5, rej: 0x9, srej: 0xd } as const;

export type LapFrameKind = "i" | keyof typeof SUPERVISORY | keyof typeof UNNUMBERED;

const KIND_OF_UNNUMBERED = new Map<number, LapFrameKind>(Object.entries(UNNUMBERED).map(([kind, code]) => [code, kind as LapFrameKind]));
const KIND_OF_SUPERVISORY = new Map<number, LapFrameKind>(Object.entries(SUPERVISORY).map(([kind, code]) => [code, kind as LapFrameKind]));

export interface LapFrame {
  /** Of the connection, 7 bits. */
  readonly address: number;
  readonly kind: LapFrameKind;
  readonly isCommand: boolean;
  /** P of a command, F of a response: the other one's turn. */
  readonly isFinal: boolean;
  /** Counters modulo 8, where the kind has them. */
  readonly nr: number;
  readonly ns: number;
  readonly body: Uint8Array;
}

const NOTHING = new Uint8Array(0);

export function lapFrameBytes(frame: Omit<LapFrame, "nr" | "ns" | "body"> & Partial<LapFrame>): Uint8Array {
  const { address, kind, isCommand, isFinal, nr = 0, ns = 0, body = NOTHING } = frame;
  const bytes = new Uint8Array(2 + body.length + 2);
  bytes[0] = (address << 1) | (isCommand ? COMMAND_BIT : 0);
  bytes[1] = controlOf(kind, nr, ns) | (isFinal ? POLL_FINAL : 0);
  bytes.set(body, 2);
  const fcs = fcs16(bytes.subarray(0, -2));
  bytes[bytes.length - 2] = fcs;
  bytes[bytes.length - 1] = fcs >>> 8;
  return bytes;
}

function controlOf(kind: LapFrameKind, nr: number, ns: number): number {
  if (kind === "i") return (nr << 5) | (ns << 1);
  if (kind in SUPERVISORY) return (nr << 5) | SUPERVISORY[kind as keyof typeof SUPERVISORY];
  return UNNUMBERED[kind as keyof typeof UNNUMBERED] & 0xff;
}

/** Undefined for what is damaged or unknown. */
export function parseLapFrame(bytes: Uint8Array): LapFrame | undefined {
  if (bytes.length < 4) return undefined;
  if (fcs16(bytes.subarray(0, -2)) !== (bytes[bytes.length - 2]! | (bytes[bytes.length - 1]! << 8))) return undefined;
  const control = bytes[1]!;
  const isCommand = (bytes[0]! & COMMAND_BIT) !== 0;
  const kind = kindOf(control, isCommand);
  if (kind === undefined) return undefined;
  return {
    address: bytes[0]! >>> 1,
    kind,
    isCommand,
    isFinal: (control & POLL_FINAL) !== 0,
    nr: control >>> 5,
    ns: (control >>> 1) & 7,
    body: bytes.subarray(2, -2),
  };
}

function kindOf(control: number, isCommand: boolean): LapFrameKind | undefined {
  if ((control & 1) === 0) return "i";
  if ((control & 3) === 1) return KIND_OF_SUPERVISORY.get(control & 0xf);
  const code = control & ~POLL_FINAL;
  return KIND_OF_UNNUMBERED.get(code | (isCommand ? 0x100 : 0)) ?? KIND_OF_UNNUMBERED.get(code);
}

/** CRC-16 of HDLC, as it is sent. */
export function fcs16(bytes: Uint8Array): number {
  let fcs = 0xffff;
  for (const byte of bytes) {
    fcs ^= byte;
    for (let bit = 0; bit < 8; bit++) fcs = (fcs & 1) === 0 ? fcs >>> 1 : (fcs >>> 1) ^ 0x8408;
  }
  return fcs ^ 0xffff;
}

// ---- What discovery says ----

export const FINAL_SLOT = 0xff;
/** By the code in the flags. */
const SLOT_COUNTS = [1, 6, 8, 16] as const;
const XID_FORMAT = 1;
const EXTENSION_HINT = 0x80;
const NAME_LIMIT = 22;

/** How a device presents itself. */
export interface DiscoveryInfo {
  readonly hints1: number;
  readonly hints2: number;
  readonly charset: number;
  /** At most 22 bytes. */
  readonly name: Uint8Array;
}

export interface Xid {
  readonly source: number;
  readonly destination: number;
  readonly slots: number;
  readonly slot: number;
  readonly info: DiscoveryInfo | undefined;
}

export function xidBody({ source, destination, slots, slot, info }: Xid): Uint8Array {
  const flags = Math.max(0, SLOT_COUNTS.indexOf(slots as 8));
  const name = info?.name.subarray(0, NAME_LIMIT) ?? NOTHING;
  const told = info === undefined ? [] : [info.hints1 | EXTENSION_HINT, info.hints2 & ~EXTENSION_HINT, info.charset, ...name];
  return Uint8Array.of(XID_FORMAT, ...word(source), ...word(destination), flags, slot, 0, ...told);
}

export function parseXid(body: Uint8Array): Xid | undefined {
  if (body.length < 12 || body[0] !== XID_FORMAT) return undefined;
  const told = body.subarray(12);
  return {
    source: readWord(body, 1),
    destination: readWord(body, 5),
    slots: SLOT_COUNTS[body[9]! & 3]!,
    slot: body[10]!,
    info: told.length === 0 ? undefined : discoveryInfo(told),
  };
}

function discoveryInfo(told: Uint8Array): DiscoveryInfo {
  const hints1 = told[0]!;
  const hasMore = (hints1 & EXTENSION_HINT) !== 0;
  const at = hasMore ? 2 : 1;
  return {
    hints1,
    hints2: hasMore ? (told[1] ?? 0) : 0,
    charset: told[at] ?? 0,
    name: told.slice(at + 1, at + 1 + NAME_LIMIT),
  };
}

// ---- What a connection is agreed on ----

export const DATA_SIZES = [64, 128, 256, 512, 1024, 2048] as const;
export const BAUD_RATES = [2400, 9600, 19200, 38400, 57600, 115200] as const;

/** As bit masks: the highest bit that both have counts. */
export interface LapQos {
  readonly baud: number;
  readonly dataSize: number;
  readonly window: number;
}

export const OUR_QOS: LapQos = { baud: 0x3e, dataSize: 0x3f, window: 0x7f };

const [PI_BAUD, PI_TURNAROUND, PI_DATA_SIZE, PI_WINDOW, PI_DISCONNECT] = [0x01, 0x82, 0x83, 0x84, 0x08] as const;

/** 500 ms of turnaround; 3, 8 or 12 s to the end of a link that answers nothing. */
const qosBytes = ({ baud, dataSize, window }: LapQos): number[] =>
  [
    [PI_BAUD, baud],
    [PI_TURNAROUND, 1],
    [PI_DATA_SIZE, dataSize],
    [PI_WINDOW, window],
    [PI_DISCONNECT, 7],
  ].flatMap(([id, value]) => [id!, 1, value!]);

function readQos(bytes: Uint8Array): LapQos {
  const values = new Map<number, number>();
  for (let at = 0; at + 2 < bytes.length; at += 2 + bytes[at + 1]!) values.set(bytes[at]!, bytes[at + 2]!);
  // 9600 bit/s, 64 bytes and one frame are everybody's.
  return {
    baud: (values.get(PI_BAUD) ?? 0) | 2,
    dataSize: (values.get(PI_DATA_SIZE) ?? 0) | 1,
    window: (values.get(PI_WINDOW) ?? 0) | 1,
  };
}

/** SNRM and UA. */
export interface ConnectionSetup {
  readonly source: number;
  readonly destination: number;
  /** The new connection's, in SNRM only. */
  readonly connectionAddress: number | undefined;
  readonly qos: LapQos;
}

export function lapSetupBody({ source, destination, connectionAddress, qos }: ConnectionSetup): Uint8Array {
  const address = connectionAddress === undefined ? [] : [connectionAddress << 1];
  return Uint8Array.of(...word(source), ...word(destination), ...address, ...qosBytes(qos));
}

export function parseSetup(body: Uint8Array, hasAddress: boolean): ConnectionSetup | undefined {
  const qosAt = hasAddress ? 9 : 8;
  if (body.length < qosAt) return undefined;
  const connectionAddress = hasAddress ? body[8]! >>> 1 : undefined;
  return { source: readWord(body, 0), destination: readWord(body, 4), connectionAddress, qos: readQos(body.subarray(qosAt)) };
}

const word = (value: number): number[] => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];
const readWord = (b: Uint8Array, at: number): number => (b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24)) >>> 0;
