import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "@jest/globals";
import { DatagramRoom, MAX_ROOM_PATH } from "../../src/tap/datagram-room.ts";
import { bindDatagrams, sendDatagram } from "../../src/tap/unix-datagram.ts";
import { closeDescriptor } from "../../src/tap/unix-socket.ts";

const directory = mkdtempSync(join(tmpdir(), "tapsock-room-"));
afterAll(() => rmSync(directory, { recursive: true }));
let rooms = 0;
const newPath = (): string => join(directory, `${++rooms}`);

const entered: DatagramRoom[] = [];
const servers: Server[] = [];
afterEach(() => {
  for (const room of entered.splice(0)) room.close();
  for (const server of servers.splice(0)) server.close();
});

function enter(path: string, station: number, largest = 64): DatagramRoom {
  const room = DatagramRoom.enter(path, station, largest);
  entered.push(room);
  return room;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function heard(room: DatagramRoom, budget = 100): string[] {
  const found: string[] = [];
  room.receive((datagram) => found.push(new TextDecoder().decode(datagram)), budget);
  return found;
}

describe("a room", () => {
  test("is a directory for its owner alone, in which everybody hears the others, whole datagrams in order", () => {
    const path = join(newPath(), "deeper");
    const [a, b, c] = [1, 0xfffffffe, 0x0a0b0c0d].map((station) => enter(path, station));
    expect(lstatSync(path).mode & 0o777).toBe(0o700);
    expect(readdirSync(path).sort()).toEqual(["00000001", "0a0b0c0d", "fffffffe"]);
    expect(lstatSync(join(path, "00000001")).mode & 0o777).toBe(0o600);
    a!.send(bytes("one"));
    a!.send(bytes("two"));
    c!.send(bytes("three"));
    expect(heard(a!)).toEqual(["three"]);
    expect(heard(b!)).toEqual(["one", "two", "three"]);
    expect(heard(c!)).toEqual(["one", "two"]);
  });

  test("gives at most a budget at a time", () => {
    const path = newPath();
    const [a, b] = [enter(path, 1), enter(path, 2)];
    for (const text of ["1", "2", "3"]) a.send(bytes(text));
    expect(b.receive(() => {}, 2)).toBe(2);
    expect(heard(b, 2)).toEqual(["3"]);
  });

  test("drops what is longer than a datagram may be", () => {
    const path = newPath();
    const [a, b] = [enter(path, 1), enter(path, 2, 4)];
    for (const text of ["12345", "1234", "x".repeat(10_000)]) a.send(bytes(text));
    expect(heard(b)).toEqual(["1234"]);
  });

  test("does not wait for one that takes nothing in, and the others hear all the same", () => {
    const path = newPath();
    const [a, b] = [enter(path, 1), enter(path, 2)];
    enter(path, 3);
    for (let i = 0; i < 1000; i++) {
      a.send(bytes(`${i}`));
      expect(heard(b)).toEqual([`${i}`]);
    }
  });

  test("is left by close, and its directory may go at any time", () => {
    const path = newPath();
    const [a, b] = [enter(path, 1), enter(path, 2)];
    b.close();
    b.close();
    expect(readdirSync(path)).toEqual(["00000001"]);
    a.send(bytes("alone"));
    rmSync(path, { recursive: true });
    a.send(bytes("nowhere"));
    a.close();
  });

  test("forgets who was killed: the socket that such a one leaves is removed, and the number is free again", () => {
    const path = newPath();
    const a = enter(path, 1);
    closeDescriptor(bindDatagrams(join(path, "00000002")));
    closeDescriptor(bindDatagrams(join(path, "00000003")));
    const b = enter(path, 2);
    a.send(bytes("hello"));
    expect(heard(b)).toEqual(["hello"]);
    expect(readdirSync(path).sort()).toEqual(["00000001", "00000002"]);
  });

  test("has nobody in it but sockets of stations, and leaves other things where they are", async () => {
    const path = newPath();
    const a = enter(path, 1);
    writeFileSync(join(path, "0000000a"), "a file");
    mkdirSync(join(path, "0000000b"));
    symlinkSync("/nowhere", join(path, "0000000c"));
    const stranger = bindDatagrams(join(path, "stranger"));
    const server = createServer();
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(join(path, "0000000d"), resolve));
    const before = readdirSync(path);
    a.send(bytes("hello"));
    expect(readdirSync(path)).toEqual(before);
    expect(() => enter(path, 0x0a)).toThrow("another station with the id 0x0000000a is there");
    expect(existsSync(join(path, "0000000a"))).toBe(true);
    closeDescriptor(stranger);
  });

  test("sends nothing to sockets elsewhere that links in it lead to", () => {
    const path = newPath();
    const [a, elsewhere] = [enter(path, 1), enter(newPath(), 2)];
    symlinkSync(join(directory, `${rooms}`, "00000002"), join(path, "00000003"));
    a.send(bytes("secret"));
    expect(heard(elsewhere)).toEqual([]);
  });

  test("hears whoever may write to its socket, bytes of any kind", () => {
    const path = newPath();
    const a = enter(path, 1);
    const stranger = bindDatagrams(join(path, "stranger"));
    expect(sendDatagram(stranger, join(path, "00000001"), Uint8Array.of(0xff, 0, 1))).toBe(3);
    expect(sendDatagram(stranger, join(path, "00000001"), new Uint8Array(0))).toBe(0);
    const lengths: number[] = [];
    a.receive((datagram) => lengths.push(datagram.length), 10);
    expect(lengths).toEqual([3, 0]);
    closeDescriptor(stranger);
  });
});

describe("a room cannot be entered", () => {
  test("by two of one number", () => {
    const path = newPath();
    enter(path, 7);
    expect(() => enter(path, 7)).toThrow(`Cannot enter the room ${path}: EADDRINUSE; another station with the id 0x00000007 is there`);
  });

  test("where nobody may make a directory, at once", () => {
    expect(() => enter("/proc/nothing/room", 1)).toThrow("Cannot enter the room /proc/nothing/room: ENOENT; the directory cannot be made");
  });

  // Only root can give a directory away.
  (process.geteuid?.() === 0 ? test : test.skip)("that is another user's, by root neither: it would not hear anybody", () => {
    const path = newPath();
    mkdirSync(path, { mode: 0o700 });
    chownSync(path, 12_345, 12_345);
    expect(() => enter(path, 1)).toThrow(`Cannot enter the room ${path}: EPERM; the directory belongs to somebody else`);
  });

  test("where anybody may write, or something else lies", () => {
    const open = newPath();
    mkdirSync(open);
    chmodSync(open, 0o777);
    expect(() => enter(open, 1)).toThrow("EPERM; anybody may write there");
    const file = newPath();
    writeFileSync(file, "");
    expect(() => enter(file, 1)).toThrow("ENOTDIR; expected a directory");
    expect(() => enter(join(file, "below"), 1)).toThrow("ENOTDIR");
    const link = newPath();
    symlinkSync(directory, link);
    expect(() => enter(link, 1)).toThrow("ENOTDIR; expected a directory");
  });

  test("at a path that is too long for its sockets", () => {
    const path = join(directory, "x".repeat(MAX_ROOM_PATH + 1 - directory.length - 1));
    expect(() => enter(path, 1)).toThrow("Cannot enter the room");
    expect(enter(path.slice(0, -1), 1).descriptor).toBeGreaterThan(0);
  });
});
