/**
 * The constants of winsock2.h, ws2tcpip.h and mswsock.h under Microsoft's names and values.
 * Flags, ioctl codes and addresses are unsigned; what C declares as a negative int (SOCKET_ERROR, SO_DONTLINGER) is negative here too.
 * Addresses (INADDR_*) are in host byte order, as in C: they go through htonl. Error codes live in errors.ts.
 */

// Results.
/** What a SOCKET function returns on failure, `(SOCKET)(~0)`. */
export const INVALID_SOCKET = ~0;
/** What an int function returns on failure; WSAGetLastError says why. */
export const SOCKET_ERROR = -1;
export const NO_ERROR = 0;
export const TRUE = 1;
export const FALSE = 0;

// Address families.
export const AF_UNSPEC = 0;
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_IMPLINK = 3;
export const AF_PUP = 4;
export const AF_CHAOS = 5;
export const AF_NS = 6;
export const AF_IPX = 6;
export const AF_ISO = 7;
export const AF_OSI = 7;
export const AF_ECMA = 8;
export const AF_DATAKIT = 9;
export const AF_CCITT = 10;
export const AF_SNA = 11;
export const AF_DECnet = 12;
export const AF_DLI = 13;
export const AF_LAT = 14;
export const AF_HYLINK = 15;
export const AF_APPLETALK = 16;
export const AF_NETBIOS = 17;
export const AF_VOICEVIEW = 18;
export const AF_FIREFOX = 19;
export const AF_UNKNOWN1 = 20;
export const AF_BAN = 21;
export const AF_ATM = 22;
export const AF_INET6 = 23;
export const AF_CLUSTER = 24;
export const AF_12844 = 25;
export const AF_IRDA = 26;
export const AF_NETDES = 28;
export const AF_TCNPROCESS = 29;
export const AF_TCNMESSAGE = 30;
export const AF_ICLFXBM = 31;
export const AF_BTH = 32;
export const AF_LINK = 33;
export const AF_HYPERV = 34;

// Protocol families: the same numbers.
export const PF_UNSPEC = AF_UNSPEC;
export const PF_UNIX = AF_UNIX;
export const PF_INET = AF_INET;
export const PF_IMPLINK = AF_IMPLINK;
export const PF_PUP = AF_PUP;
export const PF_CHAOS = AF_CHAOS;
export const PF_NS = AF_NS;
export const PF_IPX = AF_IPX;
export const PF_ISO = AF_ISO;
export const PF_OSI = AF_OSI;
export const PF_ECMA = AF_ECMA;
export const PF_DATAKIT = AF_DATAKIT;
export const PF_CCITT = AF_CCITT;
export const PF_SNA = AF_SNA;
export const PF_DECnet = AF_DECnet;
export const PF_DLI = AF_DLI;
export const PF_LAT = AF_LAT;
export const PF_HYLINK = AF_HYLINK;
export const PF_APPLETALK = AF_APPLETALK;
export const PF_VOICEVIEW = AF_VOICEVIEW;
export const PF_FIREFOX = AF_FIREFOX;
export const PF_UNKNOWN1 = AF_UNKNOWN1;
export const PF_BAN = AF_BAN;
export const PF_ATM = AF_ATM;
export const PF_INET6 = AF_INET6;
export const PF_BTH = AF_BTH;

// Socket types.
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_RDM = 4;
export const SOCK_SEQPACKET = 5;

// Protocols.
export const IPPROTO_IP = 0;
export const IPPROTO_HOPOPTS = 0;
export const IPPROTO_ICMP = 1;
export const IPPROTO_IGMP = 2;
export const IPPROTO_GGP = 3;
export const IPPROTO_IPV4 = 4;
export const IPPROTO_ST = 5;
export const IPPROTO_TCP = 6;
export const IPPROTO_CBT = 7;
export const IPPROTO_EGP = 8;
export const IPPROTO_IGP = 9;
export const IPPROTO_PUP = 12;
export const IPPROTO_UDP = 17;
export const IPPROTO_IDP = 22;
export const IPPROTO_RDP = 27;
export const IPPROTO_IPV6 = 41;
export const IPPROTO_ROUTING = 43;
export const IPPROTO_FRAGMENT = 44;
export const IPPROTO_ESP = 50;
export const IPPROTO_AH = 51;
export const IPPROTO_ICMPV6 = 58;
export const IPPROTO_NONE = 59;
export const IPPROTO_DSTOPTS = 60;
export const IPPROTO_ND = 77;
export const IPPROTO_ICLFXBM = 78;
export const IPPROTO_PIM = 103;
export const IPPROTO_PGM = 113;
export const IPPROTO_L2TP = 115;
export const IPPROTO_SCTP = 132;
export const IPPROTO_RAW = 255;

