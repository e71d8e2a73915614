import { describe, expect, test } from "@jest/globals";
import { parseAddress } from "../../../src/stack/core/address.ts";
import {
  AF_INET,
  AF_INET6,
  FD_CLOSE,
  FD_CONNECT,
  FD_READ,
  FD_WRITE,
  FIONBIO,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLRDNORM,
  POLLWRNORM,
  SOCK_DGRAM,
} from "../../../src/winsock/abi/constants.ts";
import { WSAECONNREFUSED } from "../../../src/winsock/abi/errors.ts";
import { createPromiseFace } from "../../../src/winsock/faces/promise-face.ts";
import { ipv6Winsock, PEER6 } from "../../support/ipv6-winsock.ts";
import { PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { say } from "../../support/winsock-calls.ts";

/** A promise face on our host; time moves while something is awaited. */
function setUp(v = new VirtualWinsock()) {
  const w = createPromiseFace(async () => v.asyncPort());
  let isOver = false;
  const pump = async () => {
    while (!isOver) {
      v.advance(10);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const during = async <T>(act: () => Promise<T>): Promise<T> => {
    isOver = false;
    const pumping = pump();
    try {
      return await act();
    } finally {
      isOver = true;
      await pumping;
    }
  };
  return { v, w, during };
}

test("WSAPoll gives the entries that have events", async () => {
  const { v, w, during } = setUp();
  await during(async () => {
    v.listener(80);
    const [s, other] = [await w.socket(), await w.socket()];
    await w.connect(s, { address: PEER, port: 80 });
    expect(
      await w.WSAPoll(
        [
          { s: other, events: POLLOUT },
          { s, events: POLLIN | POLLOUT },
        ],
        { timeoutMs: 0 },
      ),
    ).toEqual([{ s, events: POLLIN | POLLOUT, revents: POLLWRNORM }]);
    expect(await w.WSAPoll([{ s, events: POLLIN }], { timeoutMs: 50 })).toEqual([]);
    await expect(w.WSAPoll([{ s: 4000, events: 0 }])).rejects.toMatchObject({ code: "WSAENOTSOCK", syscall: "WSAPoll" });
    await expect(w.WSAPoll([{ s, events: POLLIN }], { signal: AbortSignal.abort("no more") })).rejects.toBe("no more");
  });
});

describe("for await", () => {
  test("over connections, to the end of the listener, and over their data, to the end of the peer", async () => {
    const { v, w, during } = setUp();
    await during(async () => {
      const listener = await w.socket();
      await w.bind(listener, { port: 8080 });
      await w.listen(listener);
      const texts: string[] = [];
      const serving = (async () => {
        for await (const { socket } of w.accepted(listener)) {
          let text = "";
          for await (const data of w.received(socket)) text += new TextDecoder().decode(data);
          texts.push(text);
          if (texts.length === 2) await w.closesocket(listener);
        }
      })();
      for (const text of ["one", "two"]) {
        const c = await w.socket();
        await w.connect(c, { address: "127.0.0.1", port: 8080 });
        await w.send(c, text);
        await w.shutdown(c);
      }
      await serving;
      expect(texts).toEqual(["one", "two"]);
    });
    expect(v.isStuck).toBe(false);
  });

  test("over network events, with their codes, until the connection has ended", async () => {
    const { v, w, during } = setUp();
    await during(async () => {
      const listener = v.listener(80);
      const s = await w.socket();
      const seen: unknown[] = [];
      const watching = (async () => {
        for await (const { events, errors } of w.networkEvents(s, FD_CONNECT | FD_WRITE | FD_READ | FD_CLOSE)) seen.push([events, errors]);
      })();
      await new Promise((resolve) => setTimeout(resolve, 20));
      await expect(w.connect(s, { address: PEER, port: 80 })).rejects.toMatchObject({ code: "WSAEWOULDBLOCK" });
      while (seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
      const peer = v.peerWinsock.accept(listener, null, null);
      say(v.peerWinsock, peer, "x");
      while (seen.length < 2) await new Promise((resolve) => setImmediate(resolve));
      v.peerWinsock.closesocket(peer);
      await watching;
      expect(seen).toEqual([
        [FD_CONNECT | FD_WRITE, {}],
        [FD_READ, {}],
        [FD_CLOSE, {}],
      ]);
      expect(await w.WSAPoll([{ s, events: POLLIN }], { timeoutMs: 0 })).toMatchObject([{ revents: POLLRDNORM | POLLHUP }]);
    });
    expect(v.provider.usage.each.at(-1)).toMatchObject({ pendingCalls: 0 });
  });

  test("over network events, until the socket is closed", async () => {
    const { w, during } = setUp();
    await during(async () => {
      const s = await w.socket();
      const watching = (async () => {
        for await (const _ of w.networkEvents(s, FD_READ));
        return "over";
      })();
      await new Promise((resolve) => setTimeout(resolve, 20));
      await w.closesocket(s);
      expect(await Promise.race([watching, new Promise((resolve) => setTimeout(resolve, 300))])).toBe("over");
    });
  });

  test("over network events of a connect that fails, left in the middle", async () => {
    const { w, during } = setUp();
    await during(async () => {
      const s = await w.socket();
      const first = (async () => {
        for await (const record of w.networkEvents(s, FD_CONNECT)) return record;
        return undefined;
      })();
      await new Promise((resolve) => setTimeout(resolve, 20));
      await w.connect(s, { address: PEER, port: 81 }).catch(() => {});
      expect(await first).toEqual({ events: FD_CONNECT, errors: { [FD_CONNECT]: WSAECONNREFUSED } });
      // Nothing is selected any more: the socket may be made blocking again.
      expect(await w.ioctlsocket(s, 0x8004667e | 0, 0)).toBeDefined();
    });
  });

  test.each([
    ["IPv4", "203.0.113.99", 24, "198.51.100.0", "198.51.100.9", PEER, "203.0.113.2"],
    ["IPv6", "2001:db8::99", 64, "2001:db8:f::", "2001:db8:f::9", PEER6, "2001:db8::2"],
  ])("over the addresses and routing interfaces of %s, until the socket is closed or the loop left", async (...row) => {
    const [name, another, prefixLength, network, far, gateway, ours] = row;
    const v = ipv6Winsock();
    const { w, during } = setUp(v);
    const ip = v.ours.ip;
    const destination = parseAddress(network);
    await during(async () => {
      const s = await w.socket(name === "IPv4" ? AF_INET : AF_INET6, SOCK_DGRAM);
      await w.ioctlsocket(s, FIONBIO, 1);
      const lists: string[][] = [];
      const watching = (async () => {
        for await (const addresses of w.addressListChanges(s)) {
          // What changes in the body is told too.
          if (lists.push(addresses.map(({ address }) => address)) === 1) ip.removeAddress(ip.interfaces[0]!, parseAddress(another));
        }
      })();
      const sources: unknown[] = [];
      const routing = (async () => {
        for await (const source of w.routingInterfaceChanges(s, { address: far, port: 0 })) {
          if (sources.push(source?.address) === 2) return;
          ip.routes.remove(destination, prefixLength);
        }
      })();
      await new Promise((resolve) => setTimeout(resolve, 20));
      ip.addAddress(ip.interfaces[0]!, parseAddress(another), prefixLength);
      ip.addRoute({ destination, prefixLength, gateway: parseAddress(gateway) });
      await routing;
      while (lists.length < 2) await new Promise((resolve) => setImmediate(resolve));
      expect(sources).toEqual([ours, undefined]);
      expect(lists.map((list) => list.includes(another))).toEqual([true, false]);
      await w.closesocket(s);
      await watching;
    });
    expect(v.provider.usage.each.at(-1)).toMatchObject({ pendingCalls: 0 });
  });

  test("over what changes, until the signal is given, whose reason is thrown", async () => {
    const { w, during } = setUp();
    await during(async () => {
      const s = await w.socket();
      const loop = async (signal: AbortSignal) => {
        for await (const _ of w.addressListChanges(s, { signal }));
      };
      const ending = new AbortController();
      const looping = loop(ending.signal);
      await new Promise((resolve) => setTimeout(resolve, 20));
      ending.abort("enough");
      await expect(looping).rejects.toBe("enough");
      await expect(loop(AbortSignal.abort("never"))).rejects.toBe("never");
    });
  });
});
