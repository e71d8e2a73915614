/** Two hosts with infrared devices in one room with simulated ones, and Winsock calls over them. */
import { InfraredMedium } from "../../src/irda/infrared-medium.ts";
import { AF_IRDA, FIONBIO, IRLMP_ENUMDEVICES, SOCK_STREAM, SOL_IRLMP } from "../../src/winsock/abi/constants.ts";
import { new_DEVICELIST, new_SOCKADDR_IRDA, type SOCKADDR_IRDA, sizeof_SOCKADDR_IRDA } from "../../src/winsock/abi/irda-structures.ts";
import type { SOCKET } from "../../src/winsock/abi/structures.ts";
import type { BlockingFace } from "../../src/winsock/faces/blocking-face.ts";
import { joinInfrared } from "../../src/winsock/provider/infrared-sockets.ts";
import { ECHO, LAPTOP, PRINTER } from "./infrared-room.ts";
import { VirtualWinsock } from "./virtual-winsock.ts";
import { outcome } from "./winsock-calls.ts";

/** The peer host's device. */
export const OTHER_LAPTOP = 0x00000999;

export class InfraredWinsock extends VirtualWinsock {
  readonly medium: InfraredMedium;

  constructor() {
    super();
    this.medium = new InfraredMedium({ devices: [ECHO, { id: PRINTER, name: "printer", services: [{ name: "Print" }] }] });
    joinInfrared(this.provider, this.medium, { id: LAPTOP, name: "laptop" });
    joinInfrared(this.peerProvider, this.medium, { id: OTHER_LAPTOP, name: "other" });
  }
}

export const irdaStream = (face: BlockingFace): SOCKET => face.socket(AF_IRDA, SOCK_STREAM, 0);

export function irdaName(device: number, service: string): SOCKADDR_IRDA {
  const id = Uint8Array.of(device, device >>> 8, device >>> 16, device >>> 24);
  return { ...new_SOCKADDR_IRDA(), irdaAddressFamily: AF_IRDA, irdaDeviceID: id, irdaServiceName: service };
}

export const connectIrda = (face: BlockingFace, s: SOCKET, device: number, service: string): readonly [number, number] =>
  outcome(face, face.connect(s, irdaName(device, service), sizeof_SOCKADDR_IRDA));

export const bindIrda = (face: BlockingFace, s: SOCKET, service: string): readonly [number, number] =>
  outcome(face, face.bind(s, irdaName(0, service), sizeof_SOCKADDR_IRDA));

export function irdaListener(face: BlockingFace, service: string): SOCKET {
  const s = irdaStream(face);
  bindIrda(face, s, service);
  face.listen(s, 4);
  return s;
}

export function irdaNonblocking(face: BlockingFace, s: SOCKET): SOCKET {
  face.ioctlsocket(s, FIONBIO, { value: 1 });
  return s;
}

/** IDs of the devices that IRLMP_ENUMDEVICES finds. */
export function devicesAround(face: BlockingFace, s: SOCKET, room = 4 + 29 * 8): { readonly id: number; readonly name: string }[] {
  const list = new_DEVICELIST();
  if (face.getsockopt(s, SOL_IRLMP, IRLMP_ENUMDEVICES, list, { value: room }) !== 0) throw new Error(`${face.WSAGetLastError()}`);
  return list.Device.slice(0, list.numDevice).map(({ irdaDeviceID: id, irdaDeviceName: name }) => ({
    id: ((id[0] ?? 0) | ((id[1] ?? 0) << 8) | ((id[2] ?? 0) << 16) | ((id[3] ?? 0) << 24)) >>> 0,
    name,
  }));
}
