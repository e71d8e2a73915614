/** What options and control codes take and tell: apart from constants.ts, since these begin as the names of options do. */

// IP_MTU_DISCOVER and IPV6_MTU_DISCOVER.
export const IP_PMTUDISC_NOT_SET = 0;
export const IP_PMTUDISC_DO = 1;
export const IP_PMTUDISC_DONT = 2;
export const IP_PMTUDISC_PROBE = 3;

// What SIO_TCP_INITIAL_RTO takes instead of a number.
export const TCP_INITIAL_RTO_DEFAULT_RTT = 0;
export const TCP_INITIAL_RTO_UNSPECIFIED_RTT = 0xffff;
export const TCP_INITIAL_RTO_DEFAULT_MAX_SYN_RETRANSMISSIONS = 0;
export const TCP_INITIAL_RTO_NO_SYN_RETRANSMISSIONS = 0xfe;
export const TCP_INITIAL_RTO_UNSPECIFIED_MAX_SYN_RETRANSMISSIONS = 0xff;

// Flags of INTERFACE_INFO.
export const IFF_UP = 1;
export const IFF_BROADCAST = 2;
export const IFF_LOOPBACK = 4;
export const IFF_POINTTOPOINT = 8;
export const IFF_MULTICAST = 0x10;

// TCPSTATE, of TCP_INFO_v0.
export const TCPSTATE_CLOSED = 0;
export const TCPSTATE_LISTEN = 1;
export const TCPSTATE_SYN_SENT = 2;
export const TCPSTATE_SYN_RCVD = 3;
export const TCPSTATE_ESTABLISHED = 4;
export const TCPSTATE_FIN_WAIT_1 = 5;
export const TCPSTATE_FIN_WAIT_2 = 6;
export const TCPSTATE_CLOSE_WAIT = 7;
export const TCPSTATE_CLOSING = 8;
export const TCPSTATE_LAST_ACK = 9;
export const TCPSTATE_TIME_WAIT = 10;
