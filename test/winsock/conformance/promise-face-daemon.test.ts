import { runTable } from "./run-table.ts";
import { conformanceDaemon, daemonStage } from "./stages.ts";

const path = conformanceDaemon();
runTable("promise face, daemon", (family, profile) => daemonStage("promise", family, path(profile)));
