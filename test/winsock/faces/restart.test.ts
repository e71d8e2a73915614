import { expect, test } from "@jest/globals";
import {
  AF_INET,
  FILE_SKIP_COMPLETION_PORT_ON_SUCCESS,
  new_MSG,
  new_WSABUF,
  new_WSADATA,
  new_WSAOVERLAPPED,
  SOCK_STREAM,
  type SOCKET,
  WSA_IO_PENDING,
  type WSAOVERLAPPED,
} from "../../../src/winsock/abi/index.ts";
import { address, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { fails, outcome, say } from "../../support/winsock-calls.ts";

test("what was said of a socket or a window is forgotten at the last WSACleanup: their numbers come again", () => {
  const v = new VirtualWinsock();
  const w = v.program();
  const listener = v.listener(80);
  const receive = (s: SOCKET, ov: WSAOVERLAPPED) =>
    outcome(w, w.WSARecv(s, [new_WSABUF(new Uint8Array(4))], 1, null, { value: 0 }, ov, null));
  const ran: number[] = [];
  const handles = () => [w.WSASocket(AF_INET, SOCK_STREAM, 0, null, 0, 0), w.CreateMessageWindow((hwnd) => ran.push(hwnd))];
  const before = handles();
  w.SetFileCompletionNotificationModes(before[0]!, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS);
  w.WSACleanup();
  w.WSAStartup(0x0202, new_WSADATA());
  const [s, window] = [w.socket(AF_INET, SOCK_STREAM, 0), w.CreateMessageWindow(null)];
  expect([s, window]).toEqual(before);
  w.DispatchMessage({ ...new_MSG(), hwnd: window });
  expect(ran).toEqual([]);
  const name = address(PEER, 80);
  expect(outcome(w, w.connect(s, name, 16))).toEqual([0, 0]);
  const peer = v.peerWinsock.accept(listener, null, null);
  const port = w.CreateIoCompletionPort(s, 0, 5, 0);
  const ov = new_WSAOVERLAPPED();
  // One that keeps its thread would wait here for ever.
  expect(receive(s, ov)).toEqual(fails(WSA_IO_PENDING));
  say(v.peerWinsock, peer, "ab");
  v.advance(50);
  const told = { value: null as WSAOVERLAPPED | null };
  expect([w.GetQueuedCompletionStatus(port, { value: 0 }, { value: 0 }, told, 0), told.value === ov]).toEqual([1, true]);
  say(v.peerWinsock, peer, "ab");
  v.advance(50);
  expect(receive(s, ov)).toEqual([0, 0]);
  expect([w.GetQueuedCompletionStatus(port, { value: 0 }, { value: 0 }, told, 0), told.value === ov]).toEqual([1, true]);
});