// Option levels beside IPPROTO_*.
export const SOL_SOCKET = 0xffff;
export const SOL_IRLMP = 0xff;

// SOL_IRLMP options (af_irda.h).
export const IRDA_PROTO_SOCK_STREAM = 1;
export const IRLMP_ENUMDEVICES = 0x10;
export const IRLMP_IAS_SET = 0x11;
export const IRLMP_IAS_QUERY = 0x12;
export const IRLMP_SEND_PDU_LEN = 0x13;
export const IRLMP_EXCLUSIVE_MODE = 0x14;
export const IRLMP_IRLPT_MODE = 0x15;
export const IRLMP_9WIRE_MODE = 0x16;
export const IRLMP_TINYTP_MODE = 0x17;
export const IRLMP_PARAMETERS = 0x18;
export const IRLMP_DISCOVERY_MODE = 0x19;
export const IRLMP_SHARP_MODE = 0x20;
export const IAS_ATTRIB_NO_ATTRIB = 0;
export const IAS_ATTRIB_INT = 1;
export const IAS_ATTRIB_OCTETSEQ = 2;
export const IAS_ATTRIB_STR = 3;
export const IAS_ATTRIB_NO_CLASS = 0x10;

// SOL_SOCKET options.
export const SO_DEBUG = 1;
export const SO_ACCEPTCONN = 2;
export const SO_REUSEADDR = 4;
export const SO_KEEPALIVE = 8;
export const SO_DONTROUTE = 0x10;
export const SO_BROADCAST = 0x20;
export const SO_USELOOPBACK = 0x40;
export const SO_LINGER = 0x80;
export const SO_DONTLINGER = ~SO_LINGER;
export const SO_EXCLUSIVEADDRUSE = ~SO_REUSEADDR;
export const SO_OOBINLINE = 0x100;
export const SO_SNDBUF = 0x1001;
export const SO_RCVBUF = 0x1002;
export const SO_SNDLOWAT = 0x1003;
export const SO_RCVLOWAT = 0x1004;
export const SO_SNDTIMEO = 0x1005;
export const SO_RCVTIMEO = 0x1006;
export const SO_ERROR = 0x1007;
export const SO_TYPE = 0x1008;
export const SO_BSP_STATE = 0x1009;
export const SO_GROUP_ID = 0x2001;
export const SO_GROUP_PRIORITY = 0x2002;
export const SO_MAX_MSG_SIZE = 0x2003;
export const SO_PROTOCOL_INFOA = 0x2004;
export const SO_PROTOCOL_INFOW = 0x2005;
export const SO_CONDITIONAL_ACCEPT = 0x3002;
export const SO_PAUSE_ACCEPT = 0x3003;
export const SO_COMPARTMENT_ID = 0x3004;
export const SO_RANDOMIZE_PORT = 0x3005;
export const SO_PORT_SCALABILITY = 0x3006;
export const SO_REUSE_UNICASTPORT = 0x3007;
export const SO_REUSE_MULTICASTPORT = 0x3008;
export const SO_CONNDATA = 0x7000;
export const SO_CONNOPT = 0x7001;
export const SO_DISCDATA = 0x7002;
export const SO_DISCOPT = 0x7003;
export const SO_CONNDATALEN = 0x7004;
export const SO_CONNOPTLEN = 0x7005;
export const SO_DISCDATALEN = 0x7006;
export const SO_DISCOPTLEN = 0x7007;
export const SO_OPENTYPE = 0x7008;
export const SO_MAXDG = 0x7009;
export const SO_MAXPATHDG = 0x700a;
export const SO_UPDATE_ACCEPT_CONTEXT = 0x700b;
export const SO_CONNECT_TIME = 0x700c;
export const SO_UPDATE_CONNECT_CONTEXT = 0x7010;

