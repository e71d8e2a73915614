import type { ComponentType } from "preact";
import type { RunView } from "../store/run-view.ts";
import type { Words } from "../words/en.ts";
import { ConnectionView } from "./connection.tsx";
import { FaultsView } from "./faults.tsx";
import { GraphsView } from "./graphs.tsx";
import { LadderView } from "./ladder.tsx";
import { LessonsView } from "./lessons.tsx";
import { PacketsView } from "./packets.tsx";
import { TablesView } from "./tables.tsx";
import { TimersView } from "./timers.tsx";
import { WhyView } from "./why.tsx";
import { WinsockView } from "./winsock.tsx";

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

/** The views in their order: the first has the key 1, the tenth 0. */
export const VIEWS: readonly ViewEntry[] = [
  { name: "ladder", component: LadderView },
  { name: "packets", component: PacketsView },
  { name: "connection", component: ConnectionView },
  { name: "graphs", component: GraphsView },
  { name: "timers", component: TimersView },
  { name: "winsock", component: WinsockView },
  { name: "why", component: WhyView },
  { name: "tables", component: TablesView },
  { name: "faults", component: FaultsView },
  { name: "lessons", component: LessonsView },
];
