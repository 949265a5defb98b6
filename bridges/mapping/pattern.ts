import { isPattern, patternsOf } from "../../bayeux/index.ts";

/** What stands before a pattern's wildcard: `""` for one at the root. */
export function baseOf(pattern: string): string {
  return pattern.slice(0, pattern.lastIndexOf("/"));
}

/** A channel, and the patterns that match it. */
export function namesOf(channel: string): string[] {
  return [channel, ...patternsOf(channel)];
}

/** True when every channel that the second name stands for is one of the first's; each is a channel or a pattern. */
export function covers(wide: string, narrow: string): boolean {
  if (wide === narrow) return true;
  if (!isPattern(wide)) return false;
  if (!isPattern(narrow)) return namesOf(narrow).includes(wide);
  return wide.endsWith("/**") && `${baseOf(narrow)}/`.startsWith(`${baseOf(wide)}/`);
}

/** True when some channel is one of both. Two patterns that do not cover each other have nothing in common. */
export function overlaps(one: string, other: string): boolean {
  return covers(one, other) || covers(other, one);
}