// Values of SO_OPENTYPE.
export const SO_SYNCHRONOUS_ALERT = 0x10;
export const SO_SYNCHRONOUS_NONALERT = 0x20;

// IPPROTO_TCP options. Times are in seconds unless the name says MS.
export const TCP_NODELAY = 1;
export const TCP_EXPEDITED_1122 = 2;
export const TCP_KEEPALIVE = 3;
export const TCP_KEEPIDLE = 3;
export const TCP_MAXSEG = 4;
export const TCP_MAXRT = 5;
export const TCP_STDURG = 6;
export const TCP_NOURG = 7;
export const TCP_ATMARK = 8;
export const TCP_NOSYNRETRIES = 9;
export const TCP_TIMESTAMPS = 10;
export const TCP_OFFLOAD_PREFERENCE = 11;
export const TCP_CONGESTION_ALGORITHM = 12;
export const TCP_DELAY_FIN_ACK = 13;
export const TCP_MAXRTMS = 14;
export const TCP_FASTOPEN = 15;
export const TCP_KEEPCNT = 16;
export const TCP_KEEPINTVL = 17;
export const TCP_FAIL_CONNECT_ON_ICMP_ERROR = 18;
export const TCP_ICMP_ERROR_INFO = 19;
export const TCP_BSDURGENT = 0x7000;

// IPPROTO_IP options.
export const IP_OPTIONS = 1;
export const IP_HDRINCL = 2;
export const IP_TOS = 3;
export const IP_TTL = 4;
export const IP_MULTICAST_IF = 9;
export const IP_MULTICAST_TTL = 10;
export const IP_MULTICAST_LOOP = 11;
export const IP_ADD_MEMBERSHIP = 12;
export const IP_DROP_MEMBERSHIP = 13;
export const IP_DONTFRAGMENT = 14;
export const IP_ADD_SOURCE_MEMBERSHIP = 15;
export const IP_DROP_SOURCE_MEMBERSHIP = 16;
export const IP_BLOCK_SOURCE = 17;
export const IP_UNBLOCK_SOURCE = 18;
export const IP_PKTINFO = 19;
export const IP_RECVTTL = 21;
export const IP_HOPLIMIT = 21;
export const IP_RECEIVE_BROADCAST = 22;
export const IP_RECVIF = 24;
export const IP_RECVDSTADDR = 25;
export const IP_IFLIST = 28;
export const IP_UNICAST_IF = 31;
export const IP_RTHDR = 32;
export const IP_GET_IFLIST = 33;
export const IP_RECVRTHDR = 38;
export const IP_RECVTOS = 40;
export const IP_ORIGINAL_ARRIVAL_IF = 47;
export const IP_ECN = 50;
export const IP_PKTINFO_EX = 51;
export const IP_WFP_REDIRECT_RECORDS = 60;
export const IP_WFP_REDIRECT_CONTEXT = 70;
export const IP_MTU_DISCOVER = 71;
export const IP_MTU = 73;
export const IP_RECVERR = 75;
export const IP_USER_MTU = 76;

// IPPROTO_IPV6 options.
export const IPV6_HOPOPTS = 1;
export const IPV6_HDRINCL = 2;
export const IPV6_UNICAST_HOPS = 4;
export const IPV6_MULTICAST_IF = 9;
export const IPV6_MULTICAST_HOPS = 10;
export const IPV6_MULTICAST_LOOP = 11;
export const IPV6_JOIN_GROUP = 12;
export const IPV6_ADD_MEMBERSHIP = 12;
export const IPV6_LEAVE_GROUP = 13;
export const IPV6_DROP_MEMBERSHIP = 13;
export const IPV6_DONTFRAG = 14;
export const IPV6_PKTINFO = 19;
export const IPV6_HOPLIMIT = 21;
export const IPV6_PROTECTION_LEVEL = 23;
export const IPV6_RECVIF = 24;
export const IPV6_RECVDSTADDR = 25;
export const IPV6_CHECKSUM = 26;
export const IPV6_V6ONLY = 27;
export const IPV6_IFLIST = 28;
export const IPV6_UNICAST_IF = 31;
export const IPV6_RTHDR = 32;
export const IPV6_GET_IFLIST = 33;
export const IPV6_RECVRTHDR = 38;
export const IPV6_TCLASS = 39;
export const IPV6_RECVTCLASS = 40;
export const IPV6_ECN = 50;
export const IPV6_MTU_DISCOVER = 71;
export const IPV6_MTU = 72;
export const IPV6_RECVERR = 75;
export const IPV6_USER_MTU = 76;

