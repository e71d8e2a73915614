import { expect, test } from "@jest/globals";
import type { TraceEvent } from "../../../src/stack/core/trace.ts";
import { FD_CLOSE, FD_CONNECT, FD_READ, FD_WRITE, INVALID_HANDLE_VALUE } from "../../../src/winsock/abi/constants.ts";
import { sizeof_WSANETWORKEVENTS } from "../../../src/winsock/abi/event-structures.ts";
import { new_MSG, PM_REMOVE, WM_USER } from "../../../src/winsock/abi/message-structures.ts";
import { sizeof_sockaddr_in } from "../../../src/winsock/abi/structures.ts";
import { address, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";

/** `FD_READ recorded`, `event 8 signalled`, in their order. */
function watching(v: VirtualWinsock): string[] {
  const told: string[] = [];
  v.ours.trace.subscribe((event: TraceEvent) => {
    if (event.type === "network-event")
      told.push(`${event.bits.join("+")} ${event.change}${event.error === undefined ? "" : ` ${event.error}`}`);
    if (event.type === "waitable-changed") told.push(`${event.kind} ${event.handle} ${event.state}`);
  });
  return told;
}

test("what becomes of the network events of a socket, and of the event object that tells of them", () => {
  const v = new VirtualWinsock();
  const w = v.winsock;
  const { s, peer } = v.pair();
  const told = watching(v);
  const event = w.WSACreateEvent();
  expect(told.splice(0)).toEqual([`event ${event} not signalled`]);
  w.WSAEventSelect(s, event, FD_READ | FD_WRITE | FD_CLOSE);
  expect(told.splice(0)).toEqual(["FD_READ+FD_WRITE+FD_CLOSE selected", "FD_WRITE recorded", `event ${event} signalled`]);
  const events = new Uint8Array(sizeof_WSANETWORKEVENTS);
  w.WSAEnumNetworkEvents(s, event, events);
  expect(told.splice(0)).toEqual(["FD_WRITE reported", `event ${event} not signalled`]);
  v.peerWinsock.send(peer, Uint8Array.of(1, 2), 2, 0);
  v.advance(100);
  expect(told.splice(0)).toEqual(["FD_READ recorded", `event ${event} signalled`]);
  w.WSAEnumNetworkEvents(s, event, events);
  told.length = 0;
  w.recv(s, new Uint8Array(1), 1, 0);
  expect(told.slice(0, 2)).toEqual(["FD_READ re-enabled", "FD_READ recorded"]);
  w.WSASetEvent(event);
  told.length = 0;
  w.WSASetEvent(event);
  expect(told).toEqual([]);
});

test("a refused connect is recorded and reported with its code; what nobody selected is not told of", () => {
  const v = new VirtualWinsock();
  const w = v.winsock;
  const s = v.stream();
  const told = watching(v);
  const event = w.WSACreateEvent();
  w.WSAEventSelect(s, event, FD_CONNECT);
  told.length = 0;
  w.connect(s, address(PEER, 81), sizeof_sockaddr_in);
  v.advance(30_000);
  expect(told).toEqual(["FD_CONNECT recorded 10061", `event ${event} signalled`]);
  w.WSAEnumNetworkEvents(s, event, new Uint8Array(sizeof_WSANETWORKEVENTS));
  expect(told.slice(2)).toEqual(["FD_CONNECT reported 10061", `event ${event} not signalled`]);
  told.length = 0;
  v.pair();
  v.advance(100);
  expect(told).toEqual([]);
});

test("how many packets wait in a completion port, and how many messages for a thread", () => {
  const v = new VirtualWinsock();
  const w = v.winsock;
  const told = watching(v);
  const port = w.CreateIoCompletionPort(INVALID_HANDLE_VALUE, 0, 0, 0);
  w.PostQueuedCompletionStatus(port, 1, 1, null);
  w.PostQueuedCompletionStatus(port, 2, 1, null);
  w.GetQueuedCompletionStatus(port, { value: 0 }, { value: 0 }, { value: null }, 0);
  const states = [`completion-port ${port} 0 packets`, `completion-port ${port} 1 packet`, `completion-port ${port} 2 packets`];
  expect(told.splice(0)).toEqual([...states, states[1]]);
  const window = w.CreateMessageWindow(null);
  w.PostMessage(window, WM_USER, 0, 0);
  w.PeekMessage(new_MSG(), window, 0, 0, PM_REMOVE);
  expect(told).toEqual(["message-queue 0 1 message", "message-queue 0 0 messages"]);
});
