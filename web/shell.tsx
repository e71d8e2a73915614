import { type Signal, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useErrorBoundary, useRef } from "preact/hooks";
import { HelpDialog } from "./parts/help-dialog.tsx";
import { Icon } from "./parts/icon.tsx";
import { SplitPane } from "./parts/split-pane.tsx";
import { TimeBar } from "./parts/time-bar.tsx";
import { Toasts, tell } from "./parts/toast.tsx";
import { ProgramPanel } from "./program/program-panel.tsx";
import { isProgramShown, showProgram } from "./program/program-source.ts";
import { downloadRun } from "./store/download.ts";
import { connectMade } from "./store/first-connect.ts";
import { linkToHere } from "./store/link.ts";
import { openFile } from "./store/opened-file.ts";
import type { Player } from "./store/player.ts";
import type { RunView } from "./store/run-view.ts";
import { sourceNotice } from "./store/source-client.ts";
import { chooseTheme, type Theme, theme } from "./store/theme.ts";
import { FaultBadge } from "./views/fault-badge.tsx";
import { FirstSteps } from "./views/first-steps.tsx";
import { VIEWS, type ViewName } from "./views/registry.ts";
import { chooseLanguage, LANGUAGES, type Language, language, words } from "./words.ts";

interface ShellProps {
  readonly run: RunView;
  readonly player: Player;
  readonly shown: Signal<ViewName>;
}

/** The page: header with the views, the view with the program beside it, and the bar of time. */
export function Shell({ run, player, shown }: ShellProps) {
  const isHelpOpen = useSignal(false);
  const isDropping = useSignal(false);
  useEffect(() => watchKeys({ run, player, shown, isHelpOpen }), [run, player, shown, isHelpOpen]);
  useEffect(() => watchDrops(run, isDropping), [run, isDropping]);
  const { component: View } = VIEWS.find(({ name }) => name === shown.value) ?? VIEWS[0]!;
  const view = (
    <Guarded key={shown.value}>
      <View run={run} />
    </Guarded>
  );
  const { page } = words.value;
  return (
    <div class="shell">
      <button type="button" class="skip" onClick={() => document.getElementById("view")?.focus()}>
        {page.skipToView}
      </button>
      <Header run={run} shown={shown} isHelpOpen={isHelpOpen} />
      <main id="view" tabIndex={-1}>
        <Notices run={run} />
        <FirstSteps run={run} shown={shown} onConnect={() => connectOnce(run)} />
        <div class="place">
          {isProgramShown.value && run.abilities.value.programs ? (
            <SplitPane name="program" label={page.program} direction="row" share={0.66} first={view} second={<ProgramPanel run={run} />} />
          ) : (
            view
          )}
        </div>
      </main>
      <TimeBar run={run} player={player} />
      <Toasts />
      <HelpDialog isOpen={isHelpOpen} />
      {isDropping.value && <div class="dropping">{page.dropHere}</div>}
    </div>
  );
}

interface HeaderProps {
  readonly run: RunView;
  readonly shown: Signal<ViewName>;
  readonly isHelpOpen: Signal<boolean>;
}

