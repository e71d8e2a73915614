import type { DnsFailure, DnsRequest } from "./dns-service.ts";

/** What is told, in the end, to somebody who may cancel before: how every request of the resolver is made of smaller ones. */
export type Ask<T extends object> = (done: (result: T | DnsFailure) => void) => DnsRequest;

/** What is known already needs no cancelling. */
export const ANSWERED: DnsRequest = { cancel: () => {} };

/** Failures after which another name may still be the right one. The first that there was is told in the end, if nothing better comes. */
const IS_OF_THE_NAME: ReadonlySet<DnsFailure> = new Set(["no-such-name", "no-data", "server-failed"]);
/** Those that say more come first: that a server failed leaves it open whether there is such a name. */
const TOLD_FIRST: readonly DnsFailure[] = ["server-failed", "no-data", "no-such-name"];

/** Asks one after the other until one has an answer, or fails for another reason than its name. */
export function firstAnswer<T extends object>(asks: readonly Ask<T>[], done: (result: T | DnsFailure) => void): DnsRequest {
  let current: DnsRequest = ANSWERED;
  let isCancelled = false;
  const failures = new Set<DnsFailure>();
  const ask = (i: number): void => {
    const next = asks[i];
    if (next === undefined) {
      done(TOLD_FIRST.find((failure) => failures.has(failure)) ?? "no-such-name");
      return;
    }
    let isAnswered = false;
    const request = next((result) => {
      isAnswered = true;
      if (isCancelled) return;
      if (typeof result === "string" && IS_OF_THE_NAME.has(result)) {
        failures.add(result);
        ask(i + 1);
      } else done(result);
    });
    // An answer at once has asked on already.
    if (!isAnswered) current = request;
  };
  ask(0);
  return {
    cancel: () => {
      isCancelled = true;
      current.cancel();
    },
  };
}

/** Asks all at once, and tells all results together. */
export function allAnswers<T extends object>(asks: readonly Ask<T>[], done: (results: readonly (T | DnsFailure)[]) => void): DnsRequest {
  const results: (T | DnsFailure)[] = [];
  let waiting = asks.length;
  const requests = asks.map((ask, i) =>
    ask((result) => {
      results[i] = result;
      if (--waiting === 0) done(results);
    }),
  );
  return {
    cancel: () => {
      for (const request of requests) request.cancel();
    },
  };
}
