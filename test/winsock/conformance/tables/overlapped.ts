/** Overlapped calls: what begins, what is pending, how it ends and who hears of it. */
import { errorName } from "../../../../src/winsock/abi/errors.ts";
import type { BlockingFace } from "../../../../src/winsock/faces/blocking-face.ts";
import { abort, bool, closesocket, inCOnly, overlapped, readable, recv, send, settle, shutdown } from "../calls.ts";
import { type Call, type ConformanceCase, ours, peer, row, type Step, script } from "../conformance-case.ts";
import * as states from "../states.ts";

const RESULT = "Microsoft, WSAGetOverlappedResult function; Wine's test WSAGetOverlappedResult";
const WSARECV = "Microsoft, WSARecv function; Wine's tests WSARecv and nonblocking_async_recv";
const WSASEND = "Microsoft, WSASend function";
const CONNECTEX = "Microsoft, LPFN_CONNECTEX; Wine's test connect";
const CANCEL = "Microsoft, CancelIoEx and CancelIo functions";
const EVENT = "Microsoft, WSAOVERLAPPED structure";
const IOCP = "Microsoft, GetQueuedCompletionStatus function; Wine's test completion_port";

const PENDING = "WSA_IO_PENDING";

/** The overlapped call of a row: its structure, and memory. */
interface Begun {
  readonly structure: ReturnType<typeof overlapped>;
  readonly memory: Uint8Array;
}
const begun = new WeakMap<BlockingFace, Begun>();
const of = (w: BlockingFace): Begun => {
  const known = begun.get(w) ?? { structure: overlapped(), memory: new Uint8Array(16) };
  begun.set(w, known);
  return known;
};

const wsaRecv = (flags = 0): Call =>
  inCOnly(`WSARecv(overlapped${flags === 0 ? "" : `, flags ${flags}`})`, (w, s) => {
    const { structure, memory } = of(w);
    return w.WSARecv(s, [{ len: 16, buf: memory }], 1, { value: 0 }, { value: flags }, structure, null);
  });

const wsaSend: Call = inCOnly("WSASend(overlapped)", (w, s) => {
  const { structure } = of(w);
  return w.WSASend(s, [{ len: 3, buf: new Uint8Array([97, 98, 99]) }], 1, { value: 0 }, 0, structure, null);
});

/** How many bytes, or the code. */
const result = (wait: boolean): Call =>
  inCOnly(`WSAGetOverlappedResult(${wait ? "waits" : "looks"})`, (w, s) => {
    const count = { value: 0 };
    return w.WSAGetOverlappedResult(s, of(w).structure, count, wait, { value: 0 }) === 0 ? -1 : `${count.value} bytes`;
  });

const status: Call = inCOnly("Internal", (w) => `0x${(of(w).structure.Internal >>> 0).toString(16)}`);
const memory: Call = inCOnly("memory", (w) => `"${new TextDecoder().decode(of(w).memory).replaceAll("\0", "")}"`);

const began = ours(wsaRecv(), PENDING);
const looks = (expect: string): Step => ours(result(false), expect);
const waits = (expect: string): Step => ours(result(true), expect);

