import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { seqAdd } from "../../../src/stack/core/seq.ts";
import { Loans } from "../../../src/stack/tcp/loans.ts";
import { ReceiveBuffer } from "../../../src/stack/tcp/receive-buffer.ts";
import { MAX_URGENT_MARKS } from "../../../src/stack/tcp/urgent-marks.ts";
import { LendingRings } from "../../support/lending-rings.ts";
import { pause, poolInTime, START, textFrom } from "./buffered-stream.ts";

/** A byte of the model. */
interface Place {
  readonly position: number;
  isApart: boolean;
}

/** Some cross the end of a ring. */
const count = fc.oneof(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 1800 }));
const few = fc.integer({ min: 0, max: 6 });
const step = fc.oneof(
  fc.record({ do: fc.constant("arrive" as const), count, marks: fc.array(fc.tuple(few, fc.boolean()), { maxLength: 5 }) }),
  fc.record({ do: fc.constantFrom("read" as const, "peek" as const, "discard" as const), count, skip: few }),
  fc.record({ do: fc.constant("lend" as const), count, take: few }),
  fc.record({ do: fc.constantFrom("take" as const, "look" as const, "return" as const) }),
  pause,
);

test("urgent bytes are in the stream or apart from it, and nowhere else, however both are read", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { rings, wait } = poolInTime(new LendingRings());
      const buffer = new ReceiveBuffer(START, rings);
      const loans = new Loans(rings);
      let come = 0;
      let unread: Place[] = [];
      let apart: Place[] = [];
      let inline: number[] = [];
      const stream = () => unread.filter(({ isApart }) => !isApart);
      const bytesOf = (places: readonly Place[]) => places.map(({ position }) => textFrom(position, 1)[0]);
      const took = (bytes: number) => {
        if (bytes === 0) return;
        const next = stream()[bytes - 1]!.position + 1;
        unread = unread.filter(({ position }) => position >= next);
        inline = inline.filter((position) => position >= next);
      };
      for (const s of steps) {
        if (s.do === "arrive") {
          buffer.store(seqAdd(START, come), textFrom(come, s.count), 0, s.count);
          for (let i = 0; i < s.count; i++) unread.push({ position: come + i, isApart: false });
          let at = come - 1;
          for (const [gap, isApart] of s.marks) {
            at += 1 + gap;
            if (at >= come + s.count || apart.length + inline.length >= MAX_URGENT_MARKS / 4) break;
            buffer.markUrgent(seqAdd(START, at), isApart);
            const place = unread.find(({ position }) => position === at)!;
            place.isApart = isApart;
            if (isApart) apart.push(place);
            else inline.push(at);
          }
          come += s.count;
        } else if (s.do === "pause") wait(s.count);
        else if (s.do === "take" || s.do === "look") {
          expect(buffer.readUrgent(s.do === "look")).toBe(bytesOf(apart.slice(0, 1))[0]);
          if (s.do === "take") apart.shift();
        } else if (s.do === "return") {
          buffer.returnUrgent();
          for (const place of apart.filter((one) => unread.includes(one))) {
            place.isApart = false;
            inline.push(place.position);
          }
          inline.sort((a, b) => a - b);
          apart = apart.filter(({ isApart }) => isApart);
        } else if (s.do === "lend") {
          const views: number[] = [];
          for (let most = s.count; most > 0; ) {
            const view = buffer.lend(most, loans.bytes, loans);
            if (view === undefined || view.length === 0) break;
            views.push(...view);
            most -= view.length;
          }
          expect(views).toEqual(bytesOf(stream().slice(0, s.count)));
          const taken = Math.min(s.take, loans.bytes);
          buffer.discard(taken);
          loans.return(taken);
          loans.keep(0);
          took(taken);
        } else if ("skip" in s) {
          const all = stream();
          const skip = s.do === "peek" ? s.skip : 0;
          const wanted = Math.min(s.count, Math.max(0, all.length - skip));
          if (s.do === "discard") buffer.discard(wanted);
          else {
            const out = new Uint8Array(s.count + 1);
            const n = s.do === "peek" ? buffer.peek(out, 1, s.count + 1, skip) : buffer.read(out, 1, s.count + 1);
            expect(n).toBe(wanted);
            expect([...out.subarray(1, 1 + n)]).toEqual(bytesOf(all.slice(skip, skip + n)));
          }
          if (s.do !== "peek") took(wanted);
        }
        expect(buffer.readableBytes).toBe(stream().length);
        expect(buffer.urgent?.apart ?? 0).toBe(apart.length);
        const next = buffer.urgent?.nextInline;
        const before = next === undefined ? undefined : buffer.bytesBefore(next);
        expect(before).toBe(inline.length === 0 ? undefined : stream().findIndex(({ position }) => position === inline[0]));
      }
    }),
    { numRuns: 60 },
  );
});
