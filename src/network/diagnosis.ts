/** What tapsock needs of a machine, judged from plain facts, so that every case can be tested. */

export interface MachineFacts {
  readonly platform: string;
  /** As `20.19.1`. */
  readonly nodeVersion: string;
  /** Undefined when koffi could be loaded; otherwise why not. */
  readonly koffiTrouble: string | undefined;
  readonly tunDevice: "usable" | "missing" | "forbidden";
  readonly hasNetAdmin: boolean;
  /** Whether `unshare --user --map-root-user --net` works. */
  readonly hasUserNamespaces: boolean;
  readonly hasIpCommand: boolean;
  readonly hasTshark: boolean;
  /** Undefined where there are no tests: in an installed package. */
  readonly hasRawSocket: boolean | undefined;
  /** The project's scripts are here; an installed package has none. */
  readonly isCheckout: boolean;
  readonly socketPath: string;
  /** `dead`: the file is there, and nobody answers. */
  readonly daemon: "answers" | "absent" | "dead" | "forbidden";
}

export interface Finding {
  readonly name: string;
  readonly state: "ok" | "missing";
  /** Without it the main job cannot run on a TAP device. */
  readonly required: boolean;
  /** What was found, or what the thing is good for. */
  readonly why: string;
  /** A line to type, when there is something to cure. */
  readonly cure?: string;
}

const OLDEST_NODE = [20, 19] as const;
const TAPSOCKD_ON_TAP = "npx tapsockd --tap tap0 --ip 203.0.113.2/24 --kernel-ip 203.0.113.1/24";

export function diagnose(facts: MachineFacts): Finding[] {
  const [major = 0, minor = 0] = facts.nodeVersion.split(".").map(Number);
  const nodeIsNew = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  const canHaveTap = facts.hasNetAdmin || facts.hasUserNamespaces;
  return [
    finding("Linux", facts.platform === "linux", true, `TAP devices are Linux's; this is ${facts.platform}`, withoutTap(facts)),
    finding(
      "Node.js",
      nodeIsNew,
      true,
      `version ${facts.nodeVersion}; ${OLDEST_NODE.join(".")} or later is needed`,
      "see https://nodejs.org/en/download",
    ),
    finding(
      "koffi",
      facts.koffiTrouble === undefined,
      true,
      facts.koffiTrouble === undefined ? "calls Linux's C library" : `calls Linux's C library; ${facts.koffiTrouble}`,
      facts.isCheckout ? "npm ci" : "npm install tapsock",
    ),
    finding(
      "/dev/net/tun",
      facts.tunDevice === "usable",
      true,
      facts.tunDevice === "forbidden" ? "makes TAP devices; this user may not open it" : "makes TAP devices",
      facts.tunDevice === "forbidden" ? "sudo chmod 0666 /dev/net/tun" : "sudo modprobe tun   (in a container: --device /dev/net/tun)",
    ),
    finding(
      "CAP_NET_ADMIN",
      facts.hasNetAdmin,
      !canHaveTap,
      facts.hasNetAdmin || !facts.hasUserNamespaces
        ? "makes network namespaces and TAP devices"
        : "makes network namespaces and TAP devices; a user namespace does instead",
      `sudo ${facts.isCheckout ? "scripts/start" : TAPSOCKD_ON_TAP}   (in a container: --cap-add NET_ADMIN)`,
    ),
    finding(
      "user namespaces",
      facts.hasUserNamespaces,
      !canHaveTap,
      facts.hasUserNamespaces || !facts.hasNetAdmin
        ? "give the same without root"
        : "give the same without root; CAP_NET_ADMIN does instead",
      "sudo sysctl -w kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0",
    ),
    finding(
      "ip",
      facts.hasIpCommand,
      false,
      facts.isCheckout ? "gives the demonstration's namespace a name to enter it by" : "makes a TAP device that belongs to a user",
      "sudo apt-get install iproute2",
    ),
    finding(
      "tshark",
      facts.hasTshark,
      false,
      facts.isCheckout ? "reads captures; used by some tests" : "reads captures",
      "sudo apt-get install tshark",
    ),
    ...rawSocketFinding(facts),
    daemonFinding(facts),
  ];
}

/** Whether the main job can run on a TAP device. */
export const canRunOnTap = (findings: readonly Finding[]): boolean => findings.every((each) => each.state === "ok" || !each.required);

/** How to start the main job on a TAP device, on a machine that can: the checkout's script, or the daemon that npm installed. */
export function startCommand({ isCheckout, hasNetAdmin, hasUserNamespaces, socketPath }: MachineFacts): string {
  if (isCheckout) return "scripts/start";
  // In a user namespace everybody is root, whose usual socket is another one.
  if (!hasNetAdmin && hasUserNamespaces) return `unshare --map-root-user --net ${TAPSOCKD_ON_TAP} --socket ${socketPath}`;
  return TAPSOCKD_ON_TAP;
}

/** On a virtual wire. */
const withoutTap = ({ isCheckout }: MachineFacts): string => (isCheckout ? "scripts/start --embedded" : "npx tapsockd");

function rawSocketFinding({ hasRawSocket }: MachineFacts): Finding[] {
  if (hasRawSocket === undefined) return [];
  return [finding("raw-socket", hasRawSocket, false, "forges packets in some tests", "npm rebuild raw-socket --ignore-scripts=false")];
}

function daemonFinding(facts: MachineFacts): Finding {
  const { socketPath } = facts;
  const start = facts.isCheckout ? "scripts/start" : "npx tapsockd";
  switch (facts.daemon) {
    case "answers":
      return finding("tapsockd", true, false, `answers at ${socketPath}`, "");
    case "absent":
      return finding("tapsockd", false, false, `nothing listens at ${socketPath}`, start);
    case "dead":
      return finding("tapsockd", false, false, `${socketPath} is left from a daemon that is gone`, start);
    case "forbidden":
      return finding("tapsockd", false, false, `this user may not open ${socketPath}`, "run as the user who started tapsockd");
  }
}

function finding(name: string, isOk: boolean, required: boolean, why: string, cure: string): Finding {
  return isOk ? { name, state: "ok", required, why } : { name, state: "missing", required, why, cure };
}
