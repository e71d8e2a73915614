/** Whole frames between 203.0.113.2 (02:00:5e:10:00:02) and 203.0.113.1 (02:00:5e:10:00:01), byte by byte; tshark finds their checksums good. */

const bytes = (...parts: readonly (readonly number[])[]): Uint8Array => Uint8Array.from(parts.flat());
const ascii = (text: string): number[] => [...text].map((c) => c.charCodeAt(0));

const MAC_1 = [0x02, 0x00, 0x5e, 0x10, 0x00, 0x01];
const MAC_2 = [0x02, 0x00, 0x5e, 0x10, 0x00, 0x02];
const IP_1 = [203, 0, 113, 1];
const IP_2 = [203, 0, 113, 2];
export const ADDRESS_1 = 0xcb007101;
export const ADDRESS_2 = 0xcb007102;

/** Where the payload of the Ethernet frame begins, and that of its IPv4 header, in each of these frames. */
export const IP_AT = 14;
export const TRANSPORT_AT = 34;

export const SYN_FRAME = bytes(
  MAC_1, // destination
  MAC_2, // source
  [0x08, 0x00], // IPv4
  [0x45, 0x00, 0x00, 0x34], // version 4, 20 bytes of header; type of service; total length 52
  [0x00, 0x07, 0x40, 0x00], // identification 7; don't fragment
  [0x40, 0x06, 0xc2, 0xb8], // time to live 64; TCP; checksum
  IP_2, // source
  IP_1, // destination
  [0xc0, 0x00, 0x00, 0x50], // ports 49152 and 80
  [0xff, 0xff, 0xff, 0xf0], // sequence number, 16 below the wrap
  [0x00, 0x00, 0x00, 0x00], // no acknowledgment
  [0x80, 0x02, 0xfa, 0xf0], // 32 bytes of header; SYN; window 64240
  [0x3b, 0xd9, 0x00, 0x00], // checksum; urgent pointer
  [0x02, 0x04, 0x05, 0xb4], // MSS 1460
  [0x01, 0x03, 0x03, 0x08], // NOP, window scale 8
  [0x01, 0x01, 0x04, 0x02], // NOP, NOP, SACK permitted
);

export const DATA_FRAME = bytes(
  MAC_2, // destination
  MAC_1, // source
  [0x08, 0x00], // IPv4
  [0x45, 0x00, 0x00, 0x4d], // version 4, 20 bytes of header; type of service; total length 77
  [0x00, 0x08, 0x40, 0x00], // identification 8; don't fragment
  [0x40, 0x06, 0xc2, 0x9e], // time to live 64; TCP; checksum
  IP_1, // source
  IP_2, // destination
  [0x00, 0x50, 0xc0, 0x00], // ports 80 and 49152
  [0x11, 0x22, 0x33, 0x44], // sequence number
  [0xff, 0xff, 0xff, 0xf1], // acknowledgment
  [0xd0, 0x18, 0x01, 0xf6], // 52 bytes of header; PSH, ACK; window 502
  [0x51, 0xc4, 0x00, 0x00], // checksum; urgent pointer
  [0x01, 0x01, 0x08, 0x0a], // NOP, NOP, timestamps
  [0x00, 0x00, 0x00, 0x64], // TSval 100
  [0x00, 0x00, 0x00, 0x32], // TSecr 50
  [0x01, 0x01, 0x05, 0x12], // NOP, NOP, two SACK blocks
  [0x00, 0x00, 0x03, 0xe8], // 1000
  [0x00, 0x00, 0x07, 0xd0], // to 2000
  [0xff, 0xff, 0xff, 0x00], // 4294967040
  [0x00, 0x00, 0x01, 0x00], // to 256, across the wrap
  ascii("hello"),
);

export const UDP_FRAME = bytes(
  MAC_1, // destination
  MAC_2, // source
  [0x08, 0x00], // IPv4
  [0x45, 0x00, 0x00, 0x1f], // version 4, 20 bytes of header; type of service; total length 31
  [0x00, 0x09, 0x40, 0x00], // identification 9; don't fragment
  [0x40, 0x11, 0xc2, 0xc0], // time to live 64; UDP; checksum
  IP_2, // source
  IP_1, // destination
  [0x13, 0x88, 0x00, 0x07], // ports 5000 and 7
  [0x00, 0x0b, 0xaf, 0xe1], // length 11; checksum
  ascii("abc"),
);

export const ECHO_FRAME = bytes(
  MAC_1, // destination
  MAC_2, // source
  [0x08, 0x00], // IPv4
  [0x45, 0x00, 0x00, 0x20], // version 4, 20 bytes of header; type of service; total length 32
  [0x00, 0x0a, 0x40, 0x00], // identification 10; don't fragment
  [0x40, 0x01, 0xc2, 0xce], // time to live 64; ICMP; checksum
  IP_2, // source
  IP_1, // destination
  [0x08, 0x00, 0x06, 0xfa], // echo request; code 0; checksum
  [0x12, 0x34, 0x00, 0x01], // identifier 0x1234; sequence 1
  ascii("ping"),
);

/** The answer of a router to SYN_FRAME: too long for its next link. */
export const UNREACHABLE_FRAME = bytes(
  MAC_2, // destination
  MAC_1, // source
  [0x08, 0x00], // IPv4
  [0x45, 0x00, 0x00, 0x38], // version 4, 20 bytes of header; type of service; total length 56
  [0x00, 0x0b, 0x00, 0x00], // identification 11; may be fragmented
  [0x40, 0x01, 0x02, 0xb6], // time to live 64; ICMP; checksum
  IP_1, // source
  IP_2, // destination
  [0x03, 0x04, 0x37, 0xba], // destination unreachable; fragmentation needed; checksum
  [0x00, 0x00, 0x05, 0x00], // unused; next-hop MTU 1280
  [...SYN_FRAME.subarray(IP_AT, IP_AT + 28)], // the IPv4 header of the SYN, and eight bytes of its TCP header
);

export const ARP_FRAME = bytes(
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff], // destination: everyone
  MAC_2, // source
  [0x08, 0x06], // ARP
  [0x00, 0x01, 0x08, 0x00], // Ethernet; IPv4
  [0x06, 0x04, 0x00, 0x01], // address lengths; request
  MAC_2, // sender
  IP_2,
  [0x00, 0x00, 0x00, 0x00, 0x00, 0x00], // target: unknown
  IP_1,
);

/** A copy with some bytes replaced. */
export function changed(frame: Uint8Array, at: number, ...values: readonly number[]): Uint8Array {
  const copy = frame.slice();
  copy.set(values, at);
  return copy;
}
