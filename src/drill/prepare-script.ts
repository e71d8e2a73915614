import { isErrorName } from "./error-names.ts";
import { icmpNumbers } from "./icmp-names.ts";
import { type Definitions, parseScript } from "./parse-script.ts";
import type { CallLine, CodeLine, ScriptEvent, ScriptExpr } from "./script.ts";
import { ScriptError, UnsupportedScript } from "./script-error.ts";
import { type OptionTexts, settingsOf } from "./script-options.ts";
import type { DrillProfile, PreparedScript } from "./script-run.ts";
import { type DrillCommand, parseCommands } from "./shell-commands.ts";
import { parseSnippet, type Snippet } from "./snippet.ts";
import { isKnownCall } from "./socket-calls.ts";
import { socketOption } from "./socket-options.ts";
import { bitNames, bitsOf, fieldOf, intOf, symbol } from "./symbols.ts";

/** What whoever runs a script says beside it. */
export interface PrepareChoices {
  readonly profile: DrillProfile;
  readonly options: OptionTexts;
  readonly definitions: Definitions;
}

/**
 * Reads a script and looks at all of it before anything runs.
 * @throws ScriptError where it is wrong
 * @throws UnsupportedScript where it asks for what there is not
 */
export function prepareScript(name: string, source: string, choices: PrepareChoices): PreparedScript {
  const script = parseScript(name, source, choices.definitions);
  const settings = settingsOf(script, choices.options);
  const init = script.init === undefined ? [] : commandsOf(script.init, choices.profile);
  if (script.cleanup !== undefined) commandsOf(script.cleanup, choices.profile);
  const commands = new Map<ScriptEvent, readonly DrillCommand[]>();
  const snippets = new Map<CodeLine, Snippet>();
  for (const event of script.events) {
    const { action, line } = event;
    if (action.kind === "command") commands.set(event, commandsOf(action, choices.profile));
    else if (action.kind === "code") snippets.set(action, parseSnippet(action.text, action.line));
    else if (action.kind === "call") checkCall(action, line);
    else if (action.kind === "icmp") icmpNumbers(action, settings.ipVersion === "ipv6");
    else if (action.kind === "tcp") checkOptions(action.options ?? [], line);
  }
  return { script, settings, init, commands, snippets };
}

/** Settings of Linux are none of another system's. */
function commandsOf(shell: { readonly line: number; readonly text: string }, profile: DrillProfile): DrillCommand[] {
  const commands = parseCommands(shell);
  const ofLinux = commands.find(({ kind }) => kind === "defaults" || kind === "sysctl");
  if (profile !== "linux" && ofLinux !== undefined)
    throw new UnsupportedScript(shell.line, `settings of Linux with the profile ${profile}`);
  return commands;
}

/** Options that the stack neither sends nor understands: a script that has them is about nothing else. */
const REFUSED_OPTIONS: Readonly<Record<string, string>> = { FO: "Fast Open", FOEXP: "Fast Open", ECN: "AccECN" };

function checkOptions(options: readonly { readonly kind: string }[], line: number): void {
  for (const { kind } of options) {
    const refused = REFUSED_OPTIONS[kind];
    if (refused !== undefined) throw new UnsupportedScript(line, refused);
  }
}

const SEND_FLAGS = ["MSG_OOB", "MSG_MORE", "MSG_EOR", "MSG_DONTWAIT", "MSG_NOSIGNAL"];
const RECEIVE_FLAGS = ["MSG_OOB", "MSG_PEEK", "MSG_DONTWAIT", "MSG_TRUNC", "MSG_NOSIGNAL"];
/** Where each call has its flags. */
const FLAGS: Readonly<Record<string, readonly [number, readonly string[]]>> = {
  send: [3, SEND_FLAGS],
  sendto: [3, SEND_FLAGS],
  sendmsg: [2, SEND_FLAGS],
  recv: [3, RECEIVE_FLAGS],
  recvfrom: [3, RECEIVE_FLAGS],
  recvmsg: [2, RECEIVE_FLAGS],
};
const ARGUMENTS: Readonly<Record<string, number>> = {
  socket: 3,
  bind: 3,
  listen: 2,
  accept: 3,
  connect: 3,
  close: 1,
  closesocket: 1,
  shutdown: 2,
  read: 3,
  recv: 4,
  recvfrom: 6,
  readv: 3,
  recvmsg: 3,
  write: 3,
  send: 4,
  sendto: 6,
  writev: 3,
  sendmsg: 3,
  setsockopt: 5,
  getsockopt: 5,
  ioctl: 3,
  ioctlsocket: 3,
  poll: 3,
  WSAPoll: 3,
  epoll_create: 1,
  epoll_ctl: 4,
  epoll_wait: 4,
};

