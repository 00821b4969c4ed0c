/** Hues of a circle, far apart for the first few. */
const HUES = [250, 65, 155, 320, 200, 30, 290, 110, 0, 225];

const seen: string[] = [];

/** A subgraph's hue in degrees: by the order in which the page meets them, the same in every plan. */
export function hueOf(subgraph: string): number {
  if (!seen.includes(subgraph)) seen.push(subgraph);
  return HUES[seen.indexOf(subgraph) % HUES.length] ?? 0;
}
