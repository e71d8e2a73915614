// WSAEventSelect: an event object is set when something happens, and WSAEnumNetworkEvents says what.
import * as w from "tapsock/winsock";

w.WSAStartup(w.MAKEWORD(2, 2), w.new_WSADATA());
const s = w.socket(w.AF_INET, w.SOCK_STREAM, w.IPPROTO_TCP);
const event = w.WSACreateEvent();
w.WSAEventSelect(s, event, w.FD_CONNECT | w.FD_READ | w.FD_CLOSE);

const server = w.new_sockaddr_in();
server.sin_family = w.AF_INET;
server.sin_addr.s_addr = w.inet_addr("203.0.113.1");
server.sin_port = w.htons(19);
w.connect(s, server, w.sizeof_sockaddr_in);

const buffer = new Uint8Array(8192);
let total = 0;
for (let isOpen = true; isOpen; ) {
  w.WSAWaitForMultipleEvents(1, [event], w.FALSE, w.WSA_INFINITE, w.FALSE);
  const events = w.new_WSANETWORKEVENTS();
  w.WSAEnumNetworkEvents(s, event, events);
  if (events.lNetworkEvents & w.FD_CONNECT) console.log("FD_CONNECT, error", events.iErrorCode[w.FD_CONNECT_BIT]);
  if (events.lNetworkEvents & w.FD_READ) {
    // One read for each FD_READ: the read is what makes the next one come.
    const count = w.recv(s, buffer, buffer.length, 0);
    if (count > 0) total += count;
  }
  if (events.lNetworkEvents & w.FD_CLOSE) isOpen = false;
}
// FD_CLOSE may come while there is unread data.
for (let count = 1; count > 0; ) {
  count = w.recv(s, buffer, buffer.length, 0);
  if (count > 0) total += count;
}
console.log("received", total, "bytes, the last of them after FD_CLOSE");
w.closesocket(s);
w.WSACloseEvent(event);
w.WSACleanup();
