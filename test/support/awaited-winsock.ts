/** Promise faces over two hosts on one wire in virtual time. */
import { getEventListeners } from "node:events";
import { createPromiseFace } from "../../src/winsock/faces/promise-face.ts";
import { untilSettled } from "./until-settled.ts";
import { PEER, VirtualWinsock } from "./virtual-winsock.ts";

/** Faces of both hosts, and a way to wait that moves the time. */
export function awaitedWorld<V extends VirtualWinsock = VirtualWinsock>(v = new VirtualWinsock() as V) {
  let opened = 0;
  const ours = createPromiseFace(async () => {
    opened++;
    return v.asyncPort();
  });
  const peer = createPromiseFace(async () => v.asyncPort(v.peerProvider));
  const settled = <T>(promise: Promise<T>): Promise<T> => untilSettled(v, promise);
  return { v, ours, peer, settled, opened: () => opened };
}

/** One of our sockets connected to one of the peer's. */
export async function connectedPair(w: Pick<ReturnType<typeof awaitedWorld>, "ours" | "peer" | "settled">) {
  const { ours, peer, settled } = w;
  const listener = await peer.socket();
  await peer.bind(listener, { port: 80 });
  await peer.listen(listener);
  const s = await ours.socket();
  const [accepted] = await settled(Promise.all([peer.accept(listener), ours.connect(s, { address: PEER, port: 80 })]));
  return { s, accepted, listener };
}

/** What a promise is rejected with. */
export const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "no failure",
    (error: unknown) => error,
  );

/** What happens to be under way gets on; no time passes. */
export const aMoment = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Who listens to a signal. */
export const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;