const receiving: readonly ConformanceCase[] = [
  script(
    "overlapped: a receive pends, then has data",
    WSARECV,
    states.CONNECTED,
    [
      began,
      looks("WSA_IO_INCOMPLETE"),
      ours(status, "0x103"),
      peer(send("abc"), "3"),
      waits("3 bytes"),
      ours(status, "0x0"),
      ours(memory, '"abc"'),
    ],
    { notAwaited: "its calls are overlapped by themselves" },
  ),
  script("overlapped: a receive of data that is there", WSARECV, states.WITH_DATA, [
    ours(wsaRecv(), "0"),
    looks("3 bytes"),
    ours(status, "0x0"),
  ]),
  script("overlapped: a receive of a peek", "ReactOS's test recv: works", states.WITH_DATA, [ours(wsaRecv(2), "0"), ours(recv(), '"abc"')]),
  script("overlapped: the peer ends", WSARECV, states.CONNECTED, [began, peer(shutdown("SD_SEND")), waits("0 bytes")]),
  script("overlapped: the peer resets", "Wine's test tcp_reset", states.CONNECTED, [
    began,
    peer(abort),
    waits("WSAECONNRESET"),
    ours(status, "0xc000020d"),
  ]),
  script("overlapped: SD_RECEIVE leaves a receive that pends", "Wine's test shutdown", states.CONNECTED, [
    began,
    ours(shutdown("SD_RECEIVE")),
    peer(send("abc"), "3"),
    waits("3 bytes"),
  ]),
  script("overlapped: a plain receive waits its turn", "Wine's test simultaneous_async_recv", states.CONNECTED, [
    began,
    ours(recv(), "WSAEWOULDBLOCK"),
    peer(send("abc"), "3"),
    waits("3 bytes"),
    ours(recv(), "WSAEWOULDBLOCK"),
  ]),
  script("overlapped: the end of all", RESULT, states.CONNECTED, [began, ours(closesocket), ours(settle), ours(status, "0xc0000241")]),
  row(
    "overlapped",
    WSARECV,
    states.CONNECTED,
    inCOnly("WSARecv(no buffers)", (w, s) => w.WSARecv(s, [], 0, { value: 0 }, { value: 0 }, overlapped(), null)),
    "WSAEINVAL",
  ),
  row(
    "overlapped",
    WSARECV,
    states.CONNECTED,
    inCOnly("WSARecv(NULL for buffers)", (w, s) => w.WSARecv(s, null, 1, { value: 0 }, { value: 0 }, null, null)),
    "WSAEFAULT",
  ),
  row(
    "overlapped",
    WSARECV,
    states.CONNECTED,
    inCOnly("WSARecv(NULL for the count)", (w, s) => w.WSARecv(s, [{ len: 1, buf: new Uint8Array(1) }], 1, null, { value: 0 }, null, null)),
    "WSAEFAULT",
  ),
  row(
    "overlapped",
    WSARECV,
    states.CONNECTED,
    inCOnly("WSARecv(NULL for the count, overlapped)", (w, s) =>
      w.WSARecv(s, [{ len: 1, buf: new Uint8Array(1) }], 1, null, { value: 0 }, overlapped(), null),
    ),
    PENDING,
  ),
  row(
    "overlapped",
    WSARECV,
    states.CONNECTED,
    inCOnly("WSARecv(NULL for the flags)", (w, s) => w.WSARecv(s, [{ len: 1, buf: new Uint8Array(1) }], 1, { value: 0 }, null, null, null)),
    "WSAEFAULT",
  ),
  row(
    "overlapped",
    WSARECV,
    states.NEW,
    inCOnly("a receive that fails leaves the count alone", (w, s) => {
      const count = { value: 0xdead };
      w.WSARecv(s, [{ len: 1, buf: new Uint8Array(1) }], 1, count, { value: 0 }, overlapped(), null);
      return `${errorName(w.WSAGetLastError())}, ${count.value}`;
    }),
    "WSAENOTCONN, 57005",
  ),
];

const sending: readonly ConformanceCase[] = [
  script("overlapped: a send is over at once", WSASEND, states.CONNECTED, [ours(wsaSend, "0"), looks("3 bytes"), peer(recv(), '"abc"')]),
  script("overlapped: a send after SD_SEND", WSASEND, states.AFTER_SD_SEND, [ours(wsaSend, "WSAESHUTDOWN")]),
  script("overlapped: a send after a reset", "Wine's test tcp_reset", states.RESET, [ours(wsaSend, "WSAECONNRESET")]),
  row(
    "overlapped",
    WSASEND,
    states.CONNECTED,
    inCOnly("WSASend(NULL for the count)", (w, s) => w.WSASend(s, [{ len: 1, buf: new Uint8Array(1) }], 1, null, 0, null, null)),
    "WSAEFAULT",
  ),
];

