/** Small whole frames with right checksums, between 203.0.113.1 and .2, for tests of devices that look into frames. */

const BITS: Readonly<Record<string, number>> = { F: 0x01, S: 0x02, R: 0x04, P: 0x08, A: 0x10 };

export function tcpFrame(flags: string, payload = 0): Uint8Array {
  const b = ipFrame(6, 20 + payload);
  const tcp = 34;
  b.set([0x9c, 0x40, 0x00, 0x50, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0, 0xff, 0xff], tcp);
  for (const f of flags) b[tcp + 13]! |= BITS[f]!;
  fillPayload(b, tcp + 20);
  setSum(b, tcp + 16, pseudoSum(b, 6) + sumOf(b, tcp, b.length));
  return b;
}

export function udpFrame(payload: number): Uint8Array {
  const b = ipFrame(17, 8 + payload);
  const udp = 34;
  b.set([0x9c, 0x40, 0x13, 0x88, 0, 8 + payload], udp);
  fillPayload(b, udp + 8);
  setSum(b, udp + 6, pseudoSum(b, 17) + sumOf(b, udp, b.length));
  return b;
}

/** As a stack with checksum offload would send it: the field holds the folded pseudo-header sum. */
export function partialUdpFrame(payload: number): Uint8Array {
  const b = udpFrame(payload);
  const folded = fold(pseudoSum(b, 17));
  b[40] = folded >>> 8;
  b[41] = folded & 0xff;
  return b;
}

export function arpFrame(): Uint8Array {
  const b = new Uint8Array(60);
  b.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1], 0);
  b.set([2, 0, 0, 0, 0, 1, 203, 0, 113, 1, 0, 0, 0, 0, 0, 0, 203, 0, 113, 2], 22);
  return b;
}

/** Whether the TCP or UDP checksum of an IPv4 frame is right. */
export const hasGoodChecksum = (b: Uint8Array): boolean => fold(pseudoSum(b, b[23]!) + sumOf(b, 34, b.length)) === 0xffff;

function ipFrame(protocol: number, payload: number): Uint8Array {
  const b = new Uint8Array(34 + payload);
  const total = 20 + payload;
  b.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00], 0);
  b.set([0x45, 0, total >>> 8, total & 0xff, 0, 1, 0x40, 0, 64, protocol, 0, 0, 203, 0, 113, 1, 203, 0, 113, 2], 14);
  setSum(b, 24, sumOf(b, 14, 34));
  return b;
}

function fillPayload(b: Uint8Array, at: number): void {
  for (let i = at; i < b.length; i++) b[i] = i * 7;
}

function sumOf(b: Uint8Array, at: number, end: number): number {
  let sum = 0;
  for (let i = at; i < end; i++) sum += (i - at) % 2 === 0 ? b[i]! * 256 : b[i]!;
  return sum;
}

const pseudoSum = (b: Uint8Array, protocol: number): number => sumOf(b, 26, 34) + protocol + b.length - 34;

function fold(sum: number): number {
  let n = sum;
  while (n > 0xffff) n = (n >>> 16) + (n & 0xffff);
  return n;
}

function setSum(b: Uint8Array, at: number, sum: number): void {
  const checksum = ~fold(sum) & 0xffff;
  b[at] = checksum >>> 8;
  b[at + 1] = checksum & 0xff;
}
