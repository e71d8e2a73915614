import { SOCKET_ERROR } from "../winsock/abi/constants.ts";
import { WSASYSCALLFAILURE } from "../winsock/abi/errors.ts";
import type { CallHandler, Replier } from "../winsock/provider/calls.ts";

/**
 * A handler around another that lets no exception out: what a client asks for must never end the host of all clients.
 * A call that trips over a mistake of ours fails with WSASYSCALLFAILURE, and the others go on.
 * @param mistake hears of each exception; must not throw
 */
export function guardedHandler(handler: CallHandler, mistake: (error: unknown) => void): CallHandler {
  const attempt = (act: () => void) => {
    try {
      act();
    } catch (error) {
      mistake(error);
    }
  };
  return {
    openClient: (client, process, isAdministrator) => attempt(() => handler.openClient(client, process, isAdministrator)),
    closeClient: (client) => attempt(() => handler.closeClient(client)),
    hold: (client, isHeld) => attempt(() => handler.hold(client, isHeld)),
    call(client, request, reply) {
      let isAnswered = false;
      const once: Replier = (answer) => {
        if (isAnswered) return;
        isAnswered = true;
        reply(answer);
      };
      try {
        handler.call(client, request, once);
      } catch (error) {
        mistake(error);
        once({ id: request.id, result: SOCKET_ERROR, error: WSASYSCALLFAILURE, a: 0, b: 0, data: null });
      }
    },
  };
}
