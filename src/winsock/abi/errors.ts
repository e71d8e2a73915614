/** Winsock's error codes, each with one sentence for somebody who meets it for the first time. Names and numbers are winsock2.h's. */

export const WSA_INVALID_HANDLE = 6;
export const WSA_NOT_ENOUGH_MEMORY = 8;
export const WSA_INVALID_PARAMETER = 87;
export const WSA_OPERATION_ABORTED = 995;
export const WSA_IO_INCOMPLETE = 996;
export const WSA_IO_PENDING = 997;
export const WSAEINTR = 10004;
export const WSAEBADF = 10009;
export const WSAEACCES = 10013;
export const WSAEFAULT = 10014;
export const WSAEINVAL = 10022;
export const WSAEMFILE = 10024;
export const WSAEWOULDBLOCK = 10035;
export const WSAEINPROGRESS = 10036;
export const WSAEALREADY = 10037;
export const WSAENOTSOCK = 10038;
export const WSAEDESTADDRREQ = 10039;
export const WSAEMSGSIZE = 10040;
export const WSAEPROTOTYPE = 10041;
export const WSAENOPROTOOPT = 10042;
export const WSAEPROTONOSUPPORT = 10043;
export const WSAESOCKTNOSUPPORT = 10044;
export const WSAEOPNOTSUPP = 10045;
export const WSAEPFNOSUPPORT = 10046;
export const WSAEAFNOSUPPORT = 10047;
export const WSAEADDRINUSE = 10048;
export const WSAEADDRNOTAVAIL = 10049;
export const WSAENETDOWN = 10050;
export const WSAENETUNREACH = 10051;
export const WSAENETRESET = 10052;
export const WSAECONNABORTED = 10053;
export const WSAECONNRESET = 10054;
export const WSAENOBUFS = 10055;
export const WSAEISCONN = 10056;
export const WSAENOTCONN = 10057;
export const WSAESHUTDOWN = 10058;
export const WSAETOOMANYREFS = 10059;
export const WSAETIMEDOUT = 10060;
export const WSAECONNREFUSED = 10061;
export const WSAELOOP = 10062;
export const WSAENAMETOOLONG = 10063;
export const WSAEHOSTDOWN = 10064;
export const WSAEHOSTUNREACH = 10065;
export const WSAENOTEMPTY = 10066;
export const WSAEPROCLIM = 10067;
export const WSAEUSERS = 10068;
export const WSAEDQUOT = 10069;
export const WSAESTALE = 10070;
export const WSAEREMOTE = 10071;
export const WSASYSNOTREADY = 10091;
export const WSAVERNOTSUPPORTED = 10092;
export const WSANOTINITIALISED = 10093;
export const WSAEDISCON = 10101;
export const WSAENOMORE = 10102;
export const WSAECANCELLED = 10103;
export const WSAEINVALIDPROCTABLE = 10104;
export const WSAEINVALIDPROVIDER = 10105;
export const WSAEPROVIDERFAILEDINIT = 10106;
export const WSASYSCALLFAILURE = 10107;
export const WSASERVICE_NOT_FOUND = 10108;
export const WSATYPE_NOT_FOUND = 10109;
export const WSA_E_NO_MORE = 10110;
export const WSA_E_CANCELLED = 10111;
export const WSAEREFUSED = 10112;
export const WSAHOST_NOT_FOUND = 11001;
export const WSATRY_AGAIN = 11002;
export const WSANO_RECOVERY = 11003;
export const WSANO_DATA = 11004;
export const WSA_QOS_RECEIVERS = 11005;
export const WSA_QOS_SENDERS = 11006;
export const WSA_QOS_NO_SENDERS = 11007;
export const WSA_QOS_NO_RECEIVERS = 11008;
export const WSA_QOS_REQUEST_CONFIRMED = 11009;
export const WSA_QOS_ADMISSION_FAILURE = 11010;
export const WSA_QOS_POLICY_FAILURE = 11011;
export const WSA_QOS_BAD_STYLE = 11012;
export const WSA_QOS_BAD_OBJECT = 11013;
export const WSA_QOS_TRAFFIC_CTRL_ERROR = 11014;
export const WSA_QOS_GENERIC_ERROR = 11015;
export const WSA_QOS_ESERVICETYPE = 11016;
export const WSA_QOS_EFLOWSPEC = 11017;
export const WSA_QOS_EPROVSPECBUF = 11018;
export const WSA_QOS_EFILTERSTYLE = 11019;
export const WSA_QOS_EFILTERTYPE = 11020;
export const WSA_QOS_EFILTERCOUNT = 11021;
export const WSA_QOS_EOBJLENGTH = 11022;
export const WSA_QOS_EFLOWCOUNT = 11023;
export const WSA_QOS_EUNKOWNPSOBJ = 11024;
export const WSA_QOS_EPOLICYOBJ = 11025;
export const WSA_QOS_EFLOWDESC = 11026;
export const WSA_QOS_EPSFLOWSPEC = 11027;
export const WSA_QOS_EPSFILTERSPEC = 11028;
export const WSA_QOS_ESDMODEOBJ = 11029;
export const WSA_QOS_ESHAPERATEOBJ = 11030;
export const WSA_QOS_RESERVED_PETYPE = 11031;
export const WSA_SECURE_HOST_NOT_FOUND = 11032;
export const WSA_IPSEC_NAME_POLICY_ERROR = 11033;

