/**
 * What the build of the page puts in place of modules that its hosts cannot come to (`scripts/build-page.mjs` lists them): a scene says the
 * addresses of its hosts and gives them no name servers, so nothing is asked for by DHCP or of routers, and no question of names is sent.
 */
import type { OpenQuestion as AskedQuestion, QuestionOutcome } from "../src/stack/dns/open-question.ts";

/** A question where there is nobody to ask: it ends as one of the stack does on a host without name servers. */
export class OpenQuestion implements Pick<AskedQuestion, keyof AskedQuestion> {
  readonly name: string;
  readonly type: AskedQuestion["type"];
  readonly overTcp = 0;
  readonly #done: (outcome: QuestionOutcome) => void;

  constructor(...[_transports, _servers, name, type, done]: ConstructorParameters<typeof AskedQuestion>) {
    this.name = name;
    this.type = type;
    this.#done = done;
  }

  start(): void {
    this.#done("no-servers");
  }

  cancel(): void {}
}

class Autoconfigured {
  constructor() {
    throw new Error(
      "The hosts of a scene have the addresses that it says: the page is built without DHCP and without routers' advertisements",
    );
  }
}

export {
  Autoconfigured as AdvertisedNames,
  Autoconfigured as DhcpClient,
  Autoconfigured as InterfaceIds,
  Autoconfigured as RouterDiscovery,
  Autoconfigured as Slaac,
  Autoconfigured as TemporaryAddresses,
};
