import { type Signal, useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { type FrameField, type FrameLayer, frameFields } from "../../src/run/frame-fields.ts";
import { wholeFrame } from "../../src/run/run-event.ts";
import { againText } from "../ladder/segment-lines.tsx";
import type { FrameRow } from "../store/frame-table.ts";
import { words } from "../words.ts";
import { HeaderDrawing } from "./header-drawing.tsx";
import { bitsOf, isLit, isWithin, type LitBits } from "./lit-bits.ts";
import "./packet-details.css";

/** Bytes that are shown of a frame: more is data, and slow. */
const MAX_BYTES = 640;
const BYTES_PER_LINE = 16;

/** A packet's fields, the drawing of the header that one of them is in, and its bytes: each lights the others. */
export function PacketDetails({ row }: { readonly row: FrameRow }) {
  const { packets } = words.value;
  const { event } = row.frame;
  const layers = useMemo(() => frameFields(wholeFrame(event)), [event]);
  const lit = useSignal<LitBits | undefined>(undefined);
  const layer = useSignal<string | undefined>(undefined);
  const innermost = layers.findLast(({ source }) => source !== "") ?? layers[0]!;
  const drawn = layers.find(({ name }) => name === layer.value) ?? innermost;
  const light = (field: FrameField, of: FrameLayer): void => {
    lit.value = bitsOf(field);
    if (of.source !== "") layer.value = of.name;
  };
  const lightByte = (at: number): void => {
    const of = layers.find((each) => at >= each.at && at < each.end);
    const field = of?.fields.flatMap((each) => each.parts ?? [each]).find((each) => isLit(each, { from: at * 8, to: at * 8 + 8 }));
    if (field !== undefined && of !== undefined) light(field, of);
  };
  return (
    <div class="packet-details">
      <section class="fields" aria-label={packets.fields}>
        <p class="summary">{row.description.summary}</p>
        {row.isRetransmission && (
          <p>
            ⟳ {words.value.ladder.again}
            {againText(row) !== undefined && `: ${againText(row)}`}
          </p>
        )}
        {layers.map((each) => (
          <details key={`${each.name} ${each.at}`} open={each === innermost}>
            <summary>
              <b>{each.name}</b> <span class="soft">{each.end - each.at} B</span>
            </summary>
            <Fields fields={each.fields} lit={lit} onLight={(field) => light(field, each)} />
          </details>
        ))}
      </section>
      <section class="raw" aria-label={packets.bytes}>
        <HeaderDrawing layer={drawn} layers={layers} lit={lit} onLight={light} onLayer={(name) => (layer.value = name)} />
        <Bytes row={row} lit={lit} onByte={lightByte} />
      </section>
    </div>
  );
}

interface FieldsProps {
  readonly fields: readonly FrameField[];
  readonly lit: Signal<LitBits | undefined>;
  readonly onLight: (field: FrameField) => void;
}

function Fields({ fields, lit, onLight }: FieldsProps) {
  return (
    <ul class="field-list">
      {fields.map((field) => (
        <li key={`${field.bitAt} ${field.name}`}>
          <button
            type="button"
            class={`field ${isWithin(field, lit.value) ? "lit" : ""}`}
            aria-pressed={isWithin(field, lit.value)}
            onClick={() => onLight(field)}
          >
            <span class="field-name">{field.name}</span>
            <span class="mono">{field.value}</span>
            {field.meaning !== undefined && <span class="soft">{field.meaning}</span>}
          </button>
          {field.parts !== undefined && <Fields fields={field.parts} lit={lit} onLight={onLight} />}
        </li>
      ))}
    </ul>
  );
}

interface BytesProps {
  readonly row: FrameRow;
  readonly lit: Signal<LitBits | undefined>;
  readonly onByte: (at: number) => void;
}

function Bytes({ row, lit, onByte }: BytesProps) {
  const { packets } = words.value;
  const { bytes, length } = row.frame.event;
  const shown = Math.min(bytes.length, MAX_BYTES);
  const lines: number[] = [];
  for (let at = 0; at < shown; at += BYTES_PER_LINE) lines.push(at);
  const isByteLit = (at: number): boolean => lit.value !== undefined && lit.value.from < at * 8 + 8 && lit.value.to > at * 8;
  const onClick = (event: MouseEvent): void => {
    const at = event.target instanceof HTMLElement ? event.target.dataset["at"] : undefined;
    if (at !== undefined) onByte(Number(at));
  };
  const cells = (from: number, write: (value: number) => string) =>
    Array.from(bytes.subarray(from, Math.min(from + BYTES_PER_LINE, shown)), (value, i) => (
      <span key={i} data-at={from + i} class={isByteLit(from + i) ? "lit" : undefined}>
        {write(value)}
      </span>
    ));
  return (
    <div class="hex">
      <h2 class="hex-title">{packets.bytes}</h2>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the fields are buttons that do the same */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: as above */}
      <div class="hex-lines mono" onClick={onClick}>
        {lines.map((from) => (
          <div key={from} class="hex-line">
            <span class="soft">{from.toString(16).padStart(4, "0")}</span>
            <span class="hex-bytes">{cells(from, (value) => value.toString(16).padStart(2, "0"))}</span>
            <span class="hex-text">{cells(from, (value) => (value >= 0x20 && value < 0x7f ? String.fromCharCode(value) : "·"))}</span>
          </div>
        ))}
      </div>
      {length > shown && <p class="soft">{packets.notKept(length - shown)}</p>}
    </div>
  );
}
