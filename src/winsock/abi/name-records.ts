/**
 * The records of hosts, services and protocols as they lie in memory: the structure, then what it points to. Where C has pointers there
 * are offsets from the record's first byte.
 */
import { AF_INET } from "./constants.ts";
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
  #bytes: number[];

  constructor(structure: number) {
    this.#bytes = new Array(structure).fill(0);
  }

  setShort(at: number, value: number): void {
    this.#bytes[at] = value & 0xff;
    this.#bytes[at + 1] = (value >> 8) & 0xff;
  }

  setPointer(at: number, target: number): void {
    for (let i = 0; i < 4; i++) this.#bytes[at + i] = (target >>> (8 * i)) & 0xff;
  }

  /** @returns where it begins */
  put(bytes: Iterable<number>): number {
    const at = this.#bytes.length;
    this.#bytes.push(...bytes);
    return at;
  }

  putText(text: string): number {
    return this.put([...Array.from(text, (each) => Math.min(each.charCodeAt(0), 0xff)), 0]);
  }

  /** Pointers with a NULL behind them, and what they point to. */
  setList(at: number, count: number, put: (i: number) => number): void {
    const list = this.put(new Array((count + 1) * POINTER).fill(0));
    this.setPointer(at, list);
    for (let i = 0; i < count; i++) this.setPointer(list + i * POINTER, put(i));
  }

  get bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

export function hostentBytes({ h_name, h_aliases, h_addrtype, h_length, h_addr_list }: hostent): Uint8Array {
  const memory = new Memory(sizeof_hostent);
  memory.setShort(16, h_addrtype);
  memory.setShort(18, h_length);
  // The lists first, whose pointers so lie on their boundaries.
  memory.setList(24, h_addr_list.length, (i) => memory.put(h_addr_list[i]!));
  memory.setPointer(0, memory.putText(h_name));
  align(memory);
  memory.setList(8, h_aliases.length, (i) => memory.putText(h_aliases[i]!));
  return memory.bytes;
}

export function serventBytes({ s_name, s_aliases, s_port, s_proto }: servent): Uint8Array {
  const memory = new Memory(sizeof_servent);
  memory.setShort(24, s_port);
  memory.setList(8, s_aliases.length, (i) => memory.putText(s_aliases[i]!));
  memory.setPointer(0, memory.putText(s_name));
  memory.setPointer(16, memory.putText(s_proto));
  return memory.bytes;
}

export function protoentBytes({ p_name, p_aliases, p_proto }: protoent): Uint8Array {
  const memory = new Memory(sizeof_protoent);
  memory.setShort(16, p_proto);
  memory.setList(8, p_aliases.length, (i) => memory.putText(p_aliases[i]!));
  memory.setPointer(0, memory.putText(p_name));
  return memory.bytes;
}

function align(memory: Memory): void {
  const over = memory.bytes.length % POINTER;
  if (over !== 0) memory.put(new Array(POINTER - over).fill(0));
}