function Header({ run, shown, isHelpOpen }: HeaderProps) {
  const { page, views, source } = words.value;
  const { title, kind } = run.header.value;
  const { connects, programs, saves } = run.abilities.value;
  const file = useRef<HTMLInputElement>(null);
  return (
    <header>
      <h1>{page.title}</h1>
      <p class="run-title" title={title}>
        {title !== "" && <span class={`kind ${kind}`}>{source[kind]}</span>} {title}
      </p>
      <div class="actions">
        <FaultBadge run={run} onClick={() => (shown.value = "faults")} />
        {connects && (
          <button type="button" class="primary" title={page.connectHint} onClick={() => connectOnce(run)}>
            {page.connect}
          </button>
        )}
        {programs && (
          <button type="button" aria-pressed={isProgramShown.value} onClick={() => showProgram(!isProgramShown.value)}>
            {page.program}
          </button>
        )}
        {saves && (
          <button type="button" onClick={() => downloadRun(run).catch(tell)}>
            {page.save}
          </button>
        )}
        <button type="button" title={page.openHint} onClick={() => file.current!.click()}>
          {page.open}
        </button>
        <input
          ref={file}
          type="file"
          hidden
          onChange={({ currentTarget }) => {
            const [chosen] = currentTarget.files ?? [];
            if (chosen !== undefined) openFile(run, chosen).catch(tell);
            currentTarget.value = "";
          }}
        />
        <button type="button" aria-label={page.link} title={page.link} onClick={() => copyLink(run, shown.value)}>
          <Icon name="link" />
        </button>
        <label>
          <span class="aside">{page.theme}</span>
          <select title={page.theme} value={theme.value} onChange={({ currentTarget }) => chooseTheme(currentTarget.value as Theme)}>
            <option value="auto">◐ {page.themeAuto}</option>
            <option value="light">○ {page.themeLight}</option>
            <option value="dark">● {page.themeDark}</option>
          </select>
        </label>
        <label>
          <span class="aside">{page.language}</span>
          <select
            title={page.language}
            value={language.value}
            onChange={({ currentTarget }) => chooseLanguage(currentTarget.value as Language)}
          >
            {Object.entries(LANGUAGES).map(([name, ownName]) => (
              <option key={name} value={name} lang={name}>
                {ownName}
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          aria-label={page.help}
          title={page.help}
          aria-keyshortcuts="?"
          onClick={() => (isHelpOpen.value = !isHelpOpen.value)}
        >
          ?
        </button>
      </div>
      <nav aria-label={page.views}>
        {VIEWS.map(({ name }, index) => (
          <button
            type="button"
            key={name}
            class="tab"
            aria-current={name === shown.value ? "page" : undefined}
            aria-keyshortcuts={String((index + 1) % 10)}
            onClick={() => (shown.value = name)}
          >
            <span class="key" aria-hidden="true">
              {(index + 1) % 10}
            </span>
            {views[name]}
          </button>
        ))}
      </nav>
    </header>
  );
}

/** What there is to say of the source, above the view. */
function Notices({ run }: { readonly run: RunView }) {
  run.version.value;
  const { source, page } = words.value;
  const { first, end } = run.timeline;
  const sentences: string[] = [];
  if (sourceNotice.value !== undefined) sentences.push(sourceNotice.value);
  if (run.header.value.kind === "capture") sentences.push(source.captureNote);
  if (first > 0) sentences.push(source.gone(first));
  const isEmpty = end === 0 && sourceNotice.value === undefined && run.header.value.title !== "";
  return (
    <div class="notices" role="status">
      {sentences.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
      {isEmpty && (
        <p>
          <b>{page.emptyTitle}.</b> {page.empty}
        </p>
      )}
    </div>
  );
}

/** A view that fails leaves the rest of the page as it is. */
function Guarded({ children }: { readonly children: ComponentChildren }) {
  const [problem, retry] = useErrorBoundary();
  if (problem === undefined) return <>{children}</>;
  const message = problem instanceof Error ? problem.message : String(problem);
  return (
    <div class="view" role="alert">
      <p>{words.value.page.viewFailed(message)}</p>
      <button type="button" onClick={retry}>
        <Icon name="again" /> {words.value.page.drawAgain}
      </button>
    </div>
  );
}

/** Where a server listens, in the simulation as in scripts/start. */
const CONNECT_PORT = 8080;

/** From the first host that is traced to the next one; of a host that is alone to the first address of its network. */
function connectOnce(run: RunView): void {
  const { hosts } = run.header.peek();
  const from = hosts.find(({ isTraced }) => isTraced);
  const to = hosts.find((host) => host !== from && host.addresses.length > 0);
  const own = from?.addresses.find((address) => address.includes("."));
  const address = (to?.addresses[0] ?? own?.replace(/\.\d+(\/|$)/, ".1$1"))?.replace(/\/\d+$/, "");
  if (from === undefined || address === undefined) return;
  run.goToEnd();
  connectMade(run, from.name);
  run.request({ type: "connect", host: from.name, address, port: CONNECT_PORT }).catch(tell);
}

async function copyLink(run: RunView, view: ViewName): Promise<void> {
  const { page } = words.value;
  try {
    await navigator.clipboard.writeText(linkToHere(run, view));
    tell(page.linkCopied);
  } catch {
    tell(page.linkNotCopied);
  }
}

interface KeyTargets {
  readonly run: RunView;
  readonly player: Player;
  readonly shown: Signal<ViewName>;
  readonly isHelpOpen: Signal<boolean>;
}

/** Keys of the whole page; what is typed into a field is the field's, and what a view has taken is the view's. */
function watchKeys({ run, player, shown, isHelpOpen }: KeyTargets): () => void {
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
    const view = /^[0-9]$/.test(event.key) ? VIEWS[(Number(event.key) + 9) % 10] : undefined;
    if (view !== undefined) shown.value = view.name;
    else if (event.key === " " && !isPressable(event.target)) player.toggle();
    else if (event.key === "ArrowLeft") player.step(-1, event.shiftKey ? "frame" : "event");
    else if (event.key === "ArrowRight") player.step(1, event.shiftKey ? "frame" : "event");
    else if (event.key === "[") player.step(-1, "frame");
    else if (event.key === "]") player.step(1, "frame");
    else if (event.key === "Home") player.toStart();
    else if (event.key === "End") player.toEnd();
    else if (event.key === "?") isHelpOpen.value = true;
    else if (event.key === "Escape" && !isHelpOpen.value) run.clearSelection();
    else return;
    if (event.key !== "Escape") event.preventDefault();
  };
  document.addEventListener("keydown", onKeyDown);
  return () => document.removeEventListener("keydown", onKeyDown);
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest("input, textarea, select, [contenteditable], [role=separator]") !== null;

const isPressable = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest("button, a, summary, [role=button]") !== null;

function watchDrops(run: RunView, isDropping: Signal<boolean>): () => void {
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
  const onOver = (event: DragEvent): void => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    isDropping.value = true;
  };
  const onLeave = (event: DragEvent): void => {
    if (event.relatedTarget === null) isDropping.value = false;
  };
  const onDrop = (event: DragEvent): void => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    isDropping.value = false;
    const [file] = event.dataTransfer!.files;
    if (file !== undefined) openFile(run, file).catch(tell);
  };
  addEventListener("dragover", onOver);
  addEventListener("dragleave", onLeave);
  addEventListener("drop", onDrop);
  return () => {
    removeEventListener("dragover", onOver);
    removeEventListener("dragleave", onLeave);
    removeEventListener("drop", onDrop);
  };
}