const results: readonly ConformanceCase[] = [
  row(
    "overlapped",
    RESULT,
    states.CONNECTED,
    inCOnly("WSAGetOverlappedResult(NULL)", (w, s) => bool(w.WSAGetOverlappedResult(s, null, { value: 0 }, false, { value: 0 }))),
    "WSA_INVALID_PARAMETER",
  ),
  row(
    "overlapped",
    RESULT,
    states.CONNECTED,
    inCOnly("WSAGetOverlappedResult(no flags)", (w, s) => {
      of(w).structure.Internal = 0;
      return bool(w.WSAGetOverlappedResult(s, of(w).structure, { value: 0 }, false, null));
    }),
    "1",
  ),
  ...(
    [
      [0x103, "WSA_IO_INCOMPLETE"],
      [0xc0000120, "WSA_OPERATION_ABORTED"],
      [0xc0000008, "WSAENOTSOCK"],
      [0xc0000043, "WSAEADDRINUSE"],
      [0xc0000236, "WSAECONNREFUSED"],
      [0xc000023b, "WSAEISCONN"],
      [0xc000023c, "WSAENETUNREACH"],
      [0xc000023d, "WSAEHOSTUNREACH"],
      [0xc0000241, "WSAECONNABORTED"],
      [0xc000020d, "WSAECONNRESET"],
      [0xc000020c, "WSAECONNRESET"],
      [0xc00000b5, "WSAETIMEDOUT"],
      [0xc0000237, "WSAEDISCON"],
      [0xc0000240, "WSAEINTR"],
      [0x80000005, "WSAEMSGSIZE"],
      [0xc0000023, "WSAEFAULT"],
      [0xc0000005, "WSAEFAULT"],
      [0xc0000022, "WSAEACCES"],
      [0xc00000bb, "WSAEOPNOTSUPP"],
      [0xc0000017, "WSAENOBUFS"],
      [0xc0000001, "WSAEINVAL"],
    ] as const
  ).map(([value, expect]) =>
    row(
      "overlapped",
      "Wine's test WSAGetOverlappedResult",
      states.CONNECTED,
      inCOnly(`NTSTATUS 0x${value.toString(16)}`, (w, s) => {
        const structure = { ...overlapped(), Internal: value };
        return bool(w.WSAGetOverlappedResult(s, structure, { value: 0 }, false, { value: 0 }));
      }),
      expect,
      { families: ["IPv4"] },
    ),
  ),
];

const connectEx = (host: "peer" | "nobody", port: "open" | "closed"): Call =>
  inCOnly(`ConnectEx(${host}:${port})`, (w, s, { place }) => {
    const name = place.name(host, port);
    return bool(w.ConnectEx(s, name, name.length, null, 0, null, of(w).structure));
  });
const noRetries: Call = inCOnly("WSAIoctl(SIO_TCP_INITIAL_RTO)", (w, s) =>
  w.WSAIoctl(s, 0x98000011, { Rtt: 0xffff, MaxSynRetransmissions: 0xfe }, 4, null, 0, { value: 0 }, null, null),
);

const connecting: readonly ConformanceCase[] = [
  script("overlapped: ConnectEx succeeds, never at once", CONNECTEX, states.BOUND_BEFORE_LISTENER, [
    ours(connectEx("peer", "open"), PENDING),
    waits("0 bytes"),
    ours(status, "0x0"),
    ours(send("x"), "1"),
  ]),
  script("overlapped: ConnectEx is refused, never at once", CONNECTEX, states.BOUND, [
    ours(noRetries),
    ours(connectEx("peer", "closed"), PENDING),
    waits("WSAECONNREFUSED"),
    ours(status, "0xc0000236"),
  ]),
  script("overlapped: ConnectEx of an unbound socket leaves the status pending", CONNECTEX, states.NEW, [
    ours(connectEx("peer", "open"), "WSAEINVAL"),
    ours(status, "0x103"),
  ]),
  script("overlapped: ConnectEx twice", CONNECTEX, states.BOUND, [
    ours(connectEx("nobody", "open"), PENDING),
    ours(connectEx("nobody", "open"), "WSAEINVAL"),
  ]),
];

