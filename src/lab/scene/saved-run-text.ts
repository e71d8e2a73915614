/** Whether the text is a saved run of a simulation, and not a list of events. */
export const isSavedRun = (text: string): boolean =>
  text.startsWith('{"format":"tapsock-run"') && text.slice(0, 100_000).includes('"simulation":');
