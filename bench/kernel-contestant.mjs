// The kernel's own TCP as a contestant: 5001 sink, 5002 source and 5003 echo on kernel sockets, in one loop around poll(2).
// Joined to the load by veth, it says what two kernels do with each other on this machine.
import * as kernel from "./kernel-sockets.mjs";

const SINK = 5001;
const SOURCE = 5002;
const ECHO = 5003;
const CHUNK = 256 * 1024;
const CALLS_IN_A_ROW = 8;
const MAX_SOCKETS = 1024;

const chunk = new Uint8Array(new ArrayBuffer(CHUNK));
const chunkAddress = kernel.addressOf(chunk);
const pollfds = new Int32Array(new ArrayBuffer(8 * MAX_SOCKETS));
const pollAddress = kernel.addressOf(pollfds);
/** What each entry of `pollfds` does when it is ready; returns false to be closed. */
const services = [];

function watch(fd, events, service) {
  const at = 2 * services.push(service) - 2;
  pollfds[at] = fd;
  pollfds[at + 1] = events;
}

function unwatch(i) {
  const last = services.length - 1;
  pollfds.copyWithin(2 * i, 2 * last, 2 * last + 2);
  services[i] = services[last];
  services.pop();
}

const again = (n) => n < 0 && kernel.errno() === kernel.EAGAIN;

function sink(fd) {
  for (let calls = 0; calls < CALLS_IN_A_ROW; calls++) {
    const n = kernel.recv(fd, chunkAddress, CHUNK, 0);
    if (again(n)) return true;
    if (n <= 0) return false;
    if (n < CHUNK) return true;
  }
  return true;
}

function source(fd) {
  for (let calls = 0; calls < CALLS_IN_A_ROW; calls++) {
    const n = kernel.send(fd, chunkAddress, CHUNK, kernel.MSG_NOSIGNAL);
    if (n < 0) return again(n);
  }
  return true;
}

function echo(fd) {
  const n = kernel.recv(fd, chunkAddress, CHUNK, 0);
  if (n <= 0) return again(n);
  return kernel.send(fd, chunkAddress, n, kernel.MSG_NOSIGNAL) === n;
}

function serve(port, service, events) {
  const listener = kernel.must(
    kernel.socket(kernel.AF_INET, kernel.SOCK_STREAM | kernel.SOCK_NONBLOCK | kernel.SOCK_CLOEXEC, 0),
    "make a socket",
  );
  kernel.setReuseAddress(listener);
  kernel.setCubic(listener);
  const address = kernel.socketAddress("0.0.0.0", port);
  kernel.must(kernel.bind(listener, kernel.addressOf(address), address.length), `bind to ${port}`);
  kernel.must(kernel.listen(listener, 512), `listen on ${port}`);
  watch(listener, kernel.POLLIN, () => {
    if (services.length === MAX_SOCKETS) return true;
    const fd = kernel.accept4(listener, 0, 0, kernel.SOCK_NONBLOCK | kernel.SOCK_CLOEXEC);
    if (fd < 0) return true;
    kernel.setNoDelay(fd);
    watch(fd, events, service);
    return true;
  });
}

serve(SINK, sink, kernel.POLLIN);
serve(SOURCE, source, kernel.POLLOUT);
serve(ECHO, echo, kernel.POLLIN);

for (;;) {
  kernel.must(kernel.poll(pollAddress, services.length, -1), "poll");
  for (let i = services.length - 1; i >= 0; i--) {
    if (pollfds[2 * i + 1] >>> 16 === 0) continue;
    const fd = pollfds[2 * i];
    if (services[i](fd)) continue;
    unwatch(i);
    kernel.close(fd);
  }
}
