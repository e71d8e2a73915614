/** A router that says of everything that it is to pass on why it does not: an ICMP error, RFC 792. */
import { plainFrame } from "tapsock";
import { wire } from "./virtual-time.mjs";

const IP = 14; // where the IPv4 header begins
const SOURCE = IP + 12;
const DESTINATION = IP + 16;

/** @param address its own */
export function refusingRouter(address, { type, code }) {
  const own = Uint8Array.from(address.split("."));
  const device = wire.device({ name: "router" });
  const send = (frame) => device.transmit(Uint8Array.from([...new Uint8Array(16), ...frame]), 16, 16 + frame.length, plainFrame());

  function frame(bytes, at, end) {
    const asked = bytes.slice(at, end);
    const isArpRequest = asked[12] === 8 && asked[13] === 6 && asked[21] === 1;
    if (isArpRequest && own.every((byte, i) => asked[38 + i] === byte)) {
      send([...asked.slice(6, 12), ...device.mac, ...asked.slice(12, 20), 0, 2, ...device.mac, ...own, ...asked.slice(22, 32)]);
    } else if (asked[12] === 8 && asked[13] === 0) send(icmpError(asked));
  }

  /** With the header of what is refused, and the first eight bytes behind it. */
  function icmpError(asked) {
    const quote = asked.slice(IP, IP + 28);
    const icmp = withChecksum([type, code, 0, 0, 0, 0, 0, 0, ...quote], 2);
    const length = 20 + icmp.length;
    const header = [0x45, 0, 0, length, 0, 0, 0, 0, 64, 1, 0, 0, ...own, ...asked.slice(SOURCE, DESTINATION)];
    return [...asked.slice(6, 12), ...device.mac, 8, 0, ...withChecksum(header, 10), ...icmp];
  }

  device.setListener({ readable: () => device.receive({ frame }, 100), writable() {}, linkChanged() {} });
}

/** RFC 1071; the length is even. */
function withChecksum(bytes, at) {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += bytes[i] * 256 + bytes[i + 1];
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return bytes.with(at, ~(sum >>> 8) & 0xff).with(at + 1, ~sum & 0xff);
}
