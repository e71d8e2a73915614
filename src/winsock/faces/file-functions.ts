import { GENERIC_WRITE, INVALID_HANDLE_VALUE, OPEN_EXISTING } from "../abi/constants.ts";
import { ERROR_ACCESS_DENIED, ERROR_FILE_NOT_FOUND, WSA_INVALID_PARAMETER } from "../abi/errors.ts";
import { CALL } from "../provider/calls.ts";
import type { FaceCore, HANDLE } from "./event-functions.ts";
import { textOf } from "./text-buffer.ts";

/** A file that is open for reading. */
export interface ReadableFile {
  /** In bytes, now. */
  readonly size: number;
  /** @returns how many bytes were read: 0 at the end of the file */
  read(target: Uint8Array, position: number): number;
  close(): void;
}

/** Opens a file for reading. @returns the code, such as ERROR_FILE_NOT_FOUND, where it cannot be */
export type FileOpener = (path: string) => ReadableFile | number;

/** Of CreateFile. */
export type CreateFileParameters = [
  lpFileName: string | null,
  dwDesiredAccess: number,
  dwShareMode: number,
  lpSecurityAttributes: null,
  dwCreationDisposition: number,
  dwFlagsAndAttributes: number,
  hTemplateFile: HANDLE | null,
];

/** kernel32's CreateFile, of files that TransmitFile and TransmitPackets read. */
export interface FileFunctions {
  CreateFile(...parameters: CreateFileParameters): HANDLE;
  CreateFileA(...parameters: CreateFileParameters): HANDLE;
  CreateFileW(...parameters: CreateFileParameters): HANDLE;
}

/** A program's file and where in it the next transfer begins. */
export interface FileObject {
  readonly file: ReadableFile;
  position: number;
}

/** Files that a program has open, by handle. Handles are one space, whose numbers the host gives: to it, a file is an event. */
export class Files {
  readonly #open = new Map<HANDLE, FileObject>();

  /** Undefined for what is no file. The two low bits of a handle are the program's own. */
  get(handle: HANDLE): FileObject | undefined {
    return this.#open.get(handle & ~3);
  }

  add(handle: HANDLE, file: ReadableFile): void {
    this.#open.set(handle, { file, position: 0 });
  }

  /** The handle is closed. */
  drop(handle: HANDLE): void {
    const at = handle & ~3;
    this.#open.get(at)?.file.close();
    this.#open.delete(at);
  }

  /** Every handle is. */
  clear(): void {
    for (const handle of [...this.#open.keys()]) this.drop(handle);
  }
}

export function fileFunctions(core: FaceCore, files: Files, openFile: FileOpener | undefined): FileFunctions {
  function refuse(error: number): HANDLE {
    core.fail(error);
    return INVALID_HANDLE_VALUE;
  }

  function createFile(...parameters: CreateFileParameters): HANDLE {
    const [lpFileName, access, , , disposition] = parameters;
    const path = textOf(lpFileName);
    if (path === null || disposition !== OPEN_EXISTING) return refuse(WSA_INVALID_PARAMETER);
    // There is nothing but TransmitFile that could use one.
    if ((access & GENERIC_WRITE) !== 0) return refuse(ERROR_ACCESS_DENIED);
    const { result, error } = core.call(CALL.createEvent, 0, 1, 0, 0, null);
    if (error !== 0 || result <= 0) return INVALID_HANDLE_VALUE;
    const file = openFile?.(path) ?? ERROR_FILE_NOT_FOUND;
    if (typeof file === "number") {
      core.call(CALL.closeHandle, result, 0, 0, 0, null);
      return refuse(file);
    }
    files.add(result, file);
    return result;
  }

  return { CreateFile: createFile, CreateFileA: createFile, CreateFileW: createFile };
}

/** What these functions return when a parameter cannot be read. */
export const fileFault = (name: string): number | undefined => (name.startsWith("CreateFile") ? INVALID_HANDLE_VALUE : undefined);
