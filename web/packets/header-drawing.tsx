import type { Signal } from "@preact/signals";
import type { FrameField, FrameLayer } from "../../src/run/frame-fields.ts";
import { words } from "../words.ts";
import { isWithin, type LitBits } from "./lit-bits.ts";

const ROW_BITS = 32;
/** What is longer is drawn shorter: only data and long options are. */
const MAX_ROWS = 12;

interface Cell {
  readonly field: FrameField;
  readonly row: number;
  readonly column: number;
  readonly bits: number;
  /** The piece of a field over several rows that has its words. */
  readonly isMain: boolean;
}

interface HeaderDrawingProps {
  readonly layer: FrameLayer;
  readonly layers: readonly FrameLayer[];
  readonly lit: Signal<LitBits | undefined>;
  readonly onLight: (field: FrameField, layer: FrameLayer) => void;
  readonly onLayer: (name: string) => void;
}

/** A header as its RFC draws it, 32 bits wide, with its values. */
export function HeaderDrawing({ layer, layers, lit, onLight, onLayer }: HeaderDrawingProps) {
  const { packets } = words.value;
  const drawable = layers.filter(({ source }) => source !== "");
  return (
    <div class="drawing">
      <div class="drawing-tabs" role="toolbar" aria-label={packets.drawing}>
        {drawable.map(({ name, at }) => (
          <button type="button" key={at} class="quiet" aria-pressed={name === layer.name} onClick={() => onLayer(name)}>
            {name}
          </button>
        ))}
      </div>
      <p class="soft drawing-source">{packets.drawingOf(layer.name, layer.source)}</p>
      <div class="bit-grid">
        {Array.from({ length: ROW_BITS }, (_, bit) => (
          <span key={`bit ${bit}`} class="bit" style={{ gridColumn: `${bit + 1}` }} aria-hidden="true">
            {bit % 8 === 0 || bit % 8 === 7 ? bit : ""}
          </span>
        ))}
        {cellsOf(layer).map(({ field, row, column, bits, isMain }) => (
          <button
            type="button"
            key={`${field.bitAt} ${row}`}
            class={`cell ${isWithin(field, lit.value) ? "lit" : ""} ${isMain ? "" : "further"} ${bits < 4 ? "narrow" : ""}`}
            style={{ gridRow: `${row + 2}`, gridColumn: `${column + 1} / span ${bits}` }}
            title={`${field.name}: ${field.value}${field.meaning === undefined ? "" : ` (${field.meaning})`}`}
            aria-hidden={isMain ? undefined : "true"}
            tabIndex={isMain ? 0 : -1}
            onClick={() => onLight(field, layer)}
          >
            {isMain && <span class="cell-name">{field.name}</span>}
            {isMain && <span class="cell-value mono">{field.value}</span>}
          </button>
        ))}
      </div>
    </div>
  );
}

function cellsOf(layer: FrameLayer): readonly Cell[] {
  const cells: Cell[] = [];
  for (const field of layer.fields.flatMap((each) => each.parts ?? [each])) {
    const pieces: Omit<Cell, "isMain">[] = [];
    const from = field.bitAt - layer.at * 8;
    for (let bit = from; bit < from + field.bitLength; ) {
      const row = Math.floor(bit / ROW_BITS);
      if (row >= MAX_ROWS) break;
      const column = bit % ROW_BITS;
      const bits = Math.min(ROW_BITS - column, from + field.bitLength - bit);
      pieces.push({ field, row, column, bits });
      bit += bits;
    }
    const widest = Math.max(...pieces.map(({ bits }) => bits));
    const main = pieces.findIndex(({ bits }) => bits === widest);
    cells.push(...pieces.map((piece, index) => ({ ...piece, isMain: index === main })));
  }
  return cells;
}
