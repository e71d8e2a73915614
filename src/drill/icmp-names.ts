import * as icmp from "../stack/packet/icmp.ts";
import * as icmpv6 from "../stack/packet/icmpv6.ts";
import type { IcmpLine } from "./script.ts";
import { ScriptError } from "./script-error.ts";

type Codes = Readonly<Record<string, number>>;
interface IcmpNames {
  readonly types: Codes;
  /** By type. */
  readonly codes: Readonly<Record<number, Codes>>;
  /** The one message that tells an MTU. */
  readonly tooBig: { readonly type: number; readonly code: number };
}

const V4: IcmpNames = {
  types: {
    unreachable: icmp.DESTINATION_UNREACHABLE,
    source_quench: icmp.SOURCE_QUENCH,
    redirect: icmp.REDIRECT,
    echo_request: icmp.ECHO_REQUEST,
    echo_reply: icmp.ECHO_REPLY,
    time_exceeded: icmp.TIME_EXCEEDED,
    parameter_problem: icmp.PARAMETER_PROBLEM,
    timestamp_request: 13,
    timestamp_reply: 14,
    information_request: 15,
    information_reply: 16,
    address_mask_request: 17,
    address_mask_reply: 18,
  },
  codes: {
    [icmp.DESTINATION_UNREACHABLE]: {
      net_unreachable: icmp.NET_UNREACHABLE,
      host_unreachable: icmp.HOST_UNREACHABLE,
      protocol_unreachable: icmp.PROTOCOL_UNREACHABLE,
      port_unreachable: icmp.PORT_UNREACHABLE,
      frag_needed: icmp.FRAGMENTATION_NEEDED,
      source_route_failed: icmp.SOURCE_ROUTE_FAILED,
      net_unknown: icmp.NET_UNKNOWN,
      host_unknown: icmp.HOST_UNKNOWN,
      source_host_isolated: icmp.HOST_ISOLATED,
      net_prohibited: icmp.NET_PROHIBITED,
      host_prohibited: icmp.HOST_PROHIBITED,
      net_unreachable_for_tos: icmp.NET_UNREACHABLE_FOR_TOS,
      host_unreachable_for_tos: icmp.HOST_UNREACHABLE_FOR_TOS,
      packet_filtered: icmp.COMMUNICATION_PROHIBITED,
      precedence_violation: icmp.HOST_PRECEDENCE_VIOLATION,
      precedence_cutoff: icmp.PRECEDENCE_CUTOFF,
    },
  },
  tooBig: { type: icmp.DESTINATION_UNREACHABLE, code: icmp.FRAGMENTATION_NEEDED },
};

const V6: IcmpNames = {
  types: {
    unreachable: icmpv6.DESTINATION_UNREACHABLE,
    packet_too_big: icmpv6.PACKET_TOO_BIG,
    time_exceeded: icmpv6.TIME_EXCEEDED,
    parameter_problem: icmpv6.PARAMETER_PROBLEM,
    echo_request: icmpv6.ECHO_REQUEST,
    echo_reply: icmpv6.ECHO_REPLY,
  },
  codes: {
    [icmpv6.DESTINATION_UNREACHABLE]: {
      no_route: icmpv6.NO_ROUTE,
      admin_prohibited: icmpv6.PROHIBITED,
      not_neighbour: icmpv6.BEYOND_SCOPE,
      address_unreachable: icmpv6.ADDRESS_UNREACHABLE,
      port_unreachable: icmpv6.PORT_UNREACHABLE,
    },
  },
  tooBig: { type: icmpv6.PACKET_TOO_BIG, code: 0 },
};

/** Type and code of a line, in one family. @throws ScriptError for names that the family does not have */
export function icmpNumbers({ line, type, code, mtu }: IcmpLine, isV6: boolean): { readonly type: number; readonly code: number } {
  const names = isV6 ? V6 : V4;
  const family = isV6 ? "IPv6" : "IPv4";
  const typeNumber = numbered("type", type) ?? names.types[type];
  if (typeNumber === undefined) throw new ScriptError(line, `ICMP of ${family} has no type "${type}"`);
  const codeNumber = code === undefined ? 0 : (numbered("code", code) ?? names.codes[typeNumber]?.[code]);
  if (codeNumber === undefined) throw new ScriptError(line, `ICMP of ${family} has no code "${code}" of ${type}`);
  if (mtu !== undefined && (typeNumber !== names.tooBig.type || codeNumber !== names.tooBig.code)) {
    throw new ScriptError(line, `only ${isV6 ? "packet_too_big" : "unreachable frag_needed"} tells an MTU`);
  }
  return { type: typeNumber, code: codeNumber };
}

/** `type_13`, `code_4`. */
function numbered(what: string, word: string): number | undefined {
  const match = /^(type|code)_(\d{1,3})$/.exec(word);
  return match?.[1] === what && Number(match[2]) < 256 ? Number(match[2]) : undefined;
}
