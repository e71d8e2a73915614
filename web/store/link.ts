import { effect, type Signal } from "@preact/signals";
import { openServerProgram } from "../program/program-source.ts";
import { openLesson } from "../views/lessons.tsx";
import { VIEWS, type ViewName } from "../views/registry.ts";
import type { RunView } from "./run-view.ts";

/** What a link says of a moment. */
interface Place {
  readonly view: ViewName | undefined;
  readonly atMs: number | undefined;
  readonly event: number | undefined;
  readonly connection: { readonly host: string; readonly id: number } | undefined;
}

/** How long the address line may lag behind a cursor that moves: browsers refuse quicker changes. */
const WRITE_AFTER_MS = 250;

function readHash(): Place {
  const fields = new URLSearchParams(location.hash.slice(1));
  const number = (name: string): number | undefined => {
    const text = fields.get(name);
    const value = text === null || text === "" ? Number.NaN : Number(text);
    return Number.isFinite(value) && value >= 0 ? value : undefined;
  };
  const [, host, id] = /^(.*)\/(\d+)$/.exec(fields.get("connection") ?? "") ?? [];
  return {
    view: VIEWS.find(({ name }) => name === fields.get("view"))?.name,
    atMs: number("at"),
    event: number("event"),
    connection: host === undefined ? undefined : { host, id: Number(id) },
  };
}

/** Keeps the address's part behind `#` and the page the same: what a link says is done as soon as the run has come so far. */
export function followLink(run: RunView, shown: Signal<ViewName>): void {
  let wanted: Place | undefined = readHash();
  let written = "";
  let _timer: ReturnType<typeof setTimeout> | undefined;

  const take = (place: Place): void => {
    if (place.view !== undefined) shown.value = place.view;
    wanted = place;
    tryWanted();
  };
  const tryWanted = (): void => {
    if (wanted === undefined) return;
    const { event, atMs, connection } = wanted;
    if (event === undefined && atMs === undefined && connection === undefined) {
      wanted = undefined;
      return;
    }
    const isThere = event !== undefined ? run.timeline.end > event : run.timeline.endMs >= (atMs ?? 0);
    if (!isThere || run.timeline.end === 0) return;
    wanted = undefined;
    if (event !== undefined) run.selectEvent(event);
    if (atMs !== undefined && (event === undefined || run.timeline.at(event)?.atMs !== atMs)) run.goToTime(atMs);
    if (connection !== undefined) run.selectConnection(connection);
  };
  const write = (): void => {
    _timer = undefined;
    const hash = hashOf(run, shown.peek());
    if (hash === written) return;
    written = hash;
    history.replaceState(undefined, "", `${location.pathname}${location.search}${hash}`);
  };

  takeOnce();
  take(wanted);
  addEventListener("hashchange", () => {
    if (location.hash !== written) take(readHash());
  });
  effect(() => {
    run.version.value;
    tryWanted();
  });
  effect(() => {
    run.cursor.value;
    run.selection.value;
    shown.value;
    if (wanted === undefined) _timer ??= setTimeout(write, WRITE_AFTER_MS);
  });
}

/** What a link of another page of ours asks for, beside a place in a run. */
function takeOnce(): void {
  const fields = new URLSearchParams(location.hash.slice(1));
  const lesson = fields.get("lesson");
  if (lesson !== null) openLesson(lesson);
  if (fields.has("program")) openServerProgram();
}

function hashOf(run: RunView, view: ViewName): string {
  const { atMs, isAtEnd } = run.cursor.peek();
  const { event, connection } = run.selection.peek();
  const fields: string[] = [];
  if (!isAtEnd) fields.push(`at=${atMs}`);
  if (event !== undefined) fields.push(`event=${event}`);
  if (connection !== undefined) fields.push(`connection=${encodeURIComponent(connection.host)}/${connection.id}`);
  fields.push(`view=${view}`);
  return `#${fields.join("&")}`;
}

/** The address of the present moment, without a token: links are handed on. */
export function linkToHere(run: RunView, view: ViewName): string {
  const url = new URL(location.href);
  url.searchParams.delete("token");
  url.hash = hashOf(run, view);
  return url.href;
}
