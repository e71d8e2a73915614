import { isV4 } from "../../src/stack/core/address.ts";
import { GSO_TCPV4, GSO_TCPV6 } from "../../src/stack/core/frame-info.ts";
import { below } from "../../src/stack/core/random.ts";
import { putU16, putU32 } from "../../src/stack/packet/bytes.ts";
import * as dhcp from "../../src/stack/packet/dhcp.ts";
import * as dns from "../../src/stack/packet/dns.ts";
import * as ipv4 from "../../src/stack/packet/ipv4.ts";
import * as tcp from "../../src/stack/packet/tcp.ts";
import * as tcpOptions from "../../src/stack/packet/tcp-options.ts";
import { type Attacker, chance, NAME_SERVER, noise, OURS_V4, pick, pickEnds, pickListening, ROUTER_V4, strangerV4 } from "./attacker.ts";
import { putSegmentation } from "./formats-of-packets.ts";
import { packetFrame, type SegmentParts, tcpSegment, udpDatagram } from "./framing.ts";
import type { OverheardFlow } from "./overheard.ts";

/** The next thing that the peer of a connection would say, or something close to it. */
export function segment(a: Attacker): Uint8Array[] {
  const { random, overheard } = a;
  if (overheard.flows.size === 0 || chance(random, 6)) return opening(a);
  const flow = pick(random, [...overheard.flows.values()]);
  const from = flow.peer;
  const to = flow.ours;
  const text = noise(random, chance(random, 3) ? 1 + below(random, 8) : 1 + below(random, 1400));
  const seq = flow.peerNext ?? random.u32();
  const common: SegmentParts = {
    fromPort: flow.peerPort,
    toPort: flow.ourPort,
    flags: tcp.ACK,
    seq,
    ack: flow.ourNext,
    options: timestamps(flow),
  };
  if (flow.peerNext === undefined) {
    return [
      packetFrame(a.mac, from, to, ipv4.PROTOCOL_TCP, tcpSegment(from, to, { ...common, flags: tcp.SYN | tcp.ACK, options: SYN_OPTIONS })),
    ];
  }
  const parts = ((): SegmentParts => {
    switch (below(random, 14)) {
      case 0:
        return { ...common, flags: tcp.ACK | tcp.FIN };
      case 1:
        return { ...common, seq: seq + 1 + below(random, 20_000), text };
      case 2:
        return { ...common, seq: seq - 1 - below(random, 2000), text };
      case 3:
        return { ...common, options: sackOf(flow, below(random, 3000), 1 + below(random, 3)) };
      case 4:
        return { ...common, window: pick(random, [0, 1, 2, 100]) };
      case 5:
        return { ...common, flags: tcp.RST | tcp.ACK, seq: seq + (chance(random, 2) ? 0 : below(random, 5000)) };
      case 6:
        return { ...common, flags: pick(random, [tcp.SYN, tcp.SYN | tcp.ACK, tcp.ACK | tcp.URG, 0, 0xff]), urgent: below(random, 4) };
      case 7:
        return { ...common, ack: flow.ourNext - below(random, 4000) };
      case 8:
        return { ...common, ack: flow.ourNext - below(random, 70_000), text };
      default:
        return chance(random, 3) ? common : { ...common, text };
    }
  })();
  return [packetFrame(a.mac, from, to, ipv4.PROTOCOL_TCP, tcpSegment(from, to, parts))];
}

/** A super-segment of the next text, as a device merges it. */
export function mergedSegments(a: Attacker): Uint8Array[] {
  const { random, overheard } = a;
  const open = [...overheard.flows.values()].filter(({ peerNext }) => peerNext !== undefined);
  if (open.length === 0) return opening(a);
  const flow = pick(random, open);
  const gsoSize = 500 + below(random, 960);
  const { peerPort: fromPort, ourPort: toPort, peer: from, ours: to } = flow;
  const text = new Uint8Array(1 + below(random, 20_000));
  const parts = { fromPort, toPort, flags: tcp.ACK | tcp.PSH, seq: flow.peerNext ?? 0, ack: flow.ourNext, options: timestamps(flow), text };
  const frame = packetFrame(a.mac, from, to, ipv4.PROTOCOL_TCP, tcpSegment(from, to, parts));
  putSegmentation(frame, isV4(to) ? GSO_TCPV4 : GSO_TCPV6, gsoSize);
  return [frame];
}

function opening(a: Attacker): Uint8Array[] {
  const { random } = a;
  const { ours, peer } = pickEnds(random);
  const parts = { fromPort: 1024 + below(random, 32), toPort: pickListening(random), flags: tcp.SYN, seq: random.u32() };
  const options = chance(random, 3) ? new Uint8Array(0) : SYN_OPTIONS;
  return [packetFrame(a.mac, peer, ours, ipv4.PROTOCOL_TCP, tcpSegment(peer, ours, { ...parts, options }))];
}

const SYN_OPTIONS = Uint8Array.of(2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 1, 3, 3, 7);

function timestamps({ hasTimestamps, tsVal }: OverheardFlow): Uint8Array {
  if (!hasTimestamps) return new Uint8Array(0);
  const options = new Uint8Array(12);
  tcpOptions.writeTimestamps(options, 0, 9 + (tsVal >>> 4), tsVal);
  return options;
}

function sackOf(flow: OverheardFlow, back: number, blocks: number): Uint8Array {
  const edges = Array.from({ length: blocks }, (_, i) => flow.ourNext - back - i * 500);
  const options = new Uint8Array(4 + 8 * blocks);
  tcpOptions.writeSack(
    options,
    0,
    edges,
    edges.map((edge) => edge + 300),
    blocks,
  );
  return options;
}

