/** What the browser keeps for the reader between visits. A browser that keeps nothing (private windows, strict settings) is no fault. */
const PREFIX = "tapsock-lab.";

export function remembered(key: string): string | undefined {
  try {
    return localStorage.getItem(PREFIX + key) ?? undefined;
  } catch {
    return undefined;
  }
}

export function rememberAs(key: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + key, value);
  } catch {
    // Then it is forgotten with the page.
  }
}
