import { describe, expect, test } from "@jest/globals";
import {
  AF_INET,
  AF_INET6,
  AF_IRDA,
  IRLMP_ENUMDEVICES,
  IRLMP_IAS_QUERY,
  IRLMP_IAS_SET,
  SIO_ADDRESS_LIST_CHANGE,
  SIO_ROUTING_INTERFACE_QUERY,
  SOCK_DGRAM,
  SOL_IRLMP,
} from "../../../src/winsock/abi/constants.ts";
import { new_IAS_QUERY, new_IAS_SET } from "../../../src/winsock/abi/irda-structures.ts";
import { aMoment, awaitedWorld, failure, listenersOf } from "../../support/awaited-winsock.ts";
import { PHONE } from "../../support/infrared-room.ts";
import { InfraredWinsock, OTHER_LAPTOP } from "../../support/infrared-winsock.ts";
import { ipv6Winsock, OURS6, PEER6 } from "../../support/ipv6-winsock.ts";
import { OURS, PEER } from "../../support/virtual-winsock.ts";

describe("addresses as text", () => {
  test("of either family, with a port behind", async () => {
    const { ours, peer, settled } = awaitedWorld(ipv6Winsock());
    for (const [af, own, at] of [
      [AF_INET, `${PEER}:80`, { address: PEER, port: 80, family: AF_INET }],
      [AF_INET6, `[${PEER6}]:81`, { address: PEER6, port: 81, family: AF_INET6 }],
    ] as const) {
      const listener = await peer.socket(af);
      await peer.bind(listener, own);
      expect(await peer.getsockname(listener)).toEqual(at);
      await peer.listen(listener);
      const s = await ours.socket(af);
      await settled(ours.connect(s, own));
      expect(await ours.getpeername(s)).toEqual(at);
    }
  });

  test("without a port is port 0, for bind, names and routes", async () => {
    const { ours } = awaitedWorld(ipv6Winsock());
    const s = await ours.socket(AF_INET6);
    await ours.bind(s, OURS6);
    const { address, port } = await ours.getsockname(s);
    expect([address, port > 0]).toEqual([OURS6, true]);
    expect(await ours.WSAIoctl(await ours.socket(), SIO_ROUTING_INTERFACE_QUERY, PEER)).toMatchObject({ address: OURS });
    expect(await ours.getnameinfo("203.0.113.9:443", { flags: 2 })).toEqual({ host: "203.0.113.9", service: "https" });
  });

  test.each([
    "",
    "203.0.113.2:",
    "203.0.113.2:65536",
    "203.0.113.2:-1",
    "[203.0.113.2]:80",
    "[::1",
    "::1]:80",
    "example.com:80",
    ":80",
    "1:2:3",
  ])("%j is no address: WSAEFAULT", async (text) => {
    const { ours } = awaitedWorld(ipv6Winsock());
    for (const af of [AF_INET, AF_INET6]) {
      expect(await failure(ours.connect(await ours.socket(af), text))).toMatchObject({ code: "WSAEFAULT", syscall: "connect" });
    }
    const d = await ours.socket(AF_INET, SOCK_DGRAM);
    expect(await failure(ours.sendto(d, "x", text))).toMatchObject({ code: "WSAEFAULT", syscall: "sendto" });
  });
});

describe("infrared addresses", () => {
  test("name a device and its service; those that a call gives can be given back", async () => {
    const { ours, peer, settled } = awaitedWorld(new InfraredWinsock());
    const listener = await peer.socket(AF_IRDA);
    await peer.bind(listener, { service: "Chat" });
    await peer.listen(listener);
    const s = await ours.socket(AF_IRDA);
    const [accepted] = await settled(Promise.all([peer.accept(listener), ours.connect(s, { id: OTHER_LAPTOP, service: "Chat" })]));
    expect(accepted).toMatchObject({ family: AF_IRDA, id: 0x777, address: "00000777", port: 0 });
    const name = await ours.getpeername(s);
    expect(name).toEqual({ family: AF_IRDA, id: OTHER_LAPTOP, service: "Chat", address: "00000999", port: 0 });
    await ours.send(s, "beam");
    expect(new TextDecoder().decode(await settled(peer.recv(accepted.socket)))).toBe("beam");
    await ours.closesocket(s);
    await settled(peer.recv(accepted.socket).catch(() => {}));
    const again = await ours.socket(AF_IRDA);
    await settled(Promise.all([peer.accept(listener), ours.connect(again, name)]));
  });

  test("that name no device are refused before they leave", async () => {
    const { ours } = awaitedWorld(new InfraredWinsock());
    const s = await ours.socket(AF_IRDA);
    for (const id of [-1, 2 ** 32, 1.5, "x", null] as unknown as number[]) {
      expect(await failure(ours.connect(s, { id, service: "Echo" }))).toMatchObject({ code: "WSAEFAULT", syscall: "connect" });
    }
  });

  test("IRLMP_ENUMDEVICES and IRLMP_IAS_QUERY tell of the devices around", async () => {
    const { ours, peer, settled } = awaitedWorld(new InfraredWinsock());
    const set = { ...new_IAS_SET(), irdaClassName: "Color", irdaAttribName: "Depth", irdaAttribType: 1 };
    await peer.setsockopt(await peer.socket(AF_IRDA), SOL_IRLMP, IRLMP_IAS_SET, {
      ...set,
      irdaAttribute: { ...set.irdaAttribute, irdaAttribInt: 24 },
    });
    const s = await ours.socket(AF_IRDA);
    const { numDevice, Device } = await settled(ours.getsockopt(s, SOL_IRLMP, IRLMP_ENUMDEVICES));
    expect(Device.map(({ irdaDeviceName }) => irdaDeviceName)).toEqual(expect.arrayContaining(["other"]));
    expect(numDevice).toBe(Device.length);
    const irdaDeviceID = Uint8Array.of(0x99, 0x09, 0, 0);
    const question = { ...new_IAS_QUERY(), irdaDeviceID, irdaClassName: "Color", irdaAttribName: "Depth" };
    const answer = await settled(ours.getsockopt(s, SOL_IRLMP, IRLMP_IAS_QUERY, question));
    expect(answer).toMatchObject({ irdaClassName: "Color", irdaAttribType: 1, irdaAttribute: { irdaAttribInt: 24 } });
    const { signal } = new AbortController();
    expect(await failure(settled(ours.connect(s, { id: PHONE, service: "Nothing" }, { signal })))).toMatchObject({
      code: "WSAECONNREFUSED",
    });
    expect(listenersOf(signal)).toBe(0);
  });
});

test("a control code that waits for a change can be given up", async () => {
  const { ours } = awaitedWorld();
  const s = await ours.socket();
  const controller = new AbortController();
  const waiting = failure(ours.WSAIoctl(s, SIO_ADDRESS_LIST_CHANGE, undefined, { signal: controller.signal }));
  await aMoment();
  controller.abort("enough");
  expect(await waiting).toBe("enough");
});
