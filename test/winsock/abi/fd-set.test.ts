import { describe, expect, test } from "@jest/globals";
import { FD_CLR, FD_ISSET, FD_SET, FD_ZERO } from "../../../src/winsock/abi/fd-set.ts";
import { type fd_set, new_fd_set, readFdSet } from "../../../src/winsock/abi/structures.ts";

const setOf = (...members: number[]): fd_set => {
  const set = new_fd_set();
  for (const s of members) FD_SET(s, set);
  return set;
};

describe("the FD_ macros (winsock2.h)", () => {
  test("FD_SET adds, FD_ISSET finds", () => {
    const set = setOf(4, 8);
    expect(readFdSet(set)).toEqual([4, 8]);
    expect(FD_ISSET(8, set)).toBe(1);
    expect(FD_ISSET(12, set)).toBe(0);
  });

  test("FD_SET ignores a socket that is already a member", () => {
    expect(readFdSet(setOf(4, 8, 4))).toEqual([4, 8]);
  });

  test("FD_SET silently drops the 65th member", () => {
    const set = setOf(...Array.from({ length: 65 }, (_, i) => 4 * (i + 1)));
    expect(set.fd_count).toBe(64);
    expect(FD_ISSET(4 * 64, set)).toBe(1);
    expect(FD_ISSET(4 * 65, set)).toBe(0);
  });

  test("FD_CLR closes the gap and keeps the order; clearing a stranger does nothing", () => {
    const set = setOf(4, 8, 12);
    FD_CLR(4, set);
    FD_CLR(100, set);
    expect(readFdSet(set)).toEqual([8, 12]);
  });

  test("what a cleared or zeroed member left behind in the array is no member, and can be set again", () => {
    const set = setOf(4, 8);
    FD_CLR(8, set);
    expect(FD_ISSET(8, set)).toBe(0);
    FD_ZERO(set);
    expect(FD_ISSET(4, set)).toBe(0);
    FD_SET(8, set);
    expect(readFdSet(set)).toEqual([8]);
    expect(FD_ISSET(0, set)).toBe(0);
  });

  test("a set that the program made larger than 64 is searched and cleared to its end", () => {
    const set: fd_set = { fd_count: 70, fd_array: Array.from({ length: 70 }, (_, i) => 4 * (i + 1)) };
    expect(FD_ISSET(280, set)).toBe(1);
    FD_CLR(4, set);
    expect(set.fd_count).toBe(69);
    expect(set.fd_array[68]).toBe(280);
    FD_SET(1000, set);
    expect(FD_ISSET(1000, set)).toBe(0);
  });

  test("an array that starts empty grows", () => {
    const set: fd_set = { fd_count: 0, fd_array: [] };
    FD_SET(4, set);
    expect(readFdSet(set)).toEqual([4]);
  });
});
