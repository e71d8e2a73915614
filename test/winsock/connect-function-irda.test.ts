/** Microsoft's page of `connect`, its "Notes for IrDA Sockets" sentence by sentence; the rest of the page is in connect-function.test.ts. */
import { describe, expect, test } from "@jest/globals";
import { createInfraredMedium } from "../../src/irda/infrared-medium.ts";
import { InfraredCall } from "../../src/irda/infrared-station.ts";
import {
  AF_INET,
  AF_IRDA,
  FD_CONNECT,
  FD_CONNECT_BIT,
  INVALID_SOCKET,
  IRLMP_EXCLUSIVE_MODE,
  SOCK_STREAM,
  SOL_IRLMP,
} from "../../src/winsock/abi/constants.ts";
import * as errors from "../../src/winsock/abi/errors.ts";
import { new_WSANETWORKEVENTS } from "../../src/winsock/abi/event-structures.ts";
import * as abi from "../../src/winsock/abi/index.ts";
import { sizeof_SOCKADDR_IRDA } from "../../src/winsock/abi/irda-structures.ts";
import type { SOCKET } from "../../src/winsock/abi/structures.ts";
import { joinInfrared } from "../../src/winsock/provider/infrared-sockets.ts";
import { ECHO, End, LAPTOP, PHONE, PRINTER } from "../support/infrared-room.ts";
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
} from "../support/infrared-winsock.ts";
import { VirtualWinsock } from "../support/virtual-winsock.ts";
import { fails, outcome, recv, SUCCESS, say, selected } from "../support/winsock-calls.ts";

interface Row {
  /** Which sentences of test/requirements/connect-sentences.json it shows, and by what. */
  readonly page: string;
  /** @param s a socket of AF_IRDA */
  readonly shows: (v: InfraredWinsock, s: SOCKET) => void;
}

/** Two other devices have a link. */
function othersTalk(v: InfraredWinsock): void {
  const end = new End();
  const call = v.medium.station(PRINTER)!.connect(PHONE, "Echo", false, end);
  expect(call).toBeInstanceOf(InfraredCall);
  v.simulation.run(() => end.events.length > 0, v.nowMs + 10_000);
  expect(end.events).toEqual(["connected"]);
}

const exclusive = (v: InfraredWinsock, s: SOCKET): number => v.winsock.setsockopt(s, SOL_IRLMP, IRLMP_EXCLUSIVE_MODE, { value: 1 }, 4);

