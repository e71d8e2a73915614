import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { formatAddress } from "../../../src/stack/core/address.ts";
import { below, SeededRandom } from "../../../src/stack/core/random.ts";
import * as dns from "../../../src/stack/packet/dns.ts";
import { dnsWords } from "../../../src/stack/packet/dns-words.ts";
import { a, aaaa, ascii, cname, message, nameBytes, ptr, type RecordParts, soa, srv, TYPE, txt } from "../../support/dns-message.ts";

/** Answer about www.example from a server that compresses. */
const COMPRESSED = Uint8Array.from([
  ...[0x12, 0x34, 0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0], // id, answer with recursion, one question, two answers
  ...[3, ...ascii("www"), 7, ...ascii("example"), 0, 0, 1, 0, 1], // 12: www.example, A, IN
  ...[0xc0, 12, 0, 5, 0, 1, 0, 0, 1, 44, 0, 6, 3, ...ascii("web"), 0xc0, 16], // CNAME, 300 s, web.example
  ...[0xc0, 41, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 203, 0, 113, 80], // web.example, A, 60 s
]);

const checked = (b: Uint8Array) => dns.check(b, 0, b.length);
const nameAt = (b: readonly number[], name: number) => dns.nameText(Uint8Array.from(b), 0, name, b.length);

/** Every record's name, type, lifetime and data, in words. */
function recordsOf(b: Uint8Array, at = 0, end = b.length): unknown[] {
  const record = dns.makeRecordView();
  const all: unknown[] = [];
  let next = dns.recordsAt(b, at);
  for (let i = 0; i < dns.records(b, at); i++) {
    next = dns.readRecord(b, next, record);
    const name = dns.nameText(b, at, record.nameAt, end);
    all.push([name, dns.typeName(record.type), record.ttl, ...dataOf(b, at, end, record)]);
  }
  return all;
}

function dataOf(b: Uint8Array, at: number, end: number, record: dns.RecordView): unknown[] {
  if (record.class !== dns.CLASS_IN) return [];
  const target = () => dns.nameText(b, at, dns.targetAt(record), end);
  switch (record.type) {
    case dns.TYPE_A:
    case dns.TYPE_AAAA:
      return [formatAddress(dns.address(b, record))];
    case dns.TYPE_CNAME:
    case dns.TYPE_PTR:
      return [target()];
    case dns.TYPE_SRV:
      return [dns.srvPriority(b, record), dns.srvWeight(b, record), dns.srvPort(b, record), target()];
    case dns.TYPE_TXT:
      return dns.texts(b, record);
    case dns.TYPE_SOA:
      return [dns.soaMinimum(b, record)];
    default:
      return [];
  }
}

describe("a DNS query (RFC 1035 §4.1)", () => {
  test("[DNS-07] asks one question with recursion desired, and says that answers of 1232 bytes may come", () => {
    const b = new Uint8Array(dns.MAX_QUERY + 1).fill(0xee);
    const end = dns.writeQuery(b, 1, 0xabcd, "www.example.com.", dns.TYPE_AAAA, dns.UDP_PAYLOAD);
    expect([...b.subarray(1, end)]).toEqual([
      ...[0xab, 0xcd, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 1],
      ...[3, ...ascii("www"), 7, ...ascii("example"), 3, ...ascii("com"), 0, 0, 28, 0, 1],
      ...[0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0], // the root's OPT record, payload 1232
    ]);
    expect(dns.check(b, 1, end!)).toBeUndefined();
    expect([b[0], b[end!]]).toEqual([0xee, 0xee]);
  });

  test("without that, it has the question alone", () => {
    const b = new Uint8Array(dns.MAX_QUERY);
    const end = dns.writeQuery(b, 0, 1, ".", dns.TYPE_TXT, 0);
    expect([...b.subarray(0, end)]).toEqual([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 1]);
  });

  test.each(["", ".a", "a..b", "a b", "bücher", `${"x".repeat(64)}.a`, "x.".repeat(127).concat("x"), "a\\", "a\\999", "a\\1", "a.."])(
    "is not written for %j, which is no name",
    (name) => {
      expect(dns.writeQuery(new Uint8Array(dns.MAX_QUERY), 0, 1, name, dns.TYPE_A, 0)).toBeUndefined();
    },
  );

  test("the longest name has 255 octets with its zero", () => {
    const longest = `${"x.".repeat(126)}x`;
    expect(dns.writeName(new Uint8Array(255), 0, longest)).toBe(255);
    expect(dns.writeName(new Uint8Array(255), 0, `${longest}.`)).toBe(255);
    expect(dns.writeName(new Uint8Array(255), 0, `${longest}x`)).toBeUndefined();
    const label = "x".repeat(63);
    expect(dns.writeName(new Uint8Array(255), 0, `${label}.${label}.${label}.${"x".repeat(61)}`)).toBe(255);
    expect(dns.writeName(new Uint8Array(255), 0, `${label}.${label}.${label}.${"x".repeat(62)}`)).toBeUndefined();
  });

  test("any octets make a name, whose text is printable and is read back", () => {
    const label = fc.uint8Array({ minLength: 1, maxLength: 63 });
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 3 }), (labels) => {
        const sent = [...labels.flatMap((each) => [each.length, ...each]), 0];
        const text = dns.nameText(Uint8Array.from([...new Array(12).fill(0), ...sent]), 0, 12, 12 + sent.length)!;
        expect(text).toMatch(/^[!-~]+$/);
        const b = new Uint8Array(dns.MAX_NAME);
        expect([...b.subarray(0, dns.writeName(b, 0, text))]).toEqual(sent);
      }),
    );
  });

  test("what would move a terminal's cursor or pass for another name is escaped", () => {
    expect(nameAt([...new Array(12).fill(0), 4, 0x1b, 0x5b, 0x2e, 0x5c, 1, 0xff, 0], 12)).toBe("\\027[\\.\\\\.\\255");
  });
});

