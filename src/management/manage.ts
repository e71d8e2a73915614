import { NetworkError } from "../transport/network-error.ts";
import { type AsyncPort, CALL } from "../winsock/provider/calls.ts";
import type { ManagementRequest, ManagementResponse, ManagementResults } from "./management.ts";

/**
 * Asks something of the host behind a port. The port's client need not have called WSAStartup.
 * @throws NetworkError with the host's sentence when it refuses, or when it is gone
 */
export async function manage<R extends ManagementRequest>(
  port: AsyncPort,
  request: R,
  signal?: AbortSignal,
): Promise<ManagementResults[R["op"]]> {
  const data = new TextEncoder().encode(JSON.stringify(request));
  const reply = await port.call({ op: CALL.control, s: 0, a: 0, b: 0, c: 0, data }, signal);
  if (reply.data === null) throw new NetworkError(`Cannot ask the network for "${request.op}": error ${reply.error}`);
  const response = JSON.parse(new TextDecoder().decode(reply.data)) as ManagementResponse<R["op"]>;
  if (!response.ok) throw new NetworkError(response.error);
  return response.result;
}
