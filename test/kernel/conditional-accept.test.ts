import { once } from "node:events";
import { connect as connectFromKernel, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, expect, jest } from "@jest/globals";
import { CF_ACCEPT, CF_DEFER, CF_REJECT, SO_CONDITIONAL_ACCEPT, SO_PAUSE_ACCEPT, SOL_SOCKET } from "../../src/winsock/abi/constants.ts";
import { bind, closesocket, listen, recv, type SOCKET, send, setsockopt, socket, WSAAccept } from "../../src/winsock/promises.ts";
import { tapTest, whyNoTap } from "./namespace.ts";
import { failure, kernelText, OURS, TapNetwork } from "./tap-network.ts";

jest.setTimeout(60_000);
const PORT = 7102;
let network: TapNetwork;
const clients: Socket[] = [];

beforeAll(async () => {
  if (whyNoTap() === undefined) network = await TapNetwork.start({ name: "tt-cond" });
});

afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
});

afterAll(() => network?.stop());

async function listening(option: number): Promise<SOCKET> {
  const s = await socket();
  await bind(s, { port: PORT });
  await setsockopt(s, SOL_SOCKET, option, true);
  await listen(s, 8);
  return s;
}

/** A socket of the kernel's that knocks, and how its connect ended. */
function knock(): { readonly client: Socket; readonly ended: Promise<string> } {
  const client = connectFromKernel({ host: OURS, port: PORT });
  clients.push(client);
  const ended = once(client, "connect").then(
    () => "connected",
    (error: NodeJS.ErrnoException) => error.code ?? "",
  );
  // A listener that closes resets whom nobody has accepted.
  client.on("error", () => {});
  return { client, ended };
}

tapTest("SO_CONDITIONAL_ACCEPT: the kernel's connect is refused by CF_REJECT, and never was connected", async () => {
  const listener = await listening(SO_CONDITIONAL_ACCEPT);
  const { client, ended } = knock();
  expect(await failure(WSAAccept(listener, () => CF_DEFER))).toBe("WSATRY_AGAIN");
  expect(client.connecting).toBe(true);
  expect(await failure(WSAAccept(listener, () => CF_REJECT))).toBe("WSAECONNREFUSED");
  expect(await ended).toBe("ECONNREFUSED");
  await closesocket(listener);
});

tapTest("SO_CONDITIONAL_ACCEPT: CF_ACCEPT lets the kernel in, also when it has sent its SYN again, and bytes go both ways", async () => {
  const listener = await listening(SO_CONDITIONAL_ACCEPT);
  const { client, ended } = knock();
  // The kernel's second SYN comes after a second, and is absorbed.
  await new Promise((resolve) => setTimeout(resolve, 1200));
  expect(client.connecting).toBe(true);
  const { socket: s } = await WSAAccept(listener, () => CF_ACCEPT);
  expect(await ended).toBe("connected");
  client.end("hello");
  expect(Buffer.from(await recv(s)).toString()).toBe("hello");
  await send(s, "welcome");
  await closesocket(s);
  expect(await kernelText(client)).toBe("welcome");
  await closesocket(listener);
});

tapTest("SO_PAUSE_ACCEPT: the kernel's connect is refused while it is set", async () => {
  const listener = await listening(SO_PAUSE_ACCEPT);
  expect(await knock().ended).toBe("ECONNREFUSED");
  await setsockopt(listener, SOL_SOCKET, SO_PAUSE_ACCEPT, false);
  expect(await knock().ended).toBe("connected");
  await closesocket(listener);
});
