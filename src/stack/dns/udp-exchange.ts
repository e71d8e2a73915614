import type { RouteFailure } from "../ip/path.ts";
import type { IcmpErrorKind } from "../ip/transport.ts";
import type { UdpEndpoint, UdpOpenFailure } from "../udp/udp-service.ts";
import type { UdpSendResult } from "../udp/udp-user.ts";
import type { DnsExchange, DnsTransports, ExchangeUser, SentQuery } from "./exchange.ts";
import type { KnownServer } from "./servers.ts";

/** What need not be waited out. */
const IS_FINAL: ReadonlySet<IcmpErrorKind> = new Set([
  "net-unreachable",
  "host-unreachable",
  "protocol-unreachable",
  "port-unreachable",
  "administratively-prohibited",
]);

/** A few answers that are none may come before the one that is; a flood of them is not kept. */
const RECEIVE_BUFFER = 8192;

/**
 * One query in a datagram, from a fresh random port (RFC 5452 §9.2). The endpoint is connected, so that only what comes from the server's
 * address and port is heard at all.
 * @returns why it cannot be sent, or the exchange under way
 */
export function exchangeByUdp(
  { udp }: DnsTransports,
  server: KnownServer,
  query: SentQuery,
  user: ExchangeUser,
): DnsExchange | UdpOpenFailure | RouteFailure | UdpSendResult {
  const receive = (): void => {
    for (let datagram = endpoint.receive(); datagram !== undefined; datagram = endpoint.receive()) {
      const { payload } = datagram;
      if (!query.isAnsweredBy(payload, 0, payload.length)) continue;
      endpoint.close();
      user.answered(payload, 0, payload.length);
      return;
    }
  };
  const unreachable = (): void => {
    endpoint.close();
    user.unreachable();
  };
  const icmpError = (kind: IcmpErrorKind): void => {
    if (IS_FINAL.has(kind)) unreachable();
  };
  const opened = udp.open({ user: { readable: receive, icmpError, networkDown: unreachable } });
  if (typeof opened === "string") return opened;
  const endpoint: UdpEndpoint = opened;
  endpoint.setReceiveBuffer(RECEIVE_BUFFER);
  const failure = endpoint.connect(server.address, server.port) ?? failureOf(endpoint.send(query.bytes));
  if (failure === undefined) return { end: () => endpoint.close() };
  endpoint.close();
  return failure;
}

/** A full device loses the datagram, as a wire might: it will be sent again. */
const failureOf = (result: UdpSendResult): UdpSendResult | undefined =>
  result === "sent" || result === "queued" || result === "full" || result === "dropped" ? undefined : result;
