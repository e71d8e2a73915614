import type { SourceMessage } from "../../src/run/page-messages.ts";

/**
 * Reads what a host sends over its WebSocket: JSON, where bytes of frames stand as text in base64 under `base64`, as in `tapsock trace --json`.
 * What cannot be read is nothing; a newer host may say more than this page knows.
 */
export function readSocketMessage(data: string | ArrayBuffer): SourceMessage | undefined {
  try {
    const text = typeof data === "string" ? data : new TextDecoder().decode(data);
    const message: unknown = JSON.parse(text, withBytes);
    return typeof message === "object" && message !== null && "type" in message ? (message as SourceMessage) : undefined;
  } catch {
    return undefined;
  }
}

function withBytes(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("base64" in value) || typeof value.base64 !== "string") return value;
  const { base64, ...rest } = value;
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return { length: bytes.length, ...rest, bytes };
}
