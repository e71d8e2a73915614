/** Hosts on one wire in virtual time: a call that waits moves the time from event to event until its answer is there. */
import { createBlockingFace, Loopback, MemoryWire, Provider, parseV4, SeededRandom, Simulation } from "tapsock";
import * as abi from "tapsock/winsock/abi";

export const simulation = new Simulation();
export const wire = new MemoryWire();
let hosts = 0;

/**
 * A host on the wire, and a program on it that has started Winsock up.
 * @param options of the host (`profile`), and `limits` of what its programs may have
 */
export function program(address, { limits, ...options } = {}) {
  const host = simulation.host({ random: new SeededRandom(++hosts), ...options });
  host.attach(wire.device({ name: address }), { address: parseV4(address), prefixLength: 24 });
  host.attach(new Loopback());
  const provider = new Provider(host, limits);
  provider.openClient(1);
  const ws = { ...abi, ...createBlockingFace(() => portOf(provider)) };
  ws.WSAStartup(abi.MAKEWORD(2, 2), abi.new_WSADATA());
  return { host, ws };
}

export const nameOf = (address, port) => ({
  ...abi.new_sockaddr_in(),
  sin_family: abi.AF_INET,
  sin_addr: { s_addr: new DataView(Uint8Array.from(address.split(".")).buffer).getUint32(0, true) },
  sin_port: abi.htons(port),
});

/** The way of a program's calls to its host, which answers some at once and others in time. */
function portOf(provider) {
  const answers = [];
  let lastId = 0;
  function post(request, replied) {
    const id = ++lastId;
    provider.call(1, { ...request, id }, (reply) => {
      const copy = { ...reply, data: reply.data?.slice() ?? null };
      answers.push(() => replied(copy));
    });
    return id;
  }
  function awaitPosted() {
    const isThere = answers.length > 0 || simulation.run(() => answers.length > 0);
    answers.shift()?.();
    return isThere;
  }
  function call(request) {
    let answer;
    post(request, (reply) => {
      answer = reply;
    });
    while (answer === undefined) if (!awaitPosted()) throw new Error("The call would wait for ever: nothing is left to happen");
    return answer;
  }
  function takeReplies() {
    while (answers.length > 0) answers.shift()();
  }
  return { call, post, awaitPosted, takeReplies, close: () => provider.closeClient(1) };
}
