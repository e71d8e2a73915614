import { runTable } from "./run-table.ts";
import { virtualStage } from "./stages.ts";

runTable("blocking face, virtual time", (family, profile) => virtualStage("blocking", family, profile));
