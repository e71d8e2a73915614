import { signal } from "@preact/signals";

interface Toast {
  readonly id: number;
  readonly text: string;
}

const SHOWN_MS = 7000;
const toasts = signal<readonly Toast[]>([]);
let lastId = 0;

/** Shows a sentence for a while; of an error its message. */
export function tell(what: unknown): void {
  const text = what instanceof Error ? what.message : String(what);
  const id = ++lastId;
  toasts.value = [...toasts.value.filter((toast) => toast.text !== text), { id, text }].slice(-3);
  setTimeout(() => {
    toasts.value = toasts.value.filter((toast) => toast.id !== id);
  }, SHOWN_MS);
}

/** Where they appear; stands once in the page. */
export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text }) => (
        <p key={id}>{text}</p>
      ))}
    </div>
  );
}
