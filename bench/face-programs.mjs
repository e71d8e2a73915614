// What programs over the C face do with a stream in the benchmarks: in plain calls, or with several overlapped ones in flight whose ends a
// completion port tells. `w` is tapsock/winsock; every one of them is a thread's whole work.

/** Transfers that a program of overlapped calls has in flight. */
const IN_FLIGHT = 4;

const blocking = {
  /** Receives to the end of the stream. @returns bytes */
  sink(w, s, callBytes) {
    const buffer = new Uint8Array(callBytes);
    let received = 0;
    for (let n = w.recv(s, buffer, callBytes, 0); n > 0; n = w.recv(s, buffer, callBytes, 0)) received += n;
    return received;
  },

  /** Sends for as long as that is wanted, and the peer takes it. */
  source(w, s, callBytes, goesOn = () => true) {
    const buffer = new Uint8Array(callBytes);
    while (goesOn() && w.send(s, buffer, callBytes, 0) > 0);
  },

  /** Sends back what comes. */
  echo(w, s, callBytes) {
    const buffer = new Uint8Array(callBytes);
    for (let n = w.recv(s, buffer, callBytes, 0); n > 0; n = w.recv(s, buffer, callBytes, 0)) w.send(s, buffer, n, 0);
  },

  /** @returns a function that sends one byte and waits for it to come back */
  exchange(w, s) {
    const buffer = new Uint8Array(1);
    return () => {
      w.send(s, buffer, 1, 0);
      w.recv(s, buffer, 1, 0);
    };
  },
};

/** Overlapped calls of one socket. */
class Flight {
  #w;
  #s;
  #port;
  #bytes = { value: 0 };
  #key = { value: 0 };
  #ended = { value: null };

  constructor(w, s) {
    this.#w = w;
    this.#s = s;
    this.#port = w.CreateIoCompletionPort(s, 0, 1, 0);
  }

  /** Memory for one transfer. */
  transfer(length) {
    const memory = new Uint8Array(length);
    return { memory, buffers: [this.#w.new_WSABUF(memory)], overlapped: this.#w.new_WSAOVERLAPPED() };
  }

  receive({ buffers, overlapped }) {
    return this.#isGoing(this.#w.WSARecv(this.#s, buffers, 1, null, { value: 0 }, overlapped, null));
  }

  send({ buffers, overlapped }) {
    return this.#isGoing(this.#w.WSASend(this.#s, buffers, 1, null, 0, overlapped, null));
  }

  #isGoing(result) {
    return result === 0 || this.#w.WSAGetLastError() === this.#w.WSA_IO_PENDING;
  }

  /** Waits for the end of the next one. @returns its bytes, 0 where it failed; `ended` is its structure */
  next() {
    const isSuccess = this.#w.GetQueuedCompletionStatus(this.#port, this.#bytes, this.#key, this.#ended, this.#w.INFINITE);
    return isSuccess ? this.#bytes.value : 0;
  }

  get ended() {
    return this.#ended.value;
  }

  close() {
    this.#w.CloseHandle(this.#port);
  }
}

/** Keeps transfers in flight. @returns bytes of all of them */
function keepFlying(w, s, callBytes, begin, goesOn) {
  const flight = new Flight(w, s);
  const transfers = new Map();
  let inFlight = 0;
  let total = 0;
  for (let i = 0; i < IN_FLIGHT; i++) {
    const transfer = flight.transfer(callBytes);
    transfers.set(transfer.overlapped, transfer);
    if (flight[begin](transfer)) inFlight++;
  }
  for (let isOpen = true; inFlight > 0; ) {
    const bytes = flight.next();
    inFlight--;
    total += bytes;
    isOpen &&= bytes > 0 && goesOn();
    if (isOpen && flight[begin](transfers.get(flight.ended))) inFlight++;
  }
  flight.close();
  return total;
}

const overlapped = {
  sink: (w, s, callBytes) => keepFlying(w, s, callBytes, "receive", () => true),
  source: (w, s, callBytes, goesOn = () => true) => keepFlying(w, s, callBytes, "send", goesOn),

  echo(w, s, callBytes) {
    const flight = new Flight(w, s);
    const back = flight.transfer(callBytes);
    for (;;) {
      const room = flight.transfer(0);
      room.buffers[0] = w.new_WSABUF(back.memory);
      if (!flight.receive(room)) break;
      const n = flight.next();
      if (n === 0) break;
      back.buffers[0].len = n;
      if (!flight.send(back) || flight.next() === 0) break;
    }
    flight.close();
  },

  exchange(w, s) {
    const flight = new Flight(w, s);
    const [out, back] = [flight.transfer(1), flight.transfer(1)];
    return () => {
      flight.send(out);
      flight.receive(back);
      flight.next();
      flight.next();
    };
  },
};

/** By the name of the way to call. */
export const PROGRAMS = new Map([
  ["blocking", blocking],
  ["overlapped", overlapped],
]);
