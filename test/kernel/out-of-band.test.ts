import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, expect, jest } from "@jest/globals";
import { MSG_OOB, SO_OOBINLINE, SOL_SOCKET } from "../../src/winsock/abi/constants.ts";
import { accept, closesocket, recv, type SOCKET, select, send, setsockopt } from "../../src/winsock/promises.ts";
import { tapTest, whyNoTap } from "./namespace.ts";
import { closeKernelSockets, failure, OURS, ourListener, TapNetwork } from "./tap-network.ts";

jest.setTimeout(60_000);
const PORT = 7101;
let network: TapNetwork;
let program: ChildProcess | undefined;

beforeAll(async () => {
  if (whyNoTap() === undefined) network = await TapNetwork.start({ name: "tt-oob" });
});

afterEach(() => {
  program?.kill();
  closeKernelSockets();
});

afterAll(() => network?.stop());

/** A socket of ours that a program with the kernel's sockets has connected to; the program has its end as `s`. */
async function connectedTo(script: string): Promise<{ readonly s: SOCKET; readonly said: Promise<string>; close(): Promise<void> }> {
  const listener = await ourListener(PORT);
  const prologue = `import socket, select, time
s = socket.create_connection(("${OURS}", ${PORT}))
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
`;
  program = spawn("python3", ["-c", prologue + script], { stdio: ["ignore", "pipe", "inherit"] });
  const said = text(program.stdout!);
  const { socket: s } = await accept(listener);
  const close = async () => {
    await closesocket(s);
    await closesocket(listener);
    if (program!.exitCode === null) await once(program!, "exit");
  };
  return { s, said, close };
}

const words = async (receiving: Promise<Uint8Array>): Promise<string> => Buffer.from(await receiving).toString();
const urgent = async (s: SOCKET): Promise<string> => {
  await select({ except: [s] }, { timeoutMs: 5000 });
  return words(recv(s, 1, { flags: MSG_OOB }));
};

tapTest("[URG-01] [URG-03] what the kernel sends by MSG_OOB is received by MSG_OOB, apart from the stream", async () => {
  const { s, close } = await connectedTo(`
s.send(b"ab")
s.send(b"cd!", socket.MSG_OOB)
time.sleep(0.2)
s.send(b"e?", socket.MSG_OOB)
s.send(b"f")
s.recv(1)`);
  expect([await urgent(s), await urgent(s)]).toEqual(["!", "?"]);
  expect(await failure(recv(s, 1, { flags: MSG_OOB }))).toBe("WSAEINVAL");
  let stream = "";
  while (stream.length < 6) stream += await words(recv(s));
  expect(stream).toBe("abcdef");
  await close();
});

tapTest("[URG-01] inline it has its place in the stream, and receives end at it", async () => {
  const { s, close } = await connectedTo(`
s.recv(1)
s.send(b"ab")
s.send(b"cd!", socket.MSG_OOB)
s.send(b"ef")
s.recv(1)`);
  await setsockopt(s, SOL_SOCKET, SO_OOBINLINE, 1);
  await send(s, ".");
  const pieces: string[] = [];
  while (pieces.join("").length < 7) pieces.push(await words(recv(s)));
  expect(pieces.join("")).toBe("abcd!ef");
  expect(pieces).toContain("!");
  await close();
});

tapTest(
  "[URG-01] [URG-03] what we send by MSG_OOB the kernel receives by MSG_OOB, also behind a long stream in super-segments",
  async () => {
    const { s, said, close } = await connectedTo(`
def urgent():
    select.select([], [], [s], 5)
    return s.recv(1, socket.MSG_OOB).decode()
first = urgent()
s.send(b".")
second = None
count = 0
while count < 2000004:
    readable, _, exceptional = select.select([s], [], [s] if second is None else [], 5)
    if exceptional:
        try:
            second = s.recv(1, socket.MSG_OOB).decode()
        except OSError:
            pass
    if readable:
        count += len(s.recv(65536))
print(first, second, count)`);
    await send(s, "ab!", { flags: MSG_OOB });
    await recv(s, 1);
    await send(s, new Uint8Array(1_000_000).fill(0x61));
    await send(s, "c?", { flags: MSG_OOB });
    await send(s, new Uint8Array(1_000_001).fill(0x62));
    expect((await said).trim()).toBe("! ? 2000004");
    await close();
  },
);
