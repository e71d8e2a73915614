import "./theme.css";
import "./shell.css";
import { effect, signal } from "@preact/signals";
import { render } from "preact";
import { lessonsModel } from "./lessons-model.ts";
import { tell } from "./parts/toast.tsx";
import { EXAMPLES } from "./program/example-programs.ts";
import { programSource } from "./program/program-source.ts";
import { Shell } from "./shell.tsx";
import { isolate } from "./store/isolation.ts";
import { bindLessons } from "./store/lessons-binding.ts";
import { followLink } from "./store/link.ts";
import { loadPageData } from "./store/page-data.ts";
import { Player } from "./store/player.ts";
import { remembered } from "./store/remembered.ts";
import { RunView } from "./store/run-view.ts";
import { connectSource } from "./store/source-client.ts";
import { watchTheme } from "./store/theme.ts";
import { VIEWS, type ViewName } from "./views/registry.ts";
import { language, words } from "./words.ts";

watchTheme();
// Without it everything but programs works all the same.
isolate().catch(() => {});
effect(() => {
  document.documentElement.lang = language.value;
  document.title = words.value.page.title;
});

const run = new RunView();
const shown = signal<ViewName>(VIEWS[0]!.name);
const player = new Player(run);
connectSource(run);
loadPageData().then(
  ({ lessons, programs }) => {
    EXAMPLES.value = programs;
    if (remembered("program") === undefined && programs[0] !== undefined) programSource.value = programs[0];
    // Only the simulation beside the page can open their scenes.
    effect(() => {
      const { programs: runsPrograms, goesBack } = run.abilities.value;
      lessonsModel.value = runsPrograms && goesBack ? bindLessons(run, lessons) : undefined;
    });
  },
  (problem: unknown) => tell(problem),
);
followLink(run, shown);
render(<Shell run={run} player={player} shown={shown} />, document.getElementById("app")!);
