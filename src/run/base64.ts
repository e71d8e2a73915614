/** Bytes as text, where there may be no Buffer: RFC 4648 §4. */

/** More arguments than this do not go into one call everywhere. */
const CHUNK = 8192;

export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(text);
}

/** @returns undefined when the text is none */
export function fromBase64(text: string): Uint8Array | undefined {
  let bits: string;
  try {
    bits = atob(text);
  } catch {
    return undefined;
  }
  const bytes = new Uint8Array(bits.length);
  for (let i = 0; i < bits.length; i++) bytes[i] = bits.charCodeAt(i);
  return bytes;
}
