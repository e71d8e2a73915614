import { type Command, InvalidArgumentError } from "commander";
import { addressSetting, prefixSetting } from "../management/setting-text.ts";
import { parseMac } from "../stack/packet/ethernet.ts";
import { UsageFailure } from "./failure.ts";

/*
 * Readers of what people type, for commander: each returns the value or throws InvalidArgumentError, whose message commander puts
 * behind "error: command-argument value 'x' is invalid for argument 'port'.".
 */

/** 1 to 65535. */
export function port(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > 65535) throw new InvalidArgumentError("A port is a number from 1 to 65535.");
  return value;
}

/** Of either family, in IPv6 with its zone behind a `%` where one is to be told from another. */
export function address(text: string): string {
  if (addressSetting.safeParse(text).success) return text;
  throw new InvalidArgumentError(
    "An address is written as 203.0.113.1, 2001:db8::1 or fe80::1%tap0; tapsock resolve says which a name has.",
  );
}

/** An address or a name, which the host resolves; an IPv6 address may stand in brackets. */
export function hostName(text: string): string {
  const [, inside = text] = /^\[(.*)\]$/.exec(text) ?? [];
  if (addressSetting.safeParse(inside).success) return inside;
  if (/^[\d.]+$/.test(text) || /[\s:%/[\]]/.test(text) || text === "") {
    throw new InvalidArgumentError("A host is an address such as 203.0.113.1, 2001:db8::1 or fe80::1%tap0, or a name.");
  }
  return text;
}

/** `203.0.113.0/24`, `2001:db8::/32`, or `default`. */
export function prefix(text: string): string {
  if (text === "default" || (text.includes("/") && prefixSetting.safeParse(text).success)) return text;
  throw new InvalidArgumentError(
    "A destination is written as network and prefix length, such as 203.0.113.0/24 or 2001:db8::/32, or as 'default'.",
  );
}

export function mac(text: string): string {
  if (parseMac(text) === undefined) throw new InvalidArgumentError("A hardware address is written as 02:00:5e:10:00:01.");
  return text.toLowerCase().replaceAll("-", ":");
}

/** A whole number, not negative. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("A whole number is wanted.");
  return Number(text);
}

/** A reader of whole numbers within bounds, both included. */
export function between(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = wholeNumber(text);
    if (value < least || value > most) throw new InvalidArgumentError(`A whole number from ${least} to ${most} is wanted.`);
    return value;
  };
}

/** Such as `20ms`, `1.5s` or `2m`; a bare number counts seconds. @returns milliseconds */
export function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text);
  if (match === null) throw new InvalidArgumentError("A time is written as 20ms, 1.5s or 2m.");
  const factor = match[2] === "ms" ? 1 : match[2] === "m" ? 60_000 : 1000;
  return Number(match[1]) * factor;
}

/** Such as `5%` or `0.05`. @returns 0 to 1 */
export function share(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text);
  const value = match === null ? Number.NaN : Number(match[1]) / (match[2] === "%" ? 100 : 1);
  if (!(value <= 1)) throw new InvalidArgumentError("A share is written as 5% or 0.05, and is at most 100%.");
  return value;
}

/**
 * For the command that a group runs when none of its own is named: a word that names none is refused with those that there are.
 * @returns the command, whose action gets one empty argument before its options
 */
export function refusingUnknownVerbs(list: Command, group: Command): Command {
  return list.usage("[options]").argument("[verb...]", "", (word: string) => {
    const verbs = group.commands.map((each) => each.name()).join(", ");
    throw new UsageFailure(`unknown command '${group.name()} ${word}'; there are: ${verbs}`);
  });
}
