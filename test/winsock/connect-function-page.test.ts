/**
 * Microsoft's page of `connect`: what it says of the function as a whole, of older implementations, of its example and of where the function
 * is to be had. What connect does is in connect-function.test.ts.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import {
  AF_INET,
  FD_CONNECT,
  FIONBIO,
  INVALID_SOCKET,
  IPPROTO_TCP,
  MAKEWORD,
  SD_SEND,
  SOCK_STREAM,
  SOCKET_ERROR,
} from "../../src/winsock/abi/constants.ts";
import { WSAEALREADY, WSAECONNREFUSED, WSAEINVAL, WSAEISCONN, WSAEWOULDBLOCK } from "../../src/winsock/abi/errors.ts";
import { new_WSANETWORKEVENTS } from "../../src/winsock/abi/event-structures.ts";
import { new_WSADATA, sizeof_sockaddr_in, sizeof_WSADATA } from "../../src/winsock/abi/structures.ts";
import type { BlockingFace } from "../../src/winsock/faces/blocking-face.ts";
import * as winsock2 from "../../src/winsock/index.ts";
import { address, NOBODY_THERE, PEER, VirtualWinsock } from "../support/virtual-winsock.ts";
import { bytes, connect, localName, nonblocking, recv, SUCCESS, say, selected, soError } from "../support/winsock-calls.ts";

test("[CON-01] after connect both hosts have the connection", () => {
  const v = new VirtualWinsock();
  v.pair();
  const states = [v.ours, v.peer].map((host) => host.tcp.statuses().filter(({ state }) => state === "ESTABLISHED").length);
  expect(states).toEqual([1, 1]);
});

test("[CON-02] connect takes a socket, a name and its length, and returns an int", () => {
  const v = new VirtualWinsock();
  v.listener(80);
  expect(winsock2.connect).toHaveLength(3);
  expect(v.winsock.connect(v.stream(), address(PEER, 80), sizeof_sockaddr_in)).toBe(0);
  expect(v.winsock.connect(v.stream(), address(PEER, 81), sizeof_sockaddr_in)).toBe(SOCKET_ERROR);
});

const nonblockingStream = (program: BlockingFace) => {
  const s = program.socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
  program.ioctlsocket(s, FIONBIO, { value: 1 });
  return s;
};

test("[CON-16] the same second connect has another code in a program of version 1.1", () => {
  const v = new VirtualWinsock();
  const codes = [MAKEWORD(2, 2), MAKEWORD(1, 1)].map((version) => {
    const program = v.program(v.provider, version);
    const s = nonblockingStream(program);
    connect(v, s, NOBODY_THERE, 80, program);
    return connect(v, s, NOBODY_THERE, 80, program)[1];
  });
  expect(codes).toEqual([WSAEALREADY, WSAEINVAL]);
});

test("[CON-17] one connect is enough: select, or the event, tells both outcomes", () => {
  const v = new VirtualWinsock();
  v.listener(80);
  const { winsock: w } = v;
  const outcomes = [80, 81].map((port) => {
    const s = nonblocking(v, v.stream());
    connect(v, s, PEER, port);
    const told = selected(v, s, 10);
    const [found, other] = [new_WSANETWORKEVENTS(), v.stream()];
    const event = w.WSACreateEvent();
    w.WSAEventSelect(other, event, FD_CONNECT);
    connect(v, other, PEER, port);
    w.WSAWaitForMultipleEvents(1, [event], false, 10_000, false);
    w.WSAEnumNetworkEvents(other, event, found);
    return [told, soError(v, s), found.iErrorCode[4]];
  });
  expect(outcomes).toEqual([
    ["write", 0, 0],
    ["except", WSAECONNREFUSED, WSAECONNREFUSED],
  ]);
});

test.each([MAKEWORD(2, 2), MAKEWORD(1, 1)])(
  "[CON-18] a program of version 0x%x that asks by connect, and takes the three codes alike, hears of its connection",
  (version) => {
    const v = new VirtualWinsock();
    v.listener(80);
    v.cable.configure("out", { delayMs: 100 });
    const program = v.program(v.provider, version);
    const s = nonblockingStream(program);
    const goesOn = [WSAEALREADY, WSAEINVAL, WSAEWOULDBLOCK];
    let [asked, code] = [0, 0];
    do {
      code = connect(v, s, PEER, 80, program)[1];
      asked++;
      v.advance(10);
    } while (goesOn.includes(code) && asked < 100);
    expect(code).toBe(WSAEISCONN);
    expect(asked).toBeGreaterThan(2);
  },
);

test("[CON-80] the client of Getting Started With Winsock sends, shuts down and reads until the server is done", () => {
  const v = new VirtualWinsock();
  const { winsock: w, peerWinsock: server } = v;
  const listener = v.listener(27015);
  const ConnectSocket = w.socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
  expect(ConnectSocket).not.toBe(INVALID_SOCKET);
  expect(connect(v, ConnectSocket, PEER, 27015)).toEqual(SUCCESS);
  const sendbuf = bytes("this is a test");
  expect(w.send(ConnectSocket, sendbuf, sendbuf.length, 0)).toBe(sendbuf.length);
  expect(w.shutdown(ConnectSocket, SD_SEND)).toBe(0);

  const ClientSocket = server.accept(listener, null, null);
  server.closesocket(listener);
  for (let text = recv(server, ClientSocket); text !== ""; text = recv(server, ClientSocket)) say(server, ClientSocket, text);
  server.shutdown(ClientSocket, SD_SEND);
  server.closesocket(ClientSocket);

  const received: string[] = [];
  for (let text = recv(w, ConnectSocket); text !== ""; text = recv(w, ConnectSocket)) received.push(text);
  expect(received.join("")).toBe("this is a test");
  expect(localName(v, ConnectSocket).port).toBeGreaterThan(0);
  expect([w.closesocket(ConnectSocket), w.WSACleanup()]).toEqual([0, 0]);
});

test("[CON-90] [CON-91] start-up agrees on version 2.2, which Vista, Server 2003 and all later ones have", () => {
  const data = new_WSADATA();
  expect(new VirtualWinsock().program().WSAStartup(MAKEWORD(2, 2), data)).toBe(0);
  expect([data.wVersion, data.wHighVersion]).toEqual([MAKEWORD(2, 2), MAKEWORD(2, 2)]);
});

test("[CON-92] structures in memory are laid out as on Windows for x64", () => {
  expect([sizeof_sockaddr_in, sizeof_WSADATA, winsock2.sizeof_fd_set]).toEqual([16, 408, 520]);
});

test("[CON-93] what winsock2.h declares for connect and its example stands in one module", () => {
  const { connect, socket, closesocket, WSAStartup, WSACleanup, WSAGetLastError, inet_addr, htons } = winsock2;
  const functions = [connect, socket, closesocket, WSAStartup, WSACleanup, WSAGetLastError, inet_addr, htons];
  expect(functions.map((each) => typeof each)).toEqual(functions.map(() => "function"));
  expect([winsock2.SOCKET_ERROR, winsock2.AF_INET, winsock2.IPPROTO_TCP]).toEqual([-1, 2, 6]);
});

test("[CON-75] [CON-94] [CON-95] that module is all that a program has to be put together with", () => {
  const { exports } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    exports: Record<string, { readonly default: string }>;
  };
  expect(exports["./winsock"]?.default).toBe("./dist/winsock/index.js");
  const example = readFileSync(new URL("../../examples/connect.ts", import.meta.url), "utf8");
  expect([...example.matchAll(/from "([^"]+)"/g)].map(([, module]) => module)).toEqual(["tapsock/winsock"]);
});

test("[CON-96] the functions that the page leads on to are there", () => {
  const { WSAAsyncSelect, WSAConnect, ConnectEx, accept, bind, getsockname, select, socket } = winsock2;
  const functions = [WSAAsyncSelect, WSAConnect, ConnectEx, accept, bind, getsockname, select, socket];
  expect(functions.map((each) => typeof each)).toEqual(functions.map(() => "function"));
  expect(winsock2.new_sockaddr_in()).toMatchObject({ sin_family: 0, sin_port: 0 });
});
