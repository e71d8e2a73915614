import type { OutgoingHttpHeaders } from "node:http";

const join = (directives: readonly string[]): string => directives.join("; ");

/** Nothing from elsewhere, nothing inline, in nobody's frame. */
const PAGE_POLICY = join([
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
]);

/** The worker that runs a learner's program, which is text: it may evaluate it, and reach nothing. */
const PROGRAM_WORKER_POLICY = join(["default-src 'none'", "script-src 'self' 'unsafe-eval'", "base-uri 'none'", "frame-ancestors 'none'"]);
const PROGRAM_WORKER = /^\/program-worker\.js$/;

/** Of every answer, whatever it is. Cross-origin isolation lets the page have shared memory. */
export const PAGE_HEADERS: OutgoingHttpHeaders = {
  "Content-Security-Policy": PAGE_POLICY,
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cache-Control": "no-cache",
};

/** @param path of what was asked for, as URLs have it */
export const policyFor = (path: string): string => (PROGRAM_WORKER.test(path) ? PROGRAM_WORKER_POLICY : PAGE_POLICY);
