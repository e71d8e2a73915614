/** The protocols that Windows knows by name: those of its file `protocol`, as Wine's tests getprotobyname and getprotobynumber have them. */

export interface ProtocolRecord {
  readonly name: string;
  readonly alias: string;
  readonly number: number;
}

const record = (number: number, alias: string, name = alias.toLowerCase()): ProtocolRecord => ({ name, alias, number });

const PROTOCOLS: readonly ProtocolRecord[] = [
  record(0, "IP"),
  record(1, "ICMP"),
  record(3, "GGP"),
  record(6, "TCP"),
  record(8, "EGP"),
  record(12, "PUP"),
  record(17, "UDP"),
  record(20, "HMP"),
  record(22, "XNS-IDP"),
  record(27, "RDP"),
  record(41, "IPv6"),
  record(43, "IPv6-Route"),
  record(44, "IPv6-Frag"),
  record(50, "ESP"),
  record(51, "AH"),
  record(58, "IPv6-ICMP"),
  record(59, "IPv6-NoNxt"),
  record(60, "IPv6-Opts"),
  record(66, "RVD"),
];

/** Whatever the case of its letters. */
export function protocolNamed(name: string): ProtocolRecord | undefined {
  const wanted = name.toLowerCase();
  return PROTOCOLS.find((each) => each.name === wanted);
}

export const protocolNumbered = (number: number): ProtocolRecord | undefined => PROTOCOLS.find((each) => each.number === number);
