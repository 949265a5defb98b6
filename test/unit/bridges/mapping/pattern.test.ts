import { describe, expect, it } from "vitest";
import { patternsOf } from "../../../../bayeux/index.ts";
import { covers, overlaps } from "../../../../bridges/mapping/pattern.ts";

const SEGMENTS = ["a", "b"];
const CHANNELS = SEGMENTS.flatMap((one) => [
  `/${one}`,
  ...SEGMENTS.flatMap((two) => [`/${one}/${two}`, ...SEGMENTS.map((three) => `/${one}/${two}/${three}`)]),
]);
const PATTERNS = ["", "/a", "/b", "/a/b"].flatMap((base) => [`${base}/*`, `${base}/**`]);

function matches(name: string, channel: string): boolean {
  return name === channel || patternsOf(channel).includes(name);
}

describe("covers and overlaps", () => {
  // A channel that is deeper than all patterns stands for everything that is deeper.
  const universe = [...CHANNELS, "/a/x", "/b/x", "/x", "/x/x", "/a/b/x", "/a/b/x/x", "/a/x/x/x", "/b/x/x", "/x/x/x"];

  it.each(PATTERNS.flatMap((one) => [...PATTERNS, "/a", "/a/b", "/b/a/b"].map((other) => [one, other] as const)))(
    "agree with what %s and %s match",
    (one, other) => {
      const ofOne = universe.filter((channel) => matches(one, channel));
      const ofOther = universe.filter((channel) => matches(other, channel));
      expect(covers(one, other)).toBe(ofOther.every((channel) => ofOne.includes(channel)));
      expect(covers(other, one)).toBe(ofOne.every((channel) => ofOther.includes(channel)));
      expect(overlaps(one, other)).toBe(ofOne.some((channel) => ofOther.includes(channel)));
    },
  );
});
