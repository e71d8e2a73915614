/** A run's frames as a pcapng file, with what the hosts made of them as comments: for Wireshark. */
import { TraceLabels } from "../stack/core/trace-labels.ts";
import { completeChecksum } from "../stack/packet/partial-checksum.ts";
import { isInfraredBroadcast, linuxIrdaPacket } from "../wire/linux-irda.ts";
import { enhancedPacket, interfaceDescription, LINKTYPE_LINUX_IRDA, sectionHeader } from "../wire/pcapng-writer.ts";
import type { RunEvent, RunHeader } from "./run-event.ts";

/** A frame may have so many; more say nothing more. */
const MAX_COMMENTS = 32;
const [UNICAST, BROADCAST] = [1, 3] as const;

/**
 * The blocks of the file, in their order. Each device of each host is an interface of its own: a frame that two hosts saw is there twice,
 * as it left and as it came.
 */
export function captureOfRun(header: RunHeader, events: Iterable<RunEvent>): readonly Uint8Array[] {
  const frames = new CommentedFrames(header);
  for (const event of events) frames.take(event);
  return frames.blocks();
}

interface CommentedFrame {
  readonly atMs: number;
  readonly interfaceId: number;
  readonly packet: Uint8Array;
  readonly length: number;
  readonly direction: "in" | "out";
  readonly reception: number | undefined;
  readonly comments: string[];
}

interface HostSoFar {
  readonly labels: TraceLabels;
  latest?: CommentedFrame;
  /** By the event's number: the frames that it is the cause of say so. */
  fired?: { readonly number: number; readonly timer: string };
}

class CommentedFrames {
  readonly #header: RunHeader;
  readonly #frames: CommentedFrame[] = [];
  readonly #descriptions: Uint8Array[] = [];
  readonly #interfaces = new Map<string, number>();
  readonly #hosts = new Map<string, HostSoFar>();

  constructor(header: RunHeader) {
    this.#header = header;
  }

  take(event: RunEvent): void {
    const host = this.#hostOf(event.host);
    switch (event.type) {
      case "frame":
      case "infrared-frame": {
        const frame = event.type === "frame" ? this.#ethernet(event) : this.#infrared(event);
        this.#frames.push(frame);
        host.latest = frame;
        if (host.fired !== undefined && event.cause?.number === host.fired.number)
          frame.comments.push(`${host.fired.timer} timer went off`);
        break;
      }
      case "timer-fired":
        host.fired = { number: event.number, timer: event.timer };
        break;
      case "frame-dropped":
        comment(host, `dropped: ${event.reason}`);
        break;
      case "frame-impaired":
        comment(host, `the line's fault: ${event.fate}`);
        break;
      case "segment-judged":
        if (event.verdict !== "accepted") comment(host, `dropped: ${event.verdict}`);
        break;
      case "cwnd-changed":
        comment(host, `congestion window ${event.cwnd}: ${event.why}`);
        break;
      case "winsock-called":
        host.labels.note(event);
        break;
      case "winsock-returned":
        comment(host, `${host.labels.call(event)}: ${event.text}`);
        host.labels.note(event);
        break;
      default:
    }
  }

  blocks(): readonly Uint8Array[] {
    const epochNs = BigInt(Math.round(this.#header.epochMs ?? 0)) * 1_000_000n;
    const packets = this.#frames.map(({ interfaceId, atMs, packet, length, direction, comments, reception }) =>
      enhancedPacket(interfaceId, epochNs + BigInt(Math.round(atMs * 1e6)), packet, length, direction, comments, reception),
    );
    return [sectionHeader(this.#header.madeBy), ...this.#descriptions, ...packets];
  }

  #ethernet({ host, device, atMs, bytes, info, length, direction }: Extract<RunEvent, { readonly type: "frame" }>): CommentedFrame {
    const interfaceId = this.#interfaceOf(host, device, undefined);
    const packet = bytes.slice();
    // What a device would have completed; of a frame that was cut it cannot be known.
    if (packet.length === length) completeChecksum(packet, 0, length, { ...info });
    return { atMs, interfaceId, packet, length, direction, reception: undefined, comments: [] };
  }

  #infrared({ host, device, atMs, bytes, direction }: Extract<RunEvent, { readonly type: "infrared-frame" }>): CommentedFrame {
    const packet = linuxIrdaPacket(bytes, direction);
    const interfaceId = this.#interfaceOf(host, device, LINKTYPE_LINUX_IRDA);
    const reception = isInfraredBroadcast(bytes) ? BROADCAST : UNICAST;
    return { atMs, interfaceId, packet, length: packet.length, direction, reception, comments: [] };
  }

  #interfaceOf(host: string, device: string, linkType: number | undefined): number {
    const key = `${host} ${device}`;
    let id = this.#interfaces.get(key);
    if (id === undefined) {
      id = this.#interfaces.size;
      const description = this.#header.hosts.find(({ name }) => name === host)?.title ?? host;
      const kind = linkType === undefined ? {} : { linkType };
      this.#descriptions.push(interfaceDescription({ name: device, description, snapLength: 0, ...kind }));
      this.#interfaces.set(key, id);
    }
    return id;
  }

  #hostOf(name: string): HostSoFar {
    let host = this.#hosts.get(name);
    if (host === undefined) {
      host = { labels: new TraceLabels() };
      this.#hosts.set(name, host);
    }
    return host;
  }
}

function comment({ latest }: HostSoFar, text: string): void {
  if (latest !== undefined && latest.comments.length < MAX_COMMENTS) latest.comments.push(text);
}
