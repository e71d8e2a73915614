import { describe, expect, test } from "@jest/globals";
import { Conversation } from "../../src/drill/conversation.ts";
import { makeTcp } from "../../src/drill/packet-maker.ts";
import { joinProblem, joinSegments, matchSegment, type PshRule } from "../../src/drill/packet-matcher.ts";
import { segmentText } from "../../src/drill/packet-text.ts";
import { parseScript } from "../../src/drill/parse-script.ts";
import type { TcpLine } from "../../src/drill/script.ts";
import { DrillMismatch } from "../../src/drill/script-error.ts";
import { readSentIp, readSentSegment, type SentSegment } from "../../src/drill/sent-packet.ts";
import { parseAddress } from "../../src/stack/core/address.ts";

const here = parseAddress("192.0.2.1");
const there = parseAddress("192.0.2.2");

const line = (text: string): TcpLine => parseScript("test", `0 ${text}`).events[0]!.action as TcpLine;

/** A segment of the host's, made by the maker of the other direction with the ends turned round. */
function sent(text: string, change: (bytes: Uint8Array) => void = () => {}): SentSegment {
  const turned = new Conversation({ local: there, localPort: 80, remote: here, remotePort: 4000 });
  const bytes = makeTcp(line(`< ${text}`), turned, false);
  change(bytes);
  return readSentSegment(readSentIp({ atMs: 0, bytes }))!;
}

/** What the comparison finds. Both sides' numbers begin at 0 on the wire too. */
function difference(wanted: string, came: SentSegment, psh: PshRule = "strict", written = 0): string {
  const talk = new Conversation({ local: here, localPort: 4000, remote: there, remotePort: 80 });
  if (written > 0) talk.wrote(written, false);
  try {
    matchSegment(line(`> ${wanted}`), came, talk, psh);
  } catch (error) {
    if (error instanceof DrillMismatch) return error.message;
    throw error;
  }
  return "none";
}

describe("a segment is compared with its line", () => {
  test("the same is the same", () => {
    expect(difference("P. 1:11(10) ack 5 win 9 <nop,nop,sackOK>", sent("P. 1:11(10) ack 5 win 9 <nop,nop,sackOK>"))).toBe("none");
  });

  test.each([
    ["P. 1:11(10) ack 5", "P. 1:12(11) ack 5 win 9", "payload length is 11, not 10"],
    ["P. 1:11(10) ack 5", "P. 2:12(10) ack 5 win 9", "sequence number is 2, not 1"],
    ["P. 1:11(10) ack 5", "P. 1:11(10) ack 6 win 9", "acknowledgment number is 6, not 5"],
    ["P. 1:11(10) ack 5", "FP. 1:11(10) ack 5 win 9", "flags are FP., not P.: FIN"],
    ["P. 1:11(10) ack 5", ". 1:11(10) ack 5 win 9", "flags are ., not P.: PSH"],
    ["R 1:1(0)", "R 1:1(0) ack 5 win 0", "acknowledgment number is 5, not 0"],
    ["R 1:1(0)", "R. 1:1(0) ack 5 win 0", "flags are R., not R: ACK"],
    [". 1:1(0) ack 5", "E. 1:1(0) ack 5 win 9", "flags are E., not .: ECE"],
    [".5 1:1(0) ack 5", ".5 1:1(0) ack 5 win 9", "none"],
    [".5 1:1(0) ack 5", ".4 1:1(0) ack 5 win 9", "ACE counter is 4, not 5"],
    [". 1:1(0) ack 5 win 8", ". 1:1(0) ack 5 win 9", "window is 9, not 8"],
    ["U. 1:2(1) ack 5 urg 1", "U. 1:2(1) ack 5 win 9 urg 2", "urgent pointer is 2, not 1"],
    [". 1:1(0) ack 5 <nop,nop,sackOK>", ". 1:1(0) ack 5 win 9", "option nop is missing"],
    [". 1:1(0) ack 5", ". 1:1(0) ack 5 win 9 <mss 5>", "option mss 5 is not expected"],
    [". 1:1(0) ack 5 <mss 6>", ". 1:1(0) ack 5 win 9 <mss 5>", "option mss 5, not mss 6"],
    [". 1:1(0) ack 5 <...>", ". 1:1(0) ack 5 win 9 <mss 5>", "none"],
    ["[ect0] . 1:1(0) ack 5", "[ect1] . 1:1(0) ack 5 win 9", "ECN is 1, not 2"],
    ["[ect01] . 1:1(0) ack 5", "[ect1] . 1:1(0) ack 5 win 9", "none"],
    ["[ect01] . 1:1(0) ack 5", "[ce] . 1:1(0) ack 5 win 9", "ECN is 3, not ect01"],
    ["[tos 0x10] . 1:1(0) ack 5", "[tos 0x11] . 1:1(0) ack 5 win 9", "tos is 17, not 16"],
    ["[ttl 64] . 1:1(0) ack 5", "[ttl 63] . 1:1(0) ack 5 win 9", "ttl is 63, not 64"],
  ])("%s and %s: %s", (wanted, came, problem) => {
    const found = difference(wanted, sent(came));
    expect(found.replace("option is", "option")).toBe(problem);
  });

  test("bad checksums and payloads that are no zeroes are found", () => {
    expect(
      difference(
        ". 1:11(10) ack 5",
        sent(". 1:11(10) ack 5 win 9", (b) => b.fill(1, 24, 26)),
      ),
    ).toBe("the TCP checksum is wrong");
    expect(
      difference(
        ". 1:11(10) ack 5",
        sent(". 1:11(10) ack 5 win 9", (b) => b.fill(7, 8, 9)),
      ),
    ).toBe("the IPv4 header's checksum is wrong");
    const other = (b: Uint8Array): void => {
      // Two bytes that leave the sum as it is.
      b[b.length - 4] = 0xff;
      b[b.length - 3] = 0xff;
    };
    expect(difference(". 1:11(10) ack 5", sent(". 1:11(10) ack 5 win 9", other))).toBe("byte 6 of the payload is 255, not 0");
  });

  test("leniently PSH counts where a write ends and in what has no text", () => {
    const pushed = sent("P. 1:11(10) ack 5 win 9");
    expect(difference(". 1:11(10) ack 5", pushed, "lenient")).toBe("none");
    expect(difference(". 1:11(10) ack 5", pushed, "lenient", 10)).toBe("flags are P., not .: PSH");
    expect(difference(". 1:11(10) ack 5", pushed, "lenient", 20)).toBe("none");
    expect(difference("P. 1:1(0) ack 5", sent(". 1:1(0) ack 5 win 9"), "lenient")).toBe("flags are ., not P.: PSH");
  });
});

