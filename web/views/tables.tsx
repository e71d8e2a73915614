import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import type { HostTables } from "../../src/run/page-messages.ts";
import type { HostState } from "../../src/run/run-state.ts";
import { DROP_REASONS } from "../../src/stack/core/drop-reasons.ts";
import { insideWords } from "../inside-words.ts";
import type { RunView } from "../store/run-view.ts";
import { formatMoment, formatNumber, formatSpan, words } from "../words.ts";
import { titleOf } from "./chosen-connection.tsx";
import type { ViewProps } from "./registry.ts";
import { useSettled } from "./settled.ts";
import "./inside.css";

/** How often tables of a run that goes on are read again. */
const REFRESH_MS = 1000;

/** A host's tables: those that it hands out, and those that its events tell. */
export function TablesView({ run }: ViewProps) {
  const hosts = [...run.hosts.value];
  const chosen = useSignal<string | undefined>(undefined);
  const [host, state] = hosts.find(([name]) => name === chosen.value) ?? hosts[0] ?? [];
  return (
    <section aria-label={words.value.views.tables} class="view inside">
      {host === undefined || state === undefined ? (
        <p class="soft">{insideWords.value.tables.noHosts}</p>
      ) : (
        <>
          <div class="inside-bar">
            <label class="choice">
              {insideWords.value.common.host}
              <select value={host} onChange={(event) => (chosen.value = event.currentTarget.value)}>
                {hosts.map(([name]) => (
                  <option key={name} value={name}>
                    {titleOf(run, name)}
                  </option>
                ))}
              </select>
            </label>
          </div>
          <HandedOut key={host} run={run} host={host} />
          <Told run={run} state={state} />
        </>
      )}
    </section>
  );
}

function isTables(value: unknown): value is HostTables {
  return typeof value === "object" && value !== null && "interfaces" in value && "routes" in value;
}

/** What only the host itself knows, read anew as the run goes on. */
function HandedOut({ run, host }: { readonly run: RunView; readonly host: string }) {
  const text = insideWords.value.tables;
  const tables = useSignal<{ readonly value: HostTables; readonly atMs: number } | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  const round = useSignal(0);
  const moment = useSettled(run.clock.value.nowMs, REFRESH_MS);
  const version = useSettled(run.version.value, REFRESH_MS);
  useEffect(() => {
    let isOld = false;
    run.request({ type: "tables", host }).then(
      (value) => {
        if (isOld || !isTables(value)) return;
        tables.value = { value, atMs: run.endMs };
        problem.value = undefined;
      },
      (error: unknown) => {
        if (!isOld) problem.value = error instanceof Error ? error.message : String(error);
      },
    );
    return () => {
      isOld = true;
    };
  }, [run, host, moment, version, round.value]);
  if (tables.value === undefined)
    return <p class="note">{problem.value === undefined ? text.notNow : `${text.notNow} (${problem.value})`}</p>;
  const { interfaces, routes, counters, drops } = tables.value.value;
  return (
    <>
      <p class="soft">
        {text.readAt(formatMoment(tables.value.atMs))}{" "}
        <button type="button" onClick={() => round.value++}>
          {text.refresh}
        </button>
      </p>
      <div class="table-blocks">
        <Table title={text.interfaces} heads={[text.name, text.mac, text.mtu, text.link, text.addresses]}>
          {interfaces.map(({ name, mac, mtu, isUp, addresses }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class="mono">{mac}</td>
              <td class="number">{mtu}</td>
              <td>{isUp ? `▲ ${text.up}` : `▼ ${text.down}`}</td>
              <td class="mono">{addresses.join(", ")}</td>
            </tr>
          ))}
        </Table>
        <Table title={text.routes} heads={[text.destination, text.gateway, text.interface, text.metric, text.origin]}>
          {routes.map((route) => (
            <tr key={`${route.destination} ${route.gateway} ${route.interface} ${route.metric}`}>
              <th scope="row" class="mono">
                {route.destination}
              </th>
              <td class="mono">{route.gateway === "" ? text.onLink : route.gateway}</td>
              <td>{route.interface}</td>
              <td class="number">{route.metric}</td>
              <td>{route.origin}</td>
            </tr>
          ))}
        </Table>
        <Table title={text.counters} heads={[text.counter, text.value]}>
          {Object.entries(counters).map(([name, value]) => (
            <tr key={name}>
              <th scope="row" class="mono">
                {name}
              </th>
              <td class="number mono">{formatNumber(value)}</td>
            </tr>
          ))}
        </Table>
        <Drops drops={Object.entries(drops)} />
      </div>
    </>
  );
}