describe("a DNS answer", () => {
  test("is read through its compressed names (RFC 1035 §4.1.4)", () => {
    expect(checked(COMPRESSED)).toBeUndefined();
    expect([dns.id(COMPRESSED, 0), dns.isResponse(COMPRESSED, 0), dns.opcode(COMPRESSED, 0), dns.rcode(COMPRESSED, 0)]).toEqual([
      0x1234,
      true,
      0,
      0,
    ]);
    expect([dns.isTruncated(COMPRESSED, 0), dns.offersRecursion(COMPRESSED, 0)]).toEqual([false, true]);
    expect(dns.nameText(COMPRESSED, 0, dns.questionAt(0), COMPRESSED.length)).toBe("www.example");
    expect(dns.questionType(COMPRESSED, dns.questionAt(0))).toBe(dns.TYPE_A);
    expect(recordsOf(COMPRESSED)).toEqual([
      ["www.example", "CNAME", 300, "web.example"],
      ["web.example", "A", 60, "203.0.113.80"],
    ]);
  });

  test("is the same wherever in the bytes it lies", () => {
    const b = new Uint8Array(COMPRESSED.length + 9).fill(0xff);
    b.set(COMPRESSED, 5);
    expect(dns.check(b, 5, 5 + COMPRESSED.length)).toBeUndefined();
    expect(recordsOf(b, 5, 5 + COMPRESSED.length)).toEqual(recordsOf(COMPRESSED));
  });

  test("has records of every type that is asked for", () => {
    const b = message({
      questions: [["x.example", TYPE.SRV]],
      answers: [
        aaaa("x.example", [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]),
        srv("_http._tcp.example", 1, 2, 8080, "x.example"),
        txt("x.example", 'say "hi"', "", "a.b\x07"),
        ptr("1.113.0.203.in-addr.arpa", "x.example"),
      ],
      authorities: [soa("example", 900)],
      additionals: [{ name: ".", type: TYPE.OPT, class: 1232, ttl: 0, data: [] }],
    });
    expect(checked(b)).toBeUndefined();
    expect(recordsOf(b)).toEqual([
      ["x.example", "AAAA", 300, "2001:db8::1"],
      ["_http._tcp.example", "SRV", 300, 1, 2, 8080, "x.example"],
      ["x.example", "TXT", 300, 'say\\032\\"hi\\"', "", "a.b\\007"],
      ["1.113.0.203.in-addr.arpa", "PTR", 300, "x.example"],
      ["example", "SOA", 300, 900],
      [".", "OPT", 0],
    ]);
  });

  test("lives for no time where the high bit of its lifetime is set (RFC 2181 §8)", () => {
    const b = message({ answers: [a("x", "203.0.113.1", 0x80000001)] });
    expect(recordsOf(b)).toEqual([["x", "A", 0, "203.0.113.1"]]);
  });

  test("that is cut anywhere is not whole", () => {
    for (let end = 0; end < COMPRESSED.length; end++) expect(dns.check(COMPRESSED, 0, end)).toMatch(/^dns-/);
  });
});

