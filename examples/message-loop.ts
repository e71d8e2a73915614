/**
 * An echo server on WSAAsyncSelect: its window gets a message for each network event. A client of its own makes a program of it that ends.
 *
 *   node dist/examples/message-loop.js [PORT]
 */
import {
  AF_INET,
  accept,
  bind,
  CreateMessageWindow,
  closesocket,
  connect,
  DestroyWindow,
  DispatchMessage,
  FD_ACCEPT,
  FD_CLOSE,
  FD_READ,
  GetMessage,
  type HWND,
  htonl,
  htons,
  INADDR_LOOPBACK,
  listen,
  MAKEWORD,
  new_MSG,
  new_sockaddr_in,
  new_WSADATA,
  PostMessage,
  recv,
  SD_SEND,
  SOCK_STREAM,
  SOMAXCONN,
  send,
  shutdown,
  sizeof_sockaddr_in,
  socket,
  WM_QUIT,
  WM_USER,
  WSAAsyncSelect,
  WSACleanup,
  WSAGETSELECTERROR,
  WSAGETSELECTEVENT,
  WSAStartup,
} from "tapsock/winsock";

const WM_SOCKET = WM_USER + 1;
const memory = new Uint8Array(4096);

function windowProcedure(hWnd: HWND, uMsg: number, wParam: number, lParam: number): number {
  if (uMsg !== WM_SOCKET) return 0;
  const [s, event, error] = [wParam, WSAGETSELECTEVENT(lParam), WSAGETSELECTERROR(lParam)];
  if (event === FD_ACCEPT) {
    // What it accepts is told of as its listener is.
    accept(s, null, null);
    console.log(`FD_ACCEPT, error ${error}`);
  } else if (event === FD_READ) {
    const count = recv(s, memory, memory.length, 0);
    if (count > 0) send(s, memory, count, 0);
    console.log(`FD_READ, ${count} bytes`);
  } else if (event === FD_CLOSE) {
    // It comes while something may be left to be read.
    for (let count = recv(s, memory, memory.length, 0); count > 0; count = recv(s, memory, memory.length, 0)) send(s, memory, count, 0);
    console.log(`FD_CLOSE, error ${error}`);
    closesocket(s);
    PostMessage(hWnd, WM_QUIT, 0, 0);
  }
  return 0;
}

WSAStartup(MAKEWORD(2, 2), new_WSADATA());
const name = new_sockaddr_in();
name.sin_family = AF_INET;
name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
name.sin_port = htons(Number(process.argv[2] ?? 7));

const window = CreateMessageWindow(windowProcedure);
const listener = socket(AF_INET, SOCK_STREAM, 0);
bind(listener, name, sizeof_sockaddr_in);
listen(listener, SOMAXCONN);
WSAAsyncSelect(listener, window, WM_SOCKET, FD_ACCEPT | FD_READ | FD_CLOSE);

const client = socket(AF_INET, SOCK_STREAM, 0);
connect(client, name, sizeof_sockaddr_in);
send(client, new TextEncoder().encode("hello"), 5, 0);

const msg = new_MSG();
for (let isEnded = false; GetMessage(msg, 0, 0, 0) > 0; ) {
  DispatchMessage(msg);
  if (!isEnded && WSAGETSELECTEVENT(msg.lParam) === FD_READ) {
    console.log(`echoed: ${new TextDecoder().decode(memory.subarray(0, recv(client, memory, memory.length, 0)))}`);
    shutdown(client, SD_SEND);
    isEnded = true;
  }
}
DestroyWindow(window);
WSACleanup();
