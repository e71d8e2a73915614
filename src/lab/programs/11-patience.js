// How long is a wait? A connect to an address where nobody is, and what TCP_MAXRT makes of it.
import * as w from "tapsock/winsock";

const tryFor = (seconds) => {
  const s = w.socket(w.AF_INET, w.SOCK_STREAM, w.IPPROTO_TCP);
  if (seconds > 0) w.setsockopt(s, w.IPPROTO_TCP, w.TCP_MAXRT, { value: seconds }, 4);
  const name = w.new_sockaddr_in();
  name.sin_family = w.AF_INET;
  name.sin_addr.s_addr = w.inet_addr("203.0.113.99");
  name.sin_port = w.htons(80);
  const result = w.connect(s, name, w.sizeof_sockaddr_in);
  console.log("connect returned", result, "with error", w.WSAGetLastError());
  w.closesocket(s);
};

w.WSAStartup(w.MAKEWORD(2, 2), w.new_WSADATA());
tryFor(5);
tryFor(0);
w.WSACleanup();