function checkCall(call: CallLine, line: number): void {
  const { name, args, error, result } = call;
  if (!isKnownCall(name)) throw new UnsupportedScript(line, `call ${name}`);
  const count = ARGUMENTS[name];
  if (count !== undefined && args.length !== count) throw new ScriptError(line, `${name} takes ${count} arguments, and not ${args.length}`);
  if (result.kind !== "ellipsis") intOf(result, line);
  if (error !== undefined && !isErrorName(error)) throw new ScriptError(line, `there is no error ${error}`);
  const flags = FLAGS[name];
  if (flags !== undefined) checkBits(args[flags[0]], flags[1], line);
  if (name === "socket") checkSocket(args, line);
  if (name === "fcntl") checkFcntl(args, line);
  if (name === "setsockopt" || name === "getsockopt") checkSocketOption(call, line);
  if (name === "recvmsg") checkMessage(args[1], line);
  if (
    (name === "ioctl" || name === "ioctlsocket") &&
    !["SIOCINQ", "SIOCOUTQ", "FIONBIO"].some((code) => symbol(code) === intOf(args[1], line))
  ) {
    throw new UnsupportedScript(line, `${name} with this code`);
  }
}

function checkBits(expr: ScriptExpr | undefined, known: readonly string[], line: number): void {
  const rest = known.reduce((bits, flag) => bits & ~symbol(flag), bitsOf(expr, line));
  if (rest !== 0) throw new UnsupportedScript(line, bitNames(rest, "MSG_"));
}

function checkSocket(args: readonly ScriptExpr[], line: number): void {
  const type = intOf(args[1], line) & ~(symbol("SOCK_NONBLOCK") | symbol("SOCK_CLOEXEC"));
  if (type !== symbol("SOCK_STREAM")) throw new UnsupportedScript(line, "sockets other than streams");
}

function checkFcntl(args: readonly ScriptExpr[], line: number): void {
  const what = intOf(args[1], line);
  if (what === symbol("F_GETFL")) return;
  if (what !== symbol("F_SETFL")) throw new UnsupportedScript(line, "fcntl beyond F_GETFL and F_SETFL");
  bitsOf(args[2], line);
}

function checkSocketOption({ name: call, args }: CallLine, line: number): void {
  const level = intOf(args[1], line);
  const name = intOf(args[2], line);
  const text = args[2]?.kind === "word" ? args[2].name : String(name);
  const isOwn = level === symbol("SOL_SOCKET") && name === symbol(call === "setsockopt" ? "SO_LINGER" : "SO_ERROR");
  if (!isOwn && socketOption(level, name) === undefined) throw new UnsupportedScript(line, `socket option ${text}`);
}

function checkMessage(message: ScriptExpr | undefined, line: number): void {
  const control = fieldOf(message, "msg_control", line);
  if (control === undefined || (control.kind !== "list" && control.kind !== "struct")) return;
  for (const item of control.items) {
    if (fieldOf(item, "cmsg_level", line) === undefined) continue;
    const isInq =
      intOf(fieldOf(item, "cmsg_level", line), line) === symbol("SOL_TCP") &&
      intOf(fieldOf(item, "cmsg_type", line), line) === symbol("TCP_CM_INQ");
    if (!isInq) throw new UnsupportedScript(line, "control messages other than TCP_CM_INQ");
  }
}