// Other names of the same codes, kept from Winsock 1.1.
export const WSANO_ADDRESS = WSANO_DATA;
export const HOST_NOT_FOUND = WSAHOST_NOT_FOUND;
export const TRY_AGAIN = WSATRY_AGAIN;
export const NO_RECOVERY = WSANO_RECOVERY;
export const NO_DATA = WSANO_DATA;
export const NO_ADDRESS = WSANO_ADDRESS;

// What getaddrinfo and getnameinfo return, by the names that RFC 3493 has for it (Microsoft, "getaddrinfo function").
export const EAI_AGAIN = WSATRY_AGAIN;
export const EAI_BADFLAGS = WSAEINVAL;
export const EAI_FAIL = WSANO_RECOVERY;
export const EAI_FAMILY = WSAEAFNOSUPPORT;
export const EAI_MEMORY = WSA_NOT_ENOUGH_MEMORY;
export const EAI_NONAME = WSAHOST_NOT_FOUND;
export const EAI_NODATA = EAI_NONAME;
export const EAI_NOSECURENAME = WSA_SECURE_HOST_NOT_FOUND;
export const EAI_SERVICE = WSATYPE_NOT_FOUND;
export const EAI_SOCKTYPE = WSAESOCKTNOSUPPORT;
export const EAI_IPSECPOLICY = WSA_IPSEC_NAME_POLICY_ERROR;

// Win32 and NT codes that surface through Winsock without being Winsock's.
export const ERROR_FILE_NOT_FOUND = 2;
export const ERROR_ACCESS_DENIED = 5;
export const ERROR_NOT_SUPPORTED = 50;
export const ERROR_NETNAME_DELETED = 64;
export const ERROR_SEM_TIMEOUT = 121;
export const ERROR_INSUFFICIENT_BUFFER = 122;
export const ERROR_MORE_DATA = 234;
export const WAIT_TIMEOUT = 258;
export const ERROR_ABANDONED_WAIT_0 = 735;
export const ERROR_NOT_FOUND = 1168;
export const ERROR_INVALID_WINDOW_HANDLE = 1400;
export const ERROR_NOT_ENOUGH_QUOTA = 1816;
export const ERROR_CONNECTION_REFUSED = 1225;
export const ERROR_NETWORK_UNREACHABLE = 1231;
export const ERROR_HOST_UNREACHABLE = 1232;
export const ERROR_PORT_UNREACHABLE = 1234;
export const ERROR_CONNECTION_ABORTED = 1236;
/** What inet_ntop really leaves as the last error when the buffer is too short. Unsigned. */
export const STATUS_INVALID_PARAMETER = 0xc000000d;

