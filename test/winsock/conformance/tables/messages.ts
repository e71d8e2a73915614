/** WSAAsyncSelect: the same events as messages, which differ from records in when they come again. */
import { FD_ACCEPT, FD_CLOSE, FD_CONNECT, FD_OOB, FD_READ, FD_WRITE } from "../../../../src/winsock/abi/constants.ts";
import { errorName } from "../../../../src/winsock/abi/errors.ts";
import { new_MSG, PM_REMOVE, WM_USER, WSAGETSELECTERROR, WSAGETSELECTEVENT } from "../../../../src/winsock/abi/message-structures.ts";
import type { BlockingFace } from "../../../../src/winsock/faces/blocking-face.ts";
import {
  abort,
  accept,
  closesocket,
  connect,
  constant,
  inCOnly,
  ioctl,
  noSynRetries,
  readable,
  recv,
  send,
  settle,
  shutdown,
} from "../calls.ts";
import { type Call, type ConformanceCase, ours, peer, row, type Step, script } from "../conformance-case.ts";
import * as states from "../states.ts";

const NO_MESSAGES = "it has no window";
const WORDS: ReadonlyMap<number, string> = new Map([
  [FD_READ, "READ"],
  [FD_WRITE, "WRITE"],
  [FD_OOB, "OOB"],
  [FD_ACCEPT, "ACCEPT"],
  [FD_CONNECT, "CONNECT"],
  [FD_CLOSE, "CLOSE"],
]);

/** The window of a row's program. */
const windows = new WeakMap<BlockingFace, number>();

function selectMessages(mask = "FD_ALL_EVENTS"): Call {
  return inCOnly(
    `WSAAsyncSelect(${mask})`,
    (w, s) => {
      const window = windows.get(w) ?? w.CreateMessageWindow(null);
      windows.set(w, window);
      return w.WSAAsyncSelect(s, window, WM_USER, constant(mask));
    },
    NO_MESSAGES,
  );
}

/** The socket's messages in the order in which they were posted, since the last time. */
const messages: Call = {
  text: "messages",
  notAwaited: NO_MESSAGES,
  async inC(w, s, { stage, wanted }) {
    const found: string[] = [];
    const look = () => {
      for (const msg = new_MSG(); w.PeekMessage(msg, 0, 0, 0, PM_REMOVE) !== 0; ) {
        // What was accepted has the same window.
        if (msg.wParam !== s) continue;
        const code = WSAGETSELECTERROR(msg.lParam);
        const word = WORDS.get(WSAGETSELECTEVENT(msg.lParam)) ?? "?";
        found.push(code === 0 ? word : `${word}=${errorName(code)}`);
      }
    };
    await stage.settle();
    look();
    await stage.until(() => {
      if (wanted === "none" || found.length >= wanted.split(" ").length) return true;
      look();
      return false;
    });
    return found.join(" ") || "none";
  },
};

const came = (wanted: string): Step => ours(messages, wanted);
const selected = (before = "WRITE"): readonly Step[] => [ours(selectMessages()), came(before)];

const ASYNC = "Microsoft, WSAAsyncSelect function";
const CONNECT = `${ASYNC}; Wine's test connect_events`;
const READ = `${ASYNC}; Wine's test read_events`;
const ACCEPT = `${ASYNC}; Wine's test accept_events`;
const CLOSE = `${ASYNC}; Wine's test close_events`;
const OOB = `${ASYNC}; Wine's test oob_events`;