/** An answer to a question of the host's: addresses, aliases with pointers, service records, texts, an authority. */
export function dnsAnswer(a: Attacker): Uint8Array[] {
  const { random, overheard } = a;
  const asked = overheard.questions.length > 0 ? pick(random, overheard.questions) : undefined;
  const question = asked?.message ?? Uint8Array.of(0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 97, 0, 0, 1, 0, 1);
  const server = asked?.server ?? NAME_SERVER;
  const ours = asked?.ours ?? OURS_V4;
  const message = answerTo(a, question);
  return [packetFrame(a.mac, server, ours, ipv4.PROTOCOL_UDP, udpDatagram(server, ours, 53, asked?.ourPort ?? 50_000, message))];
}

function answerTo({ random }: Attacker, question: Uint8Array): Uint8Array {
  if (dns.check(question, 0, question.length) !== undefined) return question;
  const questionEnd = dns.nameEnd(question, dns.questionAt(0)) + 4;
  const records: number[] = [];
  const record = (name: readonly number[], type: number, data: readonly number[]) =>
    records.push(...name, type >>> 8, type & 255, 0, 1, 0, 0, 0, below(random, 256), data.length >>> 8, data.length & 255, ...data);
  const name = [0xc0, 12];
  let answers = 1;
  switch (below(random, 6)) {
    case 0:
      record(name, 5, [1, 98, 0xc0, 12]);
      record([1, 98, 0xc0, 12], 1, [203, 0, 113, 9]);
      answers = 2;
      break;
    case 1:
      record(name, 28, [...noise(random, 16)]);
      break;
    case 2:
      record(name, 16, [3, 97, 98, 99, 0]);
      break;
    case 3:
      record(name, 33, [0, 1, 0, 2, 0, 80, 1, 99, 0xc0, 12]);
      break;
    case 4:
      record(name, 6, [0xc0, 12, 1, 114, 0xc0, 12, ...noise(random, 20)]);
      answers = 0;
      break;
    default:
      record(name, 1, [203, 0, 113, below(random, 256)]);
  }
  const flags = pick(random, [0x8180, 0x8180, 0x8180, 0x8183, 0x8380, 0x8182, 0x8185]);
  const message = new Uint8Array(questionEnd + records.length);
  message.set(question.subarray(0, questionEnd));
  message.set(records, questionEnd);
  putU16(message, 2, flags);
  putU16(message, 6, answers);
  putU16(message, 8, answers === 0 ? 1 : 0);
  putU16(message, 10, 0);
  return message;
}

/** An offer, an acknowledgement or a refusal of a DHCP server, with all that a lease can say. */
export function dhcpReply(a: Attacker): Uint8Array[] {
  const { random, overheard } = a;
  const message = new Uint8Array(700);
  const yours = pick(random, [0xc6336404 | 0, 0xc6336404 | 0, 0xc6336405 | 0, 0]);
  const server = 0xc6336401 | 0;
  dhcp.writeRequest(message, 0, overheard.dhcpTransaction, 0, false, 0, a.mac);
  message[0] = dhcp.BOOT_REPLY;
  putU32(message, 16, yours);
  const word = (value: number): number[] => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
  const options: [number, number[]][] = [
    [dhcp.OPTION_MESSAGE_TYPE, [pick(random, [dhcp.OFFER, dhcp.OFFER, dhcp.ACKNOWLEDGE, dhcp.ACKNOWLEDGE, dhcp.ACKNOWLEDGE, dhcp.NAK])]],
    [dhcp.OPTION_SERVER_ID, word(server)],
    [dhcp.OPTION_LEASE_TIME, word(pick(random, [1, 60, 3600, 86_400, -1]))],
    [dhcp.OPTION_MASK, word(pick(random, [-256, -256, -65_536, -1, 0]))],
    [dhcp.OPTION_ROUTERS, [...word(server), ...word(strangerV4(random).w3)]],
    [dhcp.OPTION_DNS_SERVERS, [...word(server), ...word(ROUTER_V4.w3)]],
    [dhcp.OPTION_DOMAIN, [101, 120, 97, 109, 112, 108, 101]],
    [dhcp.OPTION_MTU, [pick(random, [2, 5, 4, 0]), 0xdc]],
    [dhcp.OPTION_RENEWAL_TIME, word(pick(random, [0, 30, 1800]))],
    [dhcp.OPTION_REBINDING_TIME, word(pick(random, [0, 50, 3000]))],
    [dhcp.OPTION_SEARCH_LIST, [1, 97, 0, 1, 98, 0xc0, 0]],
    [dhcp.OPTION_CLASSLESS_ROUTES, [24, 203, 0, 113, ...word(server), 0, ...word(server)]],
  ];
  let at = dhcp.HEADER;
  for (const [i, [code, data]] of options.entries()) if (i < 4 || chance(random, 2)) at = dhcp.writeOption(message, at, code, data);
  const end = dhcp.writeEnd(message, 0, at);
  const from = { ...ROUTER_V4, w3: server };
  const to = { ...ROUTER_V4, w3: yours === 0 || chance(random, 2) ? -1 : yours };
  const payload = udpDatagram(from, to, dhcp.SERVER_PORT, dhcp.CLIENT_PORT, message.subarray(0, end));
  return [packetFrame(a.mac, from, to, ipv4.PROTOCOL_UDP, payload)];
}