export const PROTECTION_LEVEL_UNRESTRICTED = 10;
export const PROTECTION_LEVEL_EDGERESTRICTED = 20;
export const PROTECTION_LEVEL_RESTRICTED = 30;

// IPPROTO_UDP options.
export const UDP_NOCHECKSUM = 1;
export const UDP_SEND_MSG_SIZE = 2;
export const UDP_RECV_MAX_COALESCED_SIZE = 3;
export const UDP_CHECKSUM_COVERAGE = 20;

// Memberships without a word of the protocol, on either level.
export const MCAST_JOIN_GROUP = 41;
export const MCAST_LEAVE_GROUP = 42;
export const MCAST_BLOCK_SOURCE = 43;
export const MCAST_UNBLOCK_SOURCE = 44;
export const MCAST_JOIN_SOURCE_GROUP = 45;
export const MCAST_LEAVE_SOURCE_GROUP = 46;

// Flags of send, recv and kin.
export const MSG_OOB = 1;
export const MSG_PEEK = 2;
export const MSG_DONTROUTE = 4;
export const MSG_WAITALL = 8;
export const MSG_INTERRUPT = 0x10;
export const MSG_PUSH_IMMEDIATE = 0x20;
export const MSG_TRUNC = 0x100;
export const MSG_CTRUNC = 0x200;
export const MSG_BCAST = 0x400;
export const MSG_MCAST = 0x800;
export const MSG_PARTIAL = 0x8000;
export const MSG_MAXIOVLEN = 16;

// What shutdown ends.
export const SD_RECEIVE = 0;
export const SD_SEND = 1;
export const SD_BOTH = 2;

// ioctlsocket.
export const FIONREAD = 0x4004667f;
export const FIONBIO = 0x8004667e;
export const FIOASYNC = 0x8004667d;
export const SIOCSHIWAT = 0x80047300;
export const SIOCGHIWAT = 0x40047301;
export const SIOCSLOWAT = 0x80047302;
export const SIOCGLOWAT = 0x40047303;
export const SIOCATMARK = 0x40047307;

// The parts that ioctl codes are made of.
export const IOC_VOID = 0x20000000;
export const IOC_OUT = 0x40000000;
export const IOC_IN = 0x80000000;
export const IOC_INOUT = 0xc0000000;
export const IOC_UNIX = 0;
export const IOC_WS2 = 0x08000000;
export const IOC_PROTOCOL = 0x10000000;
export const IOC_VENDOR = 0x18000000;

// WSAIoctl.
export const SIO_ASSOCIATE_HANDLE = 0x88000001;
export const SIO_ENABLE_CIRCULAR_QUEUEING = 0x28000002;
export const SIO_FIND_ROUTE = 0x48000003;
export const SIO_FLUSH = 0x28000004;
export const SIO_GET_BROADCAST_ADDRESS = 0x48000005;
export const SIO_GET_EXTENSION_FUNCTION_POINTER = 0xc8000006;
export const SIO_GET_QOS = 0xc8000007;
export const SIO_GET_GROUP_QOS = 0xc8000008;
export const SIO_MULTIPOINT_LOOPBACK = 0x88000009;
export const SIO_MULTICAST_SCOPE = 0x8800000a;
export const SIO_SET_QOS = 0x8800000b;
export const SIO_SET_GROUP_QOS = 0x8800000c;
export const SIO_TRANSLATE_HANDLE = 0xc800000d;
export const SIO_ROUTING_INTERFACE_QUERY = 0xc8000014;
export const SIO_ROUTING_INTERFACE_CHANGE = 0x88000015;
export const SIO_ADDRESS_LIST_QUERY = 0x48000016;
export const SIO_ADDRESS_LIST_CHANGE = 0x28000017;
export const SIO_QUERY_TARGET_PNP_HANDLE = 0x48000018;
export const SIO_ADDRESS_LIST_SORT = 0xc8000019;
export const SIO_BASE_HANDLE = 0x48000022;
export const SIO_BSP_HANDLE = 0x4800001b;
export const SIO_BSP_HANDLE_SELECT = 0x4800001c;
export const SIO_BSP_HANDLE_POLL = 0x4800001d;
export const SIO_GET_MULTIPLE_EXTENSION_FUNCTION_POINTER = 0xc8000024;
export const SIO_RCVALL = 0x98000001;
/** RCVALL_VALUE, which SIO_RCVALL takes. */
export const RCVALL_OFF = 0;
export const RCVALL_ON = 1;
export const RCVALL_SOCKETLEVELONLY = 2;
export const RCVALL_IPLEVEL = 3;
export const SIO_KEEPALIVE_VALS = 0x98000004;
export const SIO_UDP_CONNRESET = 0x9800000c;
export const SIO_UDP_NETRESET = 0x9800000f;
export const SIO_LOOPBACK_FAST_PATH = 0x98000010;
export const SIO_TCP_INITIAL_RTO = 0x98000011;
export const SIO_TCP_SET_ICW = 0x98000016;
export const SIO_TCP_SET_ACK_FREQUENCY = 0x98000017;
export const SIO_TCP_INFO = 0xd8000027;
export const SIO_ACQUIRE_PORT_RESERVATION = 0x98000064;
export const SIO_RELEASE_PORT_RESERVATION = 0x98000065;
export const SIO_ASSOCIATE_PORT_RESERVATION = 0x98000066;
export const SIO_GET_INTERFACE_LIST = 0x4004747f;
export const SIO_IDEAL_SEND_BACKLOG_QUERY = 0x4004747b;
export const SIO_IDEAL_SEND_BACKLOG_CHANGE = 0x2000747a;