/** Every code above that has a Winsock name, in order of its number. */
export const WSA_ERRORS = {
  WSA_INVALID_HANDLE: { code: WSA_INVALID_HANDLE, text: "The event or handle given to the call does not exist, or has been closed." },
  WSA_NOT_ENOUGH_MEMORY: { code: WSA_NOT_ENOUGH_MEMORY, text: "There is not enough memory for the call." },
  WSA_INVALID_PARAMETER: { code: WSA_INVALID_PARAMETER, text: "One of the values given to the call makes no sense to it." },
  WSA_OPERATION_ABORTED: {
    code: WSA_OPERATION_ABORTED,
    text: "The operation was cancelled before it finished, usually because its socket was closed.",
  },
  WSA_IO_INCOMPLETE: { code: WSA_IO_INCOMPLETE, text: "The overlapped operation has not finished yet; ask again later." },
  WSA_IO_PENDING: { code: WSA_IO_PENDING, text: "The overlapped operation has begun and will finish later; this is not a failure." },
  WSAEINTR: {
    code: WSAEINTR,
    text: "The call was waiting and somebody made it give up, by cancelling it, closing the socket or calling WSACleanup.",
  },
  WSAEBADF: { code: WSAEBADF, text: "The number given is not an open file or socket." },
  WSAEACCES: {
    code: WSAEACCES,
    text: "This is not allowed: for example a broadcast without SO_BROADCAST, or a port that another program holds exclusively.",
  },
  WSAEFAULT: { code: WSAEFAULT, text: "A pointer is null or wrong, or a length is too small for the structure it describes." },
  WSAEINVAL: {
    code: WSAEINVAL,
    text: "The call does not fit the state of the socket (such as connect on a listening one), or an argument is out of range.",
  },
  WSAEMFILE: { code: WSAEMFILE, text: "Too many sockets are open." },
  WSAEWOULDBLOCK: {
    code: WSAEWOULDBLOCK,
    text: "The socket is nonblocking and the work cannot be done at once; it goes on, or can be tried again later (select tells when).",
  },
  WSAEINPROGRESS: { code: WSAEINPROGRESS, text: "Another blocking call is still running, and only one may run at a time here." },
  WSAEALREADY: { code: WSAEALREADY, text: "The socket is already busy with an earlier connect; wait for it to finish." },
  WSAENOTSOCK: { code: WSAENOTSOCK, text: "The number given is not a socket, or the socket has been closed." },
  WSAEDESTADDRREQ: { code: WSAEDESTADDRREQ, text: "The call needs to know where to send, and no address was given." },
  WSAEMSGSIZE: {
    code: WSAEMSGSIZE,
    text: "The datagram is larger than the network carries, or larger than the buffer it was received into.",
  },
  WSAEPROTOTYPE: { code: WSAEPROTOTYPE, text: "The protocol does not work with this type of socket." },
  WSAENOPROTOOPT: { code: WSAENOPROTOOPT, text: "The socket has no option of that name at that level." },
  WSAEPROTONOSUPPORT: { code: WSAEPROTONOSUPPORT, text: "That protocol is not available for this kind of socket." },
  WSAESOCKTNOSUPPORT: { code: WSAESOCKTNOSUPPORT, text: "That type of socket is not available." },
  WSAEOPNOTSUPP: { code: WSAEOPNOTSUPP, text: "This kind of socket cannot do that, such as listening on a datagram socket." },
  WSAEPFNOSUPPORT: { code: WSAEPFNOSUPPORT, text: "That family of protocols is not available." },
  WSAEAFNOSUPPORT: { code: WSAEAFNOSUPPORT, text: "The family of the address is not one that this socket can use." },
  WSAEADDRINUSE: { code: WSAEADDRINUSE, text: "The local address and port are already taken by another socket." },
  WSAEADDRNOTAVAIL: {
    code: WSAEADDRNOTAVAIL,
    text: "The address cannot be used: it is not one of this machine's, or not one that can be connected to (such as 0.0.0.0 or port 0).",
  },
  WSAENETDOWN: { code: WSAENETDOWN, text: "The network, or the part of the system that runs it, is not working." },
  WSAENETUNREACH: { code: WSAENETUNREACH, text: "This machine knows no route to that network." },
  WSAENETRESET: { code: WSAENETRESET, text: "The connection was dropped because keep-alive found that the other side no longer answers." },
  WSAECONNABORTED: {
    code: WSAECONNABORTED,
    text: "The connection was given up on this side, for instance because data was sent and never acknowledged.",
  },
  WSAECONNRESET: { code: WSAECONNRESET, text: "The other side cut the connection off, or said that nobody is there to receive." },
  WSAENOBUFS: { code: WSAENOBUFS, text: "The system has no memory or no free port left for this." },
  WSAEISCONN: { code: WSAEISCONN, text: "The socket is already connected." },
  WSAENOTCONN: { code: WSAENOTCONN, text: "The socket is not connected, and the call needs it to be." },
  WSAESHUTDOWN: { code: WSAESHUTDOWN, text: "This direction of the connection was closed by an earlier shutdown." },
  WSAETOOMANYREFS: { code: WSAETOOMANYREFS, text: "Too many references to one object of the system are held." },
  WSAETIMEDOUT: {
    code: WSAETIMEDOUT,
    text: "No answer came in time: the other side may be off, or something on the way may drop the packets.",
  },
  WSAECONNREFUSED: { code: WSAECONNREFUSED, text: "The other machine answered that no program is listening on that port." },
  WSAELOOP: { code: WSAELOOP, text: "The name leads back to itself." },
  WSAENAMETOOLONG: { code: WSAENAMETOOLONG, text: "The name is too long." },
  WSAEHOSTDOWN: { code: WSAEHOSTDOWN, text: "The other machine is down." },
  WSAEHOSTUNREACH: { code: WSAEHOSTUNREACH, text: "The network is there, but the other machine cannot be reached." },
  WSAENOTEMPTY: { code: WSAENOTEMPTY, text: "The directory is not empty." },
  WSAEPROCLIM: { code: WSAEPROCLIM, text: "Too many processes use Winsock at the same time." },
  WSAEUSERS: { code: WSAEUSERS, text: "The quota of users is used up." },
  WSAEDQUOT: { code: WSAEDQUOT, text: "The disk quota is used up." },
  WSAESTALE: { code: WSAESTALE, text: "The file handle refers to something that is no longer available." },
  WSAEREMOTE: { code: WSAEREMOTE, text: "The item is not on this machine." },
  WSASYSNOTREADY: { code: WSASYSNOTREADY, text: "The network part of the system is not ready for use yet." },
  WSAVERNOTSUPPORTED: { code: WSAVERNOTSUPPORTED, text: "The version of Winsock asked for is not available; ask for MAKEWORD(2, 2)." },
  WSANOTINITIALISED: { code: WSANOTINITIALISED, text: "WSAStartup has not been called, or WSACleanup has already ended its effect." },
  WSAEDISCON: { code: WSAEDISCON, text: "The other side has closed the connection in good order." },
  WSAENOMORE: { code: WSAENOMORE, text: "There are no more results." },
  WSAECANCELLED: { code: WSAECANCELLED, text: "The lookup was cancelled." },
  WSAEINVALIDPROCTABLE: { code: WSAEINVALIDPROCTABLE, text: "A service provider gave a table of functions that is not valid." },
  WSAEINVALIDPROVIDER: { code: WSAEINVALIDPROVIDER, text: "A service provider is not valid, or has the wrong version." },
  WSAEPROVIDERFAILEDINIT: { code: WSAEPROVIDERFAILEDINIT, text: "A service provider could not be loaded or started." },
  WSASYSCALLFAILURE: { code: WSASYSCALLFAILURE, text: "A call of the system failed that never should." },
  WSASERVICE_NOT_FOUND: { code: WSASERVICE_NOT_FOUND, text: "No such service is known." },
  WSATYPE_NOT_FOUND: { code: WSATYPE_NOT_FOUND, text: "No such class of services is known." },
  WSA_E_NO_MORE: { code: WSA_E_NO_MORE, text: "There are no more results." },
  WSA_E_CANCELLED: { code: WSA_E_CANCELLED, text: "The lookup was cancelled." },
  WSAEREFUSED: { code: WSAEREFUSED, text: "The query was refused." },
  WSAHOST_NOT_FOUND: { code: WSAHOST_NOT_FOUND, text: "No machine of that name is known." },
  WSATRY_AGAIN: { code: WSATRY_AGAIN, text: "The name server did not answer; trying again later may help." },
  WSANO_RECOVERY: { code: WSANO_RECOVERY, text: "The name server reported an error that trying again will not cure." },
  WSANO_DATA: { code: WSANO_DATA, text: "The name exists, but has no address of the kind asked for." },
  WSA_QOS_RECEIVERS: { code: WSA_QOS_RECEIVERS, text: "At least one quality-of-service reservation has arrived." },
  WSA_QOS_SENDERS: { code: WSA_QOS_SENDERS, text: "At least one sender of a quality-of-service path has arrived." },
  WSA_QOS_NO_SENDERS: { code: WSA_QOS_NO_SENDERS, text: "There are no senders of a quality-of-service path." },
  WSA_QOS_NO_RECEIVERS: { code: WSA_QOS_NO_RECEIVERS, text: "There are no receivers of a quality-of-service path." },
  WSA_QOS_REQUEST_CONFIRMED: { code: WSA_QOS_REQUEST_CONFIRMED, text: "The quality-of-service reservation is confirmed." },
  WSA_QOS_ADMISSION_FAILURE: { code: WSA_QOS_ADMISSION_FAILURE, text: "The quality-of-service request found too few resources." },
  WSA_QOS_POLICY_FAILURE: { code: WSA_QOS_POLICY_FAILURE, text: "A policy forbids the quality-of-service request." },
  WSA_QOS_BAD_STYLE: { code: WSA_QOS_BAD_STYLE, text: "The quality-of-service style is unknown, or conflicts with another." },
  WSA_QOS_BAD_OBJECT: { code: WSA_QOS_BAD_OBJECT, text: "A quality-of-service filter or provider buffer is malformed." },
  WSA_QOS_TRAFFIC_CTRL_ERROR: { code: WSA_QOS_TRAFFIC_CTRL_ERROR, text: "Traffic control failed for the quality-of-service request." },
  WSA_QOS_GENERIC_ERROR: {
    code: WSA_QOS_GENERIC_ERROR,
    text: "The quality-of-service request failed for a reason without a code of its own.",
  },
  WSA_QOS_ESERVICETYPE: { code: WSA_QOS_ESERVICETYPE, text: "The service type in the quality-of-service structure is not valid." },
  WSA_QOS_EFLOWSPEC: { code: WSA_QOS_EFLOWSPEC, text: "A flow specification in the quality-of-service structure is not valid." },
  WSA_QOS_EPROVSPECBUF: {
    code: WSA_QOS_EPROVSPECBUF,
    text: "The provider-specific buffer of the quality-of-service structure is not valid.",
  },
  WSA_QOS_EFILTERSTYLE: { code: WSA_QOS_EFILTERSTYLE, text: "The quality-of-service filter style is not valid." },
  WSA_QOS_EFILTERTYPE: { code: WSA_QOS_EFILTERTYPE, text: "The quality-of-service filter type is not valid." },
  WSA_QOS_EFILTERCOUNT: { code: WSA_QOS_EFILTERCOUNT, text: "The number of quality-of-service filters is wrong." },
  WSA_QOS_EOBJLENGTH: { code: WSA_QOS_EOBJLENGTH, text: "The length of a quality-of-service object is wrong." },
  WSA_QOS_EFLOWCOUNT: { code: WSA_QOS_EFLOWCOUNT, text: "The number of quality-of-service flow descriptors is wrong." },
  WSA_QOS_EUNKOWNPSOBJ: {
    code: WSA_QOS_EUNKOWNPSOBJ,
    text: "The provider-specific buffer holds a quality-of-service object of unknown kind.",
  },
  WSA_QOS_EPOLICYOBJ: { code: WSA_QOS_EPOLICYOBJ, text: "The provider-specific buffer holds a malformed quality-of-service policy." },
  WSA_QOS_EFLOWDESC: { code: WSA_QOS_EFLOWDESC, text: "A quality-of-service flow descriptor is malformed." },
  WSA_QOS_EPSFLOWSPEC: { code: WSA_QOS_EPSFLOWSPEC, text: "The provider-specific buffer holds a malformed flow specification." },
  WSA_QOS_EPSFILTERSPEC: { code: WSA_QOS_EPSFILTERSPEC, text: "The provider-specific buffer holds a malformed filter specification." },
  WSA_QOS_ESDMODEOBJ: { code: WSA_QOS_ESDMODEOBJ, text: "The provider-specific buffer holds a malformed shape-discard object." },
  WSA_QOS_ESHAPERATEOBJ: { code: WSA_QOS_ESHAPERATEOBJ, text: "The provider-specific buffer holds a malformed shaping rate." },
  WSA_QOS_RESERVED_PETYPE: {
    code: WSA_QOS_RESERVED_PETYPE,
    text: "The provider-specific buffer holds a policy element of a reserved kind.",
  },
  WSA_SECURE_HOST_NOT_FOUND: { code: WSA_SECURE_HOST_NOT_FOUND, text: "No machine of that name could be found in a secure way." },
  WSA_IPSEC_NAME_POLICY_ERROR: { code: WSA_IPSEC_NAME_POLICY_ERROR, text: "A name-based IPsec policy could not be set up." },
} as const satisfies Readonly<Record<string, { readonly code: number; readonly text: string }>>;

