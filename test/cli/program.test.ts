import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { CommanderError } from "commander";
import { UsageFailure } from "../../src/cli/failure.ts";
import { program } from "../../src/cli/program.ts";
import { NetworkError } from "../../src/transport/network-error.ts";

let written = "";

/** Runs the command line in this process. @returns what it threw, and what it wrote to either stream */
async function run(...words: string[]): Promise<{ error: unknown; text: string }> {
  written = "";
  const error = await program()
    .parseAsync(words, { from: "user" })
    .then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
  return { error, text: written };
}

beforeEach(() => {
  for (const stream of [process.stdout, process.stderr]) {
    jest.spyOn(stream, "write").mockImplementation((chunk) => {
      written += String(chunk);
      return true;
    });
  }
});

afterEach(() => {
  jest.restoreAllMocks();
});

describe("the command line", () => {
  const commands = [
    "connect",
    "listen",
    "ping",
    "ss",
    "resolve",
    "dns",
    "route",
    "neigh",
    "trace",
    "capture",
    "record",
    "replay",
    "page",
    "fault",
    "status",
    "shell",
    "lab",
    "drill",
    "doctor",
  ];

  test.each(commands)("%s has a help with an example", async (command) => {
    const { error, text } = await run(command, "--help");
    expect(error).toMatchObject({ exitCode: 0 });
    expect(text).toMatch(/Examples?:\n {2}tapsock /);
  });

  test.each(commands.filter((each) => each !== "route" && each !== "neigh" && each !== "fault" && each !== "lab"))(
    "%s takes --json",
    async (command) => {
      expect((await run(command, "--help")).text).toContain("--json");
    },
  );

  test.each([
    ["route", "list"],
    ["route", "add"],
    ["neigh", "add"],
    ["fault", "set"],
    ["fault", "drop"],
    ["lab", "list"],
    ["lab", "run"],
    ["lab", "check"],
    ["lab", "mystery"],
  ])("%s %s takes --json and has an example", async (command, verb) => {
    const { text } = await run(command, verb, "--help");
    expect(text).toContain("--json");
    expect(text).toMatch(/Examples?:\n {2}tapsock /);
  });

  test("an unknown command gets the nearest known one", async () => {
    const { error, text } = await run("conect");
    expect(error).toBeInstanceOf(CommanderError);
    expect(text).toContain("Did you mean connect?");
  });

  test.each([
    ["no port", ["connect", "203.0.113.1"], "missing required argument 'port'"],
    ["port 0", ["connect", "203.0.113.1", "0"], "A port is a number from 1 to 65535"],
    ["port 65536", ["connect", "203.0.113.1", "65536"], "A port is a number from 1 to 65535"],
    ["a port in words", ["listen", "http"], "A port is a number from 1 to 65535"],
    ["a short address", ["connect", "203.0.113", "80"], "A host is an address such as"],
    ["an address with a number over 255", ["ping", "203.0.113.256"], "A host is an address such as"],
    ["an address with two gaps", ["ping", "2001::db8::1"], "A host is an address such as"],
    ["a neighbour by name", ["neigh", "del", "router"], "An address is written as 203.0.113.1, 2001:db8::1 or fe80::1%tap0"],
    ["a route of 129 bits", ["route", "add", "2001:db8::/129"], "network and prefix length"],
    ["an unknown flag", ["ss", "--jason"], "unknown option '--jason'"],
    ["a route without length", ["route", "add", "198.51.100.0"], "network and prefix length"],
    ["a route of 33 bits", ["route", "add", "198.51.100.0/33"], "network and prefix length"],
    ["a hardware address of five bytes", ["neigh", "add", "203.0.113.9", "lladdr", "02:00:5e:10:00"], "A hardware address is written"],
    ["loss of 101 %", ["fault", "set", "--loss", "101%"], "at most 100%"],
    ["a negative time", ["trace", "--for", "-1s"], "A time is written"],
    ["no ping at all", ["ping", "203.0.113.1", "--count", "0"], "A whole number from 1"],
    ["a ping longer than a datagram", ["ping", "203.0.113.1", "--size", "99999"], "A whole number from 0 to 65507"],
    ["a fault for no frame", ["fault", "drop", "syn", "--count", "0"], "A whole number from 1"],
    ["an unknown kind of frame", ["fault", "drop", "sin"], "Allowed choices are"],
  ])("%s is refused with a sentence", async (_what, words, sentence) => {
    const { error, text } = await run(...words);
    expect(error).toBeInstanceOf(CommanderError);
    expect((error as CommanderError).exitCode).not.toBe(0);
    expect(text).toContain(sentence);
  });

  test.each([
    ["a network of no kind", ["ss", "--network", "tun:tap0"], "expected embedded:, tap:NAME"],
    ["an unknown key in the network", ["status", "--network", "embedded:?gatway=203.0.113.1"], 'unknown key "gatway"'],
    ["an unknown verb of route", ["route", "bogus"], "unknown command 'route bogus'; there are: list, add, del"],
    ["an unknown verb of neigh", ["neigh", "bogus"], "there are: list, add, del"],
    ["an unknown verb of fault", ["fault", "bogus"], "there are: list, set, drop, duplicate, corrupt, delay, reset, clear"],
    ["a fault with nothing to set", ["fault", "set"], "nothing to set"],
    ["an address of IPv4 where IPv6 is wanted", ["ping", "-6", "203.0.113.1"], "leave out -6"],
    ["an address of IPv6 where IPv4 is wanted", ["connect", "-4", "[::1]", "80"], "leave out -4"],
    ["capture to stdout beside JSON", ["capture", "-", "--json"], "both want stdout"],
  ])("%s is wrong usage", async (_what, words, sentence) => {
    const { error } = await run(...words);
    expect(error).toBeInstanceOf(UsageFailure);
    expect((error as Error).message).toContain(sentence);
  });

  test("a daemon that is not there is named, with what to do", async () => {
    const { error } = await run("ss", "--network", "daemon:/nowhere/tapsock.sock");
    expect(error).toBeInstanceOf(NetworkError);
    expect((error as Error).message).toMatch(/\/nowhere\/tapsock\.sock.*start tapsockd/);
  });
});
