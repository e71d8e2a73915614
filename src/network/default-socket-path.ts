/** Where tapsockd listens, and programs look for it, unless told otherwise: for root the machine's place, else the user's own. */
export function defaultSocketPath(env: Readonly<Record<string, string | undefined>> = process.env, uid = process.getuid?.() ?? 0): string {
  if (uid === 0) return "/run/tapsock/tapsock.sock";
  return `${env["XDG_RUNTIME_DIR"] || `/tmp/tapsock-${uid}`}/tapsock.sock`;
}
