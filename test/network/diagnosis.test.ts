import { describe, expect, test } from "@jest/globals";
import { canRunOnTap, diagnose, type MachineFacts, startCommand } from "../../src/network/diagnosis.ts";

const FIT: MachineFacts = {
  platform: "linux",
  nodeVersion: "20.19.0",
  koffiTrouble: undefined,
  tunDevice: "usable",
  hasNetAdmin: true,
  hasUserNamespaces: false,
  hasIpCommand: true,
  hasTshark: true,
  hasRawSocket: true,
  isCheckout: true,
  socketPath: "/run/tapsock/tapsock.sock",
  daemon: "answers",
};

const lacking = (facts: Partial<MachineFacts>) => diagnose({ ...FIT, ...facts }).filter((each) => each.state === "missing");
const canRun = (facts: Partial<MachineFacts>) => canRunOnTap(diagnose({ ...FIT, ...facts }));

describe("tapsock doctor", () => {
  test("a machine with everything can run the main job", () => {
    expect(lacking({ hasUserNamespaces: true })).toEqual([]);
    expect(canRun({})).toBe(true);
  });

  test.each<[string, Partial<MachineFacts>]>([
    ["an old Node.js", { nodeVersion: "20.18.3" }],
    ["a much older Node.js with a high minor version", { nodeVersion: "18.20.0" }],
    ["no koffi", { koffiTrouble: "Cannot find module 'koffi'" }],
    ["no /dev/net/tun", { tunDevice: "missing" }],
    ["a forbidden /dev/net/tun", { tunDevice: "forbidden" }],
    ["neither CAP_NET_ADMIN nor user namespaces", { hasNetAdmin: false }],
    ["another system", { platform: "darwin" }],
  ])("%s keeps the main job from a TAP device, and names a cure", (_what, facts) => {
    expect(canRun(facts)).toBe(false);
    const required = lacking(facts).filter((each) => each.required);
    expect(required.length).toBeGreaterThan(0);
    for (const each of required) expect(each.cure).toBeTruthy();
  });

  test("user namespaces do instead of CAP_NET_ADMIN", () => {
    expect(canRun({ hasNetAdmin: false, hasUserNamespaces: true })).toBe(true);
  });

  test("a newer major version of Node.js will do whatever its minor version", () => {
    expect(canRun({ nodeVersion: "22.3.0" })).toBe(true);
  });

  test.each(["hasIpCommand", "hasTshark", "hasRawSocket"] as const)("%s is optional", (fact) => {
    expect(canRun({ [fact]: false })).toBe(true);
    expect(lacking({ [fact]: false, hasUserNamespaces: true })).toHaveLength(1);
  });

  test("an installed package, which has no tests, does not miss what only they use", () => {
    expect(diagnose({ ...FIT, hasRawSocket: undefined }).map((each) => each.name)).not.toContain("raw-socket");
  });

  test.each([
    ["absent", "nothing listens"],
    ["dead", "left from a daemon that is gone"],
    ["forbidden", "may not open"],
  ] as const)("a daemon socket that is %s is told apart from the others", (daemon, words) => {
    const found = lacking({ daemon, hasUserNamespaces: true });
    expect(found.map((each) => each.name)).toEqual(["tapsockd"]);
    expect(found[0]?.why).toContain(words);
    expect(canRun({ daemon })).toBe(true);
  });

  describe("in an installed package", () => {
    const INSTALLED: MachineFacts = { ...FIT, hasRawSocket: undefined, isCheckout: false };
    const NOTHING: Partial<MachineFacts> = {
      platform: "darwin",
      nodeVersion: "18.20.0",
      koffiTrouble: "Cannot find module 'koffi'",
      tunDevice: "missing",
      hasNetAdmin: false,
      hasUserNamespaces: false,
      hasIpCommand: false,
      hasTshark: false,
    };

    test.each(["absent", "dead", "forbidden"] as const)("no line names what only a checkout has (daemon: %s)", (daemon) => {
      const findings = diagnose({ ...INSTALLED, ...NOTHING, daemon });
      expect(findings.every((each) => each.state === "missing" && each.cure !== undefined)).toBe(true);
      expect(JSON.stringify(findings)).not.toMatch(/scripts\/|npm ci|demonstration|tests/);
      // The same in a checkout does, so that there was something to leave out.
      expect(JSON.stringify(diagnose({ ...FIT, ...NOTHING, daemon }))).toMatch(/scripts\/start/);
    });

    test("the main job is started by the daemon that npm linked, in a namespace of the user's where there is no root", () => {
      expect(startCommand(FIT)).toBe("scripts/start");
      const tapsockd = "npx tapsockd --tap tap0 --ip 203.0.113.2/24 --kernel-ip 203.0.113.1/24";
      expect(startCommand({ ...INSTALLED, hasUserNamespaces: true })).toBe(tapsockd);
      const own = { hasNetAdmin: false, hasUserNamespaces: true, socketPath: "/run/user/1000/tapsock.sock" };
      expect(startCommand({ ...INSTALLED, ...own })).toBe(`unshare --map-root-user --net ${tapsockd} --socket /run/user/1000/tapsock.sock`);
    });
  });
});
