import { IPV4_ANY, type IpAddress, sameAddress } from "../../stack/core/address.ts";
import { type BoundAddress, overlaps, specificOf } from "../../stack/core/bound-address.ts";
import { WSAEACCES, WSAEADDRINUSE } from "../abi/errors.ts";

/** What a socket said about sharing its port before it was bound: nothing, SO_REUSEADDR, or SO_EXCLUSIVEADDRUSE. */
export type Sharing = "default" | "reuse" | "exclusive";

/** A socket's claim on a port. */
export interface Binding {
  /** As given to bind. */
  readonly bound: BoundAddress;
  /** The same, until a connect settles which address a wildcard means. */
  effective: BoundAddress;
  readonly port: number;
  readonly sharing: Sharing;
}

type Row = readonly [number, number, number, number, number, number];

const OK = 0;
const USE = WSAEADDRINUSE;
const ACC = WSAEACCES;

/** Microsoft, "Using SO_REUSEADDR and SO_EXCLUSIVEADDRUSE": what the second bind to a port gets; columns as in COLUMN. */
const TABLE: Readonly<Record<Sharing, { readonly wildcard: Row; readonly specific: Row }>> = {
  default: { wildcard: [USE, OK, ACC, OK, USE, OK], specific: [OK, USE, OK, ACC, USE, USE] },
  reuse: { wildcard: [USE, OK, OK, OK, USE, OK], specific: [OK, USE, OK, OK, USE, USE] },
  exclusive: { wildcard: [USE, ACC, ACC, ACC, USE, ACC], specific: [OK, USE, OK, ACC, USE, USE] },
};
const COLUMN: Readonly<Record<Sharing, { readonly wildcard: number; readonly specific: number }>> = {
  default: { wildcard: 0, specific: 1 },
  reuse: { wildcard: 2, specific: 3 },
  exclusive: { wildcard: 4, specific: 5 },
};

/** Beside a socket of both families IPv4's wildcard is as one address of many (Wine's test reuseaddr). */
function kindOf(bound: BoundAddress, beside: BoundAddress): "wildcard" | "specific" {
  if (bound === undefined) return "wildcard";
  if (specificOf(bound) !== undefined) return "specific";
  return beside === undefined && sameAddress(bound, IPV4_ANY) ? "specific" : "wildcard";
}

/** Who has which port of one protocol on this host. Connections, TIME-WAIT among them, are not here: they do not stand in a bind's way. */
export class Bindings {
  readonly #byPort = new Map<number, Set<Binding>>();
  readonly #held: (port: number, change: 1 | -1) => void;

  /** @param held hears of each claim that begins or ends */
  constructor(held: (port: number, change: 1 | -1) => void = () => {}) {
    this.#held = held;
  }

  isFree(port: number): boolean {
    return !this.#byPort.has(port);
  }

  /** 0, or the code with which bind fails. */
  conflict(wanted: BoundAddress, port: number, sharing: Sharing): number {
    for (const first of this.#byPort.get(port) ?? []) {
      if (!overlaps(wanted, first.bound)) continue;
      const column = COLUMN[sharing][kindOf(wanted, first.bound)];
      const code = TABLE[first.sharing][kindOf(first.bound, wanted)][column]!;
      if (code !== OK) return code;
    }
    return OK;
  }

  add(bound: BoundAddress, port: number, sharing: Sharing): Binding {
    const binding: Binding = { bound, effective: bound, port, sharing };
    this.#held(port, 1);
    const there = this.#byPort.get(port);
    if (there === undefined) this.#byPort.set(port, new Set([binding]));
    else there.add(binding);
    return binding;
  }

  /**
   * A connect settled what a wildcard binding means. Only now can it turn out that the address is another socket's.
   * @returns 0 or WSAEADDRINUSE
   */
  settle(binding: Binding, address: IpAddress): number {
    for (const other of this.#byPort.get(binding.port) ?? []) {
      if (other === binding || other.bound === undefined || !sameAddress(other.bound, address)) continue;
      if (TABLE[other.sharing].specific[COLUMN[binding.sharing].specific] !== OK) return WSAEADDRINUSE;
    }
    binding.effective = address;
    return OK;
  }

  remove(binding: Binding): void {
    const there = this.#byPort.get(binding.port);
    if (there?.delete(binding)) this.#held(binding.port, -1);
    if (there?.size === 0) this.#byPort.delete(binding.port);
  }
}
