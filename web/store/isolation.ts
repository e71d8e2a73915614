/** Says in this tab that the page has been loaded anew for the sake of its headers, so that this is not tried for ever. */
const TRIED = "tapsock-isolation-tried";

/**
 * Programs need memory that threads share, which browsers give only to pages with certain headers. Where the server does not send them, a
 * service worker adds them, and the page is loaded once more.
 */
export async function isolate(): Promise<void> {
  if (globalThis.crossOriginIsolated || !("serviceWorker" in navigator) || sessionStorage.getItem(TRIED) !== null) return;
  sessionStorage.setItem(TRIED, "yes");
  await navigator.serviceWorker.register("isolation-worker.js");
  await navigator.serviceWorker.ready;
  location.reload();
}
