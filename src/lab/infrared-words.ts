import { type IasAnswer, iasTextOf, parseIasAnswer, parseIasQuestion } from "../irda/ias.ts";
import {
  BAUD_RATES,
  DATA_SIZES,
  FINAL_SLOT,
  infraredId,
  type LapFrame,
  type LapQos,
  parseLapFrame,
  parseSetup,
  parseXid,
} from "../irda/irlap-frame.ts";
import { ACCESS_EXCLUSIVE, LM_OPCODE, LM_REASON, type LmPdu, LSAP_IAS, MODE_TAKEN, parseLmPdu } from "../irda/irlmp-frame.ts";
import { parseTtpPdu } from "../irda/tinytp.ts";

/** A frame of the infrared medium in the few words that fit on the arrow of a ladder. */
export interface InfraredWords {
  /** Of its two devices, as eight digits; undefined for everybody, and where nothing before has told. */
  readonly source: string | undefined;
  readonly destination: string | undefined;
  readonly text: string;
  /** It says nothing that is new: so a primary and a secondary without anything to send keep each other company. */
  readonly isIdle: boolean;
}

interface Link {
  readonly primary: string;
  readonly secondary: string;
  /** Pairs of LSAPs without TinyTP, whose connect had no credit for it. */
  readonly plain: Set<number>;
  /** What primary and secondary acknowledged last. */
  readonly acknowledged: { primary?: number; secondary?: number };
}

const EVERYBODY = 0xffffffff;
/** Pairs without TinyTP that are remembered of a link; there are no more connections on it. */
const MOST_PLAIN = 64;

/** Puts IrLAP, IrLMP, IAS and TinyTP in words. It remembers of each link who its ends are, for most frames say no more than the link's address. */
export class InfraredNarrator {
  /** By connection address, of which there are 127. */
  readonly #links = new Map<number, Link>();

  narrate(bytes: Uint8Array): InfraredWords {
    const frame = parseLapFrame(bytes);
    if (frame === undefined)
      return { source: undefined, destination: undefined, text: `damaged frame, ${bytes.length} bytes`, isIdle: false };
    if (frame.kind === "xidCommand" || frame.kind === "xidResponse") return xidWords(frame);
    if (frame.kind === "snrm") return this.#snrm(frame);
    const link = this.#links.get(frame.address);
    const [source, destination] = frame.isCommand ? [link?.primary, link?.secondary] : [link?.secondary, link?.primary];
    return { source, destination, text: this.#inLink(frame, link), isIdle: this.#isIdle(frame, link) };
  }

  #snrm(frame: LapFrame): InfraredWords {
    const setup = parseSetup(frame.body, true);
    if (setup?.connectionAddress === undefined) return { source: undefined, destination: undefined, text: "SNRM, cut off", isIdle: false };
    const [primary, secondary] = [infraredId(setup.source), infraredId(setup.destination)];
    this.#links.set(setup.connectionAddress, { primary, secondary, plain: new Set(), acknowledged: {} });
    return { source: primary, destination: secondary, text: `SNRM, link ${hex(setup.connectionAddress)}`, isIdle: false };
  }

  #isIdle({ kind, nr, isCommand }: LapFrame, link: Link | undefined): boolean {
    if (link === undefined || (kind !== "rr" && kind !== "i")) return false;
    const who = isCommand ? "primary" : "secondary";
    const before = link.acknowledged[who];
    link.acknowledged[who] = nr;
    return kind === "rr" && nr === before;
  }

  #inLink(frame: LapFrame, link: Link | undefined): string {
    const turn = frame.isFinal ? (frame.isCommand ? " P" : " F") : "";
    switch (frame.kind) {
      case "i":
        return `I ns=${frame.ns} nr=${frame.nr}${turn} ${lmpWords(frame.body, link)}`;
      case "rr":
      case "rnr":
      case "rej":
      case "srej":
        return `${frame.kind.toUpperCase()} nr=${frame.nr}${turn}`;
      case "ua": {
        const setup = parseSetup(frame.body, false);
        return setup === undefined ? "UA" : `UA ${qosWords(setup.qos)}`;
      }
      default:
        return frame.kind.toUpperCase();
    }
  }
}

/** As a string of JavaScript, with nothing that a terminal would take for a command. */
const quoted = (text: string): string =>
  JSON.stringify(text).replace(/[\x7f-\x9f]/g, (character) => `\\x${character.charCodeAt(0).toString(16)}`);
const plainName = (text: string): string => quoted(text).slice(1, -1);

const hex = (byte: number): string => byte.toString(16).padStart(2, "0");

