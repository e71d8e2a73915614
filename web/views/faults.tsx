import { signal, useSignal } from "@preact/signals";
import { FAULT_FIELDS, type FaultField, pickAgain, readSetting, settingsInForce, shownSetting } from "../../src/run/fault-form.ts";
import type { PageRequest } from "../../src/run/page-messages.ts";
import { type FrameRunEvent, wholeFrame } from "../../src/run/run-event.ts";
import { describeFrame } from "../../src/stack/packet/describe.ts";
import { FRAME_KINDS, type FrameKind } from "../../src/wire/frame-match.ts";
import type { Direction, FramePick, Impairment } from "../../src/wire/impairment.ts";
import { NO_IMPAIRMENT } from "../../src/wire/impairment.ts";
import { insideWords } from "../inside-words.ts";
import { rememberAs, remembered } from "../store/remembered.ts";
import type { RunView } from "../store/run-view.ts";
import { words } from "../words.ts";
import { titleOf } from "./chosen-connection.tsx";
import { faultsInForce } from "./fault-badge.tsx";
import type { ViewProps } from "./registry.ts";
import "./inside.css";

/** Tells what was done, or why it was not. */
type Ask = (request: PageRequest, done: string) => void;

/** What is wrong with the lines now, and what can be made wrong with them. */
export function FaultsView({ run }: ViewProps) {
  const text = insideWords.value.faults;
  const said = useSignal<{ readonly text: string; readonly isBad: boolean } | undefined>(undefined);
  const ask: Ask = (request, done) => {
    run.request(request).then(
      () => (said.value = { text: done, isBad: false }),
      (error: unknown) => (said.value = { text: error instanceof Error ? error.message : String(error), isBad: true }),
    );
  };
  const hosts = run.header.value.hosts.filter(({ isTraced }) => isTraced);
  return (
    <section aria-label={words.value.views.faults} class="view inside">
      <InForce run={run} ask={ask} />
      <p role="status" class={said.value?.isBad === true ? "bad said" : "said"}>
        {said.value === undefined ? "" : said.value.isBad ? `✕ ${said.value.text}` : `✓ ${said.value.text}`}
      </p>
      {run.abilities.value.faults ? (
        <>
          <Picks run={run} ask={ask} hosts={hosts.map(({ name }) => name)} />
          {hosts.map(({ name }) => (
            <LineForm key={name} run={run} host={name} ask={ask} />
          ))}
          <Seed run={run} ask={ask} />
        </>
      ) : (
        <p class="note">{text.cannot}</p>
      )}
    </section>
  );
}

function InForce({ run, ask }: { readonly run: RunView; readonly ask: Ask }) {
  const text = insideWords.value.faults;
  const all = faultsInForce(run);
  const signs = { out: `→ ${text.out}`, in: `← ${text.in}`, pick: "⚡" };
  return (
    <div class={all.length === 0 ? "card" : "card in-force"}>
      <h2>{text.inForce}</h2>
      {all.length === 0 ? (
        <p class="soft">✓ {text.none}</p>
      ) : (
        <ul class="plain">
          {all.map(({ host, where, text: fault }) => (
            <li key={`${host} ${where} ${fault}`}>
              <b>{titleOf(run, host)}</b> {signs[where]}: {fault}
            </li>
          ))}
        </ul>
      )}
      {run.abilities.value.faults && (
        <button
          type="button"
          class="primary"
          onClick={() => {
            typed.value = new Map();
            ask({ type: "clear-faults" }, text.cleared);
          }}
        >
          {text.clearAll}
        </button>
      )}
    </div>
  );
}

/** The pick of a button, and what the button is called after. */
const READY: readonly { readonly kind: "syn-ack" | "data" | "fin" | "syn"; readonly pick: FramePick }[] = [
  { kind: "syn-ack", pick: { match: "syn-ack", action: "drop", count: 1 } },
  { kind: "data", pick: { match: "data", direction: "out", action: "drop", count: 1 } },
  { kind: "fin", pick: { match: "fin", action: "delay", delayMs: 3000, count: 1 } },
  { kind: "syn", pick: { match: "syn", action: "reset", count: 1 } },
];
const PICK_ACTIONS = ["drop", "duplicate", "delay", "corrupt", "reset"] as const;
const USUAL_DELAY_MS = 3000;

interface PicksProps {
  readonly run: RunView;
  readonly ask: Ask;
  readonly hosts: readonly string[];
}

