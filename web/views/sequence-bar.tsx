import { type BarStretch, numberAt, type SequenceBar } from "../../src/run/sequence-bars.ts";
import { insideWords } from "../inside-words.ts";
import { formatNumber } from "../words.ts";

type Kinds = ReturnType<typeof kindWords>;
const kindWords = () => insideWords.value.connection.kinds;

/** A named edge of the bar. */
export interface BarEdge {
  readonly name: string;
  readonly offset: number;
}

interface SequenceBarProps {
  readonly title: string;
  readonly bar: SequenceBar;
  readonly edges: readonly BarEdge[];
  readonly isRelative: boolean;
}

/** Sequence space as a bar; what lies in it is beneath, and all of it once more in numbers. */
export function SequenceBarView({ title, bar, edges, isRelative }: SequenceBarProps) {
  const words = insideWords.value.connection;
  const span = Math.max(1, bar.to - bar.from);
  const share = (offset: number): number => Math.min(100, Math.max(0, ((offset - bar.from) / span) * 100));
  const shown = (offset: number): string => formatNumber(numberAt(bar, offset, isRelative));
  return (
    <figure class="sequence">
      <figcaption>
        <h3>{title}</h3>
      </figcaption>
      <div class="sequence-edges" aria-hidden="true">
        {edges.map(({ name, offset }) => (
          <Edge key={name} share={share(offset)} text={`${name} ${shown(offset)}`} />
        ))}
      </div>
      <div class="sequence-bar" aria-hidden="true">
        {bar.stretches.map((stretch) => (
          <Stretch key={stretch.kind} stretch={stretch} left={share(stretch.start)} right={share(stretch.end)} />
        ))}
      </div>
      <div class="sequence-marks" aria-hidden="true">
        {bar.marks.map((mark) => (
          <Stretch key={`${mark.kind} ${mark.start}`} stretch={mark} left={share(mark.start)} right={share(mark.end)} />
        ))}
      </div>
      <details>
        <summary>{words.pieces}</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">{words.stretch}</th>
              <th scope="col" class="number">
                {words.from}
              </th>
              <th scope="col" class="number">
                {words.to}
              </th>
              <th scope="col" class="number">
                {words.length}
              </th>
            </tr>
          </thead>
          <tbody>
            {[...bar.stretches, ...bar.marks].map(({ kind, start, end }) => (
              <tr key={`${kind} ${start}`}>
                <th scope="row">
                  <Swatch kind={kind} /> {words.kinds[kind as keyof Kinds]}
                </th>
                <td class="number mono">{shown(start)}</td>
                <td class="number mono">{kind === "beyond" ? "…" : shown(end)}</td>
                <td class="number mono">
                  {kind === "beyond" || kind === "acknowledged" || kind === "taken" ? "…" : formatNumber(end - start)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
      <ul class="legend">
        {[...new Set([...bar.stretches, ...bar.marks].map(({ kind }) => kind))].map((kind) => (
          <li key={kind}>
            <Swatch kind={kind} /> {words.kinds[kind as keyof Kinds]}
          </li>
        ))}
      </ul>
    </figure>
  );
}

/** About how much of the narrowest bar a letter takes. */
const LETTER_SHARE = 0.95;

const Swatch = ({ kind }: { readonly kind: string }) => <span class={`swatch stretch ${kind}`} aria-hidden="true" />;

function Stretch({ stretch: { kind, start, end }, left, right }: { stretch: BarStretch; left: number; right: number }) {
  const name = kindWords()[kind as keyof Kinds];
  return (
    <span
      class={`stretch ${kind}`}
      style={{ left: `${left}%`, width: `max(3px, ${right - left}%)` }}
      title={`${name}: ${formatNumber(end - start)}`}
    >
      {right - left > name.length * LETTER_SHARE && <b>{name}</b>}
    </span>
  );
}

function Edge({ share, text }: { readonly share: number; readonly text: string }) {
  return (
    <span class={share > 60 ? "edge-mark leftward" : "edge-mark"} style={{ left: `${share}%` }}>
      <span class="mono">{text}</span>
    </span>
  );
}