// Addresses, in host byte order.
export const INADDR_ANY = 0;
export const INADDR_LOOPBACK = 0x7f000001;
export const INADDR_BROADCAST = 0xffffffff;
export const INADDR_NONE = 0xffffffff;

// Lengths of address text, the closing NUL included.
export const INET_ADDRSTRLEN = 22;
export const INET6_ADDRSTRLEN = 65;

// listen's backlog.
/** "As many as is reasonable." */
export const SOMAXCONN = 0x7fffffff;
/** Asks for a backlog of exactly about `b`, by passing it negated; Windows keeps it within 200 and 65535 (Microsoft, "listen function"). */
export const SOMAXCONN_HINT = (b: number): number => -b;

// select.
/** Members that an fd_set has room for. */
export const FD_SETSIZE = 64;

// Network events: the flags, and the index of each one's code in WSANETWORKEVENTS.iErrorCode.
export const FD_READ_BIT = 0;
export const FD_READ = 0x1;
export const FD_WRITE_BIT = 1;
export const FD_WRITE = 0x2;
export const FD_OOB_BIT = 2;
export const FD_OOB = 0x4;
export const FD_ACCEPT_BIT = 3;
export const FD_ACCEPT = 0x8;
export const FD_CONNECT_BIT = 4;
export const FD_CONNECT = 0x10;
export const FD_CLOSE_BIT = 5;
export const FD_CLOSE = 0x20;
export const FD_QOS_BIT = 6;
export const FD_QOS = 0x40;
export const FD_GROUP_QOS_BIT = 7;
export const FD_GROUP_QOS = 0x80;
export const FD_ROUTING_INTERFACE_CHANGE_BIT = 8;
export const FD_ROUTING_INTERFACE_CHANGE = 0x100;
export const FD_ADDRESS_LIST_CHANGE_BIT = 9;
export const FD_ADDRESS_LIST_CHANGE = 0x200;
export const FD_MAX_EVENTS = 10;
export const FD_ALL_EVENTS = 0x3ff;

// WSAPoll.
export const POLLERR = 1;
export const POLLHUP = 2;
export const POLLNVAL = 4;
export const POLLWRNORM = 0x10;
export const POLLOUT = 0x10;
export const POLLWRBAND = 0x20;
export const POLLRDNORM = 0x100;
export const POLLRDBAND = 0x200;
export const POLLIN = 0x300;
export const POLLPRI = 0x400;

