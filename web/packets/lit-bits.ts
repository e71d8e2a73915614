import type { FrameField } from "../../src/run/frame-fields.ts";

/** The bits that are lit. */
export interface LitBits {
  readonly from: number;
  readonly to: number;
}

export const isLit = (field: FrameField, lit: LitBits | undefined): boolean =>
  lit !== undefined && field.bitAt < lit.to && field.bitAt + field.bitLength > lit.from;

/** Whether the field is what is lit, or a part of it: what only contains it is not. */
export const isWithin = (field: FrameField, lit: LitBits | undefined): boolean =>
  lit !== undefined && field.bitAt >= lit.from && field.bitAt + field.bitLength <= lit.to;

export const bitsOf = ({ bitAt, bitLength }: FrameField): LitBits => ({ from: bitAt, to: bitAt + bitLength });
