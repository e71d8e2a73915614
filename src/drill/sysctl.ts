import { LINUX, type Profile } from "../stack/core/profile.ts";

/** A profile that a script changes while its host runs. */
export type ChangingProfile = { -readonly [K in keyof Profile]: Profile[K] } & {
  /** TCP_NOTSENT_LOWAT of sockets that say none. */
  notSentLowat?: number | undefined;
  /** Whether the tail of what was sent is probed (RFC 8985 §7), and what governs the congestion window, for stacks that let a profile choose. */
  tailLossProbe?: boolean;
  congestionControl?: "cubic" | "reno";
};

/** Options of a Linux SYN, with and without timestamps; NOPs bring each to a word. */
const SYN_WITH_TIMESTAMPS: Profile["synOptions"] = ["mss", "sackPermitted", "timestamps", "nop", "windowScale"];
const SYN_WITHOUT_TIMESTAMPS: Profile["synOptions"] = ["mss", "nop", "nop", "sackPermitted", "nop", "windowScale"];

/**
 * The profile `linux` as scripts of Google and of the kernel take it for granted: what their defaults script sets, and a receive buffer from
 * whose limit of 15 MB the window scale follows.
 */
export const LINUX_OF_SCRIPTS: ChangingProfile = {
  ...LINUX,
  synOptions: SYN_WITH_TIMESTAMPS,
  synOptionsWithTimestamps: SYN_WITH_TIMESTAMPS,
  windowScale: 8,
  synWindow: 65535,
  synAckWindow: 65535,
  synAckWindowUnscaled: 65535,
  synRetries: 5,
  synAckRetries: 5,
  cwndRestartAfterIdle: false,
  receiveBufferBytes: 540_000,
  receiveBufferMaxBytes: 15 * 1024 * 1024,
  sendBufferBytes: 256 * 1024,
  sendBufferMaxBytes: 4 * 1024 * 1024,
  notSentLowat: undefined,
  tailLossProbe: true,
  congestionControl: "cubic",
};

/** Keys that are about how a kernel batches packets, which is nothing that a peer could ask for. */
const IGNORED = new Set([
  "tcp_min_tso_segs",
  "tcp_tso_win_divisor",
  "tcp_pacing_ss_ratio",
  "tcp_pacing_ca_ratio",
  "tcp_frto",
  "tcp_dsack",
  "tcp_fack",
  "tcp_recovery",
  "tcp_syncookies",
  "tcp_ecn_option",
]);

type Setter = (profile: ChangingProfile, value: string) => void;

interface SysctlRule {
  /** Values that can be set; any where it is left out. */
  readonly values?: RegExp;
  readonly set: Setter;
}

const number = (value: string): number => Number(value.trim());
/** Of `min default max`, the last two. */
const sizes = (value: string): readonly [number, number] => {
  const [, usual = 0, most = 0] = value.trim().split(/\s+/).map(Number);
  return [usual, most];
};

const RULES: Readonly<Record<string, SysctlRule>> = {
  tcp_timestamps: {
    values: /^[01]$/,
    set: (profile, value) => {
      const order = value === "0" ? SYN_WITHOUT_TIMESTAMPS : SYN_WITH_TIMESTAMPS;
      profile.synOptions = order;
      profile.synOptionsWithTimestamps = order;
    },
  },
  tcp_sack: { values: /^1$/, set: () => {} },
  tcp_ecn: { values: /^[02]$/, set: () => {} },
  tcp_syn_retries: {
    set: (profile, value) => {
      profile.synRetries = number(value);
    },
  },
  tcp_synack_retries: {
    set: (profile, value) => {
      profile.synAckRetries = number(value);
    },
  },
  tcp_slow_start_after_idle: {
    set: (profile, value) => {
      profile.cwndRestartAfterIdle = value !== "0";
    },
  },
  tcp_reordering: {
    set: (profile, value) => {
      profile.dupAckThreshold = number(value);
    },
  },
  tcp_wmem: {
    set: (profile, value) => {
      [profile.sendBufferBytes, profile.sendBufferMaxBytes] = sizes(value);
    },
  },
  tcp_rmem: {
    set: (profile, value) => {
      [profile.receiveBufferBytes, profile.receiveBufferMaxBytes] = sizes(value);
    },
  },
  tcp_congestion_control: {
    values: /^(?:cubic|reno)$/,
    set: (profile, value) => {
      profile.congestionControl = value === "reno" ? "reno" : "cubic";
    },
  },
  hystart_detect: { values: /^3$/, set: () => {} },
  tcp_early_retrans: {
    values: /^[034]$/,
    set: (profile, value) => {
      profile.tailLossProbe = value !== "0";
    },
  },
  tcp_notsent_lowat: {
    set: (profile, value) => {
      profile.notSentLowat = number(value) >= 0xffffffff ? undefined : number(value);
    },
  },
};

export const isIgnoredSysctl = (key: string): boolean => IGNORED.has(key);

/** Whether a script may set this key so. */
export function isKnownSysctl(key: string, value: string): boolean {
  const rule = RULES[key];
  return rule !== undefined && (rule.values === undefined || rule.values.test(value.trim()));
}

/** Sets a key that is known. */
export function setSysctl(profile: ChangingProfile, key: string, value: string): void {
  RULES[key]?.set(profile, value.trim());
}
