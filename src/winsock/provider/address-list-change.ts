import { WSAEINTR, WSAEWOULDBLOCK } from "../abi/errors.ts";
import { type IoctlCommand, refused, returned } from "./ioctl-buffers.ts";
import { failed, type Outcome } from "./outcome.ts";
import { familyOfAddress } from "./socket-family.ts";

/** SIO_ADDRESS_LIST_CHANGE: waits until an address of the socket's family comes, goes or is another than it was. */
export const addressListChange: IoctlCommand = (socket) => {
  if (socket.isNonblocking) return refused(WSAEWOULDBLOCK);
  const { context, family } = socket;
  let hasChanged = false;
  const watches = context.host.ip.interfaces.map((one) =>
    one.watchAddresses(({ address }) => {
      if (familyOfAddress(address) !== family) return;
      hasChanged = true;
      socket.wake();
    }),
  );
  const endWatching = () => {
    for (const end of watches) end();
  };
  const attempt = (): Outcome | undefined => {
    if (!hasChanged && !socket.isClosed) return undefined;
    endWatching();
    return socket.isClosed ? failed(WSAEINTR) : returned();
  };
  return { on: [socket], attempt, timeoutMs: Number.POSITIVE_INFINITY, timedOut: () => returned(), cancelled: endWatching };
};
