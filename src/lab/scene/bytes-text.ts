/** Bytes within JSON: base64 by what browsers and Node.js have alike. */

const CHUNK = 0x8000;

export function bytesToText(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += CHUNK) binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(binary);
}

/** @throws DOMException for what is not base64 */
export function textToBytes(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** JSON in which a Uint8Array is `{ "base64": … }`. */
export const toJson = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) => (inner instanceof Uint8Array ? { base64: bytesToText(inner) } : inner));

/** @throws SyntaxError or DOMException for what `toJson` did not write */
export const fromJson = (text: string): unknown =>
  JSON.parse(text, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && "base64" in inner && typeof inner.base64 === "string"
      ? textToBytes(inner.base64)
      : inner,
  );
