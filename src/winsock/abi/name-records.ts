/**
 * The records of hosts, services and protocols as they lie in memory: the structure, then what it points to. Where C has pointers there
 * are offsets from the record's first byte.
 */
import { AF_INET } from "./constants.ts";
import { type hostent, type protoent, type servent, sizeof_hostent, sizeof_protoent, sizeof_servent } from "./name-structures.ts";
import { StructureMemory } from "./structure-memory.ts";
import { sizeof_in_addr, sizeof_in6_addr } from "./structures.ts";

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

export function hostentBytes({ h_name, h_aliases, h_addrtype, h_length, h_addr_list }: hostent): Uint8Array {
  const memory = new StructureMemory(sizeof_hostent);
  memory.setShort(16, h_addrtype);
  memory.setShort(18, h_length);
  memory.setList(24, h_addr_list, (address) => memory.put(address));
  memory.setPointer(0, memory.putText(h_name));
  memory.setList(8, h_aliases, (alias) => memory.putText(alias));
  return memory.bytes;
}

export function serventBytes({ s_name, s_aliases, s_port, s_proto }: servent): Uint8Array {
  const memory = new StructureMemory(sizeof_servent);
  memory.setShort(24, s_port);
  memory.setList(8, s_aliases, (alias) => memory.putText(alias));
  memory.setPointer(0, memory.putText(s_name));
  memory.setPointer(16, memory.putText(s_proto));
  return memory.bytes;
}

export function protoentBytes({ p_name, p_aliases, p_proto }: protoent): Uint8Array {
  const memory = new StructureMemory(sizeof_protoent);
  memory.setShort(16, p_proto);
  memory.setList(8, p_aliases, (alias) => memory.putText(alias));
  memory.setPointer(0, memory.putText(p_name));
  return memory.bytes;
}
