/** A number of a command's option. Ends the process with status 2 and a sentence where it is none. */
export function countOption(text: string, name: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  console.error(`Cannot use --${name} ${text}: expected a whole number`);
  process.exit(2);
}
