import * as checksum from "../../dist/stack/packet/checksum.js";

/** What a device without offloads costs us for each segment. */
export function addChecksums(add) {
  const bytes = Uint8Array.from({ length: 65_536 }, (_, i) => (i * 31) & 255);
  for (const length of [20, 1460, 64_240]) {
    let sum = 0;
    add(`checksum of ${length} bytes`, () => {
      // One sum begins the next, so that none can be left out.
      sum = checksum.finish(checksum.sum(bytes, 14, length, sum));
    });
  }
}
