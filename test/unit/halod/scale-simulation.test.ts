import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { policyOf, ScalePlay, SECONDS_PER_HOUR, type Weather } from "./scale-play.ts";

const DOC = readFileSync(new URL("../../../docs/halod.md", import.meta.url), "utf8");
const DAY = 24 * SECONDS_PER_HOUR;
/** Samples that are off by 30 %, one of five missing, three times the load for 5 s every five minutes, and a clock that jumps once an hour. */
const BAD: Omit<Weather, "demand"> = { noise: 0.3, missing: 0.2, burstEvery: 300, jumpEvery: SECONDS_PER_HOUR };

/** A row as docs/halod.md has it, whatever the widths of the columns. */
function expectInDoc(...cells: (string | number)[]): void {
  const row = `| ${cells.join(" | ")} |`;
  expect(DOC.replace(/ +/g, " ").includes(row), `docs/halod.md should say: ${row}`).toBe(true);
}

describe("the number of bridges, simulated for a day,", () => {
  it.for([0.3, 0.5, 0.6, 0.7, 1, 1.5, 2, 3, 5])(
    "stays what it is under a mean load of %d, in any weather, once it is settled",
    { timeout: 30_000 },
    (mean) => {
      const play = new ScalePlay(1, { ...BAD, demand: () => mean }, policyOf({ max: 20 })).run(SECONDS_PER_HOUR);
      const settling = play.acts.length;
      play.run(DAY);
      expectInDoc(mean, play.active, settling, play.acts.length - settling);
      expect(play.acts.slice(settling), JSON.stringify(play.acts)).toEqual([]);
      // Neither too few nor more than are of use.
      expect(mean / play.active).toBeLessThan(0.75);
      if (play.active > 1) expect(mean / (play.active - 1)).toBeGreaterThanOrEqual(0.5);
    },
  );

  it.for([0.4, 0.56, 0.7, 1, 2, 5])(
    "goes up and down no more than twice under a mean load of %d that wanders for minutes at a time",
    { timeout: 30_000 },
    (mean) => {
      const weather = { noise: 0.3, slow: 0.3, demand: () => mean };
      const { acts } = new ScalePlay(1, weather, policyOf({ max: 20 })).run(DAY);
      expect(acts.filter(({ change }) => change < 0).length, JSON.stringify(acts)).toBeLessThanOrEqual(2);
    },
  );

  it.for([
    [0.5, 1, 4, 106],
    [1, 2, 8, 106],
    [2, 4, 12, 106],
  ] as const)(
    "follows a load of %d that is four times as high all at once, and comes down again slowly",
    { timeout: 30_000 },
    ([load, before, after, reachedSecond]) => {
      const hours = 2 * SECONDS_PER_HOUR;
      const demand = (second: number) => (second < hours || second >= 2 * hours ? load : load * 4);
      const play = new ScalePlay(1, { noise: 0.3, demand }, policyOf({ max: 20 })).run(hours);
      expect(play.active).toBe(before);
      const settled = play.acts.length;
      play.run(hours);
      expect(play.active).toBe(after);
      const growing = play.acts.slice(settled);
      const steps = growing.map(({ second, change }) => `+${change} after ${second - hours} s`);
      expect(growing.at(-1)?.second).toBe(hours + reachedSecond);
      const low = play.acts.length;
      play.run(2 * hours);
      const shrinking = play.acts.slice(low);
      const firstSecond = (shrinking[0]?.second ?? 0) - 2 * hours;
      expectInDoc(`${load} → ${load * 4}`, `${before} → ${after}`, steps.join(", "), `${firstSecond} s`, play.active);
      expect(shrinking.every(({ change }) => change === -1)).toBe(true);
    },
  );
});
