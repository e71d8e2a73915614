import type { FeedRecord } from "../management/host-feed.ts";
import type { HostStatus } from "../management/management.ts";
import type { ProfileName, RunHeader } from "../run/run-event.ts";
import type { RunEventJson } from "../run/run-event-json.ts";

/** The name of a live host in its run. */
export const LIVE_HOST = "tapsock";
const PROFILE_NAMES: ReadonlySet<string> = new Set(["windows", "linux", "rfc"]);

/** What is said of a live run that begins now. */
export function liveHeader({ version, profile, interfaces }: HostStatus): RunHeader {
  const addresses = interfaces.flatMap((each) => each.addresses.map(({ address }) => address.split("/")[0]!));
  const known = PROFILE_NAMES.has(profile) ? { profile: profile as ProfileName } : {};
  return {
    title: addresses[0] === undefined ? "A running host" : `The host ${addresses[0]}`,
    kind: "live",
    madeBy: `tapsock ${version}`,
    epochMs: Date.now(),
    hosts: [{ name: LIVE_HOST, title: LIVE_HOST, addresses, ...known, isTraced: true }],
  };
}

/** Makes a run's events of what a host tells, on the run's time, which begins with it. */
export class LiveEvents {
  readonly #startMs: number;

  /** @param startMs the host's clock when the run begins */
  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  of(record: FeedRecord): RunEventJson {
    const stamp = { host: LIVE_HOST, atMs: Math.max(0, record.atMs - this.#startMs) };
    if ("base64" in record) {
      const { bytes: length, ...rest } = record;
      return { ...rest, length, ...stamp } as RunEventJson;
    }
    // The only other time on the host's clock.
    if (record.type === "waits-changed" && typeof record.untilMs === "number") {
      return { ...record, untilMs: record.untilMs - this.#startMs, ...stamp };
    }
    return { ...record, ...stamp };
  }
}