export type WsaErrorName = keyof typeof WSA_ERRORS;

const nameOfCode: ReadonlyMap<number, WsaErrorName> = new Map(
  (Object.keys(WSA_ERRORS) as WsaErrorName[]).map((name) => [WSA_ERRORS[name].code, name]),
);

/** The name of a code, such as "WSAECONNREFUSED" for 10061; undefined for 0 and for codes that are not Winsock's. */
export function errorName(code: number): WsaErrorName | undefined {
  return nameOfCode.get(code);
}

/** Name, number and sentence: "WSAECONNREFUSED (10061): The other machine …". Has an answer for every number. */
export function describeError(code: number): string {
  if (code === 0) return "NO_ERROR (0): The call succeeded.";
  const name = errorName(code);
  return name === undefined ? `Error ${code}: This is not one of Winsock's codes.` : `${name} (${code}): ${WSA_ERRORS[name].text}`;
}

/** A Winsock call failed; thrown by the promise face with the code that the blocking face leaves for WSAGetLastError. */
export class WinsockError extends Error {
  override readonly name = "WinsockError";
  /** The code's name, such as "WSAECONNREFUSED"; "UNKNOWN" when `errno` is not one of Winsock's. */
  readonly code: WsaErrorName | "UNKNOWN";
  /** The code itself, such as 10061. */
  readonly errno: number;
  /** The function that failed, such as "connect". */
  readonly syscall: string;
  declare readonly address?: string;
  declare readonly port?: number;

  /** @param detail the endpoint that the call was about, when there is one: a numeric address, and a port in host byte order */
  constructor(errno: number, syscall: string, detail: { readonly address?: string | undefined; readonly port?: number | undefined } = {}) {
    const { address, port } = detail;
    const target = address === undefined ? "" : ` to ${endpointText(address, port)}`;
    super(`${syscall}${target} failed: ${describeError(errno)}`);
    this.code = errorName(errno) ?? "UNKNOWN";
    this.errno = errno;
    this.syscall = syscall;
    if (address !== undefined) this.address = address;
    if (port !== undefined) this.port = port;
  }
}

function endpointText(address: string, port: number | undefined): string {
  if (port === undefined) return address;
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
