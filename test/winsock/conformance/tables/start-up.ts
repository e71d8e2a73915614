/** WSAStartup and WSACleanup: versions and counts; and what a program of version 1.1 is told otherwise. */
import { FIONBIO, MAKEWORD, SOCK_STREAM } from "../../../../src/winsock/abi/constants.ts";
import { errorName } from "../../../../src/winsock/abi/errors.ts";
import { new_WSADATA } from "../../../../src/winsock/abi/structures.ts";
import { cleanup, connect, inCOnly, send, socket } from "../calls.ts";
import { type Call, type ConformanceCase, ours, row, script } from "../conformance-case.ts";
import * as states from "../states.ts";

const VERSIONS = "Microsoft, WSAStartup function; ReactOS's test WSAStartup";
const LEGACY = "Microsoft, connect function: to programs of version 1.1";
const HOOKS = "Microsoft, WSASetBlockingHook: not in Winsock 2; ReactOS's test WSAStartup";

const text = (version: number): string => `${version & 0xff}.${version >>> 8}`;

/** What is agreed on, or the code. */
const startup = (major: number, minor: number): Call => ({
  text: `WSAStartup(${major}.${minor})`,
  inC(w) {
    const data = new_WSADATA();
    const code = w.WSAStartup(MAKEWORD(major, minor), data);
    return code === 0 ? text(data.wVersion) : (errorName(code) ?? `error ${code}`);
  },
  awaited: async (w) => text((await w.WSAStartup(MAKEWORD(major, minor))).version),
});

const agreed: readonly ConformanceCase[] = (
  [
    [0, 0, "WSAVERNOTSUPPORTED"],
    [0, 9, "WSAVERNOTSUPPORTED"],
    [0, 255, "WSAVERNOTSUPPORTED"],
    [1, 0, "1.0"],
    [1, 1, "1.1"],
    [1, 2, "1.1"],
    [1, 255, "1.1"],
    [2, 0, "2.0"],
    [2, 1, "2.1"],
    [2, 2, "2.2"],
    [2, 3, "2.2"],
    [2, 255, "2.2"],
    [3, 0, "2.2"],
    [255, 255, "2.2"],
  ] as const
).map(([major, minor, expect]) => row("start-up", VERSIONS, states.NOTHING, startup(major, minor), expect, { families: ["IPv4"] }));

/** A field of WSADATA after start-up with this version. */
const field = (
  version: readonly [number, number],
  name: "wHighVersion" | "iMaxSockets" | "iMaxUdpDg" | "szDescription" | "szSystemStatus",
  expect: string,
) =>
  row(
    "start-up",
    VERSIONS,
    states.NOTHING,
    inCOnly(`${name} of ${version.join(".")}`, (w) => {
      const data = new_WSADATA();
      w.WSAStartup(MAKEWORD(...version), data);
      return String(data[name]);
    }),
    expect,
    { families: ["IPv4"] },
  );

const fields: readonly ConformanceCase[] = [
  field([1, 1], "wHighVersion", "514"),
  field([2, 2], "wHighVersion", "514"),
  field([1, 1], "iMaxSockets", "32767"),
  field([2, 2], "iMaxSockets", "0"),
  field([1, 1], "iMaxUdpDg", "65467"),
  field([2, 2], "iMaxUdpDg", "0"),
  field([2, 2], "szDescription", "WinSock 2.0"),
  field([2, 2], "szSystemStatus", "Running"),
];

const code = (value: number): string => errorName(value) ?? String(value);
const counts: readonly ConformanceCase[] = [
  row(
    "start-up",
    VERSIONS,
    states.NOTHING,
    inCOnly("WSAStartup(2.2, NULL)", (w) => code(w.WSAStartup(MAKEWORD(2, 2), null))),
    "WSAEFAULT",
  ),
  row(
    "start-up",
    VERSIONS,
    states.NOTHING,
    inCOnly("WSAStartup(0.0, NULL)", (w) => code(w.WSAStartup(0, null))),
    "WSAVERNOTSUPPORTED",
  ),
  script(
    "start-up: two start-ups want two clean-ups",
    "Microsoft, WSACleanup function",
    states.NEW,
    [ours(startup(2, 2), "2.2"), ours(cleanup), ours(send("x"), "WSAENOTCONN")],
    { notAwaited: "it starts up by itself beside" },
  ),
  script(
    "start-up: the last clean-up closes sockets",
    "Microsoft, WSACleanup function; Wine's test WithWSAStartup",
    states.NEW,
    [ours(cleanup), ours(startup(2, 2), "2.2"), ours(send("x"), "WSAENOTSOCK")],
    { notAwaited: "it starts up by itself beside" },
  ),
  script("start-up: one clean-up too many", "Microsoft, WSACleanup function", states.NOTHING, [
    ours(socket("own", "SOCK_STREAM", 0), "socket"),
    ours(cleanup),
    ours(cleanup, "WSANOTINITIALISED"),
  ]),
];

