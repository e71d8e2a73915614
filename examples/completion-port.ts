/**
 * An echo server on a completion port: its one thread waits in one place for whatever comes to its end. Two clients of its own make a
 * program of it that ends.
 *
 *   node dist/examples/completion-port.js [PORT]
 */
import {
  AF_INET,
  accept,
  bind,
  CloseHandle,
  CreateIoCompletionPort,
  closesocket,
  connect,
  GetQueuedCompletionStatus,
  htonl,
  htons,
  INADDR_LOOPBACK,
  INFINITE,
  INVALID_HANDLE_VALUE,
  listen,
  MAKEWORD,
  new_sockaddr_in,
  new_WSABUF,
  new_WSADATA,
  new_WSAOVERLAPPED,
  recv,
  SD_SEND,
  SOCK_STREAM,
  type SOCKET,
  SOCKET_ERROR,
  SOMAXCONN,
  send,
  shutdown,
  sizeof_sockaddr_in,
  socket,
  WSA_IO_PENDING,
  WSACleanup,
  WSAGetLastError,
  type WSAOVERLAPPED,
  WSARecv,
  WSASend,
  WSAStartup,
} from "tapsock/winsock";

/** What C has around its OVERLAPPED, and finds again by CONTAINING_RECORD: here the object itself comes back. */
interface Operation extends WSAOVERLAPPED {
  readonly kind: "receive" | "send";
  readonly s: SOCKET;
  readonly memory: Uint8Array;
}

const operation = (kind: Operation["kind"], s: SOCKET, memory: Uint8Array): Operation => ({ ...new_WSAOVERLAPPED(), kind, s, memory });

/** A call that is over at once leaves its packet all the same. */
function begun(result: number): void {
  if (result === SOCKET_ERROR && WSAGetLastError() !== WSA_IO_PENDING) throw new Error(`It failed with error: ${WSAGetLastError()}`);
}

function receive(s: SOCKET): void {
  const memory = new Uint8Array(4096);
  begun(WSARecv(s, [new_WSABUF(memory)], 1, null, { value: 0 }, operation("receive", s, memory), null));
}

/** Serves until no client is left. */
function serve(port: number, clients: number): void {
  const [bytes, key] = [{ value: 0 }, { value: 0 }];
  const overlapped: { value: WSAOVERLAPPED | null } = { value: null };
  while (clients > 0) {
    const isGood = GetQueuedCompletionStatus(port, bytes, key, overlapped, INFINITE);
    if (overlapped.value === null) throw new Error(`GetQueuedCompletionStatus failed with error: ${WSAGetLastError()}`);
    const { kind, s, memory } = overlapped.value as Operation;
    if (isGood && kind === "send") receive(s);
    else if (isGood && bytes.value > 0) {
      const echo = memory.subarray(0, bytes.value);
      begun(WSASend(s, [new_WSABUF(echo)], 1, null, 0, operation("send", s, echo), null));
    } else {
      console.log(`client ${key.value} has ended`);
      closesocket(s);
      clients--;
    }
  }
}

WSAStartup(MAKEWORD(2, 2), new_WSADATA());
const name = new_sockaddr_in();
name.sin_family = AF_INET;
name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
name.sin_port = htons(Number(process.argv[2] ?? 7));
const listener = socket(AF_INET, SOCK_STREAM, 0);
bind(listener, name, sizeof_sockaddr_in);
listen(listener, SOMAXCONN);

const port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, 0, 0, 0);
const own = ["one", "two"].map((text, i) => {
  const s = socket(AF_INET, SOCK_STREAM, 0);
  connect(s, name, sizeof_sockaddr_in);
  const accepted = accept(listener, null, null);
  CreateIoCompletionPort(accepted, port, i + 1, 0);
  receive(accepted);
  send(s, new TextEncoder().encode(text), text.length, 0);
  return s;
});
for (const s of own) shutdown(s, SD_SEND);
serve(port, own.length);
const memory = new Uint8Array(4096);
for (const s of own) console.log(new TextDecoder().decode(memory.subarray(0, recv(s, memory, memory.length, 0))));
CloseHandle(port);
WSACleanup();