// Events and waiting.
export const WSA_MAXIMUM_WAIT_EVENTS = 64;
export const WSA_WAIT_EVENT_0 = 0;
export const WSA_WAIT_IO_COMPLETION = 0xc0;
export const WSA_WAIT_TIMEOUT = 258;
export const WSA_WAIT_FAILED = 0xffffffff;
export const WSA_INVALID_EVENT = 0;
// The same in kernel32's names.
export const WAIT_OBJECT_0 = 0;
export const WAIT_FAILED = 0xffffffff;
export const INFINITE = 0xffffffff;
export const INVALID_HANDLE_VALUE = -1;
export const WSA_INFINITE = 0xffffffff;

// WSASocket.
export const WSA_FLAG_OVERLAPPED = 1;
export const WSA_FLAG_MULTIPOINT_C_ROOT = 2;
export const WSA_FLAG_MULTIPOINT_C_LEAF = 4;
export const WSA_FLAG_MULTIPOINT_D_ROOT = 8;
export const WSA_FLAG_MULTIPOINT_D_LEAF = 0x10;
export const WSA_FLAG_ACCESS_SYSTEM_SECURITY = 0x40;
export const WSA_FLAG_NO_HANDLE_INHERIT = 0x80;
export const WSA_FLAG_REGISTERED_IO = 0x100;

export const FROM_PROTOCOL_INFO = -1;
export const SG_UNCONSTRAINED_GROUP = 1;
export const SG_CONSTRAINED_GROUP = 2;

// What a WSAAccept condition function answers.
export const CF_ACCEPT = 0;
export const CF_REJECT = 1;
export const CF_DEFER = 2;

// TransmitFile, TransmitPackets, DisconnectEx.
export const TF_DISCONNECT = 1;
export const TF_REUSE_SOCKET = 2;
export const TF_WRITE_BEHIND = 4;
export const TF_USE_SYSTEM_THREAD = 0x10;
export const TF_USE_KERNEL_APC = 0x20;

export const TP_ELEMENT_MEMORY = 1;
export const TP_ELEMENT_FILE = 2;
export const TP_ELEMENT_EOP = 4;
export const TP_DISCONNECT = TF_DISCONNECT;
export const TP_REUSE_SOCKET = TF_REUSE_SOCKET;
export const TP_USE_SYSTEM_THREAD = TF_USE_SYSTEM_THREAD;
export const TP_USE_KERNEL_APC = TF_USE_KERNEL_APC;

// CreateFile, of files that TransmitFile sends.
export const GENERIC_READ = 0x80000000;
export const GENERIC_WRITE = 0x40000000;
export const FILE_SHARE_READ = 1;
export const FILE_SHARE_WRITE = 2;
export const FILE_SHARE_DELETE = 4;
export const OPEN_EXISTING = 3;
export const FILE_ATTRIBUTE_NORMAL = 0x80;
export const FILE_FLAG_SEQUENTIAL_SCAN = 0x08000000;
export const FILE_FLAG_OVERLAPPED = 0x40000000;

// Completion notification modes.
export const DUPLICATE_CLOSE_SOURCE = 1;
export const DUPLICATE_SAME_ACCESS = 2;
export const FILE_SKIP_COMPLETION_PORT_ON_SUCCESS = 1;
export const FILE_SKIP_SET_EVENT_ON_HANDLE = 2;

// getaddrinfo and getnameinfo.
export const AI_PASSIVE = 1;
export const AI_CANONNAME = 2;
export const AI_NUMERICHOST = 4;
export const AI_NUMERICSERV = 8;
export const AI_DNS_ONLY = 0x10;
export const AI_FORCE_CLEAR_TEXT = 0x20;
export const AI_BYPASS_DNS_CACHE = 0x40;
export const AI_RETURN_TTL = 0x80;
export const AI_ALL = 0x100;
export const AI_ADDRCONFIG = 0x400;
export const AI_V4MAPPED = 0x800;
export const AI_NON_AUTHORITATIVE = 0x4000;
export const AI_SECURE = 0x8000;
export const AI_RETURN_PREFERRED_NAMES = 0x10000;
export const AI_FQDN = 0x20000;
export const AI_FILESERVER = 0x40000;
export const AI_DISABLE_IDN_ENCODING = 0x80000;
export const AI_SECURE_WITH_FALLBACK = 0x100000;
export const AI_EXCLUSIVE_CUSTOM_SERVERS = 0x200000;
export const AI_REQUIRE_SECURE = 0x20000000;
export const AI_RESOLUTION_HANDLE = 0x40000000;
export const AI_EXTENDED = 0x80000000;

