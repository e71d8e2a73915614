import { Address4 } from "ip-address";
import * as z from "zod";
import { PROFILES } from "../stack/profile.ts";
import { NetworkError } from "./network-error.ts";

/** How a host of our own is made. Plain data: it goes to another thread. */
export interface HostSettings {
  /** `wire`: a virtual wire that nobody else is on. */
  readonly device: "wire" | "tap";
  /** Name of the TAP, or of the wire's device. */
  readonly name: string;
  /** Dotted decimal. */
  readonly ip: string;
  readonly prefixLength: number;
  readonly gateway?: string | undefined;
  /** A name of PROFILES. */
  readonly profile: string;
  readonly offloads: boolean;
  /** `02:…`; made from the device's name by default. */
  readonly mac?: string | undefined;
  readonly mtu?: number | undefined;
  /** pcapng file that gets every frame. */
  readonly capture?: string | undefined;
  /** Address with prefix length for the kernel's side of the TAP, which is brought up. */
  readonly kernelIp?: string | undefined;
}

export type Network = { readonly kind: "host"; readonly host: HostSettings } | { readonly kind: "daemon"; readonly path: string };

/** The host's address where nothing else is said: RFC 5737's TEST-NET-3. */
export const DEFAULT_ADDRESS = "203.0.113.2/24";

const isIpv4 = (text: string): boolean => Address4.isValid(text) && !text.includes("/");
const isPrefix = (text: string): boolean => Address4.isValid(text) && /\/\d+$/.test(text);

export const ipv4Text = z.string().refine(isIpv4, { error: "expected an IPv4 address such as 203.0.113.1" });
export const ipv4Prefix = z
  .string()
  .refine(isPrefix, { error: `expected an IPv4 address with a prefix length such as ${DEFAULT_ADDRESS}` });
export const profileName = z.string().refine((name) => PROFILES.has(name), { error: `expected one of ${[...PROFILES.keys()].join(", ")}` });
export const tapName = z.string().refine((name) => /^[^\s/:]{1,15}$/.test(name) && name !== "." && name !== "..", {
  error: "expected an interface name of 1 to 15 characters without blank, slash or colon",
});
export const macText = z
  .string()
  .refine((text) => /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text), { error: "expected six bytes such as 02:00:5e:00:53:02" });
const MTU_WANTED = "expected a whole number from 576 to 65535";
export const mtuNumber = z.coerce.number({ error: MTU_WANTED }).int(MTU_WANTED).min(576, MTU_WANTED).max(65_535, MTU_WANTED);
const onOff = z.enum(["on", "off"], { error: "expected on or off" }).transform((text) => text === "on");

const hostOptions = {
  ip: ipv4Prefix.default(DEFAULT_ADDRESS),
  gateway: ipv4Text.optional(),
  profile: profileName.default("windows"),
  mac: macText.optional(),
  mtu: mtuNumber.optional(),
  capture: z.string().min(1, { error: "expected the name of a file" }).optional(),
};
const embeddedOptions = z.strictObject(hostOptions);
const tapOptions = z.strictObject({ ...hostOptions, offload: onOff.default(true) });

/**
 * `embedded:`, `tap:NAME?ip=…&gateway=…&profile=…&offload=on|off&mac=…&mtu=…&capture=FILE` or `daemon:/path/of/socket`.
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
    return { kind: "host", host: hostSettings({ ...options, device: "wire", name: "wire0", offloads: false }) };
  }
  if (scheme === "tap") {
    const options = read(url, tapOptions, query);
    const checked = tapName.safeParse(name);
    if (!checked.success) throw wrong(url, `name: ${firstIssue(checked.error)}`);
    return { kind: "host", host: hostSettings({ ...options, device: "tap", name, offloads: options.offload }) };
  }
  throw wrong(url, "expected embedded:, tap:NAME?ip=… or daemon:/path");
}

interface HostChoices extends Omit<HostSettings, "prefixLength"> {
  /** With its prefix length. */
  readonly ip: string;
}

/** Settings from checked options, the address taken apart. @throws NetworkError when the address cannot be a host's */
export function hostSettings(choices: HostChoices): HostSettings {
  const { device, name, profile, offloads, gateway, mac, mtu, capture, kernelIp } = choices;
  const [ip = "", length = "24"] = choices.ip.split("/");
  const subnet = new Address4(choices.ip);
  if (gateway !== undefined && !new Address4(gateway).isInSubnet(subnet)) {
    throw new NetworkError(`Cannot use the gateway ${gateway}: expected an address within ${choices.ip}`);
  }
  return { device, name, ip, prefixLength: Number(length), gateway, profile, offloads, mac, mtu, capture, kernelIp };
}

/** The first thing that is wrong, beginning with the key: `gateway: expected …`. */
export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return "is not valid";
  const key = issue.path.join(".");
  const message = issue.code === "unrecognized_keys" ? `unknown key "${issue.keys[0]}"` : lowerFirst(issue.message);
  return key === "" ? message : `${key}: ${message}`;
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

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
