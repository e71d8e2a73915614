import { effect } from "@preact/signals";
import { render } from "preact";
import { Shell } from "./shell.tsx";
import { RunView } from "./store/run-view.ts";
import { watchTheme } from "./store/theme.ts";
import { language, words } from "./words.ts";
import "./theme.css";
import "./shell.css";

watchTheme();
effect(() => {
  document.documentElement.lang = language.value;
  document.title = words.value.page.title;
});

const run = new RunView();
render(<Shell run={run} />, document.getElementById("app")!);
