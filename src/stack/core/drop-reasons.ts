/**
 * The words for what becomes of a packet, each with the sentence that explains it. `docs/reference/drop-reasons.md` is made from these
 * tables, and the compiler takes no other word.
 */

/** Frames, and the device that they come from or go to. */
const LINK = {
  "ethernet-truncated": "The frame is shorter than an Ethernet header.",
  "ethernet-bad-source": "The frame's source is a group address, which no station has.",
  "ethernet-not-for-us": "The frame is for another station of the link; a TAP device shows those too.",
  "ethernet-vlan": "The frame carries a VLAN tag, and this host is in no VLAN.",
  "ethernet-802.3": "The frame has a length where Ethernet II has a type (IEEE 802.3 with LLC), which is not understood.",
  "ethernet-unknown-type": "The frame carries a protocol that is neither IPv4 nor IPv6 nor ARP.",
  "interface-down": "The packet should leave through an interface whose link is down.",
  "device-full":
    "The device took no more frames, and what was to leave is not worth waiting: ARP, ICMP, or a datagram that waited already.",
  "looped-queue-full": "Too many datagrams of this host's own to groups that it is a member of wait to come back.",
  "offload-gone": "A super-segment waited for its neighbour, and meanwhile the device's segmentation was switched off.",
} as const;

/** ARP packets, and frames that wait for a neighbour's link address. */
const NEIGHBOURS = {
  "arp-on-loopback": "An ARP packet came through the loopback, where there is nobody to resolve.",
  "arp-truncated": "The packet is shorter than ARP for IPv4 over Ethernet.",
  "arp-bad-hardware-type": "The ARP packet is for another kind of link than Ethernet.",
  "arp-bad-protocol-type": "The ARP packet resolves another protocol than IPv4.",
  "arp-bad-address-length": "The lengths in the ARP packet are not those of an Ethernet and an IPv4 address.",
  "arp-bad-operation": "The ARP packet is neither a request nor a reply.",
  "arp-bad-sender-mac": "The sender's link address in the ARP packet is a group's, nobody's or our own.",
  "arp-bad-sender": "The sender's IPv4 address in the ARP packet is not one that a neighbour on this link can have.",
  "arp-address-conflict": "Another station says that it has an address of ours.",
  "arp-not-for-us": "The ARP packet asks or answers another station; at most it is a hint that a neighbour has moved.",
  "arp-unsolicited": "The ARP reply answers no question of ours.",
  "neighbour-failed": "The next hop did not answer a moment ago, and is not asked again yet.",
  "neighbour-unresolved": "The next hop did not answer for its address, and what waited for it is given up.",
  "neighbour-removed": "The operator removed the neighbour for which the packet waited.",
  "neighbour-evicted": "The neighbour cache was full: the entry least used went, with the packets that waited for it.",
  "neighbour-queue-full": "Too much waits for a neighbour's link address already; the oldest goes, or what has no room at all.",
  "neighbour-queue-superseded": "A packet that holds the same, and perhaps more, waits for the same neighbour.",
} as const;

/** Fragments of both families, and the datagrams that they should make. */
const FRAGMENTS = {
  "fragment-bad-length": "A fragment has no bytes, or is not the last and has no multiple of eight.",
  "fragment-too-far": "The fragment reaches beyond the longest datagram that there is.",
  "fragment-tiny-first": "The first fragment does not hold the whole header of its transport (RFC 1858).",
  "fragment-duplicate": "The same fragment has come before.",
  "fragment-overlap":
    "The fragment overlaps another of its datagram, or says that it ends elsewhere: the whole datagram is discarded (RFC 5722).",
  "fragment-too-many": "The datagram comes in more pieces than are kept of one: the whole of it is discarded.",
  "fragment-of-refused": "The fragment belongs to a datagram that was discarded for what other fragments of it were.",
  "fragment-ecn-mismatch": "Of the datagram's fragments one has a congestion mark, and another cannot have one (RFC 3168).",
  "reassembly-evicted": "Too many fragments waited, in all or from one source, and the datagram was the oldest.",
  "reassembly-timeout": "Fragments of the datagram did not come in time.",
} as const;