describe("segments that left together are one line", () => {
  const first = sent("W. 1:101(100) ack 5 win 9");

  test("text adds up; what the header says is the last one's", () => {
    const sum = joinSegments(first, sent("P. 101:151(50) ack 5 win 9"));
    expect(sum).toMatchObject({ seq: 1, length: 150 });
    const talk = new Conversation({ local: here, localPort: 4000, remote: there, remotePort: 80 });
    expect(segmentText(sum, talk)).toBe("> PW. 1:151(150) ack 5 win 9");
    expect(difference("PW. 1:151(150) ack 5", sum)).toBe("none");
  });

  test.each([
    ["P. 102:152(50) ack 5 win 9", "the next segment does not follow it"],
    ["P. 101:151(50) ack 6 win 9", "the next segment acknowledges something else"],
    ["P. 101:151(50) ack 5 win 8", "the next segment offers another window"],
    ["R. 101:151(50) ack 5 win 9", "the next segment has other flags"],
    ["P. 101:151(50) ack 5 win 9 <nop,nop,nop,nop>", "the next segment has a header of another length"],
    ["FP. 101:151(50) ack 5 win 9", undefined],
  ])("%s: %s", (next, problem) => {
    expect(joinProblem(first, sent(next), 100, true)).toBe(problem);
  });

  test("between the first and the last all are of one length", () => {
    expect(joinProblem(first, sent(". 101:151(50) ack 5 win 9"), 100, false)).toBe("the next segment has another length");
    expect(joinProblem(first, sent(". 101:201(100) ack 5 win 9"), 100, false)).toBeUndefined();
  });
});

describe("numbers of the script and of the wire", () => {
  const talk = (): Conversation => new Conversation({ local: here, localPort: 4000, remote: there, remotePort: 80 });

  test("what the peer sends counts from its first SYN, which is sent as written", () => {
    const conversation = talk();
    expect(conversation.remoteSent(500, true)).toBe(500);
    expect(conversation.remoteSent(1, false)).toBe(501);
    expect(conversation.remoteInScript(501, false)).toBe(1);
    expect(conversation.remoteInScript(501, true)).toBe(501);
  });

  test("what we send counts from our SYN, whatever the script calls that", () => {
    const conversation = talk();
    conversation.learnLocalIsn(1234, 0xffffffff);
    expect(conversation.localInScript(0xffffffff, true)).toBe(1234);
    expect(conversation.localInScript(0, false)).toBe(1);
    expect(conversation.localOnWire(1235, true)).toBe(0);
    expect(conversation.localOnWire(1, false)).toBe(0);
  });

  test("timestamps are names, and others count from the first where that is asked for", () => {
    const conversation = talk();
    conversation.sawTimestamp(100, 5000);
    conversation.sawTimestamp(200, 5050);
    expect(conversation.timestampOnWire(200, false)).toBe(5050);
    expect(conversation.timestampOnWire(150, false)).toBeUndefined();
    expect(conversation.timestampOnWire(150, true)).toBe(5050);
    expect(conversation.timestampInScript(5050)).toBe(150);
  });

  test("a flow label has one name and is never zero", () => {
    const conversation = talk();
    expect(conversation.isFlowLabel(1, 0)).toBe(false);
    expect(conversation.isFlowLabel(1, 77)).toBe(true);
    expect(conversation.isFlowLabel(1, 78)).toBe(false);
    expect(conversation.isFlowLabel(2, 77)).toBe(false);
    expect(conversation.isFlowLabel(2, 78)).toBe(true);
  });
});
