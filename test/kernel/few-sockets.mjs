/**
 * For `node --import`: a program's promise face on which only so many accepted sockets may be open, named by FEW_SOCKETS; then accept
 * fails with WSAEMFILE. At SIGUSR2 it prints how often it did.
 */
import { register } from "node:module";

const wrapper = `
  import * as real from "tapsock-real";
  export * from "tapsock-real";
  const open = new Set();
  let refused = 0;
  process.on("SIGUSR2", () => process.stdout.write("refused " + refused + "\\n"));
  export async function accept(listener, options) {
    if (open.size >= Number(process.env.FEW_SOCKETS)) {
      refused++;
      throw new real.WinsockError(real.WSAEMFILE, "accept");
    }
    const accepted = await real.accept(listener, options);
    open.add(accepted.socket);
    return accepted;
  }
  export async function closesocket(s) {
    open.delete(s);
    await real.closesocket(s);
  }`;
const hooks = `
  const real = ${JSON.stringify(new URL("../../dist/winsock/promises.js", import.meta.url).href)};
  const wrapper = ${JSON.stringify(`data:text/javascript,${encodeURIComponent(wrapper)}`)};
  export async function resolve(specifier, context, next) {
    if (specifier === "tapsock-real") return { url: real, shortCircuit: true };
    const found = await next(specifier, context);
    return found.url === real ? { ...found, url: wrapper } : found;
  }`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