/** IPv4 datagrams in and out. */
const IPV4 = {
  "ipv4-truncated": "The datagram is shorter than its header says, or than a header is.",
  "ipv4-bad-version": "The datagram came as IPv4 and has another version in its header.",
  "ipv4-bad-header-length": "The header length is below the least of 20 bytes.",
  "ipv4-bad-total-length": "The total length is smaller than the header.",
  "ipv4-bad-checksum": "The checksum of the IPv4 header is wrong.",
  "ipv4-bad-option": "An option of the IPv4 header reaches beyond the header, or has an impossible length.",
  "ipv4-source-route": "The datagram carries a source route, which is refused (RFC 7126).",
  "ipv4-source-unspecified": "The source is 0.0.0.0.",
  "ipv4-source-loopback": "The source is a loopback address, and the datagram came from a wire.",
  "ipv4-source-not-unicast": "The source is a multicast, reserved or broadcast address.",
  "ipv4-source-ours": "The source is an address of ours, and the datagram came from a wire.",
  "ipv4-source-not-ours": "The datagram came through the loopback with a source that is not ours.",
  "ipv4-not-for-us": "The destination is no address of this interface; a host does not forward.",
  "ipv4-loopback-from-wire": "The destination is a loopback address, and the datagram came from a wire.",
  "ipv4-group-not-joined": "The destination is a multicast group that no socket of this host has joined on this interface.",
  "ipv4-unicast-in-link-broadcast": "One host's datagram came in a frame for all, as when somebody wants a crowd to answer.",
  "ipv4-unknown-protocol": "No transport of this host takes the datagram's protocol.",
  "ipv4-too-long": "A datagram that should leave is longer than its path carries, and must not be fragmented.",
  "ipv4-identifications-used-up":
    "A datagram should leave in fragments, and so many did in the last two minutes that the receiver could not tell them apart (RFC 6864).",
  "no-route": "There is no route to the destination.",
  "source-not-local": "The source that a packet should leave with is no address of ours any more.",
} as const;

/** IPv6 packets in and out. */
const IPV6 = {
  "ipv6-truncated": "The packet is shorter than its header says, or than a header is.",
  "ipv6-bad-version": "The packet came as IPv6 and has another version in its header.",
  "ipv6-source-not-unicast": "The source is a group, or the unspecified address where it means nothing.",
  "ipv6-source-loopback": "The source is ::1, and the packet came from a wire.",
  "ipv6-source-v4-mapped": "The source or destination is an IPv4 address in IPv6's clothes, which belongs on no wire.",
  "ipv6-source-ours": "The source is an address of ours, and the packet came from a wire.",
  "ipv6-source-not-ours": "The packet came through the loopback with a source that is not ours.",
  "ipv6-not-for-us": "The destination is no address of this interface; a host does not forward.",
  "ipv6-address-tentative": "The destination is an address that is not ours before it is known that nobody else has it.",
  "ipv6-loopback-from-wire": "The destination is ::1, and the packet came from a wire.",
  "ipv6-group-not-joined": "The destination is a multicast group that is not joined here.",
  "ipv6-group-scope": "The destination is a group that is on no link: of scope 0, or known within one interface only.",
  "ipv6-unicast-in-link-broadcast": "One host's packet came in a frame for a group, as when somebody wants a crowd to answer.",
  "ipv6-truncated-header": "An extension header reaches beyond the packet.",
  "ipv6-too-many-headers": "The packet has more extension headers, or longer ones, than anything honest has.",
  "ipv6-too-many-options": "An extension header has more options than anything honest has.",
  "ipv6-hop-by-hop-not-first": "Hop-by-hop options stand behind another header; they may only be first.",
  "ipv6-bad-option": "An option of an extension header reaches beyond the header.",
  "ipv6-unknown-option": "An option is not known here, and its type says that the packet is then to be dropped.",
  "ipv6-routing-header": "A routing header would send the packet on, which a host does not do.",
  "ipv6-no-next-header": "The packet ends after its headers: nothing is in it.",
  "ipv6-unknown-protocol": "No transport of this host takes the packet's protocol.",
  "ipv6-too-long": "A packet that should leave is longer than its path carries, and may not be fragmented.",
} as const;