export const MESSAGES: readonly ConformanceCase[] = [
  script("messages: a connect that succeeds: FD_CONNECT, then FD_WRITE", CONNECT, states.NEW_BEFORE_LISTENER, [
    ...selected("none"),
    ours(connect("peer", "open"), "WSAEWOULDBLOCK"),
    came("CONNECT WRITE"),
    came("none"),
  ]),
  script("messages: a connect that is refused", CONNECT, states.NEW, [
    ours(noSynRetries),
    ...selected("none"),
    ours(connect("peer", "closed"), "WSAEWOULDBLOCK"),
    came("CONNECT=WSAECONNREFUSED"),
    came("none"),
  ]),
  script("messages: a connect from before", CONNECT, states.CONNECTED, [...selected("WRITE"), came("none")]),
  script("messages: selected again, FD_WRITE comes again", CONNECT, states.CONNECTED, [...selected("WRITE"), ...selected("WRITE")]),
  script("messages: a new datagram socket", CONNECT, states.UDP_NEW, selected("WRITE")),
  script("messages: data", READ, states.CONNECTED, [...selected(), peer(send("abc"), "3"), came("READ"), came("none")]),
  script("messages: a receive that leaves data", READ, states.CONNECTED, [
    ...selected(),
    peer(send("ab"), "2"),
    came("READ"),
    ours(recv(1), '"a"'),
    came("READ"),
    ours(recv(1), '"b"'),
    came("none"),
  ]),
  script("messages: more data before the receive brings none", READ, states.CONNECTED, [
    ...selected(),
    peer(send("a"), "1"),
    came("READ"),
    peer(send("b"), "1"),
    came("none"),
  ]),
  script("messages: a receive into nothing lets FD_READ come again", READ, states.CONNECTED, [
    ...selected(),
    peer(send("a"), "1"),
    came("READ"),
    ours(
      inCOnly("recv(NULL, 4)", (w, s) => w.recv(s, null, 4, 0)),
      "WSAEFAULT",
    ),
    came("READ"),
  ]),
  script("messages: a second connection before the accept brings none", ACCEPT, states.LISTENING_WITH_TWO, [
    ...selected("ACCEPT"),
    came("none"),
    ours(accept, "socket"),
    came("ACCEPT"),
  ]),
  script("messages: the peer ends", CLOSE, states.CONNECTED, [...selected(), peer(shutdown("SD_SEND")), came("CLOSE"), came("none")]),
  script("messages: the peer resets", `${ASYNC}; Wine's test tcp_reset`, states.CONNECTED, [
    ...selected(),
    peer(abort),
    came("CLOSE=WSAECONNABORTED"),
  ]),
  script("messages: the end, and a second selection", CLOSE, states.CONNECTED, [
    ours(selectMessages("FD_CLOSE")),
    peer(shutdown("SD_SEND")),
    came("CLOSE"),
    ours(selectMessages("FD_CLOSE")),
    came("CLOSE"),
  ]),
  script("messages: closing one's own socket brings none", CLOSE, states.CONNECTED, [
    ...selected(),
    ours(closesocket),
    ours(settle),
    came("none"),
  ]),
  script("messages: out-of-band data", OOB, states.CONNECTED, [...selected(), peer(send("!", "MSG_OOB"), "1"), came("OOB")]),
  script("messages: a second out-of-band byte comes after the receive of the first", OOB, states.CONNECTED, [
    ...selected(),
    peer(send("!", "MSG_OOB"), "1"),
    came("OOB"),
    peer(send("?", "MSG_OOB"), "1"),
    came("none"),
    ours(recv(1, "MSG_OOB"), '"!"'),
    came("OOB"),
    ours(recv(1, "MSG_OOB"), '"?"'),
    came("none"),
  ]),
  script("messages: WSAAsyncSelect makes the socket nonblocking", ASYNC, states.CONNECTED_BLOCKING, [
    ours(selectMessages("FD_READ")),
    ours(recv(), "WSAEWOULDBLOCK"),
    ours(ioctl("FIONBIO", 0), "WSAEINVAL"),
  ]),
  script("messages: none of what was not selected", ASYNC, states.CONNECTED, [
    ours(selectMessages("FD_CLOSE")),
    peer(send("a"), "1"),
    ours(readable, "1"),
    came("none"),
  ]),
  row(
    "messages",
    ASYNC,
    states.NEW,
    inCOnly("WSAAsyncSelect(no window)", (w, s) => w.WSAAsyncSelect(s, 0, WM_USER, FD_READ), NO_MESSAGES),
    "WSAEINVAL",
  ),
  row("messages", ASYNC, states.CLOSED, selectMessages("FD_READ"), "WSAENOTSOCK"),
];
