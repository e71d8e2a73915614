/** The Information Access Service: what a device says of itself, by class and attribute, over LSAP 0. */
import type { IrLmp, LsapConnection, LsapUser } from "./irlmp.ts";
import { LM_REASON, LSAP_IAS } from "./irlmp-frame.ts";

const GET_VALUE_BY_CLASS = 0x84;
const [SUCCESS, NO_CLASS, NO_ATTRIBUTE] = [0, 1, 2] as const;
const [INTEGER, OCTETS, STRING] = [1, 2, 3] as const;
const LONGEST_NAME = 60;
const MOST_OBJECTS = 256;
const ANSWER_MS = 10_000;

/** An integer of 32 bits, octets, or a string with its character set (0 is ASCII). */
export type IasValue =
  | { readonly type: "integer"; readonly value: number }
  | { readonly type: "octets"; readonly value: Uint8Array }
  | { readonly type: "string"; readonly value: Uint8Array; readonly charset: number };

export type IasAnswer = IasValue | "no-class" | "no-attribute" | "no-answer";

export interface IasObject {
  readonly className: string;
  readonly attribute: string;
  readonly value: IasValue;
}

/** The objects of one device. */
export class IasDatabase {
  readonly #objects = new Set<IasObject>();

  get isFull(): boolean {
    return this.#objects.size >= MOST_OBJECTS;
  }

  /** Look at `isFull` before. */
  add(object: IasObject): void {
    this.#objects.add(object);
  }

  remove(object: IasObject): void {
    this.#objects.delete(object);
  }

  get(className: string, attribute: string): IasAnswer {
    const ofClass = [...this.#objects].filter((each) => each.className === className);
    if (ofClass.length === 0) return "no-class";
    return ofClass.find((each) => each.attribute === attribute)?.value ?? "no-attribute";
  }
}

export const iasText = (text: string): IasValue => ({ type: "string", value: latin1(text), charset: 0 });

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const named = (text: string): number[] => {
  const bytes = latin1(text).subarray(0, LONGEST_NAME);
  return [bytes.length, ...bytes];
};

/** One exchange after another with whoever connects to LSAP 0. */
export function serveIas(lmp: IrLmp, database: IasDatabase): void {
  lmp.serve(LSAP_IAS, (connection) => {
    connection.confirm(new Uint8Array(0));
    let answer: Uint8Array | undefined;
    return {
      lsapConnected: () => {},
      lsapDisconnected: () => {},
      lsapData: (data) => {
        const asked = parseIasQuestion(data);
        if (asked === undefined) return;
        answer = answerBytes(database.get(asked.className, asked.attribute), connection.dataSize);
        connection.kick();
      },
      nextLsapData: () => {
        const given = answer;
        answer = undefined;
        return given;
      },
    };
  });
}

export function parseIasQuestion(data: Uint8Array): { className: string; attribute: string } | undefined {
  if (data[0] !== GET_VALUE_BY_CLASS) return undefined;
  const classEnd = 2 + (data[1] ?? 0);
  const end = classEnd + 1 + (data[classEnd] ?? 0);
  if (end > data.length) return undefined;
  return { className: iasTextOf(data.subarray(2, classEnd)), attribute: iasTextOf(data.subarray(classEnd + 1, end)) };
}

/** One byte, one character. */
export const iasTextOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

function answerBytes(answer: IasAnswer, room: number): Uint8Array {
  if (answer === "no-answer" || answer === "no-class") return Uint8Array.of(GET_VALUE_BY_CLASS, NO_CLASS);
  if (answer === "no-attribute") return Uint8Array.of(GET_VALUE_BY_CLASS, NO_ATTRIBUTE);
  // One value, of object 1.
  return Uint8Array.of(GET_VALUE_BY_CLASS, SUCCESS, 0, 1, 0, 1, ...valueBytes(answer)).subarray(0, room);
}

function valueBytes(answer: IasValue): number[] {
  const { value } = answer;
  switch (answer.type) {
    case "integer":
      return [INTEGER, answer.value >>> 24, answer.value >>> 16, answer.value >>> 8, answer.value];
    case "octets":
      return [OCTETS, answer.value.length >>> 8, answer.value.length, ...answer.value];
    case "string":
      return [STRING, answer.charset, (value as Uint8Array).length, ...answer.value];
  }
}

export function parseIasAnswer(data: Uint8Array): IasAnswer {
  if (data[0] !== GET_VALUE_BY_CLASS) return "no-answer";
  if (data[1] === NO_CLASS) return "no-class";
  if (data[1] !== SUCCESS || data.length < 7) return "no-attribute";
  const value = data.subarray(7);
  switch (data[6]) {
    case INTEGER:
      if (value.length < 4) return "no-answer";
      return { type: "integer", value: ((value[0]! << 24) | (value[1]! << 16) | (value[2]! << 8) | value[3]!) >>> 0 };
    case OCTETS: {
      const length = ((value[0] ?? 0) << 8) | (value[1] ?? 0);
      return { type: "octets", value: value.slice(2, 2 + length) };
    }
    case STRING:
      return { type: "string", charset: value[0] ?? 0, value: value.slice(2, 2 + (value[1] ?? 0)) };
    default:
      return "no-attribute";
  }
}

/** Asks a device, over a connection of its own. Look at IrLMP's `refusal` before. @returns what gives the question up; undefined when there is no LSAP left */
export function askIas(
  lmp: IrLmp,
  id: number,
  className: string,
  attribute: string,
  done: (answer: IasAnswer) => void,
): (() => void) | undefined {
  const question = Uint8Array.of(GET_VALUE_BY_CLASS, ...named(className), ...named(attribute));
  let unsent: Uint8Array | undefined = question;
  let isOver = false;
  const end = (answer: IasAnswer | undefined): void => {
    if (isOver) return;
    isOver = true;
    patience.cancel();
    connection?.disconnect(LM_REASON.userRequest);
    if (answer !== undefined) done(answer);
  };
  const patience = lmp.time.timers.timer(
    "ias-answer",
    () => `infrared device ${lmp.lap.id}`,
    () => end("no-answer"),
  );
  const user: LsapUser = {
    lsapConnected: () => connection?.kick(),
    lsapDisconnected: (reason) => end(reason === LM_REASON.noLsap ? "no-class" : "no-answer"),
    lsapData: (data) => end(parseIasAnswer(data)),
    nextLsapData: () => {
      const given = unsent;
      unsent = undefined;
      return given;
    },
  };
  const connection: LsapConnection | undefined = lmp.connect(id, LSAP_IAS, new Uint8Array(0), user);
  if (connection === undefined) return undefined;
  patience.set(ANSWER_MS);
  return () => end(undefined);
}
