import { readFileSync } from "node:fs";
import * as z from "zod";
import { checkReach, type PageAddress, parsePageAddress } from "../live/page-address.ts";
import type { DoorLimits } from "../management/door-usage.ts";
import {
  addressList,
  conflictPolicySetting,
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
  prefixList,
  profileName,
  tapName,
} from "../management/setting-text.ts";
import { defaultSocketPath } from "../network/default-socket-path.ts";
import { type HostSettings, hostSettings, roomSetting } from "../network/network-url.ts";
import { ADMINISTRATORS, type Administrators, DEFAULT_DOOR_LIMITS } from "../network/socket-door.ts";
import { MAX_SOCKET_PATH } from "../tap/unix-socket.ts";
import { HANDLE_LIMIT } from "../winsock/provider/handles.ts";
import { DEFAULT_LIMITS, type ProviderLimits } from "../winsock/provider/limits.ts";

/** What was given to the daemon is wrong: exit status 2. The message is one sentence that names the key. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The system would cut a longer one, and make another socket. */
const TOO_LONG = `expected a path of at most ${MAX_SOCKET_PATH} bytes`;
const fitsSocketAddress = (path: string): boolean => Buffer.byteLength(path) <= MAX_SOCKET_PATH;
/** Each client is a descriptor. */
const MOST_CLIENTS = 65_536;

const CLIENTS_EXPECTED = `expected 1 to ${MOST_CLIENTS}`;
/** A free handle must be found at once. */
const MOST_SOCKETS = HANDLE_LIMIT / 16;
const SOCKETS_EXPECTED = `expected 1 to ${MOST_SOCKETS}`;

/** The file and the flags have the same keys; a flag wins. */
const keys = z.strictObject({
  tap: tapName.optional(),
  ip: ipv4Prefix.optional(),
  ip6: ipv6PrefixList.optional(),
  gateway6: ipv6Setting.optional(),
  dhcp: z.boolean({ error: "expected true or false" }).optional(),
  gateway: ipv4Setting.optional(),
  detectConflicts: z.boolean({ error: "expected true or false" }).optional(),
  conflictPolicy: conflictPolicySetting.optional(),
  socket: z.string().min(1, { error: "expected a path" }).refine(fitsSocketAddress, { error: TOO_LONG }).optional(),
  profile: profileName.optional(),
  offload: z.enum(["on", "off"], { error: "expected on or off" }).optional(),
  mac: macSetting.optional(),
  mtu: mtuNumber.optional(),
  kernelIp: prefixList.optional(),
  capture: z.string().min(1, { error: "expected the name of a file" }).optional(),
  record: z.string().min(1, { error: "expected the name of a file" }).optional(),
  hostname: hostNameSetting.optional(),
  dns: addressList.optional(),
  search: domainList.optional(),
  hosts: z.string().min(1, { error: "expected the name of a file" }).optional(),
  infrared: roomSetting.optional(),
  infraredDevices: infraredDeviceList.optional(),
  infraredId: infraredIdNumber.optional(),
  infraredName: infraredNameSetting.optional(),
  page: z.string({ error: "expected address and port" }).optional(),
  pageAnywhere: z.boolean({ error: "expected true or false" }).optional(),
  administrators: z.enum(ADMINISTRATORS, { error: "expected everyone, root or nobody" }).optional(),
  maxClients: z.coerce
    .number({ error: CLIENTS_EXPECTED })
    .int(CLIENTS_EXPECTED)
    .min(1, CLIENTS_EXPECTED)
    .max(MOST_CLIENTS, CLIENTS_EXPECTED)
    .optional(),
  maxSockets: z.coerce
    .number({ error: SOCKETS_EXPECTED })
    .int(SOCKETS_EXPECTED)
    .min(1, SOCKETS_EXPECTED)
    .max(MOST_SOCKETS, SOCKETS_EXPECTED)
    .optional(),
});

export interface DaemonConfig {
  readonly host: HostSettings;
  readonly socket: string;
  readonly limits: DoorLimits;
  /** Whose programs may have raw sockets. */
  readonly administrators: Administrators;
  /** Where the lab's page is served; nowhere when undefined. */
  readonly page: PageAddress | undefined;
  /** What one client may have. */
  readonly programs: Partial<ProviderLimits>;
}

/**
 * The flags, over the file, over the defaults. Without `tap` the host is on a virtual wire.
 * @param flags by key, as strings
 * @throws UsageError that names the file or flag and the key
 */
export function daemonConfig(flags: Readonly<Record<string, unknown>>, file: string | undefined, env: NodeJS.ProcessEnv): DaemonConfig {
  const fromFile = file === undefined ? {} : checked(readConfigFile(file), (key) => `in ${file}: ${key}`);
  const fromFlags = checked(flags, (issue) => `--${kebab(issue)}`);
  const all = { ...fromFile, ...fromFlags };
  const {
    maxClients = DEFAULT_DOOR_LIMITS.clients,
    maxSockets = DEFAULT_LIMITS.sockets,
    administrators = "everyone",
    socket,
    page,
    pageAnywhere = false,
    ...ofHost
  } = all;
  const { tap, profile = "windows", offload = "on", ...others } = ofHost;
  if (others.kernelIp !== undefined && tap === undefined)
    throw new UsageError("Cannot use --kernel-ip: there is no kernel's side without --tap");
  if (others.kernelIp !== undefined && others.kernelIp.filter((prefix) => !prefix.includes(":")).length > 1)
    throw new UsageError("Cannot use --kernel-ip twice for IPv4: the kernel's side of the TAP gets one IPv4 address");
  if (others.dhcp === true && tap === undefined) throw new UsageError("Cannot use --dhcp: there is no server on the wire without --tap");
  try {
    const offloads = tap !== undefined && offload === "on";
    const device = tap === undefined ? "wire" : "tap";
    return {
      host: hostSettings({ ...others, device, name: tap ?? "wire0", profile, offloads }),
      socket: socket ?? usualSocket(env),
      limits: { ...DEFAULT_DOOR_LIMITS, clients: maxClients },
      administrators,
      page: page === undefined ? undefined : pageAddress(page, pageAnywhere),
      programs: { sockets: maxSockets },
    };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** @throws PageAddressError */
function pageAddress(text: string, mayBeAnywhere: boolean): PageAddress {
  const address = parsePageAddress(text);
  checkReach(address, mayBeAnywhere);
  return address;
}

/** @throws UsageError when its path is longer than a Unix socket's can be */
function usualSocket(env: NodeJS.ProcessEnv): string {
  const path = defaultSocketPath(env);
  if (!fitsSocketAddress(path)) throw new UsageError(`Cannot use the socket ${path}: ${TOO_LONG}; name one with --socket PATH`);
  return path;
}

function readConfigFile(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(`Cannot read the configuration ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`Cannot read the configuration ${file} as JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function checked(values: unknown, place: (issue: string) => string): z.output<typeof keys> {
  const result = keys.safeParse(values);
  if (!result.success) throw new UsageError(`Cannot use the configuration, ${place(firstIssue(result.error))}`);
  return result.data;
}

/** `kernelIp: …` as the flag is written: `kernel-ip: …`. */
const kebab = (issue: string): string => {
  const colon = issue.indexOf(":");
  if (colon < 0) return issue;
  return issue.slice(0, colon).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`) + issue.slice(colon);
};
