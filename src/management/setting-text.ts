import { Address4 } from "ip-address";
import * as z from "zod";
import { readAddress } from "../stack/core/address.ts";
import { PROFILES } from "../stack/core/profile.ts";
import { canonicalName } from "../stack/dns/domain-names.ts";
import { isHostName } from "../stack/host/host-options.ts";
import type { ConflictPolicy } from "../stack/link/interface-service.ts";

/** Settings as people and programs write them, and what is said when one is wrong. */

/** The host's address where nothing else is said: RFC 5737's TEST-NET-3. */
export const DEFAULT_ADDRESS = "203.0.113.2/24";

const isIpv4 = (text: string): boolean => Address4.isValid(text) && !text.includes("/");
const isPrefix = (text: string): boolean => Address4.isValid(text) && /\/\d+$/.test(text);

export const ipv4Setting = z.string().refine(isIpv4, { error: "expected an IPv4 address such as 203.0.113.1" });
export const ipv4Prefix = z
  .string()
  .refine(isPrefix, { error: `expected an IPv4 address with a prefix length such as ${DEFAULT_ADDRESS}` });
/** Of either family, in IPv6 with its zone where one is to be told from another: the interface's name or number behind a `%`. */
const withoutZone = (text: string): string => (text.includes(":") ? text.replace(/%[^\s%/]{1,15}$/, "") : text);
const isAddress = (text: string): boolean => readAddress(withoutZone(text)) !== undefined;
const isIpv6 = (text: string): boolean => text.includes(":") && isAddress(text);

function isPrefixOfEither(text: string): boolean {
  const [address = "", length = "", more] = text.split("/");
  return more === undefined && isAddress(address) && /^\d{1,3}$/.test(length) && Number(length) <= (address.includes(":") ? 128 : 32);
}

export const addressSetting = z.string().refine(isAddress, { error: "expected an address such as 203.0.113.1 or 2001:db8::1" });
export const prefixSetting = z
  .string()
  .refine(isPrefixOfEither, { error: `expected an address with a prefix length such as ${DEFAULT_ADDRESS} or 2001:db8::2/64` });
export const ipv6Setting = z.string().refine(isIpv6, { error: "expected an IPv6 address such as 2001:db8::1 or fe80::1" });
export const profileName = z.string().refine((name) => PROFILES.has(name), { error: `expected one of ${[...PROFILES.keys()].join(", ")}` });
const POLICIES = ["yield", "defend-once", "keep"] as const satisfies readonly ConflictPolicy[];
export const conflictPolicySetting = z.enum(POLICIES, { error: `expected one of ${POLICIES.join(", ")}` });
export const tapName = z.string().refine((name) => /^[^\s/:]{1,15}$/.test(name) && name !== "." && name !== "..", {
  error: "expected an interface name of 1 to 15 characters without blank, slash or colon",
});
export const macSetting = z
  .string()
  .refine((text) => /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text), { error: "expected six bytes such as 02:00:5e:00:53:02" });
const MTU_WANTED = "expected a whole number from 576 to 65535";
export const mtuNumber = z.coerce.number({ error: MTU_WANTED }).int(MTU_WANTED).min(576, MTU_WANTED).max(65_535, MTU_WANTED);

/** What may be given more than once: as a list in JSON, between commas in a URL. */
const several = (each: z.ZodType<string>) => z.preprocess((value) => (typeof value === "string" ? value.split(",") : value), z.array(each));

const isDomain = (text: string): boolean => canonicalName(text) !== undefined;

export const addressList = several(
  z.string().refine((text) => readAddress(text) !== undefined, { error: "expected an address such as 203.0.113.53 or 2001:db8::53" }),
);
/** In place of an IPv6 address: those that the host gives itself by what routers advertise. */
export const AUTO = "auto";
const IPV6_PREFIX_WANTED = "expected an IPv6 address with a prefix length such as 2001:db8::2/64, or auto";
export const ipv6PrefixList = several(
  z.string().refine((text) => text === AUTO || (text.includes(":") && isPrefixOfEither(text)), { error: IPV6_PREFIX_WANTED }),
);
/** Of either family. */
export const prefixList = several(prefixSetting);
export const domainList = several(z.string().refine(isDomain, { error: "expected a domain such as corp.example" }));

export const hostNameSetting = z.string().refine(isHostName, { error: "expected 1 to 63 letters, digits and hyphens" });

/** A device's id is four bytes, of which all zeros and all ones mean something else. */
const INFRARED_ID_WANTED = "expected 1 to 0xfffffffe";
export const infraredIdNumber = z.coerce
  .number({ error: INFRARED_ID_WANTED })
  .int(INFRARED_ID_WANTED)
  .min(1, INFRARED_ID_WANTED)
  .max(0xfffffffe, INFRARED_ID_WANTED);

const latin1 = (most: number) =>
  z.string().refine((text) => /^[\x20-\x7e\xa0-\xff]+$/.test(text) && text.length <= most, {
    error: `expected 1 to ${most} characters of Latin-1`,
  });
export const infraredNameSetting = latin1(22);
const infraredDevice = z.strictObject({
  id: infraredIdNumber,
  name: infraredNameSetting,
  hints: z.number().int().min(0).max(0xffff).optional(),
  services: z
    .array(z.strictObject({ name: latin1(24), mode: z.enum(["tinytp", "9wire", "irlpt"]).optional(), echo: z.boolean().optional() }))
    .max(64)
    .optional(),
  attributes: z
    .array(
      z.strictObject({
        class: latin1(60),
        attribute: latin1(60),
        value: z.union([
          z.number().int().min(0).max(0xffffffff),
          latin1(255),
          z
            .array(z.number().int().min(0).max(255))
            .max(1024)
            .transform((bytes) => Uint8Array.from(bytes)),
        ]),
      }),
    )
    .max(128)
    .optional(),
});

/** As JSON in a URL or flag, as it stands in a file. */
export const infraredDeviceList = z.preprocess(
  (value) => {
    if (typeof value !== "string") return value;
    try {
      return JSON.parse(value);
    } catch {
      return undefined;
    }
  },
  z.array(infraredDevice, { error: 'expected a list in JSON, such as [{"id":1,"name":"phone"}]' }).max(32),
);

/** The first thing that is wrong, beginning with the key: `gateway: expected …`. */
export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return "is not valid";
  const key = issue.path.join(".");
  const message = issue.code === "unrecognized_keys" ? `unknown key "${issue.keys[0]}"` : lowerFirst(issue.message);
  return key === "" ? message : `${key}: ${message}`;
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
