import { Command } from "commander";
import { manage } from "../management/manage.ts";
import { address, prefix, refusingUnknownVerbs } from "./arguments.ts";
import { type NetworkOptions, networkOption, withNetwork } from "./network.ts";
import { print, printJson, table } from "./output.ts";

interface RouteOptions extends NetworkOptions {
  readonly json?: boolean;
  readonly via?: string;
}

/** The default route is of the family of its router; without one of IPv4. */
const destinationOf = (to: string, via: string | undefined): string =>
  to !== "default" ? to : via?.includes(":") === true ? "::/0" : "0.0.0.0/0";

export function routeCommand(): Command {
  const route = new Command("route")
    .summary("list, add and delete routes")
    .description("Shows or changes where a host sends packets.")
    .addHelpText(
      "after",
      "\nExamples:\n  tapsock route\n  tapsock route add 198.51.100.0/24 --via 203.0.113.1\n  tapsock route del 198.51.100.0/24\n  tapsock route add default --via fe80::1%tap0",
    );
  refusingUnknownVerbs(route.command("list", { isDefault: true }), route)
    .description("list the routes, the most specific first")
    .option("--json", "one JSON array")
    .addOption(networkOption())
    .addHelpText("after", "\nExample:\n  tapsock route list --json")
    .action(async (_verb: unknown, options: RouteOptions) => {
      const routes = await withNetwork(options.network, (port) => manage(port, { op: "route-list" }));
      if (options.json) return printJson(routes);
      const rows = routes.map((each) => [
        `${each.destination}/${each.prefixLength}`,
        each.gateway ?? "",
        each.interface,
        each.metric,
        each.origin,
        each.isUp ? "up" : "down",
      ]);
      for (const line of table(["destination", "gateway", "interface", "metric", "origin", "state"], rows)) print(line);
    });
  for (const verb of ["add", "del"] as const) {
    route
      .command(verb)
      .description(verb === "add" ? "add a route" : "delete a route")
      .argument("<destination>", "such as 198.51.100.0/24, 2001:db8:1::/48, or default", prefix)
      .option("--via <address>", "the router to send to", address)
      .option("--json", "one JSON object")
      .addOption(networkOption())
      .addHelpText("after", `\nExample:\n  tapsock route ${verb} 198.51.100.0/24 --via 203.0.113.1`)
      .action(async (to: string, options: RouteOptions) => {
        const destination = destinationOf(to, options.via);
        await withNetwork(options.network, (port) => manage(port, { op: `route-${verb}`, destination, gateway: options.via }));
        if (options.json) printJson({ ok: true, destination });
      });
  }
  return route;
}
