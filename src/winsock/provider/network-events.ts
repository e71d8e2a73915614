import { FD_ACCEPT, FD_CLOSE, FD_CONNECT, FD_MAX_EVENTS, FD_OOB, FD_READ } from "../abi/constants.ts";

/** Who is told of a socket's network events: an event object that is set, or a window that gets messages. */
export interface EventSink {
  /**
   * Whether each event is a message of its own, told once it is recorded (WSAAsyncSelect); else it is enough to say that there are
   * some, which the program looks up (WSAEventSelect).
   */
  readonly takesMessages: boolean;
  /** Bits of FD_ that are recorded, of those that were selected. @param errorOf the code of a bit */
  tell(bits: number, errorOf: (bit: number) => number): void;
  /** The same for another socket, which is known by this handle. */
  ofSocket(handle: number): EventSink;
}

/** What becomes of network events. */
export type NetworkEventChange = "selected" | "recorded" | "reported" | "re-enabled";

/** @param error the code of FD_CONNECT or FD_CLOSE, if one is among the bits */
export type NetworkEventObserver = (change: NetworkEventChange, bits: number, error: number) => void;

/** By bit. */
const NAMES = [
  ..."FD_READ FD_WRITE FD_OOB FD_ACCEPT FD_CONNECT FD_CLOSE FD_QOS FD_GROUP_QOS".split(" "),
  ..."FD_ROUTING_INTERFACE_CHANGE FD_ADDRESS_LIST_CHANGE".split(" "),
];

/** The names of the bits, as WinSock2.h has them. */
export const networkEventNames = (bits: number): string[] => NAMES.filter((_, i) => (bits & (1 << i)) !== 0);

/** Of these each new arrival counts, reported or not, to an event object (Wine's tests *_events). */
const ARRIVALS = FD_READ | FD_ACCEPT | FD_OOB;
/** These happen once. */
const ONCE = FD_CONNECT | FD_CLOSE;

/**
 * The network events of one socket, as WSAEventSelect, WSAAsyncSelect and WSAEnumNetworkEvents know them. A bit is *recorded* when its
 * event happens, and *reported* once the program has been told; then it is not recorded again before a call that re-enables it, with
 * the exceptions that Windows makes (winsock.md's table of differences, from Wine's tests). Bits outside the selected mask are recorded too.
 */
export class NetworkEvents {
  readonly #observer: NetworkEventObserver;
  #mask = 0;
  #sink: EventSink | undefined;
  #recorded = 0;
  #reported = 0;
  /** Codes of FD_CONNECT and FD_CLOSE. */
  #connectError = 0;
  #closeError = 0;

  constructor(observer: NetworkEventObserver = () => {}) {
    this.#observer = observer;
  }

  /** Some association is in force: FIONBIO may not make the socket blocking. */
  get isSelected(): boolean {
    return this.#mask !== 0;
  }

  get mask(): number {
    return this.#mask;
  }

  get sink(): EventSink | undefined {
    return this.#sink;
  }

  /**
   * WSAEventSelect or WSAAsyncSelect: in place of what was selected before.
   * @param conditions bits of events that hold now
   */
  select(sink: EventSink | undefined, mask: number, conditions: number): void {
    this.#sink = mask === 0 ? undefined : sink;
    this.#mask = mask;
    if (this.#sink?.takesMessages === true) {
      // What still holds is posted again, and what a connect came to is no news any more.
      this.#reported &= ONCE & ~FD_CLOSE;
      this.#reported |= this.#recorded & FD_CONNECT;
      this.#recorded &= ~FD_CONNECT;
    }
    this.#recorded |= conditions & ~this.#reported;
    this.#observer("selected", this.#mask, 0);
    this.#observe("recorded", this.#recorded);
    this.#tell(this.#recorded);
  }

  /** Something happened. @param error the code that goes with FD_CONNECT or FD_CLOSE */
  raise(bit: number, error = 0): void {
    if (this.#sink === undefined && (bit & ARRIVALS) !== 0) return;
    const isNews = (bit & ARRIVALS) !== 0 && this.#sink?.takesMessages === false;
    if (!isNews && ((this.#recorded | this.#reported) & bit) !== 0) return;
    if (bit === FD_CONNECT) this.#connectError = error;
    if (bit === FD_CLOSE) this.#closeError = error;
    this.#recorded |= bit;
    this.#reported &= ~bit;
    this.#observe("recorded", bit);
    this.#tell(bit);
  }

  /** Events that hold now and were neither recorded nor reported since they were last re-enabled. */
  look(conditions: number): void {
    const fresh = conditions & ~(this.#recorded | this.#reported);
    if (fresh === 0) return;
    this.#recorded |= fresh;
    this.#observe("recorded", fresh);
    this.#tell(fresh);
  }

  /** The program made a call after which these count anew. */
  reenable(bits: number): void {
    this.#observe("re-enabled", bits & (this.#recorded | this.#reported));
    this.#recorded &= ~bits;
    this.#reported &= ~bits;
  }

  /** A connection is being asked for: what became of the one before is over. */
  beginConnect(): void {
    this.reenable(FD_CONNECT | FD_CLOSE);
  }

  /** WSAEnumNetworkEvents. @returns the recorded bits of the mask, which are reported now */
  take(): number {
    const bits = this.#recorded & this.#mask;
    this.#recorded &= ~bits;
    this.#reported |= bits;
    this.#observe("reported", bits);
    return bits;
  }

  /** iErrorCode of WSANETWORKEVENTS, for these bits. */
  errors(bits: number): number[] {
    return Array.from({ length: FD_MAX_EVENTS }, (_, i) => ((bits & (1 << i)) === 0 ? 0 : this.#errorOf(1 << i)));
  }

  #errorOf(bit: number): number {
    if (bit === FD_CONNECT) return this.#connectError;
    return bit === FD_CLOSE ? this.#closeError : 0;
  }

  /** Of what nobody has selected nothing is told. */
  #observe(change: NetworkEventChange, bits: number): void {
    const selected = bits & this.#mask;
    if (selected === 0) return;
    const error = change === "re-enabled" ? 0 : this.#errorOf(selected & FD_CONNECT) || this.#errorOf(selected & FD_CLOSE);
    this.#observer(change, selected, error);
  }

  #tell(bits: number): void {
    const selected = bits & this.#mask;
    if (selected === 0 || this.#sink === undefined) return;
    if (this.#sink.takesMessages) {
      this.#recorded &= ~selected;
      this.#reported |= selected;
      this.#observe("reported", selected);
    }
    this.#sink.tell(selected, (bit) => this.#errorOf(bit));
  }
}
