import { runTable } from "./run-table.ts";
import { conformanceDaemon, daemonStage } from "./stages.ts";

const path = conformanceDaemon();
runTable("blocking face, daemon", (family, profile) => daemonStage("blocking", family, path(profile)));
