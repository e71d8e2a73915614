/** Sockets of AF_IRDA from bind to close, between two hosts in one room (winsock.md §18.1). */
import { describe, expect, test } from "@jest/globals";
import * as c from "../../../src/winsock/abi/constants.ts";
import * as errors from "../../../src/winsock/abi/errors.ts";
import { new_WSANETWORKEVENTS } from "../../../src/winsock/abi/event-structures.ts";
import {
  type IAS_QUERY,
  iasBytes,
  new_IAS_QUERY,
  new_IAS_SET,
  new_SOCKADDR_IRDA,
  sizeof_IAS_QUERY,
  sizeof_IAS_SET,
  sizeof_SOCKADDR_IRDA,
} from "../../../src/winsock/abi/irda-structures.ts";
import { statusOfError } from "../../../src/winsock/abi/nt-status.ts";
import { new_WSAOVERLAPPED } from "../../../src/winsock/abi/overlapped-structures.ts";
import { new_WSAPROTOCOL_INFOW, sizeof_WSAPROTOCOL_INFOW, type WSAPROTOCOL_INFO } from "../../../src/winsock/abi/protocol-info.ts";
import type { SOCKET } from "../../../src/winsock/abi/structures.ts";
import type { BlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import { LAPTOP, PHONE, PRINTER } from "../../support/infrared-room.ts";
import {
  bindIrda,
  connectIrda,
  devicesAround,
  InfraredWinsock,
  irdaListener,
  irdaName,
  irdaNonblocking,
  irdaStream,
  OTHER_LAPTOP,
} from "../../support/infrared-winsock.ts";
import { bytes, fails, outcome, recv, SUCCESS, say, selected } from "../../support/winsock-calls.ts";

/** One of our sockets connected to one of the peer's. */
function irdaPair(v = new InfraredWinsock()): { v: InfraredWinsock; s: SOCKET; peer: SOCKET; listener: SOCKET } {
  const listener = irdaListener(v.peerWinsock, "Chat");
  const s = irdaStream(v.winsock);
  expect(connectIrda(v.winsock, s, OTHER_LAPTOP, "Chat")).toEqual(SUCCESS);
  return { v, s, peer: v.peerWinsock.accept(listener, null, null), listener };
}

const dword = (v: InfraredWinsock, s: SOCKET, name: number): readonly [number, number, number] => {
  const value = { value: 0 };
  const result = v.winsock.getsockopt(s, c.SOL_IRLMP, name, value, { value: 4 });
  return [result, v.winsock.WSAGetLastError(), value.value];
};

describe("socket", () => {
  test.each([
    [c.SOCK_STREAM, 0, 0],
    [0, c.IRDA_PROTO_SOCK_STREAM, 0],
    [c.SOCK_DGRAM, 0, errors.WSAESOCKTNOSUPPORT],
    [c.SOCK_STREAM, c.IPPROTO_TCP, errors.WSAEPROTONOSUPPORT],
  ])("type %i, protocol %i: %i", (type, protocol, code) => {
    const { winsock } = new InfraredWinsock();
    expect(winsock.socket(c.AF_IRDA, type, protocol) === c.INVALID_SOCKET).toBe(code !== 0);
    expect(winsock.WSAGetLastError()).toBe(code);
  });
});

test("control codes of datagrams are none of a stream's, and one that waits for addresses ends with the socket", () => {
  const v = new InfraredWinsock();
  const { winsock: w } = v;
  const s = irdaStream(w);
  const none = { value: 0 };
  for (const code of [c.SIO_ENABLE_CIRCULAR_QUEUEING, c.SIO_UDP_CONNRESET, c.SIO_TCP_INFO]) {
    expect(outcome(w, w.WSAIoctl(s, code, { value: 1 }, 4, null, 0, none, null, null))).toEqual(fails(errors.WSAEOPNOTSUPP));
  }
  const ov = new_WSAOVERLAPPED();
  expect(outcome(w, w.WSAIoctl(s, c.SIO_ADDRESS_LIST_CHANGE, null, 0, null, 0, none, ov, null))).toEqual(fails(errors.WSA_IO_PENDING));
  expect(outcome(w, w.closesocket(s))).toEqual(SUCCESS);
  expect(ov.Internal).toBe(statusOfError(errors.WSA_OPERATION_ABORTED));
});

test("the catalogue's entry makes a socket, and is what SO_PROTOCOL_INFO tells of it", () => {
  const { winsock } = new InfraredWinsock();
  const found: WSAPROTOCOL_INFO[] = [];
  expect(winsock.WSAEnumProtocols([c.IRDA_PROTO_SOCK_STREAM, 0], found, { value: 10_000 })).toBe(1);
  const flags = c.XP1_GUARANTEED_DELIVERY | c.XP1_GUARANTEED_ORDER | c.XP1_GRACEFUL_CLOSE | c.XP1_IFS_HANDLES;
  expect(found[0]).toMatchObject({
    szProtocol: "MSAFD Irda [IrDA]",
    iAddressFamily: c.AF_IRDA,
    iSocketType: c.SOCK_STREAM,
    iProtocol: c.IRDA_PROTO_SOCK_STREAM,
    iMaxSockAddr: sizeof_SOCKADDR_IRDA,
    dwServiceFlags1: flags,
    dwMessageSize: 0,
  });
  const described = c.FROM_PROTOCOL_INFO;
  const s = winsock.WSASocket(described, described, described, found[0]!, 0, c.WSA_FLAG_OVERLAPPED);
  expect(connectIrda(winsock, s, PHONE, "Echo")).toEqual(SUCCESS);
  const info = new_WSAPROTOCOL_INFOW();
  expect(winsock.getsockopt(s, c.SOL_SOCKET, c.SO_PROTOCOL_INFOW, info, { value: sizeof_WSAPROTOCOL_INFOW })).toBe(0);
  expect(info).toEqual(found[0]);
});

describe("bind", () => {
  test("two of one name do not go together, until the first is closed", () => {
    const { winsock } = new InfraredWinsock();
    const s = irdaStream(winsock);
    expect(bindIrda(winsock, s, "Chat")).toEqual(SUCCESS);
    expect(bindIrda(winsock, s, "Other")).toEqual(fails(errors.WSAEINVAL));
    const second = irdaStream(winsock);
    expect(bindIrda(winsock, second, "Chat")).toEqual(fails(errors.WSAEADDRINUSE));
    winsock.closesocket(s);
    expect(bindIrda(winsock, second, "Chat")).toEqual(SUCCESS);
  });

  test("a name is needed, and an LSAP from 1 to 127", () => {
    const { winsock } = new InfraredWinsock();
    for (const name of ["", "LSAP-SEL0", "LSAP-SEL128"])
      expect(bindIrda(winsock, irdaStream(winsock), name)).toEqual(fails(errors.WSAEADDRNOTAVAIL));
    expect(bindIrda(winsock, irdaStream(winsock), "LSAP-SEL127")).toEqual(SUCCESS);
    expect(bindIrda(winsock, irdaStream(winsock), "LSAP-SEL127")).toEqual(fails(errors.WSAEADDRINUSE));
  });

  test("a name of digits is no LSAP", () => {
    const { winsock } = new InfraredWinsock();
    expect(bindIrda(winsock, irdaStream(winsock), "LSAP-SEL77")).toEqual(SUCCESS);
    expect(bindIrda(winsock, irdaStream(winsock), "77")).toEqual(SUCCESS);
  });

  test("getsockname says device and service", () => {
    const { winsock } = new InfraredWinsock();
    const s = irdaStream(winsock);
    const name = new_SOCKADDR_IRDA();
    expect(outcome(winsock, winsock.getsockname(s, name, { value: 32 }))).toEqual(fails(errors.WSAEINVAL));
    bindIrda(winsock, s, "Chat");
    expect(winsock.getsockname(s, name, { value: 32 })).toBe(0);
    expect(name).toEqual(irdaName(LAPTOP, "Chat"));
  });

  test("listen wants a name", () => {
    const { winsock } = new InfraredWinsock();
    expect(outcome(winsock, winsock.listen(irdaStream(winsock), 1))).toEqual(fails(errors.WSAEINVAL));
  });
});

describe("connect and accept", () => {
  test("words go both ways, and names are those of devices and LSAPs", () => {
    const { v, s, peer } = irdaPair();
    say(v.winsock, s, "question");
    expect(recv(v.peerWinsock, peer)).toBe("question");
    say(v.peerWinsock, peer, "answer");
    expect(recv(v.winsock, s)).toBe("answer");
    const name = new_SOCKADDR_IRDA();
    expect(v.winsock.getpeername(s, name, { value: sizeof_SOCKADDR_IRDA })).toBe(0);
    expect(name).toEqual(irdaName(OTHER_LAPTOP, "Chat"));
    v.peerWinsock.getpeername(peer, name, { value: sizeof_SOCKADDR_IRDA });
    expect(name.irdaServiceName).toMatch(/^LSAP-SEL\d+$/);
    expect(name.irdaDeviceID).toEqual(irdaName(LAPTOP, "").irdaDeviceID);
  });

  test("a name that is bound but not listened to refuses, and so does a full queue", () => {
    const v = new InfraredWinsock();
    const listener = irdaStream(v.peerWinsock);
    bindIrda(v.peerWinsock, listener, "Chat");
    expect(connectIrda(v.winsock, irdaStream(v.winsock), OTHER_LAPTOP, "Chat")).toEqual(fails(errors.WSAECONNREFUSED));
    v.peerWinsock.listen(listener, 1);
    expect(connectIrda(v.winsock, irdaStream(v.winsock), OTHER_LAPTOP, "Chat")).toEqual(SUCCESS);
    expect(connectIrda(v.winsock, irdaStream(v.winsock), OTHER_LAPTOP, "Chat")).toEqual(fails(errors.WSAECONNREFUSED));
  });

  test("an LSAP is reached without its name", () => {
    const v = new InfraredWinsock();
    irdaListener(v.peerWinsock, "LSAP-SEL90");
    expect(connectIrda(v.winsock, irdaStream(v.winsock), OTHER_LAPTOP, "LSAP-SEL90")).toEqual(SUCCESS);
  });

  test("nobody there: WSAETIMEDOUT; no device or service in the name: WSAEADDRNOTAVAIL", () => {
    const v = new InfraredWinsock();
    expect(connectIrda(v.winsock, irdaStream(v.winsock), 0x5555, "Chat")).toEqual(fails(errors.WSAETIMEDOUT));
    expect(connectIrda(v.winsock, irdaStream(v.winsock), 0, "Chat")).toEqual(fails(errors.WSAEADDRNOTAVAIL));
    expect(connectIrda(v.winsock, irdaStream(v.winsock), PHONE, "")).toEqual(fails(errors.WSAEADDRNOTAVAIL));
  });

  test("nonblocking accept, select, WSAPoll and FD_ACCEPT see a connection come", () => {
    const v = new InfraredWinsock();
    const listener = irdaNonblocking(v.winsock, irdaListener(v.winsock, "Chat"));
    expect(outcome(v.winsock, v.winsock.accept(listener, null, null))).toEqual([c.INVALID_SOCKET, errors.WSAEWOULDBLOCK]);
    const event = v.winsock.WSACreateEvent();
    v.winsock.WSAEventSelect(listener, event, c.FD_ACCEPT);
    expect(selected(v, listener, 0)).toBe("");
    expect(connectIrda(v.peerWinsock, irdaStream(v.peerWinsock), LAPTOP, "Chat")).toEqual(SUCCESS);
    expect(selected(v, listener, 0)).toBe("read");
    const polled = [{ fd: listener, events: c.POLLRDNORM, revents: 0 }];
    expect(v.winsock.WSAPoll(polled, 1, 0)).toBe(1);
    const events = new_WSANETWORKEVENTS();
    v.winsock.WSAEnumNetworkEvents(listener, event, events);
    expect(events.lNetworkEvents).toBe(c.FD_ACCEPT);
    expect(v.winsock.accept(listener, null, null)).toBeGreaterThan(0);
  });
});

describe("sending, receiving and ending", () => {
  test("more than a buffer holds waits for the reader, who gets every byte", () => {
    const { v, s, peer } = irdaPair();
    const text = "0123456789".repeat(20_000);
    const taken = v.winsock.send(irdaNonblocking(v.winsock, s), bytes(text), text.length, 0);
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(text.length);
    expect(outcome(v.winsock, v.winsock.send(s, bytes("x"), 1, 0))).toEqual(fails(errors.WSAEWOULDBLOCK));
    let received = "";
    while (received.length < taken) received += recv(v.peerWinsock, peer);
    expect(received === text.slice(0, taken)).toBe(true);
    expect(selected(v, s, 1)).toBe("write");
  });

  test("a close lets what was sent arrive; then the end, and FD_CLOSE", () => {
    const { v, s, peer } = irdaPair();
    const event = v.peerWinsock.WSACreateEvent();
    v.peerWinsock.WSAEventSelect(peer, event, c.FD_CLOSE);
    const text = "z".repeat(50_000);
    v.winsock.setsockopt(s, c.SOL_SOCKET, c.SO_SNDBUF, { value: 100_000 }, 4);
    expect(v.winsock.send(s, bytes(text), text.length, 0)).toBe(text.length);
    expect(v.winsock.closesocket(s)).toBe(0);
    let received = "";
    for (let i = 0; i < 2000 && received.length < text.length; i++) {
      v.advance(50);
      const piece = recv(v.peerWinsock, peer);
      if (!piece.startsWith("error")) received += piece;
    }
    expect(received === text).toBe(true);
    v.advance(1000);
    expect(recv(v.peerWinsock, peer)).toBe("");
    const events = new_WSANETWORKEVENTS();
    v.peerWinsock.WSAEnumNetworkEvents(peer, event, events);
    expect(events.lNetworkEvents).toBe(c.FD_CLOSE);
    expect(outcome(v.peerWinsock, say(v.peerWinsock, peer, "?"))).toEqual(fails(errors.WSAECONNABORTED));
  });

  test("shutdown of sending ends the connection, after what was sent", () => {
    const { v, s, peer } = irdaPair();
    say(v.winsock, s, "last");
    expect(outcome(v.winsock, v.winsock.shutdown(s, c.SD_SEND))).toEqual(SUCCESS);
    expect(outcome(v.winsock, say(v.winsock, s, "?"))).toEqual(fails(errors.WSAESHUTDOWN));
    expect(recv(v.peerWinsock, peer)).toBe("last");
    expect(recv(v.peerWinsock, peer)).toBe("");
  });

  test("a lingering close waits until the peer has what was sent", () => {
    const { v, s } = irdaPair();
    v.winsock.setsockopt(s, c.SOL_SOCKET, c.SO_LINGER, { l_onoff: 1, l_linger: 30 }, 4);
    v.winsock.send(s, new Uint8Array(20_000), 20_000, 0);
    const beganMs = v.nowMs;
    expect(v.winsock.closesocket(s)).toBe(0);
    expect(v.nowMs - beganMs).toBeGreaterThan(1000);
  });

  test("a beam that is cut resets the connection", () => {
    const { v, s } = irdaPair();
    v.medium.setInSight(OTHER_LAPTOP, false);
    expect(recv(v.winsock, s)).toBe(`error ${errors.WSAECONNRESET}`);
    expect(v.nowMs).toBeGreaterThan(10_000);
  });

  test("a process that ends takes its names and connections with it", () => {
    const { v, s, listener } = irdaPair();
    v.peerWinsock.WSACleanup();
    expect(recv(v.winsock, s)).toBe("");
    expect(listener).toBeGreaterThan(0);
    v.winsock.closesocket(s);
    expect(connectIrda(v.winsock, irdaStream(v.winsock), OTHER_LAPTOP, "Chat")).toEqual(fails(errors.WSAECONNREFUSED));
  });
});

describe("options at SOL_IRLMP", () => {
  test("IRLMP_ENUMDEVICES lists as many as there is room for; no room for a number is WSAEFAULT", () => {
    const v = new InfraredWinsock();
    const s = irdaStream(v.winsock);
    expect(devicesAround(v.winsock, s).length).toBeGreaterThan(1);
    expect(devicesAround(v.winsock, s, 4 + 29)).toHaveLength(1);
    expect(devicesAround(v.winsock, s, 4)).toHaveLength(0);
    expect(outcome(v.winsock, v.winsock.getsockopt(s, c.SOL_IRLMP, c.IRLMP_ENUMDEVICES, new Uint8Array(3), { value: 3 }))).toEqual(
      fails(errors.WSAEFAULT),
    );
  });

  test("IRLMP_IAS_SET says what IRLMP_IAS_QUERY of another host finds, until the socket closes", () => {
    const v = new InfraredWinsock();
    const owner = irdaStream(v.peerWinsock);
    const attribute = { ...new_IAS_SET(), irdaClassName: "Chat", irdaAttribName: "Topic", irdaAttribType: c.IAS_ATTRIB_STR };
    attribute.irdaAttribute.irdaAttribUsrStr = { Len: 4, CharSet: 0, UsrStr: bytes("news") };
    expect(outcome(v.peerWinsock, v.peerWinsock.setsockopt(owner, c.SOL_IRLMP, c.IRLMP_IAS_SET, attribute, sizeof_IAS_SET))).toEqual(
      SUCCESS,
    );
    const s = irdaStream(v.winsock);
    const ask = (attributeName: string): IAS_QUERY => {
      const query = { ...new_IAS_QUERY(), irdaDeviceID: irdaName(OTHER_LAPTOP, "").irdaDeviceID };
      Object.assign(query, { irdaClassName: "Chat", irdaAttribName: attributeName });
      const result = v.winsock.getsockopt(s, c.SOL_IRLMP, c.IRLMP_IAS_QUERY, query, { value: sizeof_IAS_QUERY });
      expect(outcome(v.winsock, result)).toEqual(SUCCESS);
      return query;
    };
    const found = ask("Topic");
    expect(found.irdaAttribType).toBe(c.IAS_ATTRIB_STR);
    expect(found.irdaAttribute.irdaAttribUsrStr).toEqual({ Len: 4, CharSet: 0, UsrStr: bytes("news") });
    expect(ask("Mood").irdaAttribType).toBe(c.IAS_ATTRIB_NO_ATTRIB);
    v.peerWinsock.closesocket(owner);
    expect(ask("Topic").irdaAttribType).toBe(c.IAS_ATTRIB_NO_CLASS);
  });

  test("IRLMP_IAS_SET of an attribute that the socket has set before changes it, and takes no more room", () => {
    const v = new InfraredWinsock();
    const owner = irdaStream(v.peerWinsock);
    const option = { ...new_IAS_SET(), irdaClassName: "Chat", irdaAttribName: "Count", irdaAttribType: c.IAS_ATTRIB_INT };
    for (let i = 0; i < 300; i++) {
      option.irdaAttribute.irdaAttribInt = i;
      expect(v.peerWinsock.setsockopt(owner, c.SOL_IRLMP, c.IRLMP_IAS_SET, option, sizeof_IAS_SET)).toBe(0);
    }
    const query = { ...new_IAS_QUERY(), irdaDeviceID: irdaName(OTHER_LAPTOP, "").irdaDeviceID };
    Object.assign(query, { irdaClassName: "Chat", irdaAttribName: "Count" });
    v.winsock.getsockopt(irdaStream(v.winsock), c.SOL_IRLMP, c.IRLMP_IAS_QUERY, query, { value: sizeof_IAS_QUERY });
    expect(query.irdaAttribute.irdaAttribInt).toBe(299);
  });

  test("IRLMP_IAS_QUERY tells of no more octets than there is room for in C's structure", () => {
    const v = new InfraredWinsock();
    const octets = new Uint8Array(1500).fill(7);
    v.medium.station(PRINTER)!.setAttribute("Printer", "Logo", { type: "octets", value: octets });
    const query = iasBytes({
      ...new_IAS_QUERY(),
      irdaDeviceID: irdaName(PRINTER, "").irdaDeviceID,
      irdaClassName: "Printer",
      irdaAttribName: "Logo",
    })!;
    const s = irdaStream(v.winsock);
    expect(outcome(v.winsock, v.winsock.getsockopt(s, c.SOL_IRLMP, c.IRLMP_IAS_QUERY, query, { value: sizeof_IAS_QUERY }))).toEqual(
      SUCCESS,
    );
    expect(new DataView(query.buffer).getUint32(4 + 64 + 256 + 4, true)).toBe(1024);
  });

  test("IRLMP_SEND_PDU_LEN is a connection's", () => {
    const v = new InfraredWinsock();
    const s = irdaStream(v.winsock);
    expect(dword(v, s, c.IRLMP_SEND_PDU_LEN)).toEqual([-1, errors.WSAENOTCONN, 0]);
    connectIrda(v.winsock, s, PHONE, "Echo");
    expect(dword(v, s, c.IRLMP_SEND_PDU_LEN)).toEqual([0, 0, 2045]);
  });

  test("IRLMP_EXCLUSIVE_MODE is chosen before connect", () => {
    const v = new InfraredWinsock();
    const s = irdaStream(v.winsock);
    const choose = () => outcome(v.winsock, v.winsock.setsockopt(s, c.SOL_IRLMP, c.IRLMP_EXCLUSIVE_MODE, { value: 1 }, 4));
    expect(choose()).toEqual(SUCCESS);
    expect(dword(v, s, c.IRLMP_EXCLUSIVE_MODE)).toEqual([0, 0, 1]);
    connectIrda(v.winsock, s, PRINTER, "Print");
    expect(choose()).toEqual(fails(errors.WSAEISCONN));
  });

  const choose = (w: BlockingFace, s: SOCKET, name: number, value = 1) => outcome(w, w.setsockopt(s, c.SOL_IRLMP, name, { value }, 4));

  test("of TinyTP, 9-wire and IrLPT one is chosen, before bind and connect", () => {
    const v = new InfraredWinsock();
    const s = irdaStream(v.winsock);
    const names = [c.IRLMP_TINYTP_MODE, c.IRLMP_9WIRE_MODE, c.IRLMP_IRLPT_MODE];
    const chosen = () => names.map((name) => dword(v, s, name)[2]);
    expect(chosen()).toEqual([1, 0, 0]);
    expect(choose(v.winsock, s, c.IRLMP_9WIRE_MODE)).toEqual(SUCCESS);
    expect(chosen()).toEqual([0, 1, 0]);
    expect(choose(v.winsock, s, c.IRLMP_IRLPT_MODE, 7)).toEqual(SUCCESS);
    expect(chosen()).toEqual([0, 0, 1]);
    expect(choose(v.winsock, s, c.IRLMP_9WIRE_MODE, 0)).toEqual(SUCCESS);
    expect(chosen()).toEqual([0, 0, 1]);
    expect(choose(v.winsock, s, c.IRLMP_IRLPT_MODE, 0)).toEqual(SUCCESS);
    expect(chosen()).toEqual([1, 0, 0]);
    const bound = irdaStream(v.winsock);
    bindIrda(v.winsock, bound, "Chat");
    expect(choose(v.winsock, bound, c.IRLMP_IRLPT_MODE)).toEqual(fails(errors.WSAEINVAL));
    connectIrda(v.winsock, s, PHONE, "Echo");
    expect(choose(v.winsock, s, c.IRLMP_9WIRE_MODE)).toEqual(fails(errors.WSAEISCONN));
    for (const name of [c.IRLMP_SHARP_MODE, c.IRLMP_PARAMETERS]) expect(choose(v.winsock, s, name)).toEqual(fails(errors.WSAENOPROTOOPT));
  });

  /** Connected in a mode, with what each side's IRLMP_SEND_PDU_LEN says. */
  function pairIn(mode: number): { v: InfraredWinsock; s: SOCKET; peer: SOCKET } {
    const v = new InfraredWinsock();
    const listener = irdaStream(v.peerWinsock);
    choose(v.peerWinsock, listener, mode);
    bindIrda(v.peerWinsock, listener, "Cable");
    v.peerWinsock.listen(listener, 1);
    const s = irdaStream(v.winsock);
    choose(v.winsock, s, mode);
    expect(connectIrda(v.winsock, s, OTHER_LAPTOP, "Cable")).toEqual(SUCCESS);
    return { v, s, peer: v.peerWinsock.accept(listener, null, null) };
  }

  test.each([
    ["IRLMP_9WIRE_MODE", c.IRLMP_9WIRE_MODE, 2044],
    ["IRLMP_IRLPT_MODE", c.IRLMP_IRLPT_MODE, 2046],
  ])("%s carries bytes both ways, and far more than a reader takes", (_, mode, length) => {
    const { v, s, peer } = pairIn(mode);
    expect(dword(v, s, c.IRLMP_SEND_PDU_LEN)).toEqual([0, 0, length]);
    expect(v.peerWinsock.send(peer, bytes("ready"), 5, 0)).toBe(5);
    expect(recv(v.winsock, s)).toBe("ready");
    const sent = Uint8Array.from({ length: 250_000 }, (_each, i) => i * 7 + (i >> 8));
    irdaNonblocking(v.winsock, s);
    let at = 0;
    const fill = (): void => {
      for (let n = 1; n > 0 && at < sent.length; ) {
        const rest = sent.subarray(at);
        n = v.winsock.send(s, rest, rest.length, 0);
        at += Math.max(0, n);
      }
    };
    for (let i = 0; i < 50; i++) {
      fill();
      v.simulation.advance(1000);
    }
    // Nobody reads: what has left lies in the peer's buffer, which has its bounds.
    const arrived = { value: 0 };
    v.peerWinsock.ioctlsocket(peer, c.FIONREAD, arrived);
    expect(at).toBeLessThan(sent.length);
    expect(arrived.value).toBeGreaterThan(20_000);
    expect(arrived.value).toBeLessThanOrEqual(65_536);
    const heard = new Uint8Array(sent.length);
    for (let got = 0; got < sent.length; ) {
      fill();
      const n = v.peerWinsock.recv(peer, heard.subarray(got), Math.min(10_000, heard.length - got), 0);
      expect(n).toBeGreaterThan(0);
      got += n;
    }
    expect(Buffer.compare(heard, sent)).toBe(0);
    v.winsock.closesocket(s);
    expect(v.peerWinsock.recv(peer, heard, 10, 0)).toBe(0);
  });

  test("a printer's service is none of TinyTP's, nor the other way round, and has the link for itself", () => {
    const { v } = pairIn(c.IRLMP_IRLPT_MODE);
    expect(connectIrda(v.winsock, irdaStream(v.winsock), OTHER_LAPTOP, "Cable")).toEqual(fails(errors.WSAEISCONN));
    const other = new InfraredWinsock();
    const printer = irdaStream(other.peerWinsock);
    choose(other.peerWinsock, printer, c.IRLMP_IRLPT_MODE);
    bindIrda(other.peerWinsock, printer, "Printer");
    other.peerWinsock.listen(printer, 1);
    expect(connectIrda(other.winsock, irdaStream(other.winsock), OTHER_LAPTOP, "Printer")).toEqual(fails(errors.WSAECONNREFUSED));
    const s = irdaStream(other.winsock);
    choose(other.winsock, s, c.IRLMP_IRLPT_MODE);
    expect(connectIrda(other.winsock, s, PHONE, "Echo")).toEqual(fails(errors.WSAECONNREFUSED));
  });

  test("the levels of IP and infrared are strange to one another", () => {
    const v = new InfraredWinsock();
    const value = { value: 0 };
    const asked = (s: SOCKET, level: number, name: number) => outcome(v.winsock, v.winsock.getsockopt(s, level, name, value, { value: 4 }));
    expect(asked(v.stream(), c.SOL_IRLMP, c.IRLMP_EXCLUSIVE_MODE)).toEqual(fails(errors.WSAENOPROTOOPT));
    expect(asked(irdaStream(v.winsock), c.IPPROTO_TCP, c.TCP_NODELAY)).toEqual(fails(errors.WSAENOPROTOOPT));
    expect(asked(irdaStream(v.winsock), c.SOL_SOCKET, c.SO_TYPE)).toEqual(SUCCESS);
  });
});
