import { field, getU16, getU32, integer, putBytes, setU16, setU32 } from "./fields.ts";

export const sizeof_GUID = 16;

/** A globally unique identifier, by which providers and extension functions are named. */
export interface GUID {
  Data1: number;
  Data2: number;
  Data3: number;
  /** 8 bytes. */
  Data4: Uint8Array | number[];
}

/** From its text, `b5367df1-cbac-11cf-95ca-00805f48a192`. */
export function guid(text: string): GUID {
  const digits = text.replaceAll("-", "");
  const number = (from: number, to: number): number => Number.parseInt(digits.slice(from, to), 16);
  return {
    Data1: number(0, 8),
    Data2: number(8, 12),
    Data3: number(12, 16),
    Data4: Uint8Array.from({ length: 8 }, (_, i) => number(16 + 2 * i, 18 + 2 * i)),
  };
}

/** In C layout; bytes are returned as they are. */
export function guidBytes(of: GUID | Uint8Array): Uint8Array {
  if (of instanceof Uint8Array) return of;
  const bytes = new Uint8Array(sizeof_GUID);
  setU32(bytes, 0, integer(of, "Data1"));
  setU16(bytes, 4, integer(of, "Data2"));
  setU16(bytes, 6, integer(of, "Data3"));
  putBytes(bytes, 8, field(of, "Data4"));
  return bytes;
}

/** From C layout. */
export const readGuid = (bytes: Uint8Array): GUID => ({
  Data1: getU32(bytes, 0),
  Data2: getU16(bytes, 4),
  Data3: getU16(bytes, 6),
  Data4: bytes.slice(8, sizeof_GUID),
});

export const sameGuid = (a: GUID | Uint8Array, b: GUID | Uint8Array): boolean => {
  const [one, other] = [guidBytes(a), guidBytes(b)];
  return one.length >= sizeof_GUID && other.every((byte, i) => byte === one[i]);
};
