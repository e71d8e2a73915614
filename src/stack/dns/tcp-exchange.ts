import { putU16, u16 } from "../packet/bytes.ts";
import type { TcpConnection } from "../tcp/tcp-service.ts";
import type { OpenFailure } from "../tcp/tcp-user.ts";
import type { DnsExchange, DnsTransports, ExchangeUser, SentQuery } from "./exchange.ts";
import type { KnownServer } from "./servers.ts";

/** Before each message stands its length, RFC 1035 §4.2.2. */
const LENGTH = 2;

/**
 * One query over a connection of its own (RFC 7766 §5), which is closed behind the answer. An answer that is none, or that breaks off,
 * counts as no way to the server: nobody but the server can have sent it.
 * @returns why it cannot be opened, or the exchange under way
 */
export function exchangeByTcp(
  { tcp }: DnsTransports,
  server: KnownServer,
  query: SentQuery,
  user: ExchangeUser,
): DnsExchange | OpenFailure {
  const framed = new Uint8Array(LENGTH + query.bytes.length);
  putU16(framed, 0, query.bytes.length);
  framed.set(query.bytes, LENGTH);
  const length = new Uint8Array(LENGTH);
  let answer: Uint8Array | undefined;
  let received = 0;

  const failed = (): void => {
    connection.abort();
    user.unreachable();
  };
  const receive = (): void => {
    if (answer === undefined) {
      if (connection.readableBytes < LENGTH) return;
      connection.read(length, 0, LENGTH);
      answer = new Uint8Array(u16(length, 0));
    }
    received += connection.read(answer, received, answer.length);
    if (received < answer.length) return;
    if (query.isAnsweredBy(answer, 0, answer.length)) {
      connection.close(false);
      user.answered(answer, 0, answer.length);
    } else failed();
  };
  const opened = tcp.open({
    remote: server.address,
    remotePort: server.port,
    user: {
      established: () => connection.write(framed, 0, framed.length),
      readable: receive,
      endOfStream: failed,
      connectFailed: () => user.unreachable(),
      aborted: () => user.unreachable(),
    },
  });
  if (typeof opened === "string") return opened;
  const connection: TcpConnection = opened;
  return { end: () => connection.abort() };
}
