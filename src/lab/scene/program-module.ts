import * as abi from "../../winsock/abi/index.ts";
import { createBlockingFace } from "../../winsock/faces/blocking-face.ts";
import type { BlockingPort } from "../../winsock/provider/calls.ts";

/** What a program of a lesson finds in `tapsock/winsock`, for one program. */
export function winsockModule(openPort: () => BlockingPort): Readonly<Record<string, unknown>> {
  const face = createBlockingFace(openPort);
  const module: Record<string, unknown> = { ...abi };
  for (const [name, what] of Object.entries(face)) module[name] = what;
  module["Sleep"] = (dwMilliseconds: number): void => void face.SleepEx(dwMilliseconds, abi.FALSE);
  return module;
}
