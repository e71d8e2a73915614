import { describe, expect, test } from "@jest/globals";
import { assertUnicastMac, macForName } from "../../src/stack/link/mac-address.ts";
import { openTap } from "../../src/tap/linux-tap.ts";
import { TapError } from "../../src/tap/tap-error.ts";

describe("TapError", () => {
  test("says what failed, the error's name, and what to do", () => {
    const error = new TapError('attach to TAP "tap0"', 1, "grant CAP_NET_ADMIN");
    expect(error.message).toBe('Cannot attach to TAP "tap0": EPERM; grant CAP_NET_ADMIN');
    expect(error).toMatchObject({ name: "TapError", errno: 1, code: "EPERM", hint: "grant CAP_NET_ADMIN" });
    expect(new TapError("x", 250, "y").code).toBe("errno 250");
  });

  test.each(["", "sixteen-letters-", "a/b", "a b", "..", "x:1", "tap%s", "ta%dp", "ünïcödë-tap0"])(
    "openTap refuses the name %j before it opens anything",
    (name) => {
      expect(() => openTap({ name })).toThrow(TapError);
      expect(() => openTap({ name })).toThrow(/as the name of a TAP: EINVAL; use 1 to 15 bytes/);
    },
  );
});

describe("macForName", () => {
  test("is the same for the same name, different for others, locally administered and unicast", () => {
    expect(macForName("tap0")).toEqual(macForName("tap0"));
    expect(macForName("tap0")).not.toEqual(macForName("tap1"));
    expect([...macForName("tap0").subarray(0, 3)]).toEqual([0x02, 0x00, 0x5e]);
    expect(() => assertUnicastMac(macForName("x"))).not.toThrow();
    expect(() => assertUnicastMac(new Uint8Array(6))).toThrow(RangeError);
  });
});