interface TableProps {
  readonly title: string;
  readonly heads: readonly string[];
  readonly children: ComponentChildren;
}

function Table({ title, heads, children }: TableProps) {
  return (
    <section class="table-block">
      <h2>{title}</h2>
      {Array.isArray(children) && children.length === 0 ? (
        <p class="soft">{insideWords.value.common.nothing}</p>
      ) : (
        <table>
          <thead>
            <tr>
              {heads.map((head) => (
                <th key={head} scope="col">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>{children}</tbody>
        </table>
      )}
    </section>
  );
}

/** What events have told by the cursor. */
function Told({ run, state }: { readonly run: RunView; readonly state: HostState }) {
  const text = insideWords.value.tables;
  const now = run.cursor.value.atMs;
  const open = [...state.connections.values()].filter(({ closedMs }) => closedMs === undefined);
  return (
    <div class="table-blocks">
      <Table title={text.neighbours} heads={[text.address, text.device, text.state, text.since]}>
        {[...state.neighbours].map(([key, { address, device, state: is, sinceMs }]) => (
          <tr key={key}>
            <th scope="row" class="mono">
              {address}
            </th>
            <td>{device}</td>
            <td>{is}</td>
            <td class="mono">{formatSpan(Math.max(0, now - sinceMs))}</td>
          </tr>
        ))}
      </Table>
      <Table title={text.listeners} heads={[text.local, text.backlog, text.waiting, text.halfOpen]}>
        {[...state.listeners.values()].map(({ id, local, backlog, waiting, halfOpen }) => (
          <tr key={id}>
            <th scope="row" class="mono">
              {local}
            </th>
            <td class="number">{backlog}</td>
            <td>
              <meter min={0} max={Math.max(1, backlog)} value={waiting} aria-hidden="true" /> {waiting}
              {waiting >= backlog && <b class="bad"> ■ {text.full}</b>}
            </td>
            <td class="number">{halfOpen}</td>
          </tr>
        ))}
      </Table>
      <Table title={text.connections} heads={[text.local, text.remote, text.state]}>
        {open.map(({ id, local, remote, state: is }) => (
          <tr key={id}>
            <th scope="row" class="mono">
              {local}
            </th>
            <td class="mono">{remote}</td>
            <td>{is}</td>
          </tr>
        ))}
      </Table>
      <Table title={text.sockets} heads={[text.socket, text.since]}>
        {[...state.sockets.values()].map(({ id, label, openedMs }) => (
          <tr key={id}>
            <th scope="row">{label}</th>
            <td class="mono">{formatMoment(openedMs)}</td>
          </tr>
        ))}
      </Table>
      {state.addresses.size > 0 && (
        <Table title={text.addresses} heads={[text.address, text.device, text.state, text.origin]}>
          {[...state.addresses].map(([address, { device, state: is, origin }]) => (
            <tr key={address}>
              <th scope="row" class="mono">
                {address}
              </th>
              <td>{device}</td>
              <td>{is}</td>
              <td>{origin}</td>
            </tr>
          ))}
        </Table>
      )}
      <Table title={text.counters} heads={[text.counter, text.value]}>
        {(["framesIn", "framesOut", "bytesIn", "bytesOut", "impaired", "leftOut"] as const).map((name) => (
          <tr key={name}>
            <th scope="row">{text[name]}</th>
            <td class="number mono">{formatNumber(state.counters[name])}</td>
          </tr>
        ))}
      </Table>
      <Drops drops={[...state.drops]} />
    </div>
  );
}

const MEANINGS: Readonly<Record<string, string>> = Object.assign({}, ...DROP_REASONS.map(({ reasons }) => reasons));

/** Reasons that grew most stand first. */
function Drops({ drops }: { readonly drops: readonly (readonly [string, number])[] }) {
  const text = insideWords.value.tables;
  return (
    <Table title={text.drops} heads={[text.reason, text.count, text.meaning]}>
      {drops
        .toSorted((a, b) => b[1] - a[1])
        .map(([reason, count]) => (
          <tr key={reason}>
            <th scope="row" class="mono">
              {reason}
            </th>
            <td class="number mono">{formatNumber(count)}</td>
            <td lang="en">{MEANINGS[reason] ?? ""}</td>
          </tr>
        ))}
    </Table>
  );
}
