/** How much text one segment holds, in bytes: RFC 9293 §3.7.1. What decides it is written in segment-size.ts. */
export class SegmentSizes {
  /** What the peer's SYN announced. */
  peerMss: number;
  /** Largest towards the peer, with the options that every segment carries taken off. */
  sndMss: number;
  /** Eff.snd.MSS for the segments of this turn: `sndMss` less the SACK blocks that they carry. */
  effSndMss: number;
  /** Largest seen from the peer: decides when two full ones have come. */
  rcvMss: number;

  /** @param defaultMss of the path, until the SYNs have said more */
  constructor(defaultMss: number) {
    this.peerMss = defaultMss;
    this.sndMss = defaultMss;
    this.effSndMss = defaultMss;
    this.rcvMss = defaultMss;
  }
}
