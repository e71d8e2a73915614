import type { CallState, HostState } from "../../src/run/run-state.ts";
import { socketFacts } from "../../src/run/socket-facts.ts";
import { type CallBar, type CallLane, callLanes } from "../../src/run/winsock-lanes.ts";
import { describeError, errorName } from "../../src/winsock/abi/errors.ts";
import { insideWords } from "../inside-words.ts";
import type { RunView } from "../store/run-view.ts";
import { formatMoment, formatSpan, words } from "../words.ts";
import { isCapture, titleOf } from "./chosen-connection.tsx";
import type { ViewProps } from "./registry.ts";
import { Moment } from "./timers.tsx";
import "./inside.css";

/** Calls that are listed of each program. */
const SHOWN_CALLS = 40;
const ROW_PIXELS = 22;

/** What programs asked of Winsock, and what it keeps for them. */
export function WinsockView({ run }: ViewProps) {
  const text = insideWords.value.winsock;
  const hosts = [...run.hosts.value];
  const withCalls = hosts.filter(([, { calls, returned }]) => calls.size + returned.length > 0);
  return (
    <section aria-label={words.value.views.winsock} class="view inside">
      {isCapture(run) && <p class="soft">{insideWords.value.common.captureOnly}</p>}
      {!isCapture(run) && withCalls.length === 0 && <p class="soft">{text.noCalls}</p>}
      {withCalls.map(([host, state]) => (
        <HostPrograms key={host} run={run} host={host} state={state} />
      ))}
    </section>
  );
}

interface HostProps {
  readonly run: RunView;
  readonly host: string;
  readonly state: HostState;
}

function HostPrograms({ run, host, state }: HostProps) {
  const lanes = callLanes(state, run.cursor.value.atMs);
  // One axis for all, so that what stands above each other happens together.
  const fromMs = Math.min(...lanes.map(({ bars }) => bars[0]!.startMs));
  return (
    <section aria-label={titleOf(run, host)}>
      {run.hosts.value.size > 1 && <h2>{titleOf(run, host)}</h2>}
      <Waiting run={run} state={state} />
      {lanes.map((lane) => (
        <Program key={lane.client} run={run} lane={lane} fromMs={fromMs} title={state.programs.get(String(lane.client))?.title} />
      ))}
      <Sockets run={run} host={host} state={state} />
      <Waitables run={run} host={host} state={state} />
    </section>
  );
}

/** Calls that have not returned: blocked, or overlapped and under way. */
function Waiting({ run, state }: { readonly run: RunView; readonly state: HostState }) {
  const text = insideWords.value.winsock;
  const waiting = [...state.calls.values()];
  if (waiting.length === 0) return null;
  return (
    <div class="card">
      <h3>{text.overlapped}</h3>
      <ul class="plain">
        {waiting.map((call) => (
          <li key={`${call.client} ${call.call}`}>
            {text.program(call.client)}: <span class="mono">{call.text}</span>{" "}
            <b>{text.pendingFor(formatSpan(Math.max(0, run.cursor.value.atMs - call.calledMs)))}</b>{" "}
            <Moment run={run} event={call.event} atMs={call.calledMs} />
          </li>
        ))}
      </ul>
    </div>
  );
}

interface ProgramProps {
  readonly run: RunView;
  readonly lane: CallLane;
  /** Where the axis begins. */
  readonly fromMs: number;
  readonly title: string | undefined;
}

function Program({ run, lane, fromMs, title }: ProgramProps) {
  const text = insideWords.value.winsock;
  const older = lane.bars.length - SHOWN_CALLS;
  return (
    <section aria-label={text.program(lane.client)}>
      <h3>{title === undefined ? text.program(lane.client) : text.titled(lane.client, title)}</h3>
      <Lane run={run} lane={lane} from={fromMs} />
      <table class="wide">
        <thead>
          <tr>
            <th scope="col">{insideWords.value.common.time}</th>
            <th scope="col">{text.call}</th>
            <th scope="col">{text.result}</th>
            <th scope="col">{text.error}</th>
            <th scope="col" class="number">
              {text.duration}
            </th>
          </tr>
        </thead>
        <tbody>
          {lane.bars.slice(-SHOWN_CALLS).map(({ call }) => (
            <CallRow key={call.call} run={run} call={call} />
          ))}
        </tbody>
      </table>
      {older > 0 && <p class="soft">{text.older(older)}</p>}
    </section>
  );
}

/** Time that a lane shows at least, so that calls of an instant have a place. */
const LEAST_SPAN_MS = 1;

interface LaneProps {
  readonly run: RunView;
  readonly lane: CallLane;
  readonly from: number;
}

