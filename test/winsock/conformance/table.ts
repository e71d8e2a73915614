/** Every row of the suite. */
import type { ConformanceCase } from "./conformance-case.ts";
import { ADDRESS_ARGUMENTS } from "./tables/address-arguments.ts";
import { CLOSING } from "./tables/closing.ts";
import { CONNECT_OUTCOMES } from "./tables/connect-outcomes.ts";
import { CONTROL_CODES } from "./tables/control-codes.ts";
import { DATA } from "./tables/data.ts";
import { DATAGRAM_STATES } from "./tables/datagram-states.ts";
import { HANDLES } from "./tables/handles.ts";
import { MESSAGES } from "./tables/messages.ts";
import { NAMES } from "./tables/names.ts";
import { NETWORK_EVENTS } from "./tables/network-events.ts";
import { SOCKET_OPTIONS } from "./tables/options.ts";
import { OVERLAPPED } from "./tables/overlapped.ts";
import { PORT_SHARING } from "./tables/port-sharing.ts";
import { SOCKET_CREATION } from "./tables/socket-creation.ts";
import { START_UP } from "./tables/start-up.ts";
import { STREAM_STATES } from "./tables/stream-states.ts";
import { WAITING } from "./tables/waiting.ts";

export const TABLE: readonly ConformanceCase[] = [
  ...HANDLES,
  ...SOCKET_CREATION,
  ...ADDRESS_ARGUMENTS,
  ...STREAM_STATES,
  ...DATAGRAM_STATES,
  ...SOCKET_OPTIONS,
  ...CONTROL_CODES,
  ...PORT_SHARING,
  ...WAITING,
  ...NETWORK_EVENTS,
  ...MESSAGES,
  ...CONNECT_OUTCOMES,
  ...DATA,
  ...CLOSING,
  ...OVERLAPPED,
  ...NAMES,
  ...START_UP,
];
