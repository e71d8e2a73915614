import { describe, expect, test } from "@jest/globals";
import { parseNetworkUrl } from "../../src/network/network-url.ts";
import { NetworkError } from "../../src/transport/network-error.ts";

function mistake(url: string): string {
  try {
    parseNetworkUrl(url);
  } catch (error) {
    expect(error).toBeInstanceOf(NetworkError);
    return (error as Error).message;
  }
  throw new Error(`"${url}" was accepted`);
}

describe("the URL of a network", () => {
  test("embedded: is a host at 203.0.113.2/24 with the windows profile", () => {
    expect(parseNetworkUrl("embedded:")).toEqual({
      kind: "host",
      host: { device: "wire", name: "wire0", ip: "203.0.113.2", prefixLength: 24, profile: "windows", offloads: false },
    });
  });

  test("tap: takes every option", () => {
    const url =
      "tap:tap7?ip=203.0.113.9/25&gateway=203.0.113.1&profile=linux&offload=off&mac=02:00:5e:00:53:02&mtu=1400&detect-conflicts=on&conflict-policy=keep&capture=/tmp/x.pcapng&record=/tmp/x.recording&dns=203.0.113.53,2001:db8::53&search=lan,corp.example&hosts=/etc/hosts&hostname=box&ip6=2001:db8::2/64,fe80::2/64&gateway6=2001:db8::1";
    expect(parseNetworkUrl(url)).toEqual({
      kind: "host",
      host: {
        device: "tap",
        name: "tap7",
        ip: "203.0.113.9",
        prefixLength: 25,
        gateway: "203.0.113.1",
        profile: "linux",
        offloads: false,
        mac: "02:00:5e:00:53:02",
        mtu: 1400,
        detectConflicts: true,
        conflictPolicy: "keep",
        capture: "/tmp/x.pcapng",
        record: "/tmp/x.recording",
        dns: ["203.0.113.53", "2001:db8::53"],
        search: ["lan", "corp.example"],
        hostname: "box",
        hosts: "/etc/hosts",
        ip6: ["2001:db8::2/64", "fe80::2/64"],
        gateway6: "2001:db8::1",
      },
    });
  });

  test("puts an infrared device into a room, under an id and a name", () => {
    expect(parseNetworkUrl("embedded:?infrared=/tmp/room&infrared-id=0x0a0b0c0d&infrared-name=My%20box")).toMatchObject({
      host: { device: "wire", infrared: "/tmp/room", infraredId: 0x0a0b0c0d, infraredName: "My box" },
    });
    expect(parseNetworkUrl("tap:tap7?infrared=room&infrared-id=7")).toMatchObject({ host: { infrared: "room", infraredId: 7 } });
  });

  test("puts simulated devices in sight of it", () => {
    const attributes = [
      { class: "Phone", attribute: "Number", value: "555" },
      { class: "Phone", attribute: "Calls", value: 7 },
      { class: "Phone", attribute: "Tones", value: [1, 2, 3] },
    ];
    const phone = { id: 1, name: "phone", services: [{ name: "Echo", echo: true }], attributes };
    const network = parseNetworkUrl(`embedded:?infrared-devices=${encodeURIComponent(JSON.stringify([phone]))}`);
    const tones = { ...attributes[2], value: Uint8Array.of(1, 2, 3) };
    expect(network).toMatchObject({ host: { infraredDevices: [{ ...phone, attributes: [attributes[0], attributes[1], tones] }] } });
  });

  test.each([
    ["embedded:?infrared=", "infrared: expected a directory"],
    [`embedded:?infrared=${"x".repeat(99)}`, "infrared: expected a path of at most 98 bytes"],
    ["embedded:?infrared=r&infrared-id=0xffffffff", "infrared-id: expected 1 to 0xfffffffe"],
    ["embedded:?infrared=r&infrared-id=phone", "infrared-id: expected 1 to 0xfffffffe"],
    ["embedded:?infrared=r&infrared-name=%E2%82%AC", "infrared-name: expected 1 to 22 characters of Latin-1"],
    ["embedded:?infrared-id=7", "Cannot give an infrared device the id 7: it needs a directory"],
    ["embedded:?infrared-devices=phone", 'infrared-devices: expected a list in JSON, such as [{"id":1,"name":"phone"}]'],
    ['embedded:?infrared-devices=[{"id":0,"name":"phone"}]', "infrared-devices.0.id: expected 1 to 0xfffffffe"],
    [
      'embedded:?infrared-devices=[{"id":1,"name":"phone","services":[{"name":""}]}]',
      "services.0.name: expected 1 to 24 characters of Latin-1",
    ],
    ['embedded:?infrared-devices=[{"id":7,"name":"phone"}]&infrared-id=7', "Cannot use the infrared id 7 twice"],
    ["embedded:?infrared-devices=[]&record=f", 'Cannot record to "f" with infrared'],
    ["embedded:?infrared=r&record=f", 'Cannot record to "f" with infrared'],
  ])("%s is a mistake", (url, words) => {
    expect(mistake(url)).toContain(words);
  });

  test("tap: takes its address from a DHCP server", () => {
    const network = parseNetworkUrl("tap:tap7?dhcp=on");
    expect(network).toEqual({ kind: "host", host: { device: "tap", name: "tap7", profile: "windows", offloads: true } });
  });

  test("daemon: is a path as it stands", () => {
    expect(parseNetworkUrl("daemon:/run/tapsock/tapsock.sock?x")).toEqual({ kind: "daemon", path: "/run/tapsock/tapsock.sock?x" });
  });

  test.each([
    ["", "expected embedded:, tap:NAME?ip=… or daemon:/path"],
    ["tap", "expected embedded:, tap:NAME?ip=… or daemon:/path"],
    ["http://203.0.113.1", "expected embedded:"],
    ["daemon:", "path: expected the daemon's socket"],
    ["embedded:x", '"x": expected nothing between'],
    ["embedded:?offload=on", 'unknown key "offload"'],
    ["embedded:?__proto__=1", '"__proto__"'],
    ["tap:", "name: expected an interface name"],
    ["tap:a-name-that-is-too-long", "name: expected an interface name"],
    ["tap:tap0?dns=203.0.113.53,router", "dns.1: expected an address such as"],
    ["tap:tap0?hostname=a.b", "hostname: expected 1 to 63 letters, digits and hyphens"],
    ["tap:tap0?search=a..b", "search.0: expected a domain"],
    ["tap:tap0?ip=203.0.113.2", "ip: expected an IPv4 address with a prefix length"],
    ["tap:tap0?ip=203.0.113.256/24", "ip: expected an IPv4 address with a prefix length"],
    ["tap:tap0?ip=203.0.113.2/33", "ip: expected an IPv4 address with a prefix length"],
    ["tap:tap0?gateway=203.0.113.1/24", "gateway: expected an IPv4 address such as"],
    ["tap:tap0?gateway=198.51.100.1", "gateway 198.51.100.1: expected an address within 203.0.113.2/24"],
    ["tap:tap0?ip6=2001:db8::2", "ip6.0: expected an IPv6 address with a prefix length"],
    ["embedded:?ip6=automatic", "or auto"],
    ["tap:tap0?ip6=auto&gateway6=2001:db8::1", "expected a link-local address"],
    ["embedded:?ip6=2001:db8::2/64&gateway6=2001:db8:1::1", "expected a link-local address, or one within 2001:db8::2/64"],
    ["tap:tap0?profile=beos", "profile: expected one of windows, linux, rfc"],
    ["tap:tap0?offload=maybe", "offload: expected on or off"],
    ["tap:tap0?detect-conflicts=1", "detect-conflicts: expected on or off"],
    ["tap:tap0?conflict-policy=fight", "conflict-policy: expected one of yield, defend-once, keep"],
    ["tap:tap0?dhcp=yes", "dhcp: expected on or off"],
    ["tap:tap0?dhcp=on&ip=203.0.113.2/24", "with DHCP the server says address and gateway"],
    ["tap:tap0?dhcp=on&gateway=203.0.113.1", "with DHCP the server says address and gateway"],
    ["embedded:?dhcp=on", 'unknown key "dhcp"'],
    ["tap:tap0?mac=02:00", "mac: expected six bytes"],
    ["tap:tap0?mtu=68", "mtu: "],
    ["tap:tap0?mtu=big", "mtu: expected a whole number from 576 to 65535"],
    ["tap:tap0?mtu=10", "mtu: expected a whole number from 576 to 65535"],
    ["tap:tap0?ip=203.0.113.2/24&ip=203.0.113.3/24", "ip: is given twice"],
    ["tap:tap0?colour=blue", 'unknown key "colour"'],
  ])("%s is refused in one sentence that names the key", (url, words) => {
    const sentence = mistake(url);
    expect(sentence).toContain(words);
    expect(sentence).not.toContain("\n");
  });
});