describe("a name that lies (RFC 9267)", () => {
  const header = new Array<number>(12).fill(0);

  test.each<[string, number[]]>([
    ["points to itself", [0xc0, 12]],
    ["points forwards", [0xc0, 14, 1, 0x61, 0]],
    ["points to a pointer that points back", [0xc0, 14, 0xc0, 12]],
    ["goes round with a label", [1, 0x61, 0xc0, 12]],
    ["points into the header", [0xc0, 2]],
    ["points behind the message", [0xff, 0xff]],
    ["ends in half a pointer", [0xc0]],
    ["has no end", [1, 0x61]],
    ["has a label that is cut", [3, 0x61, 0x62]],
    ["has a label of the reserved kind 01", [0x41, ...new Array(65).fill(0x61), 0]],
    ["has a label of the reserved kind 10", [0x80, 0]],
  ])("[DNS-03] is none when it %s", (_what, bytes) => {
    expect(nameAt([...header, ...bytes], 12)).toBeUndefined();
    // Its own question, so that check meets it too.
    const b = Uint8Array.from([0, 0, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0, ...bytes, 0, 1, 0, 1]);
    expect(checked(b)).toMatch(/^dns-/);
  });

  test("[DNS-03] is none beyond 255 octets, with pointers or without", () => {
    expect(nameAt([...header, ...nameBytes("x.".repeat(149).concat("x"))], 12)).toBeUndefined();
    // 43 labels of five octets lie first; the second name adds 40 octets, and then 39.
    const first = nameBytes(Array.from({ length: 43 }, () => "abcd").join("."));
    expect(first.length).toBe(216);
    const behind = (octets: number) => nameAt([...header, ...first, octets - 1, ...new Array(octets - 1).fill(0x78), 0xc0, 12], 12 + 216);
    expect(behind(40)).toBeUndefined();
    expect(behind(39)).toHaveLength(253);
  });

  test("[DNS-03] is none after more jumps than a name has labels", () => {
    // A zero at 12, then a chain of pointers from 13 on, each to the one before.
    const pointer = (target: number) => [0xc0 | (target >> 8), target & 255];
    const chain = (jumps: number) => [0, ...Array.from({ length: jumps }, (_, i) => pointer(i === 0 ? 12 : 11 + 2 * i)).flat()];
    const last = (jumps: number) => 13 + 2 * (jumps - 1);
    const read = (jumps: number) => nameAt([...header, ...chain(jumps)], last(jumps));
    expect(read(100)).toBe(".");
    expect([read(127), read(128)]).toEqual([".", undefined]);
  });
});

describe("lengths that lie (RFC 9267)", () => {
  const answered = (answer: RecordParts) => checked(message({ questions: [["x.example", answer.type]], answers: [answer] }));

  test.each([0, 1, 2, 3])("[DNS-04] count %i of 65535 is more than there is", (which) => {
    const counts = [1, 1, 0, 0].map((count, i) => (i === which ? 65535 : count)) as [number, number, number, number];
    const parts = { questions: [["x", 1] as const], answers: [a("x", "203.0.113.1")] };
    expect(checked(message(parts))).toBeUndefined();
    // What follows the message's end is read as a name of nothing.
    expect(checked(message({ ...parts, counts }))).toMatch(/^dns-(truncated|bad-name)$/);
  });

  test("[DNS-04] data that reaches past the end is not there", () => {
    expect(answered({ ...txt("x", "abc"), length: 5 })).toBe("dns-truncated");
    expect(answered({ ...a("x", "203.0.113.1"), length: 65535 })).toBe("dns-truncated");
    expect(answered({ name: "x", type: 99, data: [1, 2, 3], length: 4 })).toBe("dns-truncated");
  });

  test.each<[string, RecordParts]>([
    ["A of 3 bytes", { name: "x", type: TYPE.A, data: [1, 2, 3] }],
    ["A of 5 bytes", { name: "x", type: TYPE.A, data: [1, 2, 3, 4, 5] }],
    ["A of 16 bytes", { name: "x", type: TYPE.A, data: new Array(16).fill(1) }],
    ["AAAA of 4 bytes", { name: "x", type: TYPE.AAAA, data: [1, 2, 3, 4] }],
    ["SRV without a name", { name: "x", type: TYPE.SRV, data: [0, 1, 0, 1, 0, 1] }],
    ["SRV of 5 bytes", { name: "x", type: TYPE.SRV, data: [0, 1, 0, 1, 0] }],
    ["CNAME with more behind it", { name: "x", type: TYPE.CNAME, data: [...nameBytes("y"), 0] }],
    ["CNAME whose name leaves the data", { ...cname("x", "yyy.example"), length: 4 }],
    ["PTR of nothing", { name: "x", type: TYPE.PTR, data: [] }],
    ["TXT of nothing", { name: "x", type: TYPE.TXT, data: [] }],
    ["TXT whose string is longer", { name: "x", type: TYPE.TXT, data: [2, 65] }],
    ["SOA without its numbers", { name: "x", type: TYPE.SOA, data: [...nameBytes("a"), ...nameBytes("b")] }],
    ["SOA with one name", { name: "x", type: TYPE.SOA, data: [...nameBytes("a")] }],
  ])("[DNS-04] %s is no such record", (_what, record) => {
    // The second record has all the bytes that the first one might wrongly reach for.
    const b = message({ questions: [["x", record.type]], answers: [record, a("x", "203.0.113.1"), txt("x", "a".repeat(40))] });
    expect(checked(b)).toMatch(/^dns-(bad-data|bad-name|truncated)$/);
    expect(checked(message({ answers: [a("x", "203.0.113.1")] }))).toBeUndefined();
  });
});