const hooks = (version: readonly [number, number], call: string, run: Call["inC"], expect: string) =>
  script(
    `start-up: ${call} in a program of version ${version.join(".")}`,
    HOOKS,
    states.NOTHING,
    [
      ours(inCOnly(`WSAStartup(${version.join(".")})`, (w) => w.WSAStartup(MAKEWORD(...version), new_WSADATA()))),
      ours({ text: call, inC: run, notAwaited: "hooks are of threads that block" }, expect),
    ],
    { families: ["IPv4"] },
  );

const legacy: readonly ConformanceCase[] = [
  hooks([2, 2], "WSASetBlockingHook", (w) => (w.WSASetBlockingHook(() => false) === null ? -1 : "a hook"), "WSAEOPNOTSUPP"),
  hooks([2, 2], "WSAUnhookBlockingHook", (w) => w.WSAUnhookBlockingHook(), "WSAEOPNOTSUPP"),
  hooks([2, 2], "WSACancelBlockingCall", (w) => w.WSACancelBlockingCall(), "WSAEOPNOTSUPP"),
  hooks([2, 2], "WSAIsBlocking", (w) => String(Number(w.WSAIsBlocking())), "0"),
  hooks([1, 1], "WSAUnhookBlockingHook", (w) => w.WSAUnhookBlockingHook(), "0"),
  hooks([1, 1], "WSACancelBlockingCall", (w) => w.WSACancelBlockingCall(), "WSAEINVAL"),
  hooks([1, 1], "WSAIsBlocking", (w) => String(Number(w.WSAIsBlocking())), "0"),
  script("start-up: a second connect in a program of version 1.1", LEGACY, states.CONNECTING, [
    ours(startup(1, 1), "1.1"),
    ours(connect("nobody", "open"), "WSAEINVAL"),
  ]),
  script("start-up: a second connect in a program of version 2.2", LEGACY, states.CONNECTING, [
    ours(startup(2, 2), "2.2"),
    ours(connect("nobody", "open"), "WSAEALREADY"),
  ]),
];

const secondConnect = inCOnly("a second connect of a nonblocking socket", (w, _, { place }) => {
  const s = w.socket(place.af, SOCK_STREAM, 0);
  w.ioctlsocket(s, FIONBIO, { value: 1 });
  const name = place.name("nobody", "open");
  w.connect(s, name, name.length);
  return w.connect(s, name, name.length);
});

const forgotten: readonly ConformanceCase[] = [
  script("start-up: version 1.1 ends with the last clean-up", LEGACY, states.NOTHING, [
    ours(inCOnly("WSAStartup(1.1)", (w) => w.WSAStartup(MAKEWORD(1, 1), new_WSADATA()))),
    ours(secondConnect, "WSAEINVAL"),
    ours(cleanup),
    ours(cleanup),
    ours(inCOnly("WSAStartup(2.2)", (w) => w.WSAStartup(MAKEWORD(2, 2), new_WSADATA()))),
    ours(secondConnect, "WSAEALREADY"),
  ]),
];

const works = (name: string, call: Call["inC"], expect: string) =>
  script(
    `start-up: ${name} works without`,
    "ReactOS's test nostartup",
    states.CLEANED_UP,
    [ours({ text: name, inC: call, notAwaited: "its first call starts up by itself" }, expect)],
    { families: ["IPv4"] },
  );

const without: readonly ConformanceCase[] = [
  works("inet_addr", (w) => String(w.inet_addr("1.2.3.4")), "67305985"),
  works("inet_ntoa", (w) => w.inet_ntoa({ s_addr: 67305985 }), "1.2.3.4"),
  works("inet_pton", (w) => String(w.inet_pton(2, "1.2.3.4", new Uint8Array(4))), "1"),
  works(
    "WSASetLastError",
    (w) => {
      w.WSASetLastError(1234);
      return String(w.WSAGetLastError());
    },
    "1234",
  ),
];

export const START_UP: readonly ConformanceCase[] = [...agreed, ...fields, ...counts, ...legacy, ...forgotten, ...without];
