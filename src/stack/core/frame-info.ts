/** No segmentation; TCP over IPv4; TCP over IPv6; UDP over either: the values of virtio-net's `gso_type` (virtio 1.2 §5.1.6). */
export const GSO_NONE = 0;
export const GSO_TCPV4 = 1;
export const GSO_TCPV6 = 4;
export const GSO_UDP = 5;

/**
 * What travels beside a frame, in virtio-net's terms. One record is refilled for each frame and never kept by the receiver;
 * offsets count bytes from the beginning of the frame.
 */
export interface FrameInfo {
  /** Where the sum begins when the checksum is partial (its field holds the folded pseudo-header sum); 0 when it is complete. */
  checksumStart: number;
  /** Distance from `checksumStart` to the checksum field. */
  checksumOffset: number;
  /** Somebody trustworthy has verified the transport checksum already. */
  checksumVerified: boolean;
  gsoType: typeof GSO_NONE | typeof GSO_TCPV4 | typeof GSO_TCPV6 | typeof GSO_UDP;
  /** Payload bytes in each piece when `gsoType` is set. */
  gsoSize: number;
  /** All headers up to the payload, Ethernet included, when `gsoType` is set. */
  headerLength: number;
}

export const plainFrame = (): FrameInfo => ({
  checksumStart: 0,
  checksumOffset: 0,
  checksumVerified: false,
  gsoType: GSO_NONE,
  gsoSize: 0,
  headerLength: 0,
});

/** Back to a whole frame with complete checksums. */
export function clearFrameInfo(info: FrameInfo): FrameInfo {
  info.checksumStart = 0;
  info.checksumOffset = 0;
  info.checksumVerified = false;
  info.gsoType = GSO_NONE;
  info.gsoSize = 0;
  info.headerLength = 0;
  return info;
}
