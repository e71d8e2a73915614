/** The address of the same page with the simulation behind it. @param place what its hash says: view, lesson, program */
export function simulationLink(place: Readonly<Record<string, string>>): string {
  return `${location.pathname}#${new URLSearchParams(place)}`;
}
