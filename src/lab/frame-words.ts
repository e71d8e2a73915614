import { type Seq, seq, seqDiff } from "../stack/core/seq.ts";
import type { FrameDescription, TcpDescription } from "../stack/packet/frame-description.ts";

/** Flows whose first sequence numbers are remembered; the oldest is forgotten first. */
const MAX_FLOWS = 4096;

/**
 * Puts frames in the few words that fit on the arrow of a ladder: without the addresses, which stand at the lifelines, and with
 * TCP's numbers counted from where each direction began.
 */
export class FrameNarrator {
  /** Initial sequence number by direction of a flow. */
  readonly #initial = new Map<string, Seq>();

  narrate(frame: FrameDescription): string {
    switch (frame.protocol) {
      case "tcp":
        return this.#tcp(frame);
      case "udp":
        if (frame.dns !== undefined) return `DNS ${frame.dns}`;
        return `UDP ${frame.sourcePort} to ${frame.destinationPort} len=${frame.payloadLength}`;
      case "icmp":
        return `ICMP ${frame.message}${frame.sequence === undefined ? "" : ` seq=${frame.sequence}`}`;
      case "icmpv6": {
        // A question and its answer need no name, as in ARP.
        const isNeighbourly = frame.target !== undefined && frame.message !== "redirect";
        const words = [isNeighbourly ? "" : frame.message, frame.sequence === undefined ? "" : `seq=${frame.sequence}`, frame.detail];
        return ["ICMPv6", ...words.filter((word) => word !== "")].join(" ");
      }
      case "arp":
        return frame.operation === "request" ? `ARP who has ${frame.targetIp}?` : `ARP ${frame.senderIp} is at ${frame.senderMac}`;
      case "ipv4":
      case "ipv6":
      case "ethernet":
        return frame.summary.replace(`${frame.source} → ${frame.destination} `, "");
    }
  }

  #tcp(segment: TcpDescription): string {
    const here = `${segment.source} ${segment.destination}`;
    const there = `${segment.destination} ${segment.source}`;
    const flags = segment.flags.split(",");
    const isSyn = flags.includes("SYN");
    const isRst = flags.includes("RST");
    const sequence = seq(segment.seq);
    const acknowledged = seq(segment.ack);

    // A reset may carry a number of nobody's (0 when it answers a SYN), which must not become anybody's beginning.
    if (isSyn) this.#remember(here, sequence);
    else if (!isRst && !this.#initial.has(here)) this.#remember(here, seq(sequence - 1));

    const words = [segment.flags || "no flags", `seq=${this.#relative(here, sequence)}`];
    if (flags.includes("ACK")) {
      if (!isRst && !this.#initial.has(there)) this.#remember(there, seq(acknowledged - 1));
      words.push(`ack=${this.#relative(there, acknowledged)}`);
    }
    if (segment.payloadLength > 0) words.push(`len=${segment.payloadLength}`);
    if (!isRst) words.push(`win=${segment.window}`);
    for (const option of segment.options) words.push(...this.#optionWords(option, isSyn, there));
    if (segment.malformed !== undefined) words.push(segment.malformed);
    return words.join(" ");
  }

  #optionWords(option: string, isSyn: boolean, there: string): string[] {
    const [kind = "", ...values] = option.split(" ");
    if (kind === "sack") return values.map((block) => `sack=${this.#relativeBlock(there, block)}`);
    if (!isSyn) return [];
    if (kind === "mss" || kind === "ws") return [`${kind}=${values.join()}`];
    return kind === "sackOk" || kind === "ts" ? [kind] : [];
  }

  #relativeBlock(flow: string, block: string): string {
    return block
      .split("-")
      .map((edge) => this.#relative(flow, seq(Number(edge))))
      .join("-");
  }

  #relative(flow: string, sequence: Seq): number {
    const initial = this.#initial.get(flow);
    return initial === undefined ? sequence : seqDiff(sequence, initial);
  }

  #remember(flow: string, initial: Seq): void {
    this.#initial.delete(flow);
    this.#initial.set(flow, initial);
    if (this.#initial.size > MAX_FLOWS) this.#initial.delete(this.#initial.keys().next().value as string);
  }
}

/** The address of either end without its port; `?` when the frame is too short to have one. */
export const withoutPort = (end: string): string => end.replace(/(?<=\.\d+):\d+$/, "").replace(/^\[(.*)\]:\d+$/, "$1");
