/** What TransmitFile and TransmitPackets send beside files (mswsock.h). */

export const sizeof_TRANSMIT_FILE_BUFFERS = 32;
export const sizeof_TRANSMIT_PACKETS_ELEMENT = 24;

/** What goes before and behind a file. */
export interface TRANSMIT_FILE_BUFFERS {
  Head: Uint8Array | null;
  /** Bytes of `Head` that count. */
  HeadLength: number;
  Tail: Uint8Array | null;
  TailLength: number;
}

/** Memory, or a piece of a file. */
export interface TRANSMIT_PACKETS_ELEMENT {
  /** TP_ELEMENT_MEMORY or TP_ELEMENT_FILE, with TP_ELEMENT_EOP where a datagram ends. */
  dwElFlags: number;
  /** Bytes; 0 of a file is the rest of it. */
  cLength: number;
  /** Of a file: where it begins, −1 for where the file stands. */
  nFileOffset: number;
  hFile: number;
  pBuffer: Uint8Array | null;
}

/** Nothing before, nothing behind. */
export function new_TRANSMIT_FILE_BUFFERS(): TRANSMIT_FILE_BUFFERS {
  return { Head: null, HeadLength: 0, Tail: null, TailLength: 0 };
}

/** A zeroed element. */
export function new_TRANSMIT_PACKETS_ELEMENT(): TRANSMIT_PACKETS_ELEMENT {
  return { dwElFlags: 0, cLength: 0, nFileOffset: 0, hFile: 0, pBuffer: null };
}
