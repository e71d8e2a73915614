import { InfraredMedium, type InfraredMediumService } from "../../irda/infrared-medium.ts";
import type { StationSettings } from "../../irda/infrared-station.ts";
import { WSAEOPNOTSUPP } from "../abi/errors.ts";
import { IrdaSocket } from "./irda-socket.ts";
import { failed } from "./outcome.ts";
import type { Provider } from "./provider.ts";
import { IRLMP_LEVEL } from "./sol-irlmp.ts";

/**
 * The provider's host gets an infrared device in this room, and its programs AF_IRDA. Apart from the provider, so that what has no
 * infrared device need not carry its protocols.
 * @throws RangeError when the id is taken, or no id
 */
export function joinInfrared(provider: Provider, medium: InfraredMediumService, settings: StationSettings): void {
  if (!(medium instanceof InfraredMedium)) throw new TypeError("An infrared medium is made by createInfraredMedium");
  provider.useInfrared((host) => {
    const station = medium.join(host, settings);
    return {
      options: IRLMP_LEVEL,
      newSocket: (owner, context) => new IrdaSocket(owner, context, station),
      accept: (socket, room, acceptor) => (socket instanceof IrdaSocket ? socket.accept(room, acceptor) : failed(WSAEOPNOTSUPP)),
    };
  });
}
