/**
 * A service worker for file servers that cannot be told to send headers: it adds those by which a page may share memory with its workers.
 * It keeps nothing and changes nothing else.
 */
interface FetchEvent extends Event {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

const scope = self as unknown as { skipWaiting(): Promise<void>; readonly clients: { claim(): Promise<void> } };

addEventListener("install", () => void scope.skipWaiting());
addEventListener("activate", () => void scope.clients.claim());
addEventListener("fetch", (event) => {
  const { request, respondWith } = event as FetchEvent;
  if (new URL(request.url).origin !== location.origin) return;
  respondWith.call(event, fetch(request).then(isolated));
});

function isolated(response: Response): Response {
  if (response.status === 0) return response;
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
