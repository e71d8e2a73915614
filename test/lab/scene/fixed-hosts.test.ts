/** What the page's build puts in place of modules of the stack: there it does as they do on a host of a scene. */
import { describe, expect, test } from "@jest/globals";
import { SeededRandom } from "../../../src/stack/core/random.ts";
import type { TraceEvent } from "../../../src/stack/core/trace.ts";
import { OpenQuestion, type QuestionOutcome } from "../../../src/stack/dns/open-question.ts";
import { DnsServers } from "../../../src/stack/dns/servers.ts";
import { Simulation } from "../../../src/stack/host/simulation.ts";
import * as fixed from "../../../web/fixed-hosts.ts";

/** What is seen of a question that is asked on a host without name servers. */
function asked(Question: typeof OpenQuestion | typeof fixed.OpenQuestion) {
  const random = new SeededRandom(1);
  const simulation = new Simulation();
  const host = simulation.host({ random });
  const events: TraceEvent[] = [];
  host.trace.subscribe((event) => events.push(event));
  const outcomes: QuestionOutcome[] = [];
  const { context, udp, tcp } = host;
  const question = new Question({ context, udp, tcp }, new DnsServers(context), "www.example", "AAAA", (outcome) => outcomes.push(outcome));
  const before = [...outcomes];
  question.start();
  question.cancel();
  simulation.run(() => false, 60_000);
  const { name, type, overTcp } = question;
  return { before, outcomes, events, name, type, overTcp, chance: random.u32() };
}

describe("what the page is built with in place of what its hosts never do", () => {
  test("a question of a name ends as on any host without name servers, and leaves no other trace", () => {
    expect(asked(fixed.OpenQuestion)).toEqual(asked(OpenQuestion));
    expect(asked(fixed.OpenQuestion).outcomes).toEqual(["no-servers"]);
  });

  test("what would ask for addresses says that it is not there", () => {
    const { OpenQuestion: _, ...others } = fixed;
    for (const Absent of Object.values(others)) expect(() => new Absent()).toThrow("without DHCP");
  });
});
