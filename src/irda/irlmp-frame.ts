/** LM-PDUs: what IrLMP puts into frames of IrLAP. */

/** LSAP-SELs. */
export const LSAP_IAS = 0;
export const LSAP_MASK = 0x7f;
export const CONTROL = 0x80;

export const LM_OPCODE = { connect: 0x01, confirm: 0x81, disconnect: 0x02, accessMode: 0x03, accessConfirm: 0x83 } as const;
export const ACCESS_EXCLUSIVE = 1;
export const [MODE_TAKEN, MODE_REFUSED] = [0, 1] as const;

/** Why a connection ended or was refused, as LM-Disconnect says it. */
export const LM_REASON = {
  userRequest: 1,
  unexpectedLapDisconnect: 2,
  noLapConnection: 3,
  unconnectedLsap: 6,
  noLsap: 7,
} as const;

/** What IrLMP has around data. */
export const LMP_OVERHEAD = 2;

export interface LmPdu {
  readonly destination: number;
  readonly source: number;
  /** Undefined where the PDU is data. */
  readonly opcode: number | undefined;
  /** A reason or a status; 0 where the opcode has none. */
  readonly parameter: number;
  /** Data, or what stands behind the parameter. */
  readonly rest: Uint8Array;
}

/** Undefined for what is too short to be one. The bytes stay where they are. */
export function parseLmPdu(body: Uint8Array): LmPdu | undefined {
  if (body.length < LMP_OVERHEAD) return undefined;
  const ends = { destination: body[0]! & LSAP_MASK, source: body[1]! & LSAP_MASK };
  if ((body[0]! & CONTROL) === 0) return { ...ends, opcode: undefined, parameter: 0, rest: body.subarray(LMP_OVERHEAD) };
  return { ...ends, opcode: body[2] ?? 0, parameter: body[3] ?? 0, rest: body.subarray(4) };
}
