import "./theme.css";
import "./shell.css";
import { effect, signal } from "@preact/signals";
import { render } from "preact";
import { Shell } from "./shell.tsx";
import { followLink } from "./store/link.ts";
import { Player } from "./store/player.ts";
import { RunView } from "./store/run-view.ts";
import { connectSource } from "./store/source-client.ts";
import { watchTheme } from "./store/theme.ts";
import { VIEWS, type ViewName } from "./views/registry.ts";
import { language, words } from "./words.ts";

watchTheme();
effect(() => {
  document.documentElement.lang = language.value;
  document.title = words.value.page.title;
});

const run = new RunView();
const shown = signal<ViewName>(VIEWS[0]!.name);
const player = new Player(run);
connectSource(run);
followLink(run, shown);
render(<Shell run={run} player={player} shown={shown} />, document.getElementById("app")!);