function Lane({ run, lane: { client, bars, rows }, from }: LaneProps) {
  const to = Math.max(run.cursor.value.atMs, from + LEAST_SPAN_MS);
  const share = (atMs: number): number => ((Math.min(atMs, to) - from) / (to - from)) * 100;
  return (
    <>
      <div
        class="lane"
        style={{ height: `${rows * ROW_PIXELS + 4}px` }}
        role="img"
        aria-label={insideWords.value.winsock.lane(client, bars.length)}
      >
        {bars.map((bar) => (
          <Bar
            key={bar.call.call}
            bar={bar}
            left={share(bar.startMs)}
            width={share(bar.endMs) - share(bar.startMs)}
            onClick={() => run.selectEvent(bar.call.event)}
          />
        ))}
      </div>
      <div class="lane-axis mono" aria-hidden="true">
        <span>{formatMoment(from)}</span>
        <span>{formatMoment(to)}</span>
      </div>
    </>
  );
}

interface BarProps {
  readonly bar: CallBar;
  readonly left: number;
  readonly width: number;
  readonly onClick: () => void;
}

function Bar({ bar: { call, isPending, row }, left, width, onClick }: BarProps) {
  const kind = isPending ? "call pending" : call.error === 0 ? "call" : "call failed";
  const style = { left: `${left}%`, width: `max(4px, ${width}%)`, top: `${row * ROW_PIXELS + 3}px` };
  return (
    // The list beneath has the same for the keyboard.
    // biome-ignore lint/a11y/noStaticElementInteractions: a shortcut for the mouse
    // biome-ignore lint/a11y/useKeyWithClickEvents: a shortcut for the mouse
    <span class={kind} style={style} title={`${call.text} → ${call.result ?? "…"}`} onClick={onClick}>
      {width > call.name.length && call.name}
    </span>
  );
}

function CallRow({ run, call }: { readonly run: RunView; readonly call: CallState }) {
  const text = insideWords.value.winsock;
  const { error = 0, returnedMs, result } = call;
  return (
    <tr>
      <td>
        <Moment run={run} event={call.event} atMs={call.calledMs} />
      </td>
      <td class="mono">
        {call.text}
        {call.line !== undefined && <span class="soft"> {text.line(call.line)}</span>}
      </td>
      <td class="mono">{result ?? <b>{text.pending}</b>}</td>
      <td>
        {error !== 0 && (
          <span class="bad" title={describeError(error)}>
            ✕ {errorName(error) ?? error}
          </span>
        )}
      </td>
      <td class="number mono">{returnedMs === undefined ? "…" : formatSpan(returnedMs - call.calledMs)}</td>
    </tr>
  );
}

function Sockets({ state }: HostProps) {
  const text = insideWords.value.winsock;
  if (state.sockets.size === 0) return null;
  return (
    <>
      <h3>{text.sockets}</h3>
      <table class="wide">
        <thead>
          <tr>
            <th scope="col">{text.socket}</th>
            <th scope="col">{text.phase}</th>
            <th scope="col">{text.options}</th>
            <th scope="col">{text.selected}</th>
            <th scope="col">{text.recorded}</th>
            <th scope="col">{text.reported}</th>
          </tr>
        </thead>
        <tbody>
          {[...state.sockets.values()].map(({ id, label, selected, recorded, reported }) => {
            const { phase, options } = socketFacts(state, id);
            return (
              <tr key={id}>
                <th scope="row">{label}</th>
                <td>{text.phases[phase]}</td>
                <td class="mono">
                  {options.map((option, i) => (
                    <div key={i}>{option}</div>
                  ))}
                </td>
                <td class="mono">{selected.join(" ")}</td>
                <td class="mono">
                  <Bits bits={recorded} sign="●" />
                </td>
                <td class="mono">
                  <Bits bits={reported} sign="○" />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </>
  );
}

const Bits = ({ bits, sign }: { readonly bits: readonly string[]; readonly sign: string }) => (
  <>{bits.length === 0 ? "–" : bits.map((bit) => `${sign} ${bit}`).join(" ")}</>
);

function Waitables({ state }: HostProps) {
  const text = insideWords.value.winsock;
  if (state.waitables.size === 0) return null;
  return (
    <>
      <h3>{text.waitables}</h3>
      <table>
        <thead>
          <tr>
            <th scope="col">{text.kind}</th>
            <th scope="col">{text.handle}</th>
            <th scope="col">{text.programs}</th>
            <th scope="col">{text.state}</th>
          </tr>
        </thead>
        <tbody>
          {[...state.waitables].map(([key, { client, handle, kind, state: now }]) => (
            <tr key={key}>
              <th scope="row">{text.kinds[kind] ?? kind}</th>
              <td class="mono">{handle === 0 ? "–" : handle}</td>
              <td>{text.program(client)}</td>
              <td>{now}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
