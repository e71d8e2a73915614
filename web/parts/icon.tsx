/** Drawn and not written, since fonts differ in which symbols they have. */
const SHAPES = {
  start: "M4 3v10M13 3L6 8l7 5z",
  end: "M12 3v10M3 3l7 5-7 5z",
  back: "M10 3L5 8l5 5",
  forth: "M6 3l5 5-5 5",
  backPacket: "M8 3L3 8l5 5M13 3L8 8l5 5",
  forthPacket: "M3 3l5 5-5 5M8 3l5 5-5 5",
  play: "M4 2.5L13 8l-9 5.5z",
  pause: "M5 3v10M11 3v10",
  stop: "M4 4h8v8H4z",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  link: "M7 9a3 3 0 0 0 4.2 0l2-2A3 3 0 0 0 9 2.8l-1 1M9 7a3 3 0 0 0-4.2 0l-2 2A3 3 0 0 0 7 13.2l1-1",
  again: "M13 8a5 5 0 1 1-1.5-3.5M13 2v3.5H9.500",
} as const;

const FILLED: ReadonlySet<string> = new Set(["start", "end", "play", "stop"]);

/** A small picture that stands beside a word or on a button with a label. */
export function Icon({ name }: { readonly name: keyof typeof SHAPES }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path
        d={SHAPES[name]}
        fill={FILLED.has(name) ? "currentColor" : "none"}
        stroke="currentColor"
        stroke-width="1.6"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}