/** ICMPv6 messages, and among them those of neighbour discovery. */
const ICMPV6 = {
  "icmpv6-truncated": "The message is shorter than an ICMPv6 header.",
  "icmpv6-bad-checksum": "The checksum of the ICMPv6 message is wrong.",
  "icmpv6-unknown-type": "The type of the ICMPv6 message is informational and not known here.",
  "icmpv6-to-group": "The ICMPv6 message was sent to a group, and means nothing there.",
  "icmpv6-quote-truncated": "The ICMPv6 error quotes too little of the packet that it is about.",
  "icmpv6-quote-bad-version": "The ICMPv6 error quotes something that is not IPv6.",
  "icmpv6-quote-not-ours": "The ICMPv6 error quotes a packet whose source is not the address that the error came to.",
  "icmpv6-mtu-too-small": "A router says that its link carries less than the 1280 bytes that every link of IPv6 must.",
  "ndp-forwarded": "The hop limit of a neighbour discovery message is not 255, so that it may come from another link.",
  "ndp-in-fragment": "The message came in fragments, where what guards a link would not see it (RFC 6980).",
  "ndp-truncated": "The message is shorter than one of its type is.",
  "ndp-bad-code": "The code of a neighbour discovery message is not 0.",
  "ndp-bad-option": "An option has no length, or reaches beyond the message.",
  "ndp-bad-target": "The message is about a group, for which nobody can answer.",
  "ndp-bad-source": "The message has a source that one of its kind cannot have.",
  "ndp-bad-link-address": "The link address in the message is a group's, nobody's or our own.",
  "ndp-not-for-us": "The solicitation asks for another station.",
  "ndp-solicited-to-group": "The advertisement says that it was asked for, and goes to a group, which asks for nothing.",
  "ndp-unsolicited": "The advertisement is about a station that this host has nothing to do with.",
  "ndp-no-link-address": "The advertisement names no link address, and none is known.",
  "ndp-not-override": "The advertisement names another link address and leaves the known one its right.",
  "ndp-address-conflict": "Another station says that it has an address of ours, or one that we were about to take.",
  "ndp-own-probe": "The link hands our own question back whether anybody has an address.",
  "ndp-on-loopback": "The message came through the loopback, where there is nobody to discover.",
  "ndp-router-message": "The message is a router's, or for routers, and this host does not heed it.",
  "ndp-bad-prefix": "A router advertises a prefix that no host can have an address under, or of another length than addresses need.",
  "ndp-bad-lifetimes": "A router advertises a prefix that is to be preferred for longer than it is valid.",
  "ndp-bad-mtu": "A router advertises an MTU below the 1280 bytes of IPv6, or above that of the device.",
  "ndp-bad-name-server": "A router names a name server that is a group, nobody, or of IPv4.",
  "ndp-bad-search-list": "The domains in a router's search list are no names.",
  "ndp-too-many-routers": "So many routers advertise themselves on the link already that one more is not taken.",
  "ndp-too-many-routes": "So many prefixes or routes are advertised on the link already that one more is not taken.",
  "ndp-too-many-addresses": "So many prefixes are advertised that the interface has no room for an address under one more.",
  "ndp-too-many-name-servers": "So many name servers or search domains are advertised on the link already that one more is not taken.",
  "ndp-not-first-hop": "A redirect comes from another router than packets to that destination go to.",
} as const;

