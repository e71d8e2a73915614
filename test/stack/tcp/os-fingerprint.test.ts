import { describe, expect, test } from "@jest/globals";
import { LINUX, type Profile, RFC, WINDOWS } from "../../../src/stack/core/profile.ts";
import { seqAdd } from "../../../src/stack/core/seq.ts";
import { ScriptPeer } from "../../support/script-peer.ts";

/** What nmap's probes T2, T3, T4 and T6 of an open and a closed port are answered with: flags, sequence and acknowledgment number. */
function answers(profile: Profile) {
  const probe = (flags: string, isOpen: boolean) => {
    const peer = new ScriptPeer(profile);
    if (isOpen) peer.host.tcp.listen({ localPort: 80, backlog: 1, acceptable: () => {} });
    // On the wire 1000 and 77777, and so below.
    peer.send(flags, { from: 5555, to: 80, seq: 1000 - peer.isn, ack: 77_777 - peer.ourIsn });
    const [answer] = peer.seen;
    if (answer === undefined) return "nothing";
    return `${answer.flags} seq=${seqAdd(peer.ourIsn, answer.seq)} ack=${answer.rawAck} win=${answer.window}`;
  };
  return { t2: probe("", true), t3: probe("SFP", true), t4: probe(".", true), t6: probe(".", false) };
}

describe("odd segments are answered as the system of the profile does (nmap's tests T2 to T6)", () => {
  test("windows: as Windows 10 1703 in nmap's database", () => {
    expect(answers(WINDOWS)).toEqual({
      t2: "R. seq=0 ack=1000 win=0",
      t3: "R. seq=0 ack=1002 win=0",
      t4: "R seq=77777 ack=77777 win=0",
      t6: "R seq=77777 ack=77777 win=0",
    });
  });

  test.each([LINUX, RFC])("$name: by RFC 9293 §3.10.7.1 and §3.10.7.2", (profile) => {
    const { t2, t3, t4, t6 } = answers(profile);
    expect([t2, t4, t6]).toEqual(["nothing", "R seq=77777 ack=0 win=0", "R seq=77777 ack=0 win=0"]);
    expect(t3).toMatch(/^S\. .* ack=1001 win=64240$/);
  });
});
