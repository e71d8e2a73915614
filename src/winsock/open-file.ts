import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { ERROR_ACCESS_DENIED, ERROR_FILE_NOT_FOUND } from "./abi/errors.ts";
import type { ReadableFile } from "./faces/file-functions.ts";

/** Files of the machine that the program runs on. */
export function openFile(path: string): ReadableFile | number {
  let fd: number;
  try {
    // A pipe would wait for who writes into it.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" || code === "ENOTDIR" ? ERROR_FILE_NOT_FOUND : ERROR_ACCESS_DENIED;
  }
  const stats = fstatSync(fd);
  if (!stats.isFile()) {
    closeSync(fd);
    return ERROR_ACCESS_DENIED;
  }
  return {
    get size() {
      return fstatSync(fd).size;
    },
    read: (target, position) => readSync(fd, target, 0, target.length, position),
    close: () => closeSync(fd),
  };
}