/** ICMP messages. */
const ICMP = {
  "icmp-truncated": "The message is shorter than an ICMP header.",
  "icmp-bad-checksum": "The checksum of the ICMP message is wrong.",
  "icmp-to-broadcast": "The ICMP message was sent to a broadcast address.",
  "icmp-unknown-type": "The type of the ICMP message is one that this host does not answer.",
  "icmp-unknown-code": "The code of the ICMP error has no meaning in any document.",
  "icmp-source-quench": "A source quench, which is ignored since anybody could slow the host down with it (RFC 6633).",
  "icmp-redirect": "A redirect, which is ignored since on a link with one router it only serves attackers.",
  "icmp-echo-unanswered": "An echo request, which the profile leaves unanswered.",
  "icmp-unexpected-echo-reply": "An echo reply that no request of ours waits for.",
  "icmp-quote-truncated": "The ICMP error quotes too little of the datagram that it is about.",
  "icmp-quote-bad-version": "The ICMP error quotes something that is not IPv4.",
  "icmp-quote-bad-header-length": "The header length in the quoted datagram is below the least of 20 bytes.",
  "icmp-quote-not-ours": "The ICMP error quotes a datagram whose source is not the address that the error came to.",
  "icmp-quote-of-fragment": "The ICMP error quotes a later fragment, which does not tell whose it is.",
  "icmp-quote-unexpected": "The ICMP error quotes nothing that is in flight here, and is not believed (RFC 5927).",
  "icmp-error-rate-limited": "An ICMP error was to be sent, and enough have been sent in this second.",
} as const;

/** Messages about memberships of multicast groups. */
const IGMP = {
  "igmp-truncated": "The message is shorter than an IGMP header, or than its list of sources says.",
  "igmp-bad-length": "The query's length is that of no version of IGMP.",
  "igmp-bad-checksum": "The checksum of the IGMP message is wrong.",
  "igmp-unknown-type": "The type of the IGMP message is none that a host listens to.",
  "igmp-without-router-alert": "The IGMP query lacks the router alert option, as one that was forged from afar may (RFC 3376).",
  "igmp-misdirected-query": "The IGMP query asks for all groups, and was not sent to all hosts.",
  "igmp-bad-group": "The IGMP query asks for something that is no group.",
  "igmp-bad-report": "The IGMP report of another member comes from elsewhere, or was sent to another group than it reports.",
} as const;

const MLD = {
  "mld-truncated": "The message is shorter than one of MLD, or than its list of sources says.",
  "mld-bad-length": "The query's length is that of no version of MLD.",
  "mld-unknown-type": "The MLD message is one that only routers listen to.",
  "mld-bad-source": "The MLD message does not come from a link-local address.",
  "mld-forwarded": "The hop limit of the MLD message is not 1: it may come from another link.",
  "mld-without-router-alert": "The MLD message lacks the router alert option, as one that was forged from afar may (RFC 3810).",
  "mld-misdirected-query": "The MLD query asks for all groups, and was not sent to all nodes.",
  "mld-bad-group": "The MLD query asks for something that is no group.",
  "mld-bad-report": "The MLD report of another listener was sent to another group than it reports.",
} as const;

/** UDP datagrams. */
const UDP = {
  "udp-truncated": "The datagram is shorter than its UDP header says, or than a header is.",
  "udp-bad-length": "The UDP length is below that of the header.",
  "udp-no-checksum": "The UDP datagram came over IPv6 without a checksum, which only IPv4 lets be left out.",
  "udp-bad-checksum": "The UDP checksum is wrong.",
  "udp-port-zero": "The UDP datagram is for port 0, which nobody has.",
  "udp-no-endpoint": "Nobody receives on the port; the sender is told by ICMP unless it sent to all.",
  "udp-not-member": "No socket on the port is a member of the group and wants this source.",
  "udp-queue-full": "The socket's receive buffer is full, and the newest datagram is lost.",
} as const;