function xidWords({ kind, body }: LapFrame): InfraredWords {
  const xid = parseXid(body);
  if (xid === undefined) return { source: undefined, destination: undefined, text: "XID, cut off", isIdle: false };
  const source = infraredId(xid.source);
  const destination = xid.destination === EVERYBODY ? undefined : infraredId(xid.destination);
  const name = xid.info === undefined ? "" : ` ${quoted(iasTextOf(xid.info.name))}`;
  const slot = xid.slot === FINAL_SLOT ? "that was all:" : `slot ${xid.slot} of ${xid.slots}`;
  const text = kind === "xidCommand" ? `XID ${slot}${name}` : `XID response${name} of ${source}`;
  return { source, destination, text, isIdle: false };
}

function qosWords({ baud, dataSize, window }: LapQos): string {
  const [rate, size] = [BAUD_RATES[highestBit(baud)], DATA_SIZES[highestBit(dataSize)]];
  return `${rate ?? "?"} bit/s, ${size ?? "?"} bytes, window ${highestBit(window) + 1}`;
}

const highestBit = (mask: number): number => 31 - Math.clz32(mask);

function lmpWords(body: Uint8Array, link: Link | undefined): string {
  const pdu = parseLmPdu(body);
  if (pdu === undefined) return "LM-PDU, cut off";
  const ends = `${hex(pdu.source)}→${hex(pdu.destination)}`;
  if (pdu.opcode !== undefined) return `${controlWords(pdu, pdu.opcode, link)} ${ends}`;
  if (pdu.destination === LSAP_IAS) return questionWords(pdu.rest);
  if (pdu.source === LSAP_IAS) return answerWords(parseIasAnswer(pdu.rest));
  if (link?.plain.has(pairOf(pdu)) === true) return `data ${ends} len=${pdu.rest.length}`;
  const ttp = parseTtpPdu(pdu.rest);
  if (ttp === undefined) return `TinyTP ${ends}, cut off`;
  const credit = ttp.credit === 0 ? "" : ` credit=${ttp.credit}`;
  return `TinyTP ${ends} len=${ttp.data.length}${credit}`;
}

/** The same for both directions. */
const pairOf = ({ source, destination }: LmPdu): number => (Math.min(source, destination) << 7) | Math.max(source, destination);

function controlWords(pdu: LmPdu, opcode: number, link: Link | undefined): string {
  const { parameter, rest } = pdu;
  switch (opcode) {
    case LM_OPCODE.connect:
    case LM_OPCODE.confirm: {
      if (link !== undefined && link.plain.size > MOST_PLAIN) link.plain.clear();
      if (rest.length === 0) link?.plain.add(pairOf(pdu));
      else link?.plain.delete(pairOf(pdu));
      const credit = rest.length === 0 ? "" : ` credit=${rest[0]! & 0x7f}`;
      return `LM-${opcode === LM_OPCODE.connect ? "Connect" : "Confirm"}${credit}`;
    }
    case LM_OPCODE.disconnect:
      return `LM-Disconnect (${REASONS.get(parameter) ?? `reason ${parameter}`})`;
    case LM_OPCODE.accessMode:
      return `LM-AccessMode ${rest[0] === ACCESS_EXCLUSIVE ? "exclusive" : "multiplexed"}`;
    case LM_OPCODE.accessConfirm:
      return `LM-AccessMode ${parameter === MODE_TAKEN ? "taken" : "refused"}`;
    default:
      return `LM opcode ${hex(opcode)}`;
  }
}

const REASONS: ReadonlyMap<number, string> = new Map([
  [LM_REASON.userRequest, "user request"],
  [LM_REASON.unexpectedLapDisconnect, "link lost"],
  [LM_REASON.noLapConnection, "no link"],
  [LM_REASON.unconnectedLsap, "not connected"],
  [LM_REASON.noLsap, "nobody there"],
]);

function questionWords(data: Uint8Array): string {
  const asked = parseIasQuestion(data);
  return asked === undefined ? "IAS question, cut off" : `IAS ${plainName(asked.className)} ${plainName(asked.attribute)}?`;
}

function answerWords(answer: IasAnswer): string {
  if (answer === "no-answer") return "IAS answer, cut off";
  if (answer === "no-class" || answer === "no-attribute") return `IAS ${answer.replace("-", " ")}`;
  if (answer.type === "integer") return `IAS = ${answer.value}`;
  return answer.type === "octets" ? `IAS = ${answer.value.length} bytes` : `IAS = ${quoted(iasTextOf(answer.value))}`;
}
