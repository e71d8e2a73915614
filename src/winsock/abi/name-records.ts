/**
 * The records of hosts, services and protocols as they lie in memory: the structure, then what it points to. Where C has pointers there
 * are offsets from the record's first byte.
 */
import { AF_INET, MAXGETHOSTSTRUCT } from "./constants.ts";
import { setU16, setU32 } from "./fields.ts";
import { type hostent, type protoent, type servent, sizeof_hostent, sizeof_protoent, sizeof_servent } from "./name-structures.ts";
import { sizeof_in_addr, sizeof_in6_addr } from "./structures.ts";

const POINTER = 8;

/** @param names socket addresses in C layout, of the family `type` */
export function hostRecord(type: number, name: string, aliases: readonly string[], names: readonly Uint8Array[]): hostent {
  const [at, length] = type === AF_INET ? [4, sizeof_in_addr] : [8, sizeof_in6_addr];
  return {
    h_name: name,
    h_aliases: [...aliases],
    h_addrtype: type,
    h_length: length,
    h_addr_list: names.map((each) => each.slice(at, at + length)),
  };
}

/** A structure and what is put behind it. */
class Memory {
  #bytes: Uint8Array;
  #end: number;

  constructor(structure: number) {
    this.#bytes = new Uint8Array(MAXGETHOSTSTRUCT);
    this.#end = structure;
  }

  setShort(at: number, value: number): void {
    setU16(this.#bytes, at, value);
  }

  setPointer(at: number, target: number): void {
    setU32(this.#bytes, at, target);
  }

  /** @returns where so many zeros begin, on a boundary */
  reserve(count: number, boundary: number): number {
    const at = Math.ceil(this.#end / boundary) * boundary;
    this.#end = at + count;
    if (this.#end > this.#bytes.length) {
      const longer = new Uint8Array(2 * this.#end);
      longer.set(this.#bytes);
      this.#bytes = longer;
    }
    return at;
  }

  put(bytes: Uint8Array): number {
    const at = this.reserve(bytes.length, 1);
    this.#bytes.set(bytes, at);
    return at;
  }

  putText(text: string): number {
    const at = this.reserve(text.length + 1, 1);
    for (let i = 0; i < text.length; i++) this.#bytes[at + i] = Math.min(text.charCodeAt(i), 0xff);
    return at;
  }

  /** Pointers with a NULL behind them, and what they point to. */
  setList<T>(at: number, targets: readonly T[], put: (target: T) => number): void {
    const list = this.reserve((targets.length + 1) * POINTER, POINTER);
    this.setPointer(at, list);
    for (const [i, target] of targets.entries()) this.setPointer(list + i * POINTER, put(target));
  }

  get bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#end);
  }
}

export function hostentBytes({ h_name, h_aliases, h_addrtype, h_length, h_addr_list }: hostent): Uint8Array {
  const memory = new Memory(sizeof_hostent);
  memory.setShort(16, h_addrtype);
  memory.setShort(18, h_length);
  memory.setList(24, h_addr_list, (address) => memory.put(address));
  memory.setPointer(0, memory.putText(h_name));
  memory.setList(8, h_aliases, (alias) => memory.putText(alias));
  return memory.bytes;
}

export function serventBytes({ s_name, s_aliases, s_port, s_proto }: servent): Uint8Array {
  const memory = new Memory(sizeof_servent);
  memory.setShort(24, s_port);
  memory.setList(8, s_aliases, (alias) => memory.putText(alias));
  memory.setPointer(0, memory.putText(s_name));
  memory.setPointer(16, memory.putText(s_proto));
  return memory.bytes;
}

export function protoentBytes({ p_name, p_aliases, p_proto }: protoent): Uint8Array {
  const memory = new Memory(sizeof_protoent);
  memory.setShort(16, p_proto);
  memory.setList(8, p_aliases, (alias) => memory.putText(alias));
  memory.setPointer(0, memory.putText(p_name));
  return memory.bytes;
}
