import { type fd_set, type SOCKET, writeFdSet } from "../abi/structures.ts";

/** One set given in two places gets the union (Wine's test select). @returns how many entries are left in all */
export function writeSets(
  targets: readonly (fd_set | Uint8Array | undefined)[],
  ready: readonly (readonly SOCKET[] | undefined)[],
): number {
  const unions = new Map<fd_set | Uint8Array, Set<SOCKET>>();
  targets.forEach((target, i) => {
    if (target === undefined) return;
    const set = [...unions.keys()].find((other) => isSameSet(other, target)) ?? target;
    unions.set(set, new Set([...(unions.get(set) ?? []), ...(ready[i] ?? [])]));
  });
  let left = 0;
  for (const [target, members] of unions) {
    writeFdSet(target, [...members]);
    left += members.size;
  }
  return left;
}

/** Two views of the same bytes are one set. */
function isSameSet(a: fd_set | Uint8Array, b: fd_set | Uint8Array): boolean {
  if (a === b) return true;
  return a instanceof Uint8Array && b instanceof Uint8Array && a.buffer === b.buffer && a.byteOffset === b.byteOffset;
}
