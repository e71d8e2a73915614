import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import { afterAll, afterEach, beforeAll, expect, jest } from "@jest/globals";
import { FIONREAD, SIO_KEEPALIVE_VALS, SO_LINGER, SOL_SOCKET } from "../../src/winsock/abi/constants.ts";
import { accept, closesocket, ioctlsocket, recv, type SOCKET, send, setsockopt, WSAIoctl } from "../../src/winsock/promises.ts";
import { tapTest, whyNoTap } from "./namespace.ts";
import { closeKernelSockets, failure, OURS, ourListener, TapNetwork, until } from "./tap-network.ts";

/** How connections end, as the kernel at the other end sees it. */

jest.setTimeout(60_000);
const PORT = 7111;
let network: TapNetwork;
let program: ChildProcess | undefined;

beforeAll(async () => {
  if (whyNoTap() === undefined) network = await TapNetwork.start({ name: "tt-close" });
});

afterEach(async () => {
  await network.manage({ op: "fault-clear" });
  program?.kill();
  closeKernelSockets();
});

afterAll(() => network?.stop());

interface Peer {
  readonly s: SOCKET;
  /** The next line that the program prints. */
  line(): Promise<string>;
  /** It goes on from its input(). */
  goOn(): void;
  /** State of our side. */
  state(): Promise<string | undefined>;
}

/** A socket of ours that a program with the kernel's sockets has connected to; the program has its end as `s`, and little room. */
async function connectedTo(script: string): Promise<Peer> {
  const listener = await ourListener(PORT);
  const prologue = `import socket
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
s.connect(("${OURS}", ${PORT}))
def everything():
    count = 0
    try:
        while True:
            n = len(s.recv(65536))
            if n == 0:
                return f"{count} then the end"
            count += n
    except OSError as e:
        return f"{count} then {type(e).__name__}" if count == 0 else f"some then {type(e).__name__}"
`;
  program = spawn("python3", ["-u", "-c", prologue + script], { stdio: ["pipe", "pipe", "inherit"] });
  const { stdin, stdout } = program;
  const lines: Interface = createInterface(stdout!);
  const said: string[] = [];
  lines.on("line", (line) => said.push(line));
  const { socket: s, port } = (await accept(listener)) as { readonly socket: SOCKET; readonly port: number };
  await closesocket(listener);
  return {
    s,
    line: async () => {
      if (said.length === 0) await once(lines, "line");
      return said.shift()!;
    },
    goOn: () => void stdin!.write("\n"),
    state: async () => (await network.statesTowards(port))[0],
  };
}

tapTest("what is left unread makes a reset of the close (RFC 9293 §3.10.4, RFC 2525 §2.17)", async () => {
  const peer = await connectedTo(`s.send(b"never read")
input()
print(everything())`);
  await until(async () => (await ioctlsocket(peer.s, FIONREAD)) === 10, "it has come");
  await closesocket(peer.s);
  peer.goOn();
  expect(await peer.line()).toBe("0 then ConnectionResetError");
});

tapTest("a close goes on in the background: its caller does not wait, and everything arrives before the FIN", async () => {
  const peer = await connectedTo(`input()
print(everything())`);
  await send(peer.s, new Uint8Array(300_000));
  await closesocket(peer.s);
  // The FIN stands behind what the kernel has no room for.
  expect(await peer.state()).toBe("ESTABLISHED");
  peer.goOn();
  expect(await peer.line()).toBe("300000 then the end");
});

tapTest("a lingering close waits until all is acknowledged, its FIN included", async () => {
  const peer = await connectedTo(`input()
print(everything())
input()`);
  await send(peer.s, new Uint8Array(300_000));
  await setsockopt(peer.s, SOL_SOCKET, SO_LINGER, { l_onoff: 1, l_linger: 20 });
  let isClosed = false;
  const closing = closesocket(peer.s).then(() => {
    isClosed = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(isClosed).toBe(false);
  peer.goOn();
  await closing;
  expect(await peer.state()).toBe("FIN-WAIT-2");
  expect(await peer.line()).toBe("300000 then the end");
});

tapTest("one whose time is over resets the connection", async () => {
  const peer = await connectedTo(`input()
print(everything())`);
  await send(peer.s, new Uint8Array(300_000));
  await setsockopt(peer.s, SOL_SOCKET, SO_LINGER, { l_onoff: 1, l_linger: 1 });
  await closesocket(peer.s);
  expect(await peer.state()).toBeUndefined();
  peer.goOn();
  expect(await peer.line()).toMatch(/^(0|some) then ConnectionResetError$/);
});

tapTest("the kernel answers keepalive probes, and a wire that is cut is noticed by them", async () => {
  const peer = await connectedTo("input()");
  await WSAIoctl(peer.s, SIO_KEEPALIVE_VALS, { onoff: 1, keepalivetime: 100, keepaliveinterval: 100 });
  const receiving = failure(recv(peer.s));
  const counted = async () => (await network.manage({ op: "ss" })).tcp.find(({ local }) => local.endsWith(`:${PORT}`));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  // Longer than unanswered probes would have left it.
  expect((await counted())?.state).toBe("ESTABLISHED");
  await network.manage({ op: "fault-set", direction: "both", settings: { loss: 1 } });
  expect(await receiving).toBe("WSAECONNABORTED");
});