/** What comes to raw sockets and leaves them. */
const RAW = {
  "raw-queue-full": "The raw socket's receive buffer is full, and the newest datagram is lost.",
  "raw-udp-source-not-ours": "A program gave a datagram of UDP with a header of its own, whose source is no address of this host.",
} as const;

/** Messages of DHCP servers. The client goes on waiting for one that is of use. */
const DHCP = {
  "dhcp-truncated": "The DHCP message is shorter than its fixed part.",
  "dhcp-bad-cookie": "The message on DHCP's port does not begin its options as DHCP does.",
  "dhcp-bad-option": "An option of the DHCP message runs past its field, or has a length that its kind cannot have.",
  "dhcp-not-a-reply": "The DHCP message is not a server's reply for Ethernet.",
  "dhcp-not-for-us": "The DHCP reply is for another client: its link address or its transaction is not ours.",
  "dhcp-unexpected": "The DHCP reply is of a kind that the client does not wait for now, or from another server than the one it chose.",
  "dhcp-refused": "What the DHCP server gives makes no sense: the address, the mask or the time of the lease cannot be used.",
} as const;

/** Messages that should answer a question of the host's resolver. The question goes on waiting for its answer. */
const DNS = {
  "dns-truncated": "The DNS message is shorter than its counts and lengths say.",
  "dns-bad-name": "A name in the DNS message is too long, or a pointer in it does not lead backwards.",
  "dns-not-an-answer": "The DNS message is no answer to a standard query.",
  "dns-wrong-id": "The DNS message has another number than the query that it should answer: somebody may be guessing (RFC 5452).",
  "dns-wrong-question": "The DNS message answers another question than was asked (RFC 5452).",
  "dns-bad-data": "The data of a record in the DNS message does not have the shape of its type.",
} as const;

/** TCP before a connection is looked for, and what TCP does not send. */
const TCP = {
  "tcp-truncated": "The segment is shorter than its header says, or than a header is.",
  "tcp-bad-data-offset": "The segment's data offset is below the least header of 20 bytes.",
  "tcp-to-broadcast": "The segment was sent to a broadcast address, which TCP does not know (RFC 9293 MUST-57).",
  "tcp-bad-checksum": "The TCP checksum is wrong.",
  "tcp-port-zero": "The segment comes from or goes to port 0, which nobody has.",
  "too-many-orphans":
    "A program closed a connection whose peer has not finished, and as many of these as there may be are left: it was reset (a connection, not a packet, is counted).",
  "reset-rate-limited": "A segment of no connection was to be answered by a reset, and enough have been sent in this second.",
} as const;