const TABLE: readonly Row[] = [
  {
    page: "[CON-81] the names of af_irda.h stand with the others",
    shows: () => {
      expect(abi.IRLMP_ENUMDEVICES).toBe(0x10);
      expect(abi.new_SOCKADDR_IRDA().irdaServiceName).toBe("");
    },
  },
  {
    page: "[CON-82] others have a link: WSAENETDOWN",
    shows: (v, s) => {
      othersTalk(v);
      expect(connectIrda(v.winsock, s, OTHER_LAPTOP, "Any")).toEqual(fails(errors.WSAENETDOWN));
    },
  },
  {
    page: "[CON-83] a link with another device: WSAEADDRINUSE",
    shows: (v, s) => {
      expect(connectIrda(v.winsock, irdaStream(v.winsock), PHONE, "Echo")).toEqual(SUCCESS);
      expect(connectIrda(v.winsock, s, PRINTER, "Print")).toEqual(fails(errors.WSAEADDRINUSE));
      expect(connectIrda(v.winsock, s, PHONE, "Echo")).toEqual(SUCCESS);
    },
  },
  {
    page: "[CON-84] a connected socket: WSAEISCONN",
    shows: (v, s) => {
      expect(connectIrda(v.winsock, s, PHONE, "Echo")).toEqual(SUCCESS);
      expect(connectIrda(v.winsock, s, PHONE, "Echo")).toEqual(fails(errors.WSAEISCONN));
    },
  },
  {
    page: "[CON-84] an accepted socket: WSAEISCONN, though it has its listener's name",
    shows: (v) => {
      const listener = irdaListener(v.winsock, "Mine");
      expect(connectIrda(v.peerWinsock, irdaStream(v.peerWinsock), LAPTOP, "Mine")).toEqual(SUCCESS);
      expect(connectIrda(v.winsock, v.winsock.accept(listener, null, null), PHONE, "Echo")).toEqual(fails(errors.WSAEISCONN));
    },
  },
  {
    page: "[CON-84] exclusive mode cannot be had: WSAEISCONN",
    shows: (v, s) => {
      expect(connectIrda(v.winsock, irdaStream(v.winsock), PHONE, "Echo")).toEqual(SUCCESS);
      expect(exclusive(v, s)).toBe(0);
      expect(connectIrda(v.winsock, s, PHONE, "Echo")).toEqual(fails(errors.WSAEISCONN));
    },
  },
  {
    page: "[CON-84] another has the link for itself: WSAEISCONN",
    shows: (v, s) => {
      expect(exclusive(v, s)).toBe(0);
      expect(connectIrda(v.winsock, s, PHONE, "Echo")).toEqual(SUCCESS);
      expect(connectIrda(v.winsock, irdaStream(v.winsock), PHONE, "Echo")).toEqual(fails(errors.WSAEISCONN));
    },
  },
  {
    page: "[CON-85] a socket bound to a service name: WSAEINVAL",
    shows: (v, s) => {
      expect(bindIrda(v.winsock, s, "Mine")).toEqual(SUCCESS);
      expect(connectIrda(v.winsock, s, PHONE, "Echo")).toEqual(fails(errors.WSAEINVAL));
    },
  },
  {
    page: "[CON-86] one bound to an LSAP, or listening: WSAEINVAL",
    shows: (v, s) => {
      expect(bindIrda(v.winsock, s, "LSAP-SEL77")).toEqual(SUCCESS);
      expect(connectIrda(v.winsock, s, PHONE, "Echo")).toEqual(fails(errors.WSAEINVAL));
      expect(connectIrda(v.winsock, irdaListener(v.winsock, "Mine"), PHONE, "Echo")).toEqual(fails(errors.WSAEINVAL));
    },
  },
  {
    page: "[CON-87] the name is a SOCKADDR_IRDA of 32 bytes, with a service name that ends",
    shows: (v, s) => {
      expect(outcome(v.winsock, v.winsock.connect(s, irdaName(PHONE, "Echo"), sizeof_SOCKADDR_IRDA - 1))).toEqual(fails(errors.WSAEFAULT));
      const inet = { ...irdaName(PHONE, "Echo"), irdaAddressFamily: AF_INET };
      expect(outcome(v.winsock, v.winsock.connect(s, inet, sizeof_SOCKADDR_IRDA))).toEqual(fails(errors.WSAEAFNOSUPPORT));
      const endless = irdaName(PHONE, "x".repeat(25));
      expect(outcome(v.winsock, v.winsock.connect(s, endless, sizeof_SOCKADDR_IRDA))).toEqual(fails(errors.WSAEFAULT));
      expect(connectIrda(v.winsock, s, PHONE, "Echo")).toEqual(SUCCESS);
    },
  },
  {
    page: "[CON-88] a client looks around, chooses and connects",
    shows: (v, s) => {
      const phone = devicesAround(v.winsock, s).find(({ name }) => name === "phone");
      expect(phone?.id).toBe(PHONE);
      expect(connectIrda(v.winsock, s, phone!.id, "Echo")).toEqual(SUCCESS);
      expect(say(v.winsock, s, "hello")).toBe(5);
      expect(recv(v.winsock, s)).toBe("hello");
    },
  },
  {
    page: "[CON-89] a nonblocking socket is told the outcome by connect itself",
    shows: (v, s) => {
      irdaNonblocking(v.winsock, s);
      expect(connectIrda(v.winsock, s, PHONE, "Nothing")).toEqual(fails(errors.WSAECONNREFUSED));
      expect(connectIrda(v.winsock, s, PHONE, "Echo")).toEqual(SUCCESS);
      expect(selected(v, s, 1)).toBe("write");
    },
  },
  {
    page: "[CON-89] and FD_CONNECT tells the same",
    shows: (v, s) => {
      const event = v.winsock.WSACreateEvent();
      v.winsock.WSAEventSelect(s, event, FD_CONNECT);
      expect(connectIrda(v.winsock, s, PHONE, "Nothing")).toEqual(fails(errors.WSAECONNREFUSED));
      const events = new_WSANETWORKEVENTS();
      v.winsock.WSAEnumNetworkEvents(s, event, events);
      expect(events.lNetworkEvents).toBe(FD_CONNECT);
      expect(events.iErrorCode[FD_CONNECT_BIT]).toBe(errors.WSAECONNREFUSED);
    },
  },
];

describe("connect, notes for IrDA sockets", () => {
  test.each(TABLE)("$page", ({ shows }) => {
    const v = new InfraredWinsock();
    shows(v, irdaStream(v.winsock));
    expect(v.isStuck).toBe(false);
  });

  test("a host that joins a room has the family, a host without an infrared device has not", () => {
    const joined = new VirtualWinsock();
    joinInfrared(joined.provider, createInfraredMedium({ devices: [ECHO] }), { id: LAPTOP, name: "laptop" });
    expect(connectIrda(joined.winsock, irdaStream(joined.winsock), PHONE, "Echo")).toEqual(SUCCESS);
    const { winsock } = new VirtualWinsock();
    expect(outcome(winsock, winsock.socket(AF_IRDA, SOCK_STREAM, 0))).toEqual([INVALID_SOCKET, errors.WSAEAFNOSUPPORT]);
  });
});
