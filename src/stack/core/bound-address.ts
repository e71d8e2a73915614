import { type AddressWords, type IpAddress, isUnspecified, sameAddress, sameFamily } from "./address.ts";

/** What is bound to a port: one address, every address of a family (0.0.0.0 or ::), or undefined for every address of both families. */
export type BoundAddress = IpAddress | undefined;

/** The one address that is bound, undefined for a wildcard. */
export const specificOf = (bound: BoundAddress): IpAddress | undefined => (bound === undefined || isUnspecified(bound) ? undefined : bound);

/** How closely what is bound names `address`: 0 not at all, 1 and 2 as a wildcard of both families or of one, 3 by itself. */
export function closeness(bound: BoundAddress, address: AddressWords): 0 | 1 | 2 | 3 {
  if (bound === undefined) return 1;
  if (sameAddress(bound, address)) return 3;
  return isUnspecified(bound) && sameFamily(bound, address) ? 2 : 0;
}

/** Whether an address can be of this family. */
export const reachesFamilyOf = (bound: BoundAddress, address: AddressWords): boolean => bound === undefined || sameFamily(bound, address);

/** Whether some address falls to both. */
export function overlaps(a: BoundAddress, b: BoundAddress): boolean {
  if (a === undefined || b === undefined) return true;
  return closeness(a, b) > 0 || closeness(b, a) > 0;
}