/** What is done once, to the next frame of a kind. */
function Picks({ run, ask, hosts }: PicksProps) {
  const text = insideWords.value.faults;
  const host = useSignal<string>(hosts[0] ?? "");
  const kind = useSignal<FrameKind>("data");
  const action = useSignal<(typeof PICK_ACTIONS)[number]>("drop");
  const direction = useSignal<Direction | "either">("either");
  const count = useSignal(1);
  const skip = useSignal(0);
  const delayMs = useSignal(USUAL_DELAY_MS);
  const at = hosts.includes(host.value) ? host.value : (hosts[0] ?? "");
  const selected = run.selection.value.event;
  const event = selected === undefined ? undefined : run.timeline.at(selected);
  const again = pickAgain(event);
  const arm = (on: string, pick: FramePick, what: string): void => ask({ type: "pick", host: on, pick }, text.armed(what));
  return (
    <section aria-label={text.picks} class="card">
      <h2>{text.picks}</h2>
      <div class="inside-bar">
        {hosts.length > 1 && (
          <label class="choice">
            {insideWords.value.common.host}
            <select value={at} onChange={(e) => (host.value = e.currentTarget.value)}>
              {hosts.map((name) => (
                <option key={name} value={name}>
                  {titleOf(run, name)}
                </option>
              ))}
            </select>
          </label>
        )}
        {READY.map(({ kind: of, pick }) => (
          <button type="button" key={of} onClick={() => arm(at, pick, text.readyOnes[of])}>
            {text.readyOnes[of]}
          </button>
        ))}
      </div>
      <div class="inside-bar">
        <button type="button" disabled={again === undefined} onClick={() => again && event && arm(event.host, again, text.again)}>
          {text.again}
        </button>
        <span class="soft">{again === undefined || event?.type !== "frame" ? text.againNone : text.againHint(summaryOf(event))}</span>
      </div>
      <form
        class="inside-bar"
        onSubmit={(e) => {
          e.preventDefault();
          const pick = {
            match: kind.value,
            action: action.value,
            count: count.value,
            ...(skip.value > 0 ? { skip: skip.value } : {}),
            ...(direction.value === "either" ? {} : { direction: direction.value }),
            ...(action.value === "delay" ? { delayMs: delayMs.value } : {}),
          };
          arm(at, pick, text.describe(text.actions[action.value], count.value, text.kinds[kind.value] ?? kind.value));
        }}
      >
        <label class="choice">
          {text.action}
          <select
            value={action.value}
            onChange={(e) => (action.value = PICK_ACTIONS.find((each) => each === e.currentTarget.value) ?? "drop")}
          >
            {PICK_ACTIONS.map((each) => (
              <option key={each} value={each}>
                {text.actions[each]}
              </option>
            ))}
          </select>
        </label>
        <label class="choice">
          {text.pickOf}
          <select value={kind.value} onChange={(e) => (kind.value = FRAME_KINDS.find((each) => each === e.currentTarget.value) ?? "any")}>
            {FRAME_KINDS.map((each) => (
              <option key={each} value={each}>
                {text.kinds[each] ?? each}
              </option>
            ))}
          </select>
        </label>
        {action.value === "delay" && (
          <label class="choice">
            {text.for}
            <input
              type="number"
              min="1"
              max="600000"
              required
              value={delayMs.value}
              onInput={(e) => (delayMs.value = e.currentTarget.valueAsNumber)}
            />
            {text.ms}
          </label>
        )}
        <label class="choice">
          {text.count}
          <input
            type="number"
            min="1"
            max="1000"
            required
            value={count.value}
            onInput={(e) => (count.value = e.currentTarget.valueAsNumber)}
          />
        </label>
        <label class="choice">
          {text.skip}
          <input
            type="number"
            min="0"
            max="1000"
            required
            value={skip.value}
            onInput={(e) => (skip.value = e.currentTarget.valueAsNumber)}
          />
        </label>
        <label class="choice">
          {text.direction}
          <select value={direction.value} onChange={(e) => (direction.value = directionOf(e.currentTarget.value))}>
            <option value="either">{text.either}</option>
            <option value="out">{text.out}</option>
            <option value="in">{text.in}</option>
          </select>
        </label>
        <button type="submit">{text.arm}</button>
      </form>
    </section>
  );
}

