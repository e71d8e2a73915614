import { describe, expect, test } from "@jest/globals";
import { SO_EXCLUSIVEADDRUSE, SO_REUSEADDR } from "../../../src/winsock/abi/constants.ts";
import { WSAEACCES, WSAEADDRINUSE, WSAEADDRNOTAVAIL, WSAECONNREFUSED, WSAEINVAL } from "../../../src/winsock/abi/errors.ts";
import { sizeof_sockaddr_in } from "../../../src/winsock/abi/structures.ts";
import { address, OURS, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { bind, connect, datagram, fails, localName, outcome, SUCCESS, set } from "../../support/winsock-calls.ts";

const OPTION = { Def: undefined, Reuse: SO_REUSEADDR, Excl: SO_EXCLUSIVEADDRUSE } as const;
type Kind = `${keyof typeof OPTION} ${"W" | "S"}`;
const COLUMNS: readonly Kind[] = ["Def W", "Def S", "Reuse W", "Reuse S", "Excl W", "Excl S"];

/** As Microsoft prints it in "Using SO_REUSEADDR and SO_EXCLUSIVEADDRUSE", same user. */
const PAGE: Readonly<Record<Kind, string>> = {
  "Def W": "INUSE ok ACCES ok INUSE ok",
  "Def S": "ok INUSE ok ACCES INUSE INUSE",
  "Reuse W": "INUSE ok ok ok INUSE ok",
  "Reuse S": "ok INUSE ok ok INUSE INUSE",
  "Excl W": "INUSE ACCES ACCES ACCES INUSE ACCES",
  "Excl S": "ok INUSE ok ACCES INUSE INUSE",
};

const CELLS = COLUMNS.flatMap((first) => PAGE[first].split(" ").map((result, i) => ({ first, second: COLUMNS[i]!, result })));

function bindAs(v: VirtualWinsock, kind: Kind, make: () => number): string {
  const [name, where] = kind.split(" ") as [keyof typeof OPTION, "W" | "S"];
  const s = make();
  const option = OPTION[name];
  if (option !== undefined) set(v, s, option);
  const [, error] = bind(v, s, where === "W" ? "0.0.0.0" : OURS, 5000);
  return { 0: "ok", [WSAEADDRINUSE]: "INUSE", [WSAEACCES]: "ACCES" }[error] ?? String(error);
}

describe("[UDP-12] port sharing (Microsoft, Using SO_REUSEADDR and SO_EXCLUSIVEADDRUSE)", () => {
  test.each(CELLS)("streams: after $first, $second is $result", ({ first, second, result }) => {
    const v = new VirtualWinsock();
    expect(bindAs(v, first, () => v.stream())).toBe("ok");
    expect(bindAs(v, second, () => v.stream())).toBe(result);
  });

  test.each(CELLS)("[UDP-12] datagrams: after $first, $second is $result", ({ first, second, result }) => {
    const v = new VirtualWinsock();
    expect(bindAs(v, first, () => datagram(v.winsock))).toBe("ok");
    expect(bindAs(v, second, () => datagram(v.winsock))).toBe(result);
  });

  test("two different specific addresses never conflict", () => {
    const v = new VirtualWinsock();
    expect(bind(v, v.stream(), OURS, 5000)).toEqual(SUCCESS);
    expect(bind(v, v.stream(), "127.0.0.1", 5000)).toEqual(SUCCESS);
  });

  test("streams and datagrams have ports of their own", () => {
    const v = new VirtualWinsock();
    expect(bind(v, v.stream(), OURS, 5000)).toEqual(SUCCESS);
    expect(bind(v, datagram(v.winsock), OURS, 5000)).toEqual(SUCCESS);
  });

  test("a closed socket's port is free again", () => {
    const v = new VirtualWinsock();
    const s = v.stream();
    bind(v, s, OURS, 5000);
    v.winsock.closesocket(s);
    expect(bind(v, v.stream(), OURS, 5000)).toEqual(SUCCESS);
  });

  test("TIME-WAIT does not stand in the way of a bind", () => {
    const v = new VirtualWinsock();
    v.listener(80);
    const s = v.stream();
    bind(v, s, OURS, 5000);
    connect(v, s, PEER, 80);
    v.winsock.closesocket(s);
    v.advance(10);
    expect(v.ours.tcp.isPortInUse(5000)).toBe(true);
    expect(bind(v, v.stream(), OURS, 5000)).toEqual(SUCCESS);
  });

  test("an exclusive bind minds connections that outlive their listener (Microsoft, SO_EXCLUSIVEADDRUSE)", () => {
    const v = new VirtualWinsock();
    const listener = v.listener(5000, v.winsock);
    v.peerWinsock.connect(v.stream(v.peerWinsock), address(OURS, 5000), sizeof_sockaddr_in);
    expect(v.winsock.accept(listener, null, null)).toBeGreaterThan(0);
    v.winsock.closesocket(listener);
    const exclusive = v.stream();
    set(v, exclusive, SO_EXCLUSIVEADDRUSE);
    expect(bind(v, exclusive, OURS, 5000)).toEqual(fails(WSAEADDRINUSE));
    expect(bind(v, v.stream(), OURS, 5000)).toEqual(SUCCESS);
  });

  test("an exclusive bind knows of living connections without listing every socket", () => {
    const v = new VirtualWinsock();
    const listener = v.listener(5000, v.winsock);
    v.peerWinsock.connect(v.stream(v.peerWinsock), address(OURS, 5000), sizeof_sockaddr_in);
    v.winsock.accept(listener, null, null);
    v.winsock.closesocket(listener);
    v.ours.tcp.statuses = () => {
      throw new Error("listed");
    };
    for (const [at, expected] of [
      [OURS, fails(WSAEADDRINUSE)],
      ["0.0.0.0", fails(WSAEADDRINUSE)],
      ["127.0.0.1", SUCCESS],
    ] as const) {
      const exclusive = v.stream();
      set(v, exclusive, SO_EXCLUSIVEADDRUSE);
      expect(bind(v, exclusive, at, 5000)).toEqual(expected);
    }
  });

  test("SO_REUSEADDR and SO_EXCLUSIVEADDRUSE exclude each other, and neither comes after bind", () => {
    const v = new VirtualWinsock();
    const s = v.stream();
    set(v, s, SO_REUSEADDR);
    expect(outcome(v.winsock, set(v, s, SO_EXCLUSIVEADDRUSE))).toEqual(fails(WSAEINVAL));
    const bound = v.stream();
    bind(v, bound, OURS, 5000);
    expect(outcome(v.winsock, set(v, bound, SO_REUSEADDR))).toEqual(fails(WSAEINVAL));
  });

  test("a wildcard means one address while it is connected, and any again when the connect has failed", () => {
    const v = new VirtualWinsock();
    const s = v.stream();
    bind(v, s, "0.0.0.0", 5000);
    expect(localName(v, s)).toEqual({ address: "0.0.0.0", port: 5000 });
    expect(connect(v, s, PEER, 81)).toEqual(fails(WSAECONNREFUSED));
    expect(localName(v, s)).toEqual({ address: "0.0.0.0", port: 5000 });
    v.listener(80);
    expect(connect(v, s, PEER, 80)).toEqual(SUCCESS);
    expect(localName(v, s)).toEqual({ address: OURS, port: 5000 });
  });

  test("an address that is not ours cannot be bound (Microsoft, bind function)", () => {
    const v = new VirtualWinsock();
    for (const to of [PEER, "192.0.2.0", "255.255.255.255", "224.0.0.1"]) {
      expect(bind(v, v.stream(), to, 5000)).toEqual(fails(WSAEADDRNOTAVAIL));
    }
  });
});
