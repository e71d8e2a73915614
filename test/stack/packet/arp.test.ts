import { describe, expect, test } from "@jest/globals";
import * as arp from "../../../src/stack/packet/arp.ts";
import { ADDRESS_1, ADDRESS_2, ARP_FRAME, changed } from "./frames.ts";

const PACKET = ARP_FRAME.subarray(14);
const MAC_1 = Uint8Array.of(0x02, 0x00, 0x5e, 0x10, 0x00, 0x01);
const MAC_2 = Uint8Array.of(0x02, 0x00, 0x5e, 0x10, 0x00, 0x02);

describe("ARP (RFC 826)", () => {
  test("a request is written as it stands on the wire, over bytes of an older packet", () => {
    const b = new Uint8Array(arp.LENGTH + 2).fill(0xee);
    arp.writeRequest(b, 1, MAC_2, ADDRESS_2, ADDRESS_1);
    expect([...b]).toEqual([0xee, ...PACKET, 0xee]);
  });

  test("a reply reads back with all four addresses", () => {
    const b = new Uint8Array(arp.LENGTH);
    arp.writeReply(b, 0, MAC_1, ADDRESS_1, MAC_2, ADDRESS_2);
    expect(arp.check(b, 0, b.length)).toBeUndefined();
    expect(arp.operation(b, 0)).toBe(arp.REPLY);
    expect([arp.senderIp(b, 0), arp.targetIp(b, 0)]).toEqual([ADDRESS_1 | 0, ADDRESS_2 | 0]);
    expect([arp.senderMacText(b, 0), arp.targetMacText(b, 0)]).toEqual(["02:00:5e:10:00:01", "02:00:5e:10:00:02"]);
    const mac = new Uint8Array(6);
    arp.copySenderMac(b, 0, mac);
    expect(mac).toEqual(MAC_1);
  });

  test("padding behind the packet is not complained of", () => {
    expect(arp.check(changed(new Uint8Array(46), 0, ...PACKET), 0, 46)).toBeUndefined();
  });

  test("[ARP-02] each wrong field has its own reason", () => {
    const check = (at: number, ...values: number[]) => arp.check(changed(PACKET, at, ...values), 0, arp.LENGTH);
    expect(check(1, 6)).toBe("arp-bad-hardware-type");
    expect(check(2, 0x86, 0xdd)).toBe("arp-bad-protocol-type");
    expect(check(4, 8)).toBe("arp-bad-address-length");
    expect(check(5, 16)).toBe("arp-bad-address-length");
    expect(check(7, 0)).toBe("arp-bad-operation");
    expect(check(6, 1, 1)).toBe("arp-bad-operation");
    expect(check(7, 2)).toBeUndefined();
    for (let length = 0; length < arp.LENGTH; length++) expect(arp.check(PACKET, 0, length)).toBe("arp-truncated");
  });

  test("a sender that is a group or zero is known for no station", () => {
    expect(arp.isSenderStation(PACKET, 0)).toBe(true);
    expect(arp.isSenderStation(changed(PACKET, 8, 0x03), 0)).toBe(false);
    expect(arp.isSenderStation(changed(PACKET, 8, 0, 0, 0, 0, 0, 0), 0)).toBe(false);
  });
});
