import { SO_PROTOCOL_INFOW, SOL_SOCKET } from "../abi/constants.ts";
import { WinsockError, WSAEFAULT, WSAEINVAL } from "../abi/errors.ts";
import { readProtocolInfo, sizeof_WSAPROTOCOL_INFOW, type WSAPROTOCOL_INFO } from "../abi/protocol-info.ts";
import type { SOCKET } from "../abi/structures.ts";
import { protocolCatalogue } from "../provider/protocols.ts";
import { type PromiseCalls, whole } from "./promise-calls.ts";

/** winsock2.h's functions that make and share sockets by the catalogue, awaited; tapsock/winsock/promises says of each what it does. */
export interface SocketPromises {
  WSASocket(info: WSAPROTOCOL_INFO): Promise<SOCKET>;
  WSADuplicateSocket(s: SOCKET, dwProcessId: number): Promise<WSAPROTOCOL_INFO>;
  WSAEnumProtocols(protocols?: readonly number[]): Promise<WSAPROTOCOL_INFO[]>;
}

/** INVALID_HANDLE_VALUE, as some programs have it for a process. */
const NO_PROCESS = 0xffffffff;

export function createSocketPromises({ call, sequence, opened, share }: PromiseCalls): SocketPromises {
  return {
    async WSASocket(info) {
      if (typeof info !== "object" || info === null) throw new WinsockError(WSAEFAULT, "WSASocket");
      const { iAddressFamily: af, iSocketType: type, iProtocol: protocol, dwProviderReserved: duplicate } = info;
      const isDuplicate = duplicate !== 0 && duplicate !== undefined;
      const { result } = isDuplicate
        ? await call("socketOfDuplicate", { a: duplicate })
        : await call("socket", { a: whole(af), b: whole(type), c: whole(protocol) }, undefined, { syscall: "WSASocket" });
      opened(result, af);
      if (isDuplicate) share(result);
      return result;
    },

    async WSADuplicateSocket(s, dwProcessId) {
      const syscall = "WSADuplicateSocket";
      const about = { s, a: SOL_SOCKET, b: SO_PROTOCOL_INFOW, c: sizeof_WSAPROTOCOL_INFOW };
      const together = sequence(syscall);
      const { data } = await together("getsockopt", about);
      const pid = whole(dwProcessId) >>> 0;
      if (pid === 0 || pid === NO_PROCESS) throw new WinsockError(WSAEINVAL, syscall);
      share(s);
      const { a } = await together("duplicateSocket", { s, a: pid | 0 });
      return { ...readProtocolInfo(data ?? new Uint8Array(sizeof_WSAPROTOCOL_INFOW)), dwProviderReserved: a };
    },

    async WSAEnumProtocols(protocols) {
      await call("fence", {}, undefined, { syscall: "WSAEnumProtocols" });
      return protocolCatalogue().filter(({ iProtocol }) => protocols === undefined || protocols.includes(iProtocol));
    },
  };
}