const cancelled: readonly ConformanceCase[] = [
  script("overlapped: CancelIoEx of one", CANCEL, states.CONNECTED, [
    began,
    ours(
      inCOnly("CancelIoEx", (w, s) => bool(w.CancelIoEx(s, of(w).structure))),
      "1",
    ),
    waits("WSA_OPERATION_ABORTED"),
    ours(status, "0xc0000120"),
  ]),
  script("overlapped: CancelIoEx of all", CANCEL, states.CONNECTED, [
    began,
    ours(
      inCOnly("CancelIoEx(NULL)", (w, s) => bool(w.CancelIoEx(s, null))),
      "1",
    ),
    waits("WSA_OPERATION_ABORTED"),
  ]),
  script("overlapped: CancelIo", CANCEL, states.CONNECTED, [
    began,
    ours(
      inCOnly("CancelIo", (w, s) => bool(w.CancelIo(s))),
      "1",
    ),
    waits("WSA_OPERATION_ABORTED"),
  ]),
  row(
    "overlapped",
    "Microsoft, CancelIoEx function: ERROR_NOT_FOUND",
    states.CONNECTED,
    inCOnly("CancelIoEx(nothing goes on)", (w, s) => {
      return w.CancelIoEx(s, null) === 0 ? `error ${w.WSAGetLastError()}` : "1";
    }),
    "error 1168",
  ),
  script("overlapped: a cancelled receive takes no data", CANCEL, states.CONNECTED, [
    began,
    ours(
      inCOnly("CancelIo", (w, s) => bool(w.CancelIo(s))),
      "1",
    ),
    waits("WSA_OPERATION_ABORTED"),
    peer(send("abc"), "3"),
    ours(readable, "1"),
    ours(recv(), '"abc"'),
  ]),
];

const told: readonly ConformanceCase[] = [
  script("overlapped: an event is set by the end", EVENT, states.CONNECTED, [
    ours(
      inCOnly("an event", (w) => {
        of(w).structure.hEvent = w.WSACreateEvent();
        return 0;
      }),
    ),
    began,
    ours(
      inCOnly("the event", (w) => String(w.WaitForSingleObject(of(w).structure.hEvent, 0))),
      "258",
    ),
    peer(send("abc"), "3"),
    ours(
      inCOnly("the event, in time", (w) => String(w.WaitForSingleObject(of(w).structure.hEvent, 10_000))),
      "0",
    ),
    looks("3 bytes"),
  ]),
  script("overlapped: an event is set by what is over at once", EVENT, states.WITH_DATA, [
    ours(
      inCOnly("an event", (w) => {
        of(w).structure.hEvent = w.WSACreateEvent();
        return 0;
      }),
    ),
    ours(wsaRecv(), "0"),
    ours(
      inCOnly("the event", (w) => String(w.WaitForSingleObject(of(w).structure.hEvent, 0))),
      "0",
    ),
  ]),
  script("overlapped: a packet at the port", IOCP, states.CONNECTED, [
    ours(port()),
    began,
    peer(send("abc"), "3"),
    ours(packet(10_000), "3 bytes, key 7"),
    ours(packet(0), "nothing, error 258"),
  ]),
  script("overlapped: a packet of what is over at once", IOCP, states.WITH_DATA, [
    ours(port()),
    ours(wsaRecv(), "0"),
    ours(packet(10_000), "3 bytes, key 7"),
  ]),
  script("overlapped: a packet of a failure", IOCP, states.CONNECTED, [
    ours(port()),
    began,
    peer(abort),
    ours(packet(10_000), "fails with error 64, key 7"),
  ]),
  script("overlapped: no packet of a call that never began", IOCP, states.AFTER_SD_RECEIVE, [
    ours(port()),
    ours(wsaRecv(), "WSAESHUTDOWN"),
    ours(packet(0), "nothing, error 258"),
  ]),
  script("overlapped: no packet of a plain call", IOCP, states.WITH_DATA, [
    ours(port()),
    ours(recv(), '"abc"'),
    ours(packet(0), "nothing, error 258"),
  ]),
];

const ports = new WeakMap<BlockingFace, number>();

/** A completion port for the socket, under the key 7. */
function port(): Call {
  return inCOnly("CreateIoCompletionPort", (w, s) => {
    const made = w.CreateIoCompletionPort(s, 0, 7, 0);
    ports.set(w, made);
    return made === 0 ? -1 : "0";
  });
}

function packet(ms: number): Call {
  return inCOnly(`GetQueuedCompletionStatus(${ms})`, (w) => {
    const [count, key, structure] = [{ value: 0 }, { value: 0 }, { value: null as ReturnType<typeof overlapped> | null }];
    const isGood = w.GetQueuedCompletionStatus(ports.get(w) ?? 0, count, key, structure, ms) !== 0;
    if (structure.value === null) return `nothing, error ${w.WSAGetLastError()}`;
    return isGood ? `${count.value} bytes, key ${key.value}` : `fails with error ${w.WSAGetLastError()}, key ${key.value}`;
  });
}

export const OVERLAPPED: readonly ConformanceCase[] = [...receiving, ...sending, ...results, ...connecting, ...cancelled, ...told];
