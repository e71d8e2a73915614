/**
 * `tapsock/winsock/abi`: the constants, error codes, structures and byte-order functions of winsock2.h alone, without a network behind
 * them. Nothing here needs Node.js.
 */
export * from "./byte-order.ts";
export * from "./constants.ts";
export * from "./errors.ts";
export * from "./event-structures.ts";
export {
  WSAID_ACCEPTEX,
  WSAID_CONNECTEX,
  WSAID_DISCONNECTEX,
  WSAID_GETACCEPTEXSOCKADDRS,
  WSAID_TRANSMITFILE,
  WSAID_TRANSMITPACKETS,
  WSAID_WSAPOLL,
  WSAID_WSARECVMSG,
  WSAID_WSASENDMSG,
} from "./extension-functions.ts";
export * from "./fd-set.ts";
export { type GUID, sizeof_GUID } from "./guid.ts";
export * from "./in6-addr.ts";
export {
  type INTERFACE_INFO,
  new_TCP_INFO_v0,
  type SOCKET_ADDRESS_LIST,
  sizeof_INTERFACE_INFO,
  sizeof_SOCKET_ADDRESS_LIST,
  sizeof_TCP_INFO_v0,
  sizeof_TCP_INITIAL_RTO_PARAMETERS,
  sizeof_tcp_keepalive,
  type TCP_INFO_v0,
  type TCP_INITIAL_RTO_PARAMETERS,
  type tcp_keepalive,
} from "./ioctl-structures.ts";
export {
  type DEVICELIST,
  type IAS_ATTRIBUTE,
  type IAS_QUERY,
  type IAS_SET,
  type IRDA_DEVICE_INFO,
  new_DEVICELIST,
  new_IAS_QUERY,
  new_IAS_SET,
  new_SOCKADDR_IRDA,
  type SOCKADDR_IRDA,
  sizeof_DEVICELIST,
  sizeof_IAS_QUERY,
  sizeof_IAS_SET,
  sizeof_IRDA_DEVICE_INFO,
  sizeof_SOCKADDR_IRDA,
} from "./irda-structures.ts";
export {
  type in_pktinfo,
  type in6_pktinfo,
  new_in_pktinfo,
  new_in6_pktinfo,
  new_WSACMSGHDR,
  new_WSAMSG,
  read_in_pktinfo,
  read_in6_pktinfo,
  sizeof_in_pktinfo,
  sizeof_in6_pktinfo,
  sizeof_WSACMSGHDR,
  sizeof_WSAMSG,
  WSA_CMSG_DATA,
  WSA_CMSG_FIRSTHDR,
  WSA_CMSG_LEN,
  WSA_CMSG_NXTHDR,
  WSA_CMSG_SPACE,
  type WSACMSGHDR,
  type WSAMSG,
} from "./message-control.ts";
export * from "./message-structures.ts";
export {
  type group_req,
  type group_source_req,
  type ip_mreq,
  type ip_mreq_source,
  type ipv6_mreq,
  type MulticastRequest,
  new_ip_mreq,
  new_ip_mreq_source,
  new_ipv6_mreq,
  sizeof_group_req,
  sizeof_group_source_req,
  sizeof_ip_mreq,
  sizeof_ip_mreq_source,
  sizeof_ipv6_mreq,
} from "./multicast-requests.ts";
export {
  type addrinfo,
  type addrinfoex,
  type hostent,
  new_addrinfo,
  new_addrinfoex,
  new_hostent,
  new_protoent,
  new_servent,
  type protoent,
  type servent,
  sizeof_addrinfo,
  sizeof_addrinfoex,
  sizeof_hostent,
  sizeof_protoent,
  sizeof_servent,
} from "./name-structures.ts";
export * from "./nt-status.ts";
export * from "./overlapped-structures.ts";
export {
  new_WSAPROTOCOL_INFOA,
  new_WSAPROTOCOL_INFOW,
  sizeof_WSAPROTOCOL_INFOA,
  sizeof_WSAPROTOCOL_INFOW,
  type WSAPROTOCOL_INFO,
  type WSAPROTOCOL_INFOA,
  type WSAPROTOCOL_INFOW,
  type WSAPROTOCOLCHAIN,
} from "./protocol-info.ts";
export {
  type AFPROTOCOLS,
  type BLOB,
  new_WSAQUERYSETA,
  new_WSAQUERYSETW,
  sizeof_AFPROTOCOLS,
  sizeof_BLOB,
  sizeof_WSAQUERYSETA,
  sizeof_WSAQUERYSETW,
  sizeof_WSAVERSION,
  type WSAQUERYSET,
  type WSAQUERYSETA,
  type WSAQUERYSETW,
  type WSAVERSION,
} from "./query-set.ts";
export * from "./service-classes.ts";
export {
  type CSADDR_INFO,
  type ICMP_ERROR_INFO,
  type SOCKET_ADDRESS,
  sizeof_CSADDR_INFO,
  sizeof_ICMP_ERROR_INFO,
  sizeof_SOCKET_ADDRESS,
} from "./socket-state.ts";
export * from "./structures.ts";
export {
  new_TRANSMIT_FILE_BUFFERS,
  new_TRANSMIT_PACKETS_ELEMENT,
  sizeof_TRANSMIT_FILE_BUFFERS,
  sizeof_TRANSMIT_PACKETS_ELEMENT,
  type TRANSMIT_FILE_BUFFERS,
  type TRANSMIT_PACKETS_ELEMENT,
} from "./transmit-structures.ts";
export * from "./values.ts";
