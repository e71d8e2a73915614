import type { Host } from "../../src/stack/host/host.ts";
import type { Ip } from "../../src/stack/ip/ip.ts";
import type { Tcp } from "../../src/stack/tcp/tcp.ts";

/** A host's layers with all that they show to each other, for tests of one layer alone; users of a host have its services. */
export const ipOf = (host: Host): Ip => host.ip as Ip;
export const tcpOf = (host: Host): Tcp => host.tcp as Tcp;