test("[DNS-03] [DNS-04] 20,000 damaged messages are refused, or can be read to the end", () => {
  const random = new SeededRandom(7);
  const whole = [
    COMPRESSED,
    message({
      questions: [["x.example", TYPE.SRV]],
      answers: [srv("x.example", 1, 2, 3, "y"), txt("x", "abc", "d")],
      authorities: [soa("example", 9)],
    }),
    message({ questions: [["x", 28]], answers: [cname("x", "y"), cname("y", "z"), aaaa("z", [1, 2, 3, 4, 5, 6, 7, 8])] }),
  ];
  let readable = 0;
  for (let i = 0; i < 20_000; i++) {
    const b = whole[i % whole.length]!.slice();
    for (let n = 1 + below(random, 4); n > 0; n--) {
      const at = below(random, b.length);
      b[at] = [0, 0xff, 0xc0, 1, random.u32()][below(random, 5)]!;
    }
    const end = below(random, 8) === 0 ? below(random, b.length + 1) : b.length;
    if (dns.check(b, 0, end) !== undefined) continue;
    readable++;
    for (const record of recordsOf(b, 0, end) as unknown[][]) expect(record[0]).toMatch(/^[!-~]+$/);
    expect(dnsWords(b, 0, end)).not.toMatch(/[^ -~…]|undefined|NaN/);
  }
  expect(readable).toBeGreaterThan(2000);
  expect(readable).toBeLessThan(18_000);
});

test("a message in words", () => {
  const words = (b: Uint8Array) => dnsWords(b, 0, b.length);
  const query = new Uint8Array(dns.MAX_QUERY);
  const end = dns.writeQuery(query, 0, 1, "www.example", dns.TYPE_AAAA, dns.UDP_PAYLOAD)!;
  expect(dnsWords(query, 0, end)).toBe("AAAA? www.example");
  expect(words(COMPRESSED)).toBe("A www.example: CNAME web.example, 203.0.113.80");
  const questions = [["x", TYPE.A]] as const;
  expect(words(message({ questions, flags: 0x8183 }))).toBe("A x: no such name");
  expect(words(message({ questions, flags: 0x8380 }))).toBe("A x: truncated");
  expect(words(message({ questions }))).toBe("A x: nothing");
  expect(words(message({ flags: 0x818b }))).toBe("no question: error 11");
  const many = Array.from({ length: 6 }, (_, i) => a("x", `203.0.113.${i}`));
  expect(words(message({ questions, answers: many }))).toBe("A x: 203.0.113.0, 203.0.113.1, 203.0.113.2, 203.0.113.3, 2 more");
  expect(words(message({ questions, answers: [srv("x", 1, 2, 80, "y"), txt("x", "ab"), { name: "x", type: 99, data: [] }] }))).toBe(
    "A x: SRV y:80, TXT of 3 bytes, TYPE99 of 0 bytes",
  );
});