const directionOf = (value: string): Direction | "either" => (value === "in" || value === "out" ? value : "either");

const summaryOf = (frame: FrameRunEvent): string => describeFrame(wholeFrame(frame), 0, frame.length).summary;

const DIRECTIONS: readonly Direction[] = ["out", "in"];

type FieldTexts = Readonly<Record<FaultField, string>>;

/** What was typed into the fields of a line and is not set yet; it outlives the view. */
const typed = signal<ReadonlyMap<string, FieldTexts>>(new Map());
const textsOf = (settings: Impairment): FieldTexts =>
  Object.fromEntries(FAULT_FIELDS.map((field) => [field, String(shownSetting(field, settings[field]))])) as Record<FaultField, string>;

function type(key: string, texts: FieldTexts | undefined): void {
  const next = new Map(typed.peek());
  if (texts === undefined) next.delete(key);
  else next.set(key, texts);
  typed.value = next;
}

function LineForm({ run, host, ask }: { readonly run: RunView; readonly host: string; readonly ask: Ask }) {
  const text = insideWords.value.faults;
  return (
    <section aria-label={text.line(titleOf(run, host))} class="card">
      <h2>{text.line(titleOf(run, host))}</h2>
      <div class="line-forms">
        {DIRECTIONS.map((direction) => (
          <DirectionForm key={direction} run={run} host={host} title={titleOf(run, host)} direction={direction} ask={ask} />
        ))}
      </div>
    </section>
  );
}

interface DirectionProps {
  readonly run: RunView;
  readonly host: string;
  readonly title: string;
  readonly direction: Direction;
  readonly ask: Ask;
}

/** The fields show what is in force, until something is typed. */
function DirectionForm({ run, host, title, direction, ask }: DirectionProps) {
  const text = insideWords.value.faults;
  const key = `${direction} ${host}`;
  run.version.value;
  const faults = run.timeline.now.hosts.get(host)?.faults ?? new Map();
  const fields = typed.value.get(key) ?? textsOf(settingsInForce(faults, direction));
  const wrong = FAULT_FIELDS.filter((field) => readSetting(field, fields[field]) === undefined);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (wrong.length > 0) return;
        const settings = Object.fromEntries(FAULT_FIELDS.map((field) => [field, readSetting(field, fields[field])]));
        type(key, undefined);
        ask({ type: "impair", host, direction, settings }, text.setDone(title));
      }}
    >
      <fieldset>
        <legend>{direction === "out" ? `→ ${text.directionOf.out}` : `← ${text.directionOf.in}`}</legend>
        {FAULT_FIELDS.map((field) => (
          <label key={field} class="setting">
            <span>{text.fields[field]}</span>
            <input
              type="text"
              inputMode="decimal"
              value={fields[field]}
              aria-invalid={wrong.includes(field)}
              onInput={(event) => type(key, { ...fields, [field]: event.currentTarget.value })}
            />
            <span class="soft">{text.units[field]}</span>
          </label>
        ))}
        {wrong.map((field) => (
          <p key={field} class="bad">
            ✕ {text.wrong(text.fields[field])}
          </p>
        ))}
        <p>
          <button type="submit" disabled={wrong.length > 0}>
            {text.set}
          </button>{" "}
          <button type="button" class="quiet" onClick={() => type(key, textsOf(NO_IMPAIRMENT))}>
            {text.reset}
          </button>
        </p>
      </fieldset>
    </form>
  );
}

/** The same seed gives the same misfortune. */
function Seed({ run, ask }: { readonly run: RunView; readonly ask: Ask }) {
  const text = insideWords.value.faults;
  const seed = useSignal(Number(remembered("seed") ?? 1));
  if (run.header.value.kind !== "simulated" || !run.abilities.value.goesBack) return null;
  return (
    <form
      class="card inside-bar"
      onSubmit={(event) => {
        event.preventDefault();
        rememberAs("seed", String(seed.value));
        ask({ type: "restart", seed: seed.value }, text.seedOf(String(seed.value)));
      }}
    >
      <label class="choice">
        {text.seed}
        <input
          type="number"
          min="0"
          max="4294967295"
          required
          value={seed.value}
          onInput={(event) => (seed.value = event.currentTarget.valueAsNumber)}
        />
      </label>
      <button type="submit">{text.newSeed}</button>
      <span class="soft">{text.seedOf(String(seed.value))}</span>
    </form>
  );
}
