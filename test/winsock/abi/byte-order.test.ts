import { describe, expect, test } from "@jest/globals";
import { htonl, htons, ntohl, ntohs } from "../../../src/winsock/abi/byte-order.ts";

describe("byte order on a little-endian machine (Microsoft, htons and htonl)", () => {
  test("htons(80) is 0x5000, and ntohs brings it back", () => {
    expect(htons(80)).toBe(0x5000);
    expect(ntohs(0x5000)).toBe(80);
  });

  test("32-bit results are unsigned", () => {
    expect(htonl(0x7f000001)).toBe(0x0100007f);
    expect(htonl(0x000000ff)).toBe(0xff000000);
    expect(ntohl(0xff000000)).toBe(0xff);
    expect(htonl(0xffffffff)).toBe(0xffffffff);
  });

  test("arguments are cut to the parameter's width, as a C cast would", () => {
    expect(htons(0x12345)).toBe(0x4523);
    expect(htons(-1)).toBe(0xffff);
    expect(htonl(-2)).toBe(0xfeffffff);
    expect(htons(Number.NaN)).toBe(0);
  });
});