// Name spaces of GetAddrInfoEx.
export const NS_ALL = 0;
export const NS_DNS = 12;
export const NS_NETBT = 13;
export const NS_WINS = 14;
export const NS_NLA = 15;
export const NS_BTH = 16;
export const NS_NTDS = 32;
export const NS_EMAIL = 37;
export const NS_PNRPNAME = 38;
export const NS_PNRPCLOUD = 39;

// Flags of WSALookupServiceBegin and WSALookupServiceNext, and of what they give.
export const LUP_DEEP = 1;
export const LUP_CONTAINERS = 2;
export const LUP_NOCONTAINERS = 4;
export const LUP_NEAREST = 8;
export const LUP_RETURN_NAME = 0x10;
export const LUP_RETURN_TYPE = 0x20;
export const LUP_RETURN_VERSION = 0x40;
export const LUP_RETURN_COMMENT = 0x80;
export const LUP_RETURN_ADDR = 0x100;
export const LUP_RETURN_BLOB = 0x200;
export const LUP_RETURN_ALIASES = 0x400;
export const LUP_RETURN_QUERY_STRING = 0x800;
export const LUP_RETURN_ALL = 0xff0;
export const LUP_FLUSHPREVIOUS = 0x1000;
export const LUP_FLUSHCACHE = 0x2000;
export const LUP_RES_SERVICE = 0x8000;
export const RESULT_IS_ALIAS = 1;

export const NI_NOFQDN = 1;
export const NI_NUMERICHOST = 2;
export const NI_NAMEREQD = 4;
export const NI_NUMERICSERV = 8;
export const NI_DGRAM = 0x10;
export const NI_MAXHOST = 1025;
export const NI_MAXSERV = 32;

// WSAPROTOCOL_INFO.
export const XP1_CONNECTIONLESS = 1;
export const XP1_GUARANTEED_DELIVERY = 2;
export const XP1_GUARANTEED_ORDER = 4;
export const XP1_MESSAGE_ORIENTED = 8;
export const XP1_PSEUDO_STREAM = 0x10;
export const XP1_GRACEFUL_CLOSE = 0x20;
export const XP1_EXPEDITED_DATA = 0x40;
export const XP1_CONNECT_DATA = 0x80;
export const XP1_DISCONNECT_DATA = 0x100;
export const XP1_SUPPORT_BROADCAST = 0x200;
export const XP1_SUPPORT_MULTIPOINT = 0x400;
export const XP1_MULTIPOINT_CONTROL_PLANE = 0x800;
export const XP1_MULTIPOINT_DATA_PLANE = 0x1000;
export const XP1_QOS_SUPPORTED = 0x2000;
export const XP1_INTERRUPT = 0x4000;
export const XP1_UNI_SEND = 0x8000;
export const XP1_UNI_RECV = 0x10000;
export const XP1_IFS_HANDLES = 0x20000;
export const XP1_PARTIAL_MESSAGE = 0x40000;
export const XP1_SAN_SUPPORT_SDP = 0x80000;

export const PFL_MULTIPLE_PROTO_ENTRIES = 1;
export const PFL_RECOMMENDED_PROTO_ENTRY = 2;
export const PFL_HIDDEN = 4;
export const PFL_MATCHES_PROTOCOL_ZERO = 8;
export const PFL_NETWORKDIRECT_PROVIDER = 0x10;

export const BASE_PROTOCOL = 1;
export const LAYERED_PROTOCOL = 0;
export const MAX_PROTOCOL_CHAIN = 7;
export const WSAPROTOCOL_LEN = 255;
export const BIGENDIAN = 0;
export const SECURITY_PROTOCOL_NONE = 0;

// Sizes.
export const WSADESCRIPTION_LEN = 256;
export const WSASYS_STATUS_LEN = 128;
export const MAXGETHOSTSTRUCT = 1024;
export const IPPORT_RESERVED = 1024;

// Words and bytes (minwindef.h).
/** Puts two bytes into a word: `MAKEWORD(2, 2)` is the version WSAStartup is asked for, major in the low byte. */
export const MAKEWORD = (low: number, high: number): number => (low & 0xff) | ((high & 0xff) << 8);
export const LOBYTE = (word: number): number => word & 0xff;
export const HIBYTE = (word: number): number => (word >>> 8) & 0xff;
