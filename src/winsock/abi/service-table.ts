/** Services by their names and ports, by IANA's registry: those that a Windows program may expect in its file `services`. */
import { htons } from "./byte-order.ts";
import type { servent } from "./name-structures.ts";

export interface ServiceRecord {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly port: number;
  readonly protocol: "tcp" | "udp";
}

/** A line for each: name, port, protocols, other names. Of those that share a port the first is the one by which it is known. */
const LINES = `
echo 7 tcp udp
discard 9 tcp udp sink null
systat 11 tcp udp users
daytime 13 tcp udp
qotd 17 tcp udp quote
chargen 19 tcp udp ttytst source
ftp-data 20 tcp
ftp 21 tcp
ssh 22 tcp
telnet 23 tcp
smtp 25 tcp mail
time 37 tcp udp timserver
rlp 39 udp resource
nameserver 42 tcp udp name
nicname 43 tcp whois
domain 53 tcp udp
bootps 67 udp dhcps
bootpc 68 udp dhcpc
tftp 69 udp
gopher 70 tcp
finger 79 tcp
http 80 tcp www www-http
hosts2-ns 81 tcp udp
kerberos 88 tcp udp krb5 kerberos-sec
hostname 101 tcp hostnames
iso-tsap 102 tcp
rtelnet 107 tcp
pop2 109 tcp postoffice
pop3 110 tcp
sunrpc 111 tcp udp rpcbind portmap
auth 113 tcp ident tap
uucp-path 117 tcp
sqlserv 118 tcp
nntp 119 tcp usenet
ntp 123 udp
epmap 135 tcp udp loc-srv
netbios-ns 137 tcp udp nbname
netbios-dgm 138 udp nbdatagram
netbios-ssn 139 tcp nbsession
imap 143 tcp imap4
snmp 161 udp
snmptrap 162 udp snmp-trap
bgp 179 tcp
irc 194 tcp
ldap 389 tcp
https 443 tcp udp MCom
microsoft-ds 445 tcp udp
kpasswd 464 tcp udp
isakmp 500 udp ike
exec 512 tcp
biff 512 udp comsat
login 513 tcp
who 513 udp whod
cmd 514 tcp shell
syslog 514 udp
printer 515 tcp spooler
talk 517 udp
ntalk 518 udp
efs 520 tcp
router 520 udp route routed
timed 525 udp timeserver
tempo 526 tcp newdate
courier 530 tcp rpc
conference 531 tcp chat
netnews 532 tcp readnews
netwall 533 udp
uucp 540 tcp uucpd
klogin 543 tcp
kshell 544 tcp krcmd
dhcpv6-client 546 tcp udp
dhcpv6-server 547 tcp udp
rtsp 554 tcp udp
remotefs 556 tcp rfs rfs_server
nntps 563 tcp udp snntp
submission 587 tcp
http-rpc-epmap 593 tcp udp
ipp 631 tcp
ldaps 636 tcp sldap
domain-s 853 tcp udp
rsync 873 tcp
ftps-data 989 tcp
ftps 990 tcp
telnets 992 tcp
imaps 993 tcp
ircs 994 tcp
pop3s 995 tcp udp spop3
socks 1080 tcp
ms-sql-s 1433 tcp udp
ms-sql-m 1434 tcp udp
wins 1512 tcp udp
l2tp 1701 udp
pptp 1723 tcp
radius 1812 udp
radacct 1813 udp
ssdp 1900 tcp udp
nfsd 2049 udp nfs
ms-wbt-server 3389 tcp udp
teredo 3544 tcp udp
ws-discovery 3702 tcp udp
ipsec-msft 4500 tcp udp
llmnr 5355 tcp udp
wsd 5357 tcp
`;

const isProtocol = (word: string): word is ServiceRecord["protocol"] => word === "tcp" || word === "udp";

const SERVICES: readonly ServiceRecord[] = LINES.trim()
  .split("\n")
  .flatMap((line) => {
    const [name = "", port = "", ...words] = line.split(" ");
    const aliases = words.filter((word) => !isProtocol(word));
    return words.filter(isProtocol).map((protocol) => ({ name, aliases, port: Number(port), protocol }));
  });

/** By name or alias, whatever the case of its letters. @param protocol undefined for the first that there is */
export function serviceNamed(name: string, protocol: string | undefined): ServiceRecord | undefined {
  const wanted = name.toLowerCase();
  return SERVICES.find(
    (each) => isOver(each, protocol) && (each.name === wanted || each.aliases.some((alias) => alias.toLowerCase() === wanted)),
  );
}

/** @param port in host byte order @param protocol undefined for the first that there is */
export const serviceAt = (port: number, protocol: string | undefined): ServiceRecord | undefined =>
  SERVICES.find((each) => isOver(each, protocol) && each.port === port);

const isOver = (service: ServiceRecord, protocol: string | undefined): boolean =>
  protocol === undefined || service.protocol === protocol.toLowerCase();

/** As programs have it. */
export const serviceRecord = ({ name, aliases, port, protocol }: ServiceRecord): servent => ({
  s_name: name,
  s_aliases: [...aliases],
  s_port: htons(port),
  s_proto: protocol,
});
