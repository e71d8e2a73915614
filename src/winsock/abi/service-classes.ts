/** Classes of services by which WSALookupService looks (svcguid.h). */
import { type GUID, guid, sameGuid } from "./guid.ts";

const LAST = "-0000-0000-c000-000000000046";
/** Of a host: its name, NULL for its own, leads to the canonical one. */
export const SVCID_HOSTNAME = guid(`0002a800${LAST}`);
/** gethostbyaddr, of an address as text. */
export const SVCID_INET_HOSTADDRBYINETSTRING = guid(`0002a801${LAST}`);
/** getservbyname and getservbyport: `http/tcp`, `80/tcp`, or either without its protocol. */
export const SVCID_INET_SERVICEBYNAME = guid(`0002a802${LAST}`);
/** gethostbyname. */
export const SVCID_INET_HOSTADDRBYNAME = guid(`0002a803${LAST}`);

const ofPort = (kind: number, port: number): GUID => ({ ...SVCID_HOSTNAME, Data1: kind * 0x10000 + (port & 0xffff) });
const TCP_KIND = 9;
const UDP_KIND = 10;

/** Who listens at a port of TCP. */
export const SVCID_TCP = (port: number): GUID => ofPort(TCP_KIND, port);
/** Who listens at a port of UDP. */
export const SVCID_UDP = (port: number): GUID => ofPort(UDP_KIND, port);

/** Whether a class is that of a port of TCP. */
export const IS_SVCID_TCP = (of: GUID): boolean => sameGuid(of, SVCID_TCP(of.Data1));
/** Whether a class is that of a port of UDP. */
export const IS_SVCID_UDP = (of: GUID): boolean => sameGuid(of, SVCID_UDP(of.Data1));
/** The port of such a class. */
export const PORT_FROM_SVCID_TCP = (of: GUID): number => of.Data1 & 0xffff;
/** The port of such a class. */
export const PORT_FROM_SVCID_UDP = (of: GUID): number => of.Data1 & 0xffff;
