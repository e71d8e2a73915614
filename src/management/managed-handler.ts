import { CALL, type CallHandler } from "../winsock/provider/calls.ts";
import type { ManagementService } from "./management-service.ts";

/** The provider, with management answered beside it. */
export function withManagement(provider: CallHandler, management: ManagementService): CallHandler {
  return {
    openClient(client, process, isAdministrator) {
      provider.openClient(client, process, isAdministrator);
      management.openClient();
    },
    closeClient(client) {
      management.closeClient(client);
      provider.closeClient(client);
    },
    hold: (client, isHeld) => provider.hold(client, isHeld),
    call(client, request, reply) {
      if (request.op !== CALL.control) {
        provider.call(client, request, reply);
        return;
      }
      management.handle(client, request.data ?? new Uint8Array(), (data) =>
        reply({ id: request.id, result: 0, error: 0, a: 0, b: 0, data }),
      );
    },
  };
}
