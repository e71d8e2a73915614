/**
 * A locally administered unicast address that stays the same for a name, so that a peer's neighbour cache survives a restart:
 * 02:00:5e and 24 bits of the name's FNV-1a hash.
 */
export function macForName(name: string): Uint8Array {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return Uint8Array.of(0x02, 0x00, 0x5e, (hash >>> 16) & 0xff, (hash >>> 8) & 0xff, hash & 0xff);
}

/** @throws RangeError unless it is six bytes of a unicast address other than zero */
export function assertUnicastMac(mac: Uint8Array): void {
  if (mac.length !== 6 || (mac[0]! & 1) !== 0 || mac.every((b) => b === 0)) {
    throw new RangeError(`Cannot use [${[...mac]}] as a MAC address: want six bytes of a unicast address`);
  }
}
