import { effect, signal } from "@preact/signals";
import { rememberAs, remembered } from "./remembered.ts";

export type Theme = "auto" | "light" | "dark";

const isTheme = (text: string | undefined): text is Theme => text === "auto" || text === "light" || text === "dark";

const kept = remembered("theme");

export const theme = signal<Theme>(isTheme(kept) ? kept : "auto");

/** Whether dark is shown now; changes with the system's scheme too. Charts that paint themselves follow it. */
export const isDark = signal(false);

export function watchTheme(): void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const systemIsDark = signal(system.matches);
  system.addEventListener("change", () => {
    systemIsDark.value = system.matches;
  });
  effect(() => {
    isDark.value = theme.value === "dark" || (theme.value === "auto" && systemIsDark.value);
    document.documentElement.dataset["theme"] = isDark.value ? "dark" : "light";
  });
}

export function chooseTheme(chosen: Theme): void {
  theme.value = chosen;
  rememberAs("theme", chosen);
}
