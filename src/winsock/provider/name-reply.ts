/** How names travel in calls: in ASCII, for what is not is encoded before (RFC 3490), several with NULs between them. */

/** What a host knows of a name. */
export interface FoundAddresses {
  /** In C layout, in the order in which to try them. */
  readonly addresses: readonly Uint8Array[];
  readonly canonicalName: string;
  /** In full: with the domain in which it was found. */
  readonly name: string;
  readonly aliases: readonly string[];
}

/** What a host knows of an address. */
export interface FoundNames {
  /** The first is the one by which it is known. */
  readonly names: readonly string[];
  /** The first within the host's own domain; the whole of it where it is of another. */
  readonly relativeName: string;
}

/** Characters beyond ASCII become ones that no name has. */
export const asciiBytes = (text: string): Uint8Array =>
  Uint8Array.from({ length: text.length }, (_, i) => Math.min(text.charCodeAt(i), 0xff));

export function asciiText(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

export function encodeAddresses({ addresses, canonicalName, name, aliases }: FoundAddresses): {
  readonly data: Uint8Array;
  readonly a: number;
} {
  const a = addresses.reduce((sum, { length }) => sum + length, 0);
  const names = asciiBytes([canonicalName, name, ...aliases].join("\0"));
  const data = new Uint8Array(a + names.length);
  let at = 0;
  for (const part of [...addresses, names]) {
    data.set(part, at);
    at += part.length;
  }
  return { data, a };
}

/** @param lengthOf the bytes of a name of this family, which is its first */
export function decodeAddresses(data: Uint8Array, a: number, lengthOf: (family: number) => number | undefined): FoundAddresses {
  const addresses: Uint8Array[] = [];
  for (let at = 0; at < a; ) {
    const length = lengthOf(data[at]!) ?? a;
    addresses.push(data.slice(at, at + length));
    at += length;
  }
  const [canonicalName = "", name = "", ...aliases] = asciiText(data.subarray(a)).split("\0");
  return { addresses, canonicalName, name, aliases };
}

export const encodeNames = ({ names, relativeName }: FoundNames): { readonly data: Uint8Array; readonly a: number } => ({
  data: asciiBytes(names.join("\0")),
  a: relativeName.length,
});

export function decodeNames(data: Uint8Array, a: number): FoundNames {
  const names = asciiText(data).split("\0");
  return { names, relativeName: (names[0] ?? "").slice(0, a) };
}
