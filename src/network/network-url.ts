import { Address4, Address6 } from "ip-address";
import * as z from "zod";
import type { StationSettings } from "../irda/infrared-station.ts";
import {
  AUTO,
  addressList,
  conflictPolicySetting,
  DEFAULT_ADDRESS,
  domainList,
  firstIssue,
  hostNameSetting,
  infraredDeviceList,
  infraredIdNumber,
  infraredNameSetting,
  ipv4Prefix,
  ipv4Setting,
  ipv6PrefixList,
  ipv6Setting,
  macSetting,
  mtuNumber,
  profileName,
  tapName,
} from "../management/setting-text.ts";
import type { ConflictPolicy } from "../stack/link/interface-service.ts";
import { MIN_MTU as LEAST_IPV6_MTU } from "../stack/packet/ipv6.ts";
import { MAX_ROOM_PATH } from "../tap/datagram-room.ts";
import { NetworkError } from "../transport/network-error.ts";

/** How a host of our own is made. Plain data: it goes to another thread. */
export interface HostSettings {
  /** `wire`: a virtual wire that nobody else is on. */
  readonly device: "wire" | "tap";
  /** Name of the TAP, or of the wire's device. */
  readonly name: string;
  /** Dotted decimal; undefined where a DHCP server says the address. */
  readonly ip?: string | undefined;
  readonly prefixLength?: number | undefined;
  readonly gateway?: string | undefined;
  /** IPv6 addresses with their prefix lengths; `auto` among them for those that routers advertise. */
  readonly ip6?: readonly string[] | undefined;
  /** Default router of IPv6. */
  readonly gateway6?: string | undefined;
  /** Whether the address is tried before it is used; off by default. */
  readonly detectConflicts?: boolean | undefined;
  /** What becomes of the address when another station uses it too; `defend-once` by default. */
  readonly conflictPolicy?: ConflictPolicy | undefined;
  /** A name of PROFILES. */
  readonly profile: string;
  readonly offloads: boolean;
  /** `02:…`; made from the device's name by default. */
  readonly mac?: string | undefined;
  readonly mtu?: number | undefined;
  /** pcapng file that gets every frame. */
  readonly capture?: string | undefined;
  /** File that gets all that the host is given, to be replayed: `Recorder`. It holds all data in clear, and the host's secrets. */
  readonly record?: string | undefined;
  /** Addresses of name servers, in the order in which they are asked. */
  readonly dns?: readonly string[] | undefined;
  /** What the host calls itself; `tapsock` by default. */
  readonly hostname?: string | undefined;
  /** Domains in which names are looked for. */
  readonly search?: readonly string[] | undefined;
  /** Hosts file, read once at the start. */
  readonly hosts?: string | undefined;
  /** Directory in which programs of this machine are in sight of each other's infrared devices. */
  readonly infrared?: string | undefined;
  /** Simulated devices in sight of the host's own, which it has then too. Their services echo, or take what comes. */
  readonly infraredDevices?: readonly StationSettings[] | undefined;
  /** Of the infrared device, 1 to 0xfffffffe; any by default. */
  readonly infraredId?: number | undefined;
  /** What others see of the infrared device, at most 22 characters of Latin-1; the host's name by default. */
  readonly infraredName?: string | undefined;
  /** Addresses with prefix length for the kernel's side of the TAP, which is brought up: at most one of IPv4. */
  readonly kernelIp?: readonly string[] | undefined;
}

export type Network = { readonly kind: "host"; readonly host: HostSettings } | { readonly kind: "daemon"; readonly path: string };

const onOff = z.enum(["on", "off"], { error: "expected on or off" }).transform((text) => text === "on");

const fileName = z.string().min(1, { error: "expected the name of a file" });

/** A directory; its sockets' paths are longer by their names. */
export const roomSetting = z
  .string()
  .min(1, { error: "expected a directory" })
  .refine((path) => Buffer.byteLength(path) <= MAX_ROOM_PATH, { error: `expected a path of at most ${MAX_ROOM_PATH} bytes` });

const hostOptions = {
  ip: ipv4Prefix.optional(),
  gateway: ipv4Setting.optional(),
  ip6: ipv6PrefixList.optional(),
  gateway6: ipv6Setting.optional(),
  "detect-conflicts": onOff.optional(),
  "conflict-policy": conflictPolicySetting.optional(),
  profile: profileName.default("windows"),
  mac: macSetting.optional(),
  mtu: mtuNumber.optional(),
  capture: fileName.optional(),
  record: fileName.optional(),
  hostname: hostNameSetting.optional(),
  dns: addressList.optional(),
  search: domainList.optional(),
  hosts: fileName.optional(),
  infrared: roomSetting.optional(),
  "infrared-devices": infraredDeviceList.optional(),
  "infrared-id": infraredIdNumber.optional(),
  "infrared-name": infraredNameSetting.optional(),
};
const embeddedOptions = z.strictObject(hostOptions);
const tapOptions = z.strictObject({ ...hostOptions, dhcp: onOff.optional(), offload: onOff.default(true) });

/**
 * `embedded:`, `tap:NAME?ip=…&dhcp=on|off&gateway=…&ip6=…,…&gateway6=…&profile=…&offload=on|off&mac=…&mtu=…&detect-conflicts=on|off&capture=FILE&record=FILE&hostname=NAME
 * &dns=ADDRESS,…&search=DOMAIN,…&hosts=FILE&infrared=DIRECTORY&infrared-devices=JSON&infrared-id=NUMBER&infrared-name=NAME` or `daemon:/path/of/socket`.
 * @throws NetworkError with one sentence that names the part that is wrong
 */
