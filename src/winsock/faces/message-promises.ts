import { WinsockError, WSAEFAULT } from "../abi/errors.ts";
import { setU32 } from "../abi/fields.ts";
import { type ControlItem, controlBytes, readControl } from "../abi/message-control.ts";
import type { SOCKET } from "../abi/structures.ts";
import {
  addressDetail,
  LONGEST_NAME,
  type NamedAddress,
  nameBytes,
  noSender,
  type SocketAddress,
  socketAddressOf,
} from "./promise-addresses.ts";
import { type Cancellable, type PromiseCalls, type SentData, sentBytes, whole } from "./promise-calls.ts";
import { joined } from "./scattered.ts";

/** A datagram with what came beside it, and its sender. */
export interface ReceivedMessage extends SocketAddress {
  readonly data: Uint8Array;
  /** What options such as IP_PKTINFO asked for; `read_in_pktinfo` and `read_in6_pktinfo` read the data of that one. */
  readonly control: readonly ControlItem[];
  /** MSG_ flags: MSG_BCAST, MSG_MCAST, MSG_CTRUNC. */
  readonly flags: number;
}

export interface ReceiveMessageOptions extends Cancellable {
  /** At most so many bytes of data; 65536 by default. */
  readonly length?: number;
  /** Room for control data in bytes, as WSA_CMSG_SPACE counts it; 1024 by default. */
  readonly controlLength?: number;
  readonly flags?: number;
}

export interface SentMessage {
  readonly data: SentData;
  /** Left out where the socket is connected. */
  readonly to?: NamedAddress;
  readonly control?: readonly ControlItem[];
}

/** Datagrams with control data, awaited; tapsock/winsock/promises says of each what it does. */
export interface MessagePromises {
  WSARecvMsg(s: SOCKET, options?: ReceiveMessageOptions): Promise<ReceivedMessage>;
  WSASendMsg(s: SOCKET, message: SentMessage, options?: Cancellable & { readonly flags?: number }): Promise<number>;
}

/** One call carries no more. */
const PIECE = 256 * 1024;
/** What `b` of a receive's answer counts control data in. */
const FLAGS_END = 65536;
const DEFAULT_RECEIVE = 65536;
const DEFAULT_CONTROL = 1024;
const NOTHING = new Uint8Array(0);

export function createMessagePromises({ call, inSendTurn, familyOf }: PromiseCalls): MessagePromises {
  return {
    async WSARecvMsg(s, { length = DEFAULT_RECEIVE, controlLength = DEFAULT_CONTROL, flags = 0, signal } = {}) {
      const wanted = Math.min(whole(length), PIECE);
      const controlRoom = whole(controlLength);
      if (wanted < 0 || controlRoom < 0) throw new WinsockError(WSAEFAULT, "WSARecvMsg");
      const { a, b, data } = await call("recvMsg", { s, a: wanted, b: flags, c: LONGEST_NAME, data: word(controlRoom) }, signal);
      const bytes = data ?? NOTHING;
      const payloadAt = a + Math.floor(b / FLAGS_END);
      return {
        data: bytes.subarray(payloadAt),
        control: readControl(bytes.subarray(a, payloadAt)) ?? [],
        flags: b % FLAGS_END,
        ...(a === 0 ? noSender(familyOf(s)) : socketAddressOf(bytes.subarray(0, a))),
      };
    },

    WSASendMsg: (s, { data, to, control = [] }, { flags = 0, signal } = {}) =>
      inSendTurn(
        s,
        async () => {
          const name = to === undefined ? NOTHING : nameBytes("WSASendMsg", to);
          const beside = controlBytes(control);
          // What is longer than any datagram is refused, however much of it is seen.
          const bytes = joined([word(beside.length), name, beside, sentBytes(data).subarray(0, PIECE / 2)]);
          const fields = { s, a: to === undefined ? -1 : name.length, b: flags, c: name.length, data: bytes };
          return (await call("sendMsg", fields, signal, addressDetail(to))).result;
        },
        signal,
      ),
  };
}

/** Little-endian. */
function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  setU32(bytes, 0, value);
  return bytes;
}