/** Why TCP made no use of a segment, or not the use that its sender meant. Its acknowledgement may have been used all the same. */
const SEGMENT = {
  "no-connection": "The segment belongs to no connection, and nobody listens on its port: it is answered by a reset.",
  "rst-to-closed": "A reset for a connection that does not exist; a reset is never answered.",
  "rst-to-listener": "A reset came to a listener, which has no connection to reset.",
  "ack-to-listener": "An acknowledgement came to a listener, which has sent nothing: it is answered by a reset.",
  "neither-syn-nor-rst": "Where a connection is only being opened, a segment came with neither SYN nor RST.",
  "syn-with-fin": "A SYN that carries a FIN, which the profile refuses.",
  "listener-paused": "The listener takes no connections for the time being: the SYN is answered by a reset.",
  "accept-queue-full": "The listener's queue has no room for one more connection.",
  "ack-of-unsent": "The segment acknowledges something that was never sent.",
  "ack-too-old": "The segment acknowledges something from so long ago that it is not of this connection's recent past (RFC 5961).",
  "ack-missing": "The segment has no ACK flag, which every segment of an open connection has.",
  "rst-without-ack-of-syn": "A reset came as answer to a SYN and does not acknowledge it, so that anybody may have made it up.",
  "rst-outside-window": "The number of the reset lies outside the receive window.",
  "rst-challenged": "The reset lies in the window, and is not at the exact next number: its sender is asked to confirm (RFC 5961).",
  "rst-in-time-wait": "A reset in TIME-WAIT, which must not end that state early (RFC 1337).",
  "syn-challenged": "A SYN in an open connection is not obeyed: its sender is asked to confirm (RFC 5961).",
  "answered-by-cookie":
    "The listener's handshakes are as many as it may have: the SYN was answered by a cookie, and nothing is kept of it (RFC 4987).",
  "syn-duplicate": "The peer's SYN came once more, because our answer is late or was lost.",
  "syn-in-time-wait": "A SYN would open the connection in TIME-WAIT anew, and nobody listens on its port any more.",
  "timestamp-missing": "Timestamps were agreed on, and the segment has none (RFC 7323).",
  "paws-rejected": "The segment's timestamp is older than what was seen before: it is an old duplicate (PAWS, RFC 7323).",
  "outside-window": "Nothing of the segment lies in the receive window.",
  "window-closed": "The receive window is shut: the text is left out, and the acknowledgement counts.",
  "text-duplicate": "All text of the segment was received before.",
  "text-after-fin": "Text or a FIN came after the peer's FIN, so that it is a repetition.",
  "text-after-close": "Text came for a program that has closed: nobody will read it, and the connection is reset.",
  "out-of-order-cap": "The text leaves a gap, and too many pieces with gaps between them are held already.",
  "answered-in-time-wait": "A late segment in TIME-WAIT was answered with where the connection ended.",
} as const;

/** Mistakes of our own code. */
const HOST = {
  "internal-error": "Our own code tripped over the packet, an alarm or a connection. Please report it.",
  "internal-error-in-call": "Our own code tripped over a call of a program. Please report it.",
} as const;

const ALL = {
  ...LINK,
  ...NEIGHBOURS,
  ...FRAGMENTS,
  ...IPV4,
  ...IPV6,
  ...ICMP,
  ...ICMPV6,
  ...IGMP,
  ...MLD,
  ...UDP,
  ...RAW,
  ...DHCP,
  ...DNS,
  ...TCP,
  ...SEGMENT,
  ...HOST,
} as const;

/** Why a packet came to nothing, in a word that `DropCounters` counts. */
export type DropReason = keyof typeof ALL;

/** What became of a packet that came in. */
export type PacketVerdict = "accepted" | DropReason;

/** What became of a segment for which TCP has looked for a connection; `no-route` and its like when there is no way to answer a SYN. */
export type SegmentVerdict = "accepted" | keyof typeof SEGMENT | "no-route" | "source-not-local" | "interface-down";

/** What `accepted` says, for a packet and for a segment. */
export const ACCEPTED_MEANING = "The packet did what its sender meant by it.";

/** Every reason with its sentence, by what it happens to. */
export const DROP_REASONS: readonly { readonly title: string; readonly reasons: Readonly<Record<string, string>> }[] = [
  { title: "Frames and devices", reasons: LINK },
  { title: "ARP and neighbours", reasons: NEIGHBOURS },
  { title: "Fragments", reasons: FRAGMENTS },
  { title: "IPv4", reasons: IPV4 },
  { title: "IPv6", reasons: IPV6 },
  { title: "ICMP", reasons: ICMP },
  { title: "IGMP", reasons: IGMP },
  { title: "MLD", reasons: MLD },
  { title: "ICMPv6 and neighbour discovery", reasons: ICMPV6 },
  { title: "UDP", reasons: UDP },
  { title: "Raw sockets", reasons: RAW },
  { title: "DHCP", reasons: DHCP },
  { title: "DNS", reasons: DNS },
  { title: "TCP", reasons: TCP },
  { title: "Segments of TCP", reasons: SEGMENT },
  { title: "Mistakes", reasons: HOST },
];
