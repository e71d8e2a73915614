import { runTable } from "./run-table.ts";
import { virtualStage } from "./stages.ts";

runTable("promise face, virtual time", (family, profile) => virtualStage("promise", family, profile));
