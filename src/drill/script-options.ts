import { type IpAddress, isV4, readAddress } from "../stack/core/address.ts";
import type { Script, ScriptOption } from "./script.ts";
import { ScriptError, UnsupportedScript } from "./script-error.ts";

export type DrillIpVersion = "ipv4" | "ipv6" | "ipv4-mapped-ipv6";

/** How a script is run, as its own options and those of whoever runs it say. Times in microseconds. */
export interface DrillSettings {
  readonly ipVersion: DrillIpVersion;
  readonly local: IpAddress;
  readonly remote: IpAddress;
  /** Of sockets that the script binds, and where it connects to. */
  readonly bindPort: number;
  readonly connectPort: number;
  readonly mtu: number;
  /** Larger segments that come in are taken to have been merged from such; 0 for not. */
  readonly mergedMss: number;
  readonly toleranceUs: number;
  readonly tolerancePercent: number;
  /** A tick of our timestamps; 0 leaves them uncompared. */
  readonly tsTickUs: number;
  /** Inbound echoes may be values that we never sent. */
  readonly tsEcrScaled: boolean;
  /** One packet is one line. */
  readonly strictSegments: boolean;
  /** Mismatches of these are told and forgiven. */
  readonly nonFatal: ReadonlySet<string>;
}

/** Options as names with their text, such as those of a command line; they win over the script's. */
export type OptionTexts = ReadonlyMap<string, string | undefined>;

const HARMLESS = new Set([
  "send_omit_free",
  "speed",
  "dry_run",
  "debug",
  "verbose",
  "code_command",
  "code_format",
  "code_sockopt",
  "define",
]);
const REFUSED = /^(?:wire_|so_|is_anyip$|psp_|init_scripts$)/;

/** @throws UnsupportedScript for an option that no host in memory can follow */
export function refuseOptions(options: readonly ScriptOption[]): void {
  for (const { line, name } of options) if (REFUSED.test(name)) throw new UnsupportedScript(line, `option --${name}`);
}

const DEFAULT_PORT = 8080;
/** IPv6 has 20 bytes more, so that both have an MSS of 1460. */
const DEFAULT_MTU = { ipv4: 1500, ipv6: 1520, "ipv4-mapped-ipv6": 1500 } as const;
const ADDRESSES = {
  ipv4: { local: "192.168.0.1", remote: "192.0.2.1" },
  ipv6: { local: "fd3d:a0b:17d6::1", remote: "fd3d:fa7b:d17d::1" },
} as const;

/** @throws ScriptError for an option that there is not, or whose value cannot be */
export function settingsOf(script: Script, given: OptionTexts): DrillSettings {
  const texts = new Map<string, { readonly text: string | undefined; readonly line: number }>();
  for (const { name, value, line } of script.options) texts.set(name, { text: value, line });
  for (const [name, text] of given) texts.set(name, { text, line: 0 });
  const reader = new DrillOptionReader(script.name, texts);
  const ipVersion = reader.choice("ip_version", ["ipv4", "ipv6", "ipv4-mapped-ipv6"]) ?? "ipv4";
  const usual = ADDRESSES[ipVersion === "ipv6" ? "ipv6" : "ipv4"];
  const isV6 = ipVersion === "ipv6";
  // A script that is run over another family than it was written for has the addresses of that.
  if (given.has("ip_version")) reader.leaveToCaller(["local_ip", "remote_ip", "gateway_ip", "netmask_ip"], isV6);
  const settings: DrillSettings = {
    ipVersion,
    local: reader.address("local_ip", isV6) ?? readAddress(usual.local)!,
    remote: reader.address("remote_ip", isV6) ?? readAddress(usual.remote)!,
    bindPort: reader.number("bind_port", 65535) ?? DEFAULT_PORT,
    connectPort: reader.number("connect_port", 65535) ?? DEFAULT_PORT,
    mtu: reader.number("mtu", 65535) ?? DEFAULT_MTU[ipVersion],
    mergedMss: reader.number("mss", 65535) ?? 0,
    toleranceUs: reader.number("tolerance_usecs", 1e9) ?? 4000,
    tolerancePercent: reader.number("tolerance_percent", 100) ?? 12.5,
    tsTickUs: reader.number("tcp_ts_tick_usecs", 1e6) ?? 0,
    tsEcrScaled: reader.flag("tcp_ts_ecr_scaled"),
    strictSegments: reader.flag("strict_segments"),
    nonFatal: new Set((reader.text("non_fatal") ?? "").split(",").filter((word) => word !== "")),
  };
  reader.text("gateway_ip");
  reader.text("netmask_ip");
  reader.end();
  return settings;
}

class DrillOptionReader {
  readonly #script: string;
  readonly #texts: Map<string, { readonly text: string | undefined; readonly line: number }>;
  #line = 0;

  constructor(script: string, texts: Map<string, { readonly text: string | undefined; readonly line: number }>) {
    this.#script = script;
    this.#texts = texts;
  }

  #take(name: string): { readonly text: string | undefined } | undefined {
    const found = this.#texts.get(name);
    if (found === undefined) return undefined;
    this.#texts.delete(name);
    this.#line = found.line;
    return found;
  }

  /** Options of the script's that are no addresses of this family count as not given. */
  leaveToCaller(names: readonly string[], isV6: boolean): void {
    for (const name of names) {
      const found = this.#texts.get(name);
      if (found !== undefined && found.line > 0 && found.text?.includes(":") !== isV6) this.#texts.delete(name);
    }
  }

  #error(problem: string): ScriptError {
    return new ScriptError(this.#line, problem);
  }

  text(name: string): string | undefined {
    const found = this.#take(name);
    if (found === undefined) return undefined;
    if (found.text === undefined) throw this.#error(`option --${name} wants a value`);
    return found.text;
  }

  flag(name: string): boolean {
    const found = this.#take(name);
    if (found?.text !== undefined) throw this.#error(`option --${name} takes no value`);
    return found !== undefined;
  }

  number(name: string, most: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (!(value >= 0 && value <= most)) throw this.#error(`option --${name} wants a number up to ${most}, and not "${text}"`);
    return value;
  }

  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const found = choices.find((choice) => choice === text);
    if (found === undefined) throw this.#error(`option --${name} wants one of ${choices.join(", ")}`);
    return found;
  }

  address(name: string, isV6: boolean): IpAddress | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const address = readAddress(text.replace(/\/\d+$/, ""));
    if (address === undefined || isV4(address) === isV6)
      throw this.#error(`option --${name} wants an address of ${isV6 ? "IPv6" : "IPv4"}`);
    return address;
  }

  /** Whatever is left must at least be known. */
  end(): void {
    for (const [name, { line }] of this.#texts) {
      if (!HARMLESS.has(name)) throw new ScriptError(line, `${this.#script}: there is no option --${name}`);
    }
  }
}
