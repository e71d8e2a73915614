/** A packetdrill script as it was read: what it says, and nothing of what it means for a host. Times are whole microseconds. */
export interface Script {
  /** As its reader knows it, a file name as a rule. */
  readonly name: string;
  readonly options: readonly ScriptOption[];
  /** Runs before time zero. */
  readonly init: ShellText | undefined;
  readonly events: readonly ScriptEvent[];
  /** Runs at the end, whatever came of the events. */
  readonly cleanup: ShellText | undefined;
}

/** `--name=value` before everything else. */
export interface ScriptOption {
  readonly line: number;
  readonly name: string;
  readonly value: string | undefined;
}

/** What stands between back-quotes. */
export interface ShellText {
  readonly line: number;
  readonly text: string;
}

export interface ScriptEvent {
  /** Where its time stands. */
  readonly line: number;
  readonly time: ScriptTime;
  readonly action: ScriptAction;
  /** As it is written, on one line. */
  readonly text: string;
}

/** `us` counts from the beginning of the script, or from the end of the event before. */
export type ScriptTime =
  | { readonly kind: "at"; readonly isRelative: boolean; readonly us: number }
  /** A call that waits: it begins at `us` and returns at `untilUs`, both from the same base. */
  | { readonly kind: "while"; readonly isRelative: boolean; readonly us: number; readonly untilUs: number }
  | { readonly kind: "window"; readonly isRelative: boolean; readonly us: number; readonly untilUs: number }
  | { readonly kind: "any" };

export type ScriptAction = TcpLine | UdpLine | IcmpLine | CallLine | CommandLine | CodeLine;

export interface CommandLine extends ShellText {
  readonly kind: "command";
}

export interface CodeLine extends ShellText {
  readonly kind: "code";
}

interface PacketLine {
  /** `<`: sent to the host; else `>`, expected from it. */
  readonly isInbound: boolean;
  readonly ip: IpNotes;
}

/** What a line says of the IP header; what it does not say is not compared. */
export interface IpNotes {
  /** The two bits, or with `ect01` either codepoint of a capable transport. */
  readonly ecn?: number | "ect01";
  readonly tos?: number;
  readonly ttl?: number;
  readonly flowLabel?: number;
}

export interface TcpLine extends PacketLine {
  readonly kind: "tcp";
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly flags: ScriptFlags;
  readonly seq: number;
  readonly length: number;
  /** 0 where none is written. */
  readonly ack: number;
  readonly window: number | undefined;
  readonly urgent: number;
  /** Undefined for `<...>`: whatever they are. */
  readonly options: readonly ScriptTcpOption[] | undefined;
}

/** Letters as written, with the counter of AccECN apart. */
export interface ScriptFlags {
  readonly text: string;
  /** The eight from CWR to FIN, and AE as 0x100. */
  readonly bits: number;
  /** A digit other than 0, which stands for the three ECN bits together. */
  readonly ace: number | undefined;
}

export type ScriptTcpOption =
  | { readonly kind: "nop" | "eol" | "sackOK" }
  | { readonly kind: "mss" | "wscale"; readonly value: number }
  | { readonly kind: "sack"; readonly blocks: readonly (readonly [number, number])[] }
  | { readonly kind: "TS"; readonly val: number; readonly ecr: number }
  | { readonly kind: "FO" | "FOEXP" | "md5"; readonly hex: string }
  | { readonly kind: "ECN"; readonly isE1First: boolean; readonly counters: readonly number[] };

export interface UdpLine extends PacketLine {
  readonly kind: "udp";
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly length: number;
}

export interface IcmpLine extends PacketLine {
  readonly kind: "icmp";
  readonly line: number;
  readonly type: string;
  readonly code: string | undefined;
  readonly mtu: number | undefined;
  readonly id: number | undefined;
  /** The sequence number in the TCP header that is quoted. */
  readonly quoted: { readonly kind: "tcp"; readonly seq: number } | { readonly kind: "udp" | "raw"; readonly length: number } | undefined;
}

export interface CallLine {
  readonly kind: "call";
  readonly name: string;
  readonly args: readonly ScriptExpr[];
  readonly result: ScriptExpr;
  /** Such as `EAGAIN` or `WSAEWOULDBLOCK`; undefined where any will do. */
  readonly error: string | undefined;
}

export type ScriptExpr =
  | { readonly kind: "ellipsis" }
  | { readonly kind: "int"; readonly value: number; readonly text: string }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "word"; readonly name: string }
  | { readonly kind: "or"; readonly parts: readonly ScriptExpr[] }
  /** `name = value`, where the name may have arguments as in `msg_iov(2)=…`. */
  | { readonly kind: "field"; readonly name: string; readonly value: ScriptExpr }
  | { readonly kind: "function"; readonly name: string; readonly args: readonly ScriptExpr[] }
  | { readonly kind: "list"; readonly items: readonly ScriptExpr[] }
  | { readonly kind: "struct"; readonly items: readonly ScriptExpr[] };
