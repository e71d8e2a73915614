import { manage } from "../management/manage.ts";
import { addressSetting } from "../management/setting-text.ts";
import { readAddress } from "../stack/core/address.ts";
import { DNS_FAILURES } from "../stack/dns/dns-service.ts";
import type { EventPort } from "../transport/async-call-port.ts";
import { CommandFailure, UsageFailure } from "./failure.ts";
import { NAME_REMEDIES } from "./resolve.ts";

/** Which family a command is to use: `-4`, `-6`, or none of both. */
export interface FamilyChoice {
  readonly ipv4?: boolean;
  readonly ipv6?: boolean;
}

export const isOfIpv6 = (address: string): boolean => address.includes(":");

/** `203.0.113.1:80`, `[2001:db8::1]:80`. */
export const endpointText = (address: string, port: number): string => (isOfIpv6(address) ? `[${address}]:${port}` : `${address}:${port}`);

/** Whether only the host can tell what it means: a name, or a zone that is given by its interface's name. */
export const needsHost = (target: string): boolean => readAddress(target) === undefined;

/**
 * The address that a command is to go to, its zone as a number, and a name as the first of its addresses of the wanted family.
 * @throws UsageFailure when the address is of the other family; CommandFailure when the name has no address, or the zone is not there
 */
export async function targetAddress(port: EventPort, target: string, choice: FamilyChoice, signal?: AbortSignal): Promise<string> {
  if (addressSetting.safeParse(target).success) {
    checkFamily(target, choice);
    return numericZone(port, target);
  }
  const report = await manage(port, { op: "resolve", name: target, ...recordType(choice) }, signal);
  if (report.outcome === "failure") {
    throw new CommandFailure(`Cannot resolve "${target}": ${DNS_FAILURES[report.reason]}`, NAME_REMEDIES[report.reason]);
  }
  const addresses = report.records.flatMap((record) => ("address" in record ? [record.address] : []));
  const [address] = addresses;
  if (address === undefined)
    throw new CommandFailure(`Cannot go to "${target}": the name has no address`, `see what it has: tapsock resolve ${target}`);
  return address;
}

/** @throws UsageFailure */
export function checkFamily(address: string, { ipv4, ipv6 }: FamilyChoice): void {
  if (ipv4 === true && isOfIpv6(address)) throw new UsageFailure(`${address} is an address of IPv6; leave out -4`);
  if (ipv6 === true && !isOfIpv6(address)) throw new UsageFailure(`${address} is an address of IPv4; leave out -6`);
}

const recordType = ({ ipv4, ipv6 }: FamilyChoice): { type?: "A" | "AAAA" } =>
  ipv4 === true ? { type: "A" } : ipv6 === true ? { type: "AAAA" } : {};

async function numericZone(port: EventPort, target: string): Promise<string> {
  const [address = "", zone] = target.split("%");
  if (zone === undefined || /^\d+$/.test(zone)) return target;
  const { interfaces } = await manage(port, { op: "status" });
  const link = interfaces.find(({ name }) => name === zone);
  if (link !== undefined) return `${address}%${link.index}`;
  throw new CommandFailure(
    `Cannot find the interface "${zone}" of ${target}`,
    `this host has ${interfaces.map(({ name }) => name).join(", ")}`,
  );
}
