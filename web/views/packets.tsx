import { words } from "../words.ts";
import type { ViewProps } from "./registry.ts";

export function PacketsView({ run }: ViewProps) {
  return (
    <section aria-label={words.value.views.packets} class="view">
      <p>{run.cursor.value.count}</p>
    </section>
  );
}
