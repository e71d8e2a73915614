/** ARP for IPv4 over Ethernet, RFC 826. Offsets and lengths count bytes; `at` is where the ARP packet begins, after the frame's header. */
import { i32, putU16, putU32, u16 } from "./bytes.ts";
import { copyMac, isStationMac, macText } from "./ethernet.ts";

/** Length of the whole packet. What follows it in the frame is padding. */
export const LENGTH = 28;
export const REQUEST = 1;
export const REPLY = 2;

const HARDWARE_ETHERNET = 1;
const PROTOCOL_IPV4 = 0x0800;
/** Address lengths as one number: six bytes of hardware address, four of protocol address. */
const LENGTHS_6_AND_4 = 0x0604;

const HARDWARE_TYPE = 0;
const PROTOCOL_TYPE = 2;
const ADDRESS_LENGTHS = 4;
const OPERATION = 6;
const SENDER_MAC = 8;
const SENDER_IP = 14;
const TARGET_MAC = 18;
const TARGET_IP = 24;

export type Malformed =
  | "arp-truncated"
  | "arp-bad-hardware-type"
  | "arp-bad-protocol-type"
  | "arp-bad-address-length"
  | "arp-bad-operation";

/** Says what is wrong with the bytes in [at, end), or undefined when a request or a reply lies there. Fields are judged in the order of RFC 826. */
export function check(b: Uint8Array, at: number, end: number): Malformed | undefined {
  if (end - at < LENGTH) return "arp-truncated";
  if (u16(b, at + HARDWARE_TYPE) !== HARDWARE_ETHERNET) return "arp-bad-hardware-type";
  if (u16(b, at + PROTOCOL_TYPE) !== PROTOCOL_IPV4) return "arp-bad-protocol-type";
  if (u16(b, at + ADDRESS_LENGTHS) !== LENGTHS_6_AND_4) return "arp-bad-address-length";
  const op = operation(b, at);
  return op === REQUEST || op === REPLY ? undefined : "arp-bad-operation";
}

/** REQUEST or REPLY. */
export const operation = (b: Uint8Array, at: number): number => u16(b, at + OPERATION);
/** 0 in an address conflict probe (RFC 5227 §1.1). */
export const senderIp = (b: Uint8Array, at: number): number => i32(b, at + SENDER_IP);
export const targetIp = (b: Uint8Array, at: number): number => i32(b, at + TARGET_IP);
export const copySenderMac = (b: Uint8Array, at: number, into: Uint8Array, intoAt = 0): void => copyMac(b, at + SENDER_MAC, into, intoAt);
/** Whether the sender's MAC is one that a station can have; a group or zero must not be learned. */
export const isSenderStation = (b: Uint8Array, at: number): boolean => isStationMac(b, at + SENDER_MAC);
export const senderMacText = (b: Uint8Array, at: number): string => macText(b, at + SENDER_MAC);
export const targetMacText = (b: Uint8Array, at: number): string => macText(b, at + TARGET_MAC);

/** Asks who has `target`. With `sender` 0 it is a probe, with `sender` equal to `target` an announcement (RFC 5227 §1.1). */
export function writeRequest(b: Uint8Array, at: number, senderMac: Uint8Array, sender: number, target: number): void {
  writeSender(b, at, REQUEST, senderMac, sender);
  b.fill(0, at + TARGET_MAC, at + TARGET_IP);
  putU32(b, at + TARGET_IP, target);
}

/** Says that `sender` is at `senderMac`, to the station that asked. */
export function writeReply(b: Uint8Array, at: number, senderMac: Uint8Array, sender: number, targetMac: Uint8Array, target: number): void {
  writeSender(b, at, REPLY, senderMac, sender);
  copyMac(targetMac, 0, b, at + TARGET_MAC);
  putU32(b, at + TARGET_IP, target);
}

function writeSender(b: Uint8Array, at: number, op: number, senderMac: Uint8Array, sender: number): void {
  putU16(b, at + HARDWARE_TYPE, HARDWARE_ETHERNET);
  putU16(b, at + PROTOCOL_TYPE, PROTOCOL_IPV4);
  putU16(b, at + ADDRESS_LENGTHS, LENGTHS_6_AND_4);
  putU16(b, at + OPERATION, op);
  copyMac(senderMac, 0, b, at + SENDER_MAC);
  putU32(b, at + SENDER_IP, sender);
}
