import * as dns from "../packet/dns.ts";

const scratch = new Uint8Array(dns.HEADER + dns.MAX_NAME);

/**
 * The one text of a name by which it is compared, kept and asked for: lower case, no last dot, escapes only where they must be
 * (RFC 4343 §2.1, §3). Undefined where the text is no name.
 */
export function canonicalName(text: string): string | undefined {
  const end = dns.writeName(scratch, dns.HEADER, text);
  return end === undefined ? undefined : dns.nameText(scratch, 0, dns.HEADER, end)?.toLowerCase();
}

/** Whether a canonical name is `domain` or within it. */
export const isWithinDomain = (name: string, domain: string): boolean =>
  domain === "." || name === domain || (name.endsWith(`.${domain}`) && !name.endsWith(`\\.${domain}`));

/** Dots that part labels. */
export function dotsIn(name: string): number {
  let dots = 0;
  for (let at = 0; at < name.length; at++) {
    if (name[at] === "\\") at++;
    else if (name[at] === ".") dots++;
  }
  return dots;
}
