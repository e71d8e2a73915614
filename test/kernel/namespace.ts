import { existsSync, readFileSync } from "node:fs";
import { test } from "@jest/globals";

/** Why no TAP can be had for tests here, or undefined. They want a network namespace of their own: `unshare -n npm test -- --selectProjects kernel`. */
export function whyNoTap(): string | undefined {
  if (process.platform !== "linux") return "this is not Linux";
  if (!existsSync("/dev/net/tun")) return "there is no /dev/net/tun";
  if (process.getuid?.() !== 0) return "this user is not root";
  if (isMachinesOwn()) return "this is the machine's own network namespace";
  return undefined;
}

/** Whether a way out of the machine is seen: an Ethernet or wireless interface, or a default route. A namespace made for tests has neither. */
function isMachinesOwn(): boolean {
  const interfaces = readFileSync("/proc/net/dev", "utf8");
  const routes = readFileSync("/proc/net/route", "utf8");
  return /^\s*(eth|en|wl|ww)\S*:/m.test(interfaces) || /^\S+\s+00000000\s/m.test(routes);
}

/** `test`, where a TAP can be had; otherwise a skipped test, or with CI=true a failing one. */
export function tapTest(name: string, body: () => void | Promise<void>): void {
  const why = whyNoTap();
  if (why === undefined) test(name, body);
  else if (process.env["CI"] === "true") {
    test(name, () => {
      throw new Error(`Cannot test with a TAP: ${why}`);
    });
  } else test.skip(`${name} (skipped: ${why})`, body);
}
