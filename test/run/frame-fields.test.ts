import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { type FrameField, frameFields } from "../../src/run/frame-fields.ts";

const fromHex = (text: string): Uint8Array =>
  Uint8Array.from(text.replaceAll(/\s/g, "").match(/../g)!, (pair) => Number.parseInt(pair, 16));

const ETHERNET = "02005e256ac6 02005ecbdc6a";
const IPV4 = (protocol: string, length: string) => `0800 4500${length} 46d04000 80${protocol}1234 cb007102 cb007101`;
const SYN = fromHex(`${ETHERNET} ${IPV4("06", "0034")} cd520050 fd90ef36 00000000 8002faf0 5367 0000 020405b4 01030308 01010402`);

function field(bytes: Uint8Array, layer: string, name: string): FrameField {
  const fields = frameFields(bytes).find((each) => each.name === layer)!.fields;
  return fields.flatMap((each) => [each, ...(each.parts ?? [])]).find((each) => each.name === name)!;
}

test("a SYN over IPv4, field by field", () => {
  expect(frameFields(SYN).map(({ name, at, end, source }) => [name, at, end, source])).toEqual([
    ["Ethernet II", 0, 14, "IEEE 802.3"],
    ["IPv4", 14, 34, "RFC 791"],
    ["TCP", 34, 66, "RFC 9293"],
  ]);
  expect(field(SYN, "Ethernet II", "Source")).toEqual({
    name: "Source",
    bitAt: 48,
    bitLength: 48,
    value: "02:00:5e:cb:dc:6a",
    meaning: undefined,
  });
  expect(field(SYN, "IPv4", "DF")).toEqual({ name: "DF", bitAt: 20 * 8 + 1, bitLength: 1, value: "1", meaning: "don't fragment" });
  expect(field(SYN, "IPv4", "Protocol")).toMatchObject({ value: "6", meaning: "TCP" });
  expect(field(SYN, "IPv4", "Source Address").value).toBe("203.0.113.2");
  expect(field(SYN, "TCP", "Sequence Number")).toMatchObject({ bitAt: 38 * 8, bitLength: 32, value: String(0xfd90ef36) });
  expect(field(SYN, "TCP", "SYN")).toMatchObject({ bitAt: 47 * 8 + 6, bitLength: 1, value: "1" });
  expect(field(SYN, "TCP", "ACK")).toMatchObject({ value: "0", meaning: undefined });
  expect(field(SYN, "TCP", "Window").value).toBe("64240");
  expect(field(SYN, "TCP", "Maximum Segment Size")).toMatchObject({ bitAt: 54 * 8, bitLength: 32, value: "1460" });
  expect(field(SYN, "TCP", "Window Scale").value).toBe("8 (× 256)");
  expect(field(SYN, "TCP", "Options").parts!.map(({ name }) => name)).toEqual([
    "Maximum Segment Size",
    "No-Operation",
    "Window Scale",
    "No-Operation",
    "No-Operation",
    "SACK Permitted",
  ]);
});

test("other headers", () => {
  const arp = fromHex(`ffffffffffff 02005ecbdc6a 0806 0001 0800 06 04 0002 02005ecbdc6a cb007102 000000000000 cb007101 ${"00".repeat(18)}`);
  expect(frameFields(arp).map(({ name }) => name)).toEqual(["Ethernet II", "ARP", "Padding"]);
  expect(field(arp, "ARP", "Opcode")).toMatchObject({ value: "2", meaning: "reply" });
  expect(field(arp, "ARP", "Target Protocol Address").value).toBe("203.0.113.1");

  const udp = fromHex(`${ETHERNET} ${IPV4("11", "0020")} 00350036 000c0000 68656c6c`);
  expect(field(udp, "UDP", "Destination Port").value).toBe("54");
  expect(field(udp, "UDP", "Checksum").meaning).toBe("none");
  expect(frameFields(udp).at(-1)).toMatchObject({ name: "Data", at: 42, end: 46, fields: [{ value: "4 bytes", meaning: "hell" }] });

  const tooBig = fromHex(`${ETHERNET} ${IPV4("01", "001c")} 0304abcd 00000500`);
  expect(field(tooBig, "ICMP", "Type").meaning).toBe("fragmentation needed and DF set");
  expect(field(tooBig, "ICMP", "Next-Hop MTU").value).toBe("1280");

  const fragment = fromHex(`${ETHERNET} 0800 4500001c 46d00001 80061234 cb007102 cb007101 0102030405060708`);
  expect(frameFields(fragment).map(({ name }) => name)).toEqual(["Ethernet II", "IPv4", "Data"]);

  const v6 = fromHex(`${ETHERNET} 86dd 60000000 0020 2c 40 20010db8${"00".repeat(11)}02 ${"00".repeat(15)}01
    3a000000 00000007 8700abcd 00000000 fe80${"00".repeat(13)}09`);
  expect(frameFields(v6).map(({ name }) => name)).toEqual(["Ethernet II", "IPv6", "Fragment header", "ICMPv6"]);
  expect(field(v6, "IPv6", "Source Address").value).toBe("2001:db8::2");
  expect(field(v6, "IPv6", "Destination Address").value).toBe("::1");
  expect(field(v6, "ICMPv6", "Target Address").value).toBe("fe80::9");

  const tagged = fromHex(`${ETHERNET} 8100 0064 ${IPV4("06", "0014")}`);
  expect(field(tagged, "VLAN tag", "VLAN").value).toBe("100");
});

test("what is cut short ends in a field that says so; a wrong option ends the options", () => {
  expect(frameFields(SYN.slice(0, 40)).at(-1)!.fields.at(-1)).toEqual({
    name: "Cut short",
    bitAt: 38 * 8,
    bitLength: 16,
    value: "Sequence Number…",
  });
  const wrong = SYN.slice();
  wrong[55] = 40;
  expect(field(wrong, "TCP", "Options").parts).toEqual([{ name: "Option 2", bitAt: 54 * 8, bitLength: 96, value: "its length is wrong" }]);
  expect(frameFields(new Uint8Array())).toMatchObject([{ name: "Ethernet II", fields: [] }]);
});

/** Frames that get past the first checks. */
const frames = fc.oneof(
  fc.uint8Array({ maxLength: 120 }),
  fc
    .tuple(fc.constantFrom("0800", "86dd", "0806", "8100", "88a8"), fc.uint8Array({ maxLength: 120 }))
    .map(([type, rest]) => new Uint8Array([...fromHex(ETHERNET + type), ...rest])),
  fc.tuple(fc.nat(SYN.length - 1), fc.nat(255), fc.nat(SYN.length)).map(([at, value, length]) => {
    const bytes = SYN.slice(0, length);
    if (at < length) bytes[at] = value;
    return bytes;
  }),
);

test("any bytes: layers and fields stand in a row, and claim every byte once", () => {
  fc.assert(
    fc.property(frames, (bytes) => {
      let bit = 0;
      for (const layer of frameFields(bytes)) {
        expect(layer.at * 8).toBe(bit);
        for (const each of layer.fields) {
          expect(each.bitAt).toBe(bit);
          expect(each.bitLength).toBeGreaterThan(0);
          bit += each.bitLength;
          if (each.parts !== undefined) {
            let part = each.bitAt;
            for (const inner of each.parts) {
              expect(inner.bitAt).toBe(part);
              part += inner.bitLength;
            }
            expect(part).toBe(bit);
          }
        }
        expect(layer.end * 8).toBe(bit);
      }
      expect(bit).toBe(bytes.length * 8);
    }),
    { numRuns: 1000 },
  );
});
