import { describe, expect, test } from "@jest/globals";
import * as ethernet from "../../../src/stack/packet/ethernet.ts";
import { ARP_FRAME, SYN_FRAME } from "./frames.ts";

const MAC_1 = Uint8Array.of(0x02, 0x00, 0x5e, 0x10, 0x00, 0x01);
const MAC_2 = Uint8Array.of(0x02, 0x00, 0x5e, 0x10, 0x00, 0x02);

describe("Ethernet frames (RFC 894)", () => {
  test("addresses and type are read from their places", () => {
    expect(ethernet.destinationText(SYN_FRAME, 0)).toBe("02:00:5e:10:00:01");
    expect(ethernet.sourceText(SYN_FRAME, 0)).toBe("02:00:5e:10:00:02");
    expect(ethernet.type(SYN_FRAME, 0)).toBe(ethernet.TYPE_IPV4);
    expect(ethernet.type(ARP_FRAME, 0)).toBe(ethernet.TYPE_ARP);

    const copies = new Uint8Array(14);
    ethernet.copyDestination(SYN_FRAME, 0, copies, 1);
    ethernet.copySource(SYN_FRAME, 0, copies, 7);
    expect([...copies]).toEqual([0, ...MAC_1, ...MAC_2, 0]);
  });

  test("a written header reads back the same, and touches nothing beside it", () => {
    const b = new Uint8Array(20).fill(0xee);
    ethernet.writeHeader(b, 3, MAC_1, MAC_2, ethernet.TYPE_IPV4);
    expect([...b]).toEqual([0xee, 0xee, 0xee, ...SYN_FRAME.subarray(0, 14), 0xee, 0xee, 0xee]);
  });

  test("fewer than 14 bytes are no header", () => {
    for (let length = 0; length < 14; length++) expect(ethernet.check(SYN_FRAME, 0, length)).toBe("ethernet-truncated");
    expect(ethernet.check(SYN_FRAME, 0, 14)).toBeUndefined();
  });

  test("broadcast, multicast and unicast destinations are told apart (RFC 1122 §2.4)", () => {
    const to = (...mac: number[]) => {
      const frame = SYN_FRAME.slice();
      frame.set(mac);
      return [ethernet.isBroadcast(frame, 0), ethernet.isGroup(frame, 0), ethernet.isDestination(frame, 0, MAC_1)];
    };
    expect(to(0xff, 0xff, 0xff, 0xff, 0xff, 0xff)).toEqual([true, true, false]);
    expect(to(0xff, 0xff, 0xff, 0xff, 0xff, 0xfe)).toEqual([false, true, false]);
    expect(to(0x01, 0x00, 0x5e, 0x00, 0x00, 0x01)).toEqual([false, true, false]);
    expect(to(...MAC_1)).toEqual([false, false, true]);
    expect(to(...MAC_2)).toEqual([false, false, false]);
  });

  test("a group or all zeros cannot be a station", () => {
    expect(ethernet.isStationMac(MAC_1, 0)).toBe(true);
    expect(ethernet.isStationMac(new Uint8Array(6), 0)).toBe(false);
    expect(ethernet.isStationMac(ethernet.BROADCAST_MAC, 0)).toBe(false);
    expect(ethernet.isStationMac(Uint8Array.of(0, 0, 0, 0, 0, 1), 0)).toBe(true);
  });

  test("an IPv4 group maps to 01:00:5e and its low 23 bits (RFC 1112 §6.4)", () => {
    const mac = (group: number) => {
      const b = new Uint8Array(6);
      ethernet.putMulticastMacV4(b, 0, group);
      return ethernet.macText(b);
    };
    expect(mac(0xe0000001)).toBe("01:00:5e:00:00:01"); // 224.0.0.1
    expect(mac(0xe00000fb)).toBe("01:00:5e:00:00:fb"); // 224.0.0.251
    expect(mac(0xefffffff)).toBe("01:00:5e:7f:ff:ff"); // 239.255.255.255: bit 23 is lost
  });

  test("MACs are read from text with colons or dashes, and from nothing else", () => {
    expect(ethernet.parseMac("02:00:5e:10:00:01")).toEqual(MAC_1);
    expect(ethernet.parseMac("02-00-5E-10-00-01")).toEqual(MAC_1);
    for (const text of [
      "",
      "02:00:5e:10:00",
      "02:00:5e:10:00:01:02",
      "02:00:5e:10:00:0g",
      "02:00:5e-10:00:01",
      "2:0:5e:10:0:1",
      "02005e100001",
    ]) {
      expect({ text, mac: ethernet.parseMac(text) }).toEqual({ text, mac: undefined });
    }
  });
});
