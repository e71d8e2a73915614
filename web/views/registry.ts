import type { ComponentType } from "preact";
import type { RunView } from "../store/run-view.ts";
import type { Words } from "../words/en.ts";
import { LadderView } from "./ladder.tsx";
import { PacketsView } from "./packets.tsx";

/** What every view is given. */
export interface ViewProps {
  readonly run: RunView;
}

export type ViewName = keyof Words["views"];

export interface ViewEntry {
  /** In the link, and in `words.views`, where its title is. */
  readonly name: ViewName;
  readonly component: ComponentType<ViewProps>;
}

/** The views in their order: the first has the key 1. */
export const VIEWS: readonly ViewEntry[] = [
  { name: "ladder", component: LadderView },
  { name: "packets", component: PacketsView },
];