export function parseNetworkUrl(url: string): Network {
  const colon = url.indexOf(":");
  const scheme = colon < 0 ? "" : url.slice(0, colon);
  const rest = url.slice(colon + 1);
  if (scheme === "daemon") {
    if (rest === "") throw wrong(url, "path: expected the daemon's socket, such as daemon:/run/tapsock/tapsock.sock");
    return { kind: "daemon", path: rest };
  }
  const question = rest.indexOf("?");
  const name = question < 0 ? rest : rest.slice(0, question);
  const query = question < 0 ? "" : rest.slice(question + 1);
  if (scheme === "embedded") {
    if (name !== "") throw wrong(url, `"${name}": expected nothing between "embedded:" and "?"`);
    const options = read(url, embeddedOptions, query);
    return { kind: "host", host: hostSettings({ ...named(options), device: "wire", name: "wire0", offloads: false }) };
  }
  if (scheme === "tap") {
    const { offload: offloads, ...options } = read(url, tapOptions, query);
    const checked = tapName.safeParse(name);
    if (!checked.success) throw wrong(url, `name: ${firstIssue(checked.error)}`);
    return { kind: "host", host: hostSettings({ ...named(options), device: "tap", name, offloads }) };
  }
  throw wrong(url, "expected embedded:, tap:NAME?ip=… or daemon:/path");
}

/** As settings are called, where a URL writes it otherwise. */
const named = ({
  "detect-conflicts": detectConflicts,
  "conflict-policy": conflictPolicy,
  "infrared-devices": infraredDevices,
  "infrared-id": infraredId,
  "infrared-name": infraredName,
  ...options
}: z.output<typeof embeddedOptions>) => ({
  ...options,
  detectConflicts,
  conflictPolicy,
  infraredDevices,
  infraredId,
  infraredName,
});

interface HostChoices extends Omit<HostSettings, "prefixLength"> {
  /** A DHCP server says the address; off by default. */
  readonly dhcp?: boolean | undefined;
}

/** Settings from checked options, the address taken apart. @throws NetworkError when the address cannot be a host's */
export function hostSettings({ dhcp = false, ...choices }: HostChoices): HostSettings {
  const { ip: prefix = DEFAULT_ADDRESS, gateway } = choices;
  checkIpv6(choices);
  checkInfrared(choices);
  if (dhcp) {
    const said = choices.ip === undefined ? gateway : choices.ip;
    if (said !== undefined) throw new NetworkError(`Cannot use ${said}: with DHCP the server says address and gateway`);
    return choices;
  }
  const [ip = "", length = "24"] = prefix.split("/");
  if (gateway !== undefined && !new Address4(gateway).isInSubnet(new Address4(prefix))) {
    throw new NetworkError(`Cannot use the gateway ${gateway}: expected an address within ${prefix}`);
  }
  return { ...choices, ip, prefixLength: Number(length) };
}

/** @throws NetworkError when what is said of IPv6 does not go together */
function checkIpv6({ ip6 = [], gateway6, mtu }: HostChoices): void {
  if (ip6.length > 0 && mtu !== undefined && mtu < LEAST_IPV6_MTU) {
    throw new NetworkError(
      `Cannot use ${ip6[0] === AUTO ? "ip6=auto" : `the address ${ip6[0]}`} with an MTU of ${mtu} bytes: IPv6 needs ${LEAST_IPV6_MTU}`,
    );
  }
  if (gateway6 === undefined) return;
  if (ip6.length === 0) throw new NetworkError(`Cannot use the gateway ${gateway6} without an IPv6 address: name one with ip6`);
  const router = new Address6(gateway6);
  const prefixes = ip6.filter((prefix) => prefix !== AUTO);
  if (!router.isLinkLocal() && !prefixes.some((prefix) => router.isInSubnet(new Address6(prefix)))) {
    const within = prefixes.length === 0 ? "" : `, or one within ${prefixes.join(" or ")}`;
    throw new NetworkError(`Cannot use the gateway ${gateway6}: expected a link-local address${within}`);
  }
}

/** @throws NetworkError when what is said of infrared does not go together */
function checkInfrared({ infrared, infraredDevices, infraredId, infraredName, record }: HostChoices): void {
  const isThere = hasInfrared({ infrared, infraredDevices });
  const said = infraredId ?? infraredName;
  if (!isThere && said !== undefined) {
    const what = infraredId === undefined ? "name" : "id";
    throw new NetworkError(`Cannot give an infrared device the ${what} ${said}: it needs a directory as its room, or other devices in it`);
  }
  if (isThere && record !== undefined) {
    throw new NetworkError(`Cannot record to "${record}" with infrared: a replay would hear none of the other devices`);
  }
  const ids = [...(infraredDevices ?? []).map(({ id }) => id), ...(infraredId === undefined ? [] : [infraredId])];
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) throw new NetworkError(`Cannot use the infrared id ${twice} twice`);
}

/** Whether a host with these settings has an infrared device. */
export const hasInfrared = ({ infrared, infraredDevices }: Pick<HostSettings, "infrared" | "infraredDevices">): boolean =>
  infrared !== undefined || infraredDevices !== undefined;

function read<T>(url: string, schema: z.ZodType<T>, query: string): T {
  const pairs = [...new URLSearchParams(query)];
  const names = pairs.map(([key]) => key);
  const twice = names.find((key, i) => names.indexOf(key) !== i);
  if (twice !== undefined) throw wrong(url, `${twice}: is given twice`);
  const result = schema.safeParse(Object.fromEntries(pairs));
  if (!result.success) throw wrong(url, firstIssue(result.error));
  return result.data;
}

const wrong = (url: string, why: string): NetworkError => new NetworkError(`Cannot use the network "${url}": ${why}`);
