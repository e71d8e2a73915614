import { expect, test } from "@jest/globals";
import { tellOfAddresses } from "../../src/network/address-news.ts";
import { parseV4 } from "../../src/stack/core/address.ts";
import * as dhcp from "../../src/stack/packet/dhcp.ts";
import { DhcpScript, OFFERED, octets, SERVER } from "../support/dhcp-script.ts";

test("what becomes of addresses and leases is told in sentences, and only a lost one is a warning", () => {
  const script = new DhcpScript();
  const told: string[] = [];
  tellOfAddresses(script.host, script.through, {
    warn: (sentence) => told.push(`warning: ${sentence}`),
    inform: (sentence) => told.push(sentence),
  });
  script.bind({ options: { [dhcp.OPTION_DNS_SERVERS]: octets(SERVER), [dhcp.OPTION_MTU]: [5, 20] } });
  const address = "203.0.113.77/24 (dhcp) of eth0";
  expect(told.map((sentence) => sentence.replace(/for \d+ s/, "for … s"))).toEqual([
    "The DHCP client of eth0 is in SELECTING",
    "The DHCP client of eth0 is in REQUESTING",
    `The address ${address} is tried for conflicts`,
    "The DHCP client of eth0 is in CHECKING",
    "The DHCP client of eth0 is in BOUND with 203.0.113.77 from 203.0.113.1 for … s; router 203.0.113.1; name servers 203.0.113.1; MTU 1300",
    `The address ${address} is in use`,
  ]);
  told.length = 0;
  script.claim(OFFERED);
  script.claim(OFFERED);
  expect(told).toEqual(["The DHCP client of eth0 is in WAITING", `warning: The address ${address} is given up: another station has it`]);
  told.length = 0;
  const own = parseV4("203.0.113.5");
  script.host.ip.addAddress(script.through, own, 24, {
    preferredUntilMs: script.simulation.now + 10,
    validUntilMs: script.simulation.now + 20,
  });
  script.advance(100);
  script.host.ip.addAddress(script.through, own, 24);
  script.host.ip.removeAddress(script.through, own);
  const manual = "The address 203.0.113.5/24 (manual) of eth0 is";
  expect(told).toEqual([
    `${manual} in use`,
    `${manual} deprecated: new traffic takes another`,
    `${manual} gone: its time is over`,
    `${manual} in use`,
    `${manual} gone`,
  ]);
});
