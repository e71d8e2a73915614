/** When each of Winsock's codes is given here, for the page "Which error, when, and why". What a code means stands in src/winsock/abi/errors.ts. */
import type { WsaErrorName } from "../src/winsock/abi/errors.ts";

/** A code that a program can get; examples/errors has a program of its name that does. */
interface Given {
  /** Which calls give it, and by what way they do. */
  readonly by: string;
  /** What on the wire, or what state of socket and program, is behind it. */
  readonly because: string;
  readonly remedy: string;
}

/** A code that no call gives. */
interface NotGiven {
  /** Why not, and what comes instead. */
  readonly never: string;
}

const ofProviders = "There is one service provider, which is part of tapsock and takes no others in.";
const ofQos =
  "Nothing is reserved on the way here: WSAConnect refuses QOS structures with WSAEOPNOTSUPP, those of a group with WSAEINVAL, WSAAccept asks its function without any, and FD_QOS never comes.";
const ofUnix = "Winsock has the code from BSD's files, quotas and names, of which nothing is here";

const ofRawSockets =
  "Of socket: raw sockets are for administrators, which a daemon may not take its clients for (`tapsockd --administrators`). Of a raw socket: what it should send, or is bound for, is TCP.";

export const ERROR_CAUSES: Readonly<Record<WsaErrorName, Given | NotGiven>> = {
  WSA_INVALID_HANDLE: {
    by: "WSASetEvent, WSAResetEvent, WSACloseEvent, CloseHandle and the waits for events; an overlapped call whose `hEvent` is no event; functions of completion ports; CancelIo, QueueUserAPC, TransmitFile (for what is no file), GetAddrInfoExCancel, WSALookupServiceNext and WSALookupServiceEnd.",
    because: "The number is no handle of this program, or was closed. Where a socket is asked for, it is WSAENOTSOCK instead.",
    remedy: "Close each handle once, and last of all. 0 is NULL, and no handle.",
  },
  WSA_NOT_ENOUGH_MEMORY: {
    by: "getaddrinfo, gethostbyname and the other calls that look names up, WSALookupServiceBegin among them.",
    because:
      "The program has as many calls that wait, or bytes kept for them, as it may have (131,072 and 64 MiB), so that the question cannot wait for its answer.",
    remedy: "Ask fewer names at once.",
  },
  WSA_INVALID_PARAMETER: {
    by: "WSAWaitForMultipleEvents for no event or for more than 64; ConnectEx, AcceptEx and WSAGetOverlappedResult without an overlapped structure; CreateIoCompletionPort for a socket that has a port; CreateFile for anything but OPEN_EXISTING.",
    because: "These functions are kernel32's at heart, and refuse as it does.",
    remedy: "More than 64 events wait in several threads, or at one completion port.",
  },
  WSA_OPERATION_ABORTED: {
    by: "WSAGetOverlappedResult, the completion routine or the packet of a call that was overlapped.",
    because:
      "CancelIo or CancelIoEx ended it, or WSACleanup, or the closesocket of its datagram socket or listener. Receives and sends of a connection that its own program closes end with WSAECONNABORTED.",
    remedy: "None is needed: it is the answer to what the program did. The buffers are the program's again.",
  },
  WSA_IO_INCOMPLETE: {
    by: "WSAGetOverlappedResult with `fWait` FALSE.",
    because: "The call goes on; `Internal` holds STATUS_PENDING.",
    remedy: "Wait for the event, the routine or the packet, or pass TRUE.",
  },
  WSA_IO_PENDING: {
    by: "Each call with an overlapped structure: WSASend, WSARecv, their kin, ConnectEx, AcceptEx, DisconnectEx, TransmitFile, GetAddrInfoExW, WSAIoctl with a code that waits or that nobody knows.",
    because:
      "There was nothing to receive yet, no room to send, no connection, or no change; the call has begun. ConnectEx, AcceptEx and DisconnectEx say it always, however quick they are.",
    remedy: "It is no failure: leave the buffers alone until the end is told.",
  },
  WSAEINTR: {
    by: "Each call that waits.",
    because:
      "While it waited another thread closed its socket or called WSACleanup for the last time, or the blocking hook of a program of Winsock 1.1 called WSACancelBlockingCall.",
    remedy: "Give up what the call was for. After a cancelled connect nothing but closesocket is sure to work.",
  },
  WSAEBADF: { never: `${ofUnix}: what is no socket is WSAENOTSOCK, what is no handle WSA_INVALID_HANDLE.` },
  WSAEACCES: {
    by: "connect and sendto of a datagram socket; bind; socket for SOCK_RAW; bind and sends of a raw socket; WSAAccept whose condition function said CF_ACCEPT.",
    because: `The destination is a broadcast address, and SO_BROADCAST is off. Of bind: the port has a socket with SO_EXCLUSIVEADDRUSE, or this one wants SO_REUSEADDR beside one that does not share (the table of Microsoft's page on both). ${ofRawSockets} Of WSAAccept: whom its function was asked about is gone, or does not answer any more.`,
    remedy: "Set SO_BROADCAST if everybody is meant; choose another port, or have both sockets share it.",
  },
  WSAEFAULT: {
    by: "Each call that takes a pointer.",
    because:
      "What has to be there is null; a structure, a buffer or its length is too short for what it is to hold (a `namelen` below sizeof_sockaddr_in); or a parameter is of a kind that cannot be read, where C would not compile. On a socket of AF_INET6 bind and sendto say it of a sockaddr_in.",
    remedy: "Pass the structure's own size. Where a length is in and out, set it before each call.",
  },
  WSAEINVAL: {
    by: "Most calls.",
    because:
      "The state does not fit: listen before bind, bind a second time, accept on what does not listen, connect on a listener, recv of a datagram socket that is not bound, MSG_OOB where no urgent byte stands apart, FIONBIO 0 while events are selected. Or a value is out of range: select without any socket, WSAPoll for an event that nobody can ask for, shutdown with another `how`, a level of options that does not exist. In a program of Winsock 1.1 it stands for WSAEALREADY too.",
    remedy: "Look at which of the two it is: values first, then what was called on the socket before.",
  },
  WSAEMFILE: {
    by: "socket, WSASocket, accept and its kin, WSACreateEvent, CreateIoCompletionPort, CreateMessageWindow.",
    because:
      "The program has as many handles as it may have: 65,536 unless its host says otherwise. A connection that finds no handle stays in the listener's queue.",
    remedy: "Close what is not used any more; a server stops accepting until it has.",
  },
  WSAEWOULDBLOCK: {
    by: "connect, accept, recv, send and their kin, of a nonblocking socket; closesocket of one that shall linger; control codes that wait for a change, which then comes as a network event.",
    because:
      "Nothing has come, nothing is queued, or as much as SO_SNDBUF allows has not been acknowledged. Of connect it says that the SYN is on its way.",
    remedy:
      "Wait by select, WSAPoll, WSAEventSelect or WSAAsyncSelect, and call again; after connect do not call again, but wait for the outcome.",
  },
  WSAEINPROGRESS: {
    by: "A call that would have to wait, made within an APC or a completion routine that runs in the middle of another such call of the thread; any call within the blocking hook of a program of Winsock 1.1; GetAddrInfoExOverlappedResult while the lookup goes on.",
    because:
      "The thread waits in one call already. Windows leaves undefined what comes of the second (page of `connect`); here it is refused.",
    remedy: "In a routine begin overlapped calls only, or note what is to be done, and do it when the outer call has returned.",
  },
  WSAEALREADY: {
    by: "connect; WSACancelAsyncRequest for a request that is over.",
    because: "The socket is nonblocking, and its SYN has not been answered yet.",
    remedy: "Wait for the outcome: select finds the socket writable, or in `exceptfds` when the attempt has failed.",
  },
  WSAENOTSOCK: {
    by: "Each call that takes a socket.",
    because:
      "The number never was one, was closed, or is another program's or another kind of handle. WSACleanup closes all. select leaves its sets as they were; WSAPoll says it only when none of its entries is a socket.",
    remedy: "Do not use a number after closesocket: it may be given again.",
  },
  WSAEDESTADDRREQ: { never: "sendto without an address on a socket without a peer is WSAENOTCONN, as send is." },
  WSAEMSGSIZE: {
    by: "send and sendto; recv, recvfrom, WSARecvMsg and their overlapped forms.",
    because:
      "A datagram out is longer than IP carries: 65507 bytes for IPv4, and less where IP_DONTFRAGMENT is set and the way is narrow. A datagram in was longer than the buffer: that is full, and the rest is lost.",
    remedy: "Send less at once; receive into 65535 bytes, or into as much as the protocol above ever sends.",
  },
  WSAEPROTOTYPE: {
    never: "socket says WSAEPROTONOSUPPORT of a protocol that does not go with the type, as Windows does (Wine's test WSASocket).",
  },
  WSAENOPROTOOPT: {
    by: "setsockopt and getsockopt.",
    because:
      "The level has no option of that name, or not for this type of socket (SO_LINGER and SO_KEEPALIVE are for streams, SO_BROADCAST for datagrams), or it cannot be set. A level that does not exist is WSAEINVAL.",
    remedy: "[winsock-options.md](winsock-options.md) has each option with its types.",
  },
  WSAEPROTONOSUPPORT: {
    by: "socket, WSASocket; WSAConnect with data for the peer.",
    because:
      "The protocol is not there, or is another type's: TCP goes with SOCK_STREAM, UDP with SOCK_DGRAM. TCP has no way to carry data with a connect.",
    remedy: "Pass 0, which takes what suits the type.",
  },
  WSAESOCKTNOSUPPORT: {
    by: "socket, WSASocket; getaddrinfo, of `ai_socktype`.",
    because:
      "Of socket: there are SOCK_STREAM, SOCK_DGRAM and SOCK_RAW; infrared has streams alone. Of getaddrinfo: no type has the number.",
    remedy: "Choose one of them.",
  },
  WSAEOPNOTSUPP: {
    by: "listen and accept of a datagram socket; receives and sends with flags that the socket does not know (MSG_OOB on datagrams, MSG_WAITALL on a nonblocking stream or beside MSG_PEEK); WSAIoctl and ioctlsocket with an unknown code, or one of another type; WSARecvMsg on a stream; WSAConnect with a QOS structure; Winsock 1.1's hooks in a program of 2.x.",
    because: "This kind of socket cannot do it, whatever its state.",
    remedy: "Another type of socket, or another way.",
  },
  WSAEPFNOSUPPORT: {
    never: "A family that is not there is WSAEAFNOSUPPORT: in Winsock 2 protocol families and address families are the same.",
  },
  WSAEAFNOSUPPORT: {
    by: "socket and bind for a family that is not there; connect and sendto; inet_pton, getaddrinfo.",
    because:
      "connect and sendto: the address is of another family than the socket (bind says WSAEFAULT of that, as its page does). There are AF_INET and AF_INET6, and AF_IRDA where the host has an infrared device.",
    remedy:
      "Make the socket with the family of the address (`ai_family` of what getaddrinfo found), or take IPV6_V6ONLY off and write IPv4 addresses v4-mapped.",
  },
  WSAEADDRINUSE: {
    by: "bind; connect and sendto, which bind where the program has not.",
    because:
      "Another socket has the port at this address. connect says it late, when a wildcard address comes to mean one at which the port is taken, or when all dynamic ports were used to this very destination lately. Connections that live on stand in the way of a bind with SO_EXCLUSIVEADDRUSE alone.",
    remedy: "Port 0 takes a free one. A server that wants its port for itself sets SO_EXCLUSIVEADDRUSE, and not SO_REUSEADDR.",
  },
  WSAEADDRNOTAVAIL: {
    by: "bind; connect; sendto; WSASendMsg; options of multicast.",
    because:
      "bind: the address is none of the host's. connect: it is 0.0.0.0, `::`, port 0, a group's or everybody's. Datagram sockets may connect to port 0, and the address of zeros disconnects them. Any: a v4-mapped address on a socket that speaks IPv6 alone.",
    remedy: "Bind to INADDR_ANY, or to what `tapsock status` shows; connect to an address and a port that are somebody's.",
  },
  WSAENETDOWN: {
    by: "Each call.",
    because:
      "The thread or the daemon of the host has ended; or the adapter went away, or lost the address, that the socket is bound to: what waits ends with it, and so do later calls, after what had come is received. Infrared: the medium has a connection already.",
    remedy: "Open the socket anew when the network is there again; of a daemon: WSACleanup and WSAStartup first.",
  },
  WSAENETUNREACH: {
    by: "connect, sendto, WSASendMsg, SIO_ROUTING_INTERFACE_QUERY.",
    because:
      "No route leads there; nothing was sent. What routers say of a network while a SYN is on its way is only counted, unless TCP_FAIL_CONNECT_ON_ICMP_ERROR is set: then it is WSAEHOSTUNREACH.",
    remedy: "Give the host a gateway (`gateway=` in its URL, `tapsock route`). The same socket may try again.",
  },
  WSAENETRESET: {
    by: "recv and recvfrom of a datagram socket.",
    because:
      "A router said of a datagram that its time to live was over (ICMP type 11). Windows' pages give it for keep-alive too: here a connection that keep-alive ends is WSAECONNABORTED, see [winsock-notes.md](../winsock-notes.md).",
    remedy: "Receive on: the socket is good. IP_TTL sets more; SIO_UDP_NETRESET FALSE has none of it told.",
  },
  WSAECONNABORTED: {
    by: "send, recv and their kin; FD_CLOSE; overlapped calls.",
    because:
      "The peer had ended its side, and answered what was sent then with a reset; or what was sent, or keep-alive's probes, were never acknowledged; or, of an overlapped call, the program itself closed the connection. FD_CLOSE says it of every reset.",
    remedy: "Close the socket and connect a new one.",
  },
  WSAECONNRESET: {
    by: "send, recv and their kin; accept and WSAAccept, of a connection that was reset in the queue or in its handshake; recv and recvfrom of datagrams.",
    because:
      "A reset came: the peer's program was ended, closed its socket with data unread, or set SO_LINGER to 0 seconds. Of datagrams: ICMP said that nobody listens at the port where one before was sent to.",
    remedy: "A stream: close the socket and connect a new one. Datagrams: receive on; SIO_UDP_CONNRESET FALSE has none of it told.",
  },
  WSAENOBUFS: {
    by: "connect, bind to port 0, sendto; any call that waits; setsockopt with a negative length; WSADuplicateSocket.",
    because:
      "No dynamic port is free (16,384 of them with profile `windows`); or as many calls wait, or bytes are kept, as the program may have; or the queue of a link is full, or SO_SNDBUF is 0 and a nonblocking send finds another before it.",
    remedy: "Close sockets, or wait for calls to end. `tapsock status` shows the budgets beside what is used of them.",
  },
  WSAEISCONN: {
    by: "connect, ConnectEx; listen.",
    because:
      "The stream has its connection. It keeps it, for this purpose, until closesocket, whatever has become of the peer; only DisconnectEx with TF_REUSE_SOCKET frees it.",
    remedy: "A new connection takes a new socket. Datagram sockets may connect again and again.",
  },
  WSAENOTCONN: {
    by: "send, recv, shutdown and getpeername of a stream; send, and recv after a disconnect, of datagrams; SIO_TCP_INFO, IP_MTU, SO_UPDATE_CONNECT_CONTEXT.",
    because:
      "It was never connected, or its connect is still on its way or has failed; a datagram socket has no peer (an address of zeros took it away). After ConnectEx and AcceptEx names and shutdown say it until the context is updated.",
    remedy: "connect first; SO_UPDATE_CONNECT_CONTEXT or SO_UPDATE_ACCEPT_CONTEXT after the extension functions; sendto for datagrams.",
  },
  WSAESHUTDOWN: {
    by: "send and sendto after SD_SEND, recv and recvfrom after SD_RECEIVE, whether data is left or not.",
    because: "The program itself said that it was done with that direction.",
    remedy: "Shut down last. The other direction works on.",
  },
  WSAETOOMANYREFS: { never: ofUnix.concat(".") },
  WSAETIMEDOUT: {
    by: "connect, WSAConnectByName; recv after SO_RCVTIMEO, send after SO_SNDTIMEO.",
    because:
      "No SYN was answered in 21 seconds (five of them, or until TCP_MAXRT), or nobody answered for the address on the link. Of recv: nothing came in time. What a connected stream sends in vain is WSAECONNABORTED.",
    remedy:
      "Is it the right address, does a firewall drop the packets? `tapsock connect --ladder` shows who did not answer. The same socket may try again.",
  },
  WSAECONNREFUSED: {
    by: "connect and its kin; WSAAccept whose condition function said CF_REJECT.",
    because:
      "The peer answered each SYN with a reset: nobody listens on the port, or the listener's queue is full on Windows. Windows asks four times more, half a second apart, before it believes it (profile `windows`; others believe the first).",
    remedy: "Start the server, look at the port. The same socket may try again.",
  },
  WSAELOOP: { never: ofUnix.concat(".") },
  WSAENAMETOOLONG: { never: `${ofUnix}: a name that is too long to be one is WSAHOST_NOT_FOUND.` },
  WSAEHOSTDOWN: {
    by: "WSAGetOverlappedResult alone, where a program wrote STATUS_HOST_DOWN into `Internal`, from which the code is made.",
    because: "Nothing that comes off the wire says it: a station that does not answer is WSAETIMEDOUT.",
    remedy: "None is needed.",
  },
  WSAEHOSTUNREACH: {
    by: "connect.",
    because:
      "TCP_FAIL_CONNECT_ON_ICMP_ERROR is set, and a router answered the SYN with an ICMP error; TCP_ICMP_ERROR_INFO says which. Without the option such errors are hints, and the outcome is WSAETIMEDOUT. Profiles `linux` and `rfc` believe some of them.",
    remedy: "The way there is broken behind the router that said so. The same socket may try again.",
  },
  WSAENOTEMPTY: { never: ofUnix.concat(".") },
  WSAEPROCLIM: { never: "There is no limit to the programs of a host; a daemon that takes no more clients is WSASYSNOTREADY." },
  WSAEUSERS: { never: ofUnix.concat(".") },
  WSAEDQUOT: { never: ofUnix.concat(".") },
  WSAESTALE: { never: ofUnix.concat(".") },
  WSAEREMOTE: { never: ofUnix.concat(".") },
  WSASYSNOTREADY: {
    by: "WSAStartup, as its result.",
    because:
      "The network of the URL cannot be had: no daemon at the path, no such TAP device, no right to it. `networkFailure()` says which, awaited calls in `cause`.",
    remedy: "`npx tapsock doctor` tells what is missing.",
  },
  WSAVERNOTSUPPORTED: {
    by: "WSAStartup, as its result.",
    because: "The major version that is asked for is 0. Higher ones than 2.2 get 2.2, and the structure says so.",
    remedy: "MAKEWORD(2, 2).",
  },
  WSANOTINITIALISED: {
    by: "Each call but those on addresses as text, byte order and WSAGetLastError.",
    because: "WSAStartup was not called, has failed, or the last WSACleanup was. Awaited calls start up by themselves.",
    remedy: "Call WSAStartup first, and look at its result.",
  },
  WSAEDISCON: {
    by: "WSAGetOverlappedResult alone, where a program wrote STATUS_GRACEFUL_DISCONNECT into `Internal`, from which the code is made.",
    because: "TCP tells of the peer's end by a receive of 0 bytes; the code is for protocols of messages, of which there is none.",
    remedy: "Take 0 bytes for the end of the stream.",
  },
  WSAENOMORE: { never: "WSALookupServiceNext says WSA_E_NO_MORE in its place, as on Windows." },
  WSAECANCELLED: { never: "WSALookupServiceNext says WSA_E_CANCELLED in its place, as on Windows." },
  WSAEINVALIDPROCTABLE: { never: ofProviders },
  WSAEINVALIDPROVIDER: { never: ofProviders },
  WSAEPROVIDERFAILEDINIT: { never: `${ofProviders} A network that cannot be had is WSASYSNOTREADY.` },
  WSASYSCALLFAILURE: {
    never:
      "Unless a call trips over a mistake of tapsock's own: it fails with this, the log has the trace, and other calls go on. Please report it.",
  },
  WSASERVICE_NOT_FOUND: {
    by: "GetAddrInfoEx and GetAddrInfoExA, as their result; WSALookupServiceBegin; WSALookupServiceNext.",
    because:
      "The name space is another than NS_DNS and NS_ALL, or a provider is named that is not its; of WSALookupServiceBegin the class is none that is known, of WSALookupServiceNext there is no such name or service.",
    remedy: "Ask NS_DNS, by a class such as SVCID_INET_HOSTADDRBYNAME; look at the spelling.",
  },
  WSATYPE_NOT_FOUND: {
    by: "getaddrinfo and its kin, as their result; WSAConnectByName.",
    because: "The service is neither a number nor in the table of services, or not with the protocol that is asked for.",
    remedy: "Pass the port as a number.",
  },
  WSA_E_NO_MORE: {
    by: "WSALookupServiceNext.",
    because: "All results have been given: one, and with LUP_RETURN_ALIASES one for each alias.",
    remedy: "None is needed: call WSALookupServiceEnd.",
  },
  WSA_E_CANCELLED: {
    by: "GetAddrInfoExOverlappedResult, and the routine of GetAddrInfoExW; WSALookupServiceNext.",
    because: "GetAddrInfoExCancel or WSALookupServiceEnd ended the lookup before an answer came.",
    remedy: "None is needed: it is the answer to what the program did.",
  },
  WSAEREFUSED: { never: "A name server that refuses a question is WSANO_RECOVERY." },
  WSAHOST_NOT_FOUND: {
    by: "getaddrinfo and its kin, gethostbyname, gethostbyaddr, getnameinfo with NI_NAMEREQD.",
    because:
      "The name server said that there is no such name (NXDOMAIN), the text can be no name, AI_NUMERICHOST was given with one, or the host has no name server.",
    remedy: "Look at the spelling, and at `tapsock dns`.",
  },
  WSATRY_AGAIN: {
    by: "The same; WSAAccept whose condition function said CF_DEFER.",
    because:
      "No name server answered in 1, 2 and 4 seconds each, none could be reached, or the answer was SERVFAIL; or the lookup's own time was over.",
    remedy: "Try again later; look at the way to the name server (`tapsock ping`).",
  },
  WSANO_RECOVERY: {
    by: "The same.",
    because:
      "The name server refused the question or answered what is no answer; or the parameters contradict each other, as AI_CANONNAME without a name.",
    remedy: "Ask another name server; mend the hints.",
  },
  WSANO_DATA: {
    by: "The same; getservbyname, getservbyport, getprotobyname and getprotobynumber for what is not in their tables.",
    because: "The name is there, and has no address of the family that was asked for.",
    remedy: "Ask for AF_UNSPEC, or for the other family.",
  },
  WSA_QOS_RECEIVERS: { never: ofQos },
  WSA_QOS_SENDERS: { never: ofQos },
  WSA_QOS_NO_SENDERS: { never: ofQos },
  WSA_QOS_NO_RECEIVERS: { never: ofQos },
  WSA_QOS_REQUEST_CONFIRMED: { never: ofQos },
  WSA_QOS_ADMISSION_FAILURE: { never: ofQos },
  WSA_QOS_POLICY_FAILURE: { never: ofQos },
  WSA_QOS_BAD_STYLE: { never: ofQos },
  WSA_QOS_BAD_OBJECT: { never: ofQos },
  WSA_QOS_TRAFFIC_CTRL_ERROR: { never: ofQos },
  WSA_QOS_GENERIC_ERROR: { never: ofQos },
  WSA_QOS_ESERVICETYPE: { never: ofQos },
  WSA_QOS_EFLOWSPEC: { never: ofQos },
  WSA_QOS_EPROVSPECBUF: { never: ofQos },
  WSA_QOS_EFILTERSTYLE: { never: ofQos },
  WSA_QOS_EFILTERTYPE: { never: ofQos },
  WSA_QOS_EFILTERCOUNT: { never: ofQos },
  WSA_QOS_EOBJLENGTH: { never: ofQos },
  WSA_QOS_EFLOWCOUNT: { never: ofQos },
  WSA_QOS_EUNKOWNPSOBJ: { never: ofQos },
  WSA_QOS_EPOLICYOBJ: { never: ofQos },
  WSA_QOS_EFLOWDESC: { never: ofQos },
  WSA_QOS_EPSFLOWSPEC: { never: ofQos },
  WSA_QOS_EPSFILTERSPEC: { never: ofQos },
  WSA_QOS_ESDMODEOBJ: { never: ofQos },
  WSA_QOS_ESHAPERATEOBJ: { never: ofQos },
  WSA_QOS_RESERVED_PETYPE: { never: ofQos },
  WSA_SECURE_HOST_NOT_FOUND: { never: "AI_SECURE counts for the name space NS_EMAIL only, which is not there." },
  WSA_IPSEC_NAME_POLICY_ERROR: { never: "There is no IPsec here, and no policy that a name could find." },
};
