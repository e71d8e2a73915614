import { expect, test } from "@jest/globals";
import { seq } from "../../../src/stack/core/seq.ts";
import * as ipv4 from "../../../src/stack/packet/ipv4.ts";
import { superseding } from "../../../src/stack/packet/superseding.ts";
import { ACK, FIN, PSH, RST, SYN, writeHeader } from "../../../src/stack/packet/tcp.ts";

interface Told {
  readonly seq?: number;
  readonly ack?: number;
  readonly flags?: number;
  readonly text?: number;
  readonly port?: number;
  readonly protocol?: number;
  readonly to?: number;
}

/** A datagram that begins three bytes into its buffer. */
function datagram({ seq: number = 1000, ack = 1, flags = ACK, text = 0, port = 80, protocol = 6, to = 0xcb007101 }: Told): Uint8Array {
  const bytes = new Uint8Array(3 + 40 + text);
  ipv4.writeHeader(bytes, 3, 40 + text, 0xcb007102, to, protocol, 64, 7, 0);
  writeHeader(bytes, 23, 50_000, port, seq(number), seq(ack), 20, flags, 1000);
  return bytes;
}

test.each<[string, Told, Told, string]>([
  ["a SYN sent again", { flags: SYN }, { flags: SYN }, "newer"],
  ["a SYN of a later connection", { flags: SYN }, { flags: SYN, seq: 77_777 }, "newer"],
  ["a SYN-ACK sent again", { flags: SYN | ACK }, { flags: SYN | ACK }, "newer"],
  ["a reset sent again", { flags: RST | ACK }, { flags: RST | ACK }, "newer"],
  ["a reset after a SYN", { flags: SYN }, { flags: RST }, "neither"],
  ["a reset after text", { text: 10 }, { flags: RST | ACK }, "neither"],
  ["the same text", { text: 100 }, { text: 100 }, "newer"],
  ["the same text with PSH", { text: 100 }, { text: 100, flags: ACK | PSH }, "newer"],
  ["more text from the same number", { text: 100 }, { text: 200 }, "newer"],
  ["text from before to beyond", { seq: 1050, text: 10 }, { text: 100 }, "newer"],
  ["text across the wrap of numbers", { seq: 5, text: 10 }, { seq: -20, text: 100 }, "newer"],
  ["less text from the same number", { text: 200 }, { text: 100 }, "older"],
  ["text from within", { text: 200 }, { seq: 1100, text: 100 }, "older"],
  ["text that goes on", { text: 100 }, { seq: 1100, text: 100 }, "neither"],
  ["text that overlaps", { text: 100 }, { seq: 1050, text: 100 }, "neither"],
  ["the same text with a FIN", { text: 100 }, { text: 100, flags: ACK | FIN }, "newer"],
  ["the same text, now without the FIN", { text: 100, flags: ACK | FIN }, { text: 100 }, "older"],
  ["a FIN sent again", { flags: ACK | FIN }, { flags: ACK | FIN }, "newer"],
  ["a keep-alive or acknowledgement sent again", {}, {}, "newer"],
  ["an acknowledgement of more", {}, { ack: 500 }, "newer"],
  ["an acknowledgement after text", { text: 100 }, { seq: 1100 }, "neither"],
  ["an acknowledgement from where text begins", { text: 100 }, {}, "neither"],
  ["text after an acknowledgement", {}, { text: 100 }, "neither"],
  ["the same of another flow", { text: 100 }, { text: 100, port: 81 }, "neither"],
  ["the same to another host", { text: 100 }, { text: 100, to: 0xcb007103 }, "neither"],
  ["the same of UDP: two equal datagrams are two datagrams", { protocol: 17 }, { protocol: 17 }, "neither"],
  ["a ping after a segment", {}, { protocol: 1 }, "neither"],
])("%s: what waits first, then what comes", (_what, older, newer, expected) => {
  expect(superseding(datagram(newer), 3, datagram(older), 3)).toBe(expected);
});
