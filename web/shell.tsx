import { useSignal } from "@preact/signals";
import type { RunView } from "./store/run-view.ts";
import { VIEWS, type ViewName } from "./views/registry.ts";
import { words } from "./words.ts";

/** The page: header with the views, the view, and the bar of time. */
export function Shell({ run }: { readonly run: RunView }) {
  const shown = useSignal<ViewName>("ladder");
  const { component: View } = VIEWS.find(({ name }) => name === shown.value) ?? VIEWS[0]!;
  return (
    <div class="shell">
      <header>
        <h1>{words.value.page.title}</h1>
        <nav aria-label={words.value.page.views}>
          {VIEWS.map(({ name }, index) => (
            <button type="button" key={name} class="quiet" aria-pressed={name === shown.value} onClick={() => (shown.value = name)}>
              <kbd>{index + 1}</kbd> {words.value.views[name]}
            </button>
          ))}
        </nav>
      </header>
      <main>
        <View run={run} />
      </main>
    </div>
  );
}
