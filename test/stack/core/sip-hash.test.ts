import { expect, test } from "@jest/globals";
import { networkBytes, parseAddress } from "../../../src/stack/core/address.ts";
import { SipHash } from "../../../src/stack/core/sip-hash.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const upTo = (length: number) => Uint8Array.from({ length }, (_, i) => i);

test.each([
  [0, "310e0edd47db6f72"],
  [1, "fd67dc93c539f874"],
  [8, "62" + "24939a79f5f593"],
  [15, "e545be4961ca29a1"],
])("of %i bytes the hash is that of the reference (Aumasson and Bernstein, appendix A and vectors)", (length, hash) => {
  const key = new SipHash([0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c]);
  expect(hex(key.of(upTo(length)))).toBe(hash);
});

test("cookies are those of Linux for the same key and addresses", () => {
  const key = new SipHash([0xa1a1a1a1, 0xb2b2b2b2, 0xc3c3c3c3, 0xd4d4d4d4].map((word) => word | 0) as [number, number, number, number]);
  const cookie = (client: string, server: string) => hex(key.of(networkBytes(parseAddress(client), parseAddress(server))));
  expect(cookie("192.0.2.1", "192.168.0.1")).toBe("3021b9d889017eeb");
  expect(cookie("fd3d:fa7b:d17d::1", "fd3d:0a0b:17d6::1")).toBe("c1d1e9742a47a9bc");
});
