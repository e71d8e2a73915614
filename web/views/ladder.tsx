import { words } from "../words.ts";
import type { ViewProps } from "./registry.ts";

export function LadderView({ run }: ViewProps) {
  return (
    <section aria-label={words.value.views.ladder} class="view">
      <p>{run.cursor.value.count}</p>
    </section>
  );
}
