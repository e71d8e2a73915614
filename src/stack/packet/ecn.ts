/** The two low bits of the TOS octet or traffic class, RFC 3168 §5. */
export const ECN_MASK = 0x03;
/** The transport does not know of congestion marks. */
export const NOT_ECT = 0;
/** Congestion experienced: a router has marked the datagram. */
export const CE = 3;
