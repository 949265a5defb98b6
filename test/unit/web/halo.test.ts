import { describe, expect, it } from "vitest";
import { drawLive, tableOf } from "../../../halod/index.ts";
import { movedBetween, rate, runsOf } from "../../../web/public/halo/picture.js";

/** What the page is told of a table. */
function told(owners: readonly number[]): { owners: number[]; step: number; routes: number } {
  return drawLive({ epoch: 1, changedMs: 0, owners, bridges: [], dispatchers: [], events: [] });
}

describe("the page of the stack", () => {
  it("draws every route with its owner", () => {
    for (const nodes of [1, 3, 64, 1_024]) {
      const { owners } = tableOf(1_024, nodes);
      const drawn = runsOf(told(owners)).flatMap(({ owner, first, last }) =>
        Array.from({ length: last - first + 1 }, () => owner),
      );
      expect(drawn).toEqual(owners);
    }
  });

  it("fills the ring where one route stands for several", () => {
    const runs = runsOf(told(Array.from({ length: 4_001 }, (_, index) => 1 + (index % 7))));
    expect([runs[0]?.first, runs.at(-1)?.last]).toEqual([1, 4_001]);
    for (const [index, run] of runs.entries()) expect(run.first).toBe((runs[index - 1]?.last ?? 0) + 1);
  });

  it("marks the routes that have moved, and no others", () => {
    for (const [from, to] of [
      [2, 3],
      [8, 7],
      [5, 5],
      [1, 64],
    ] as const) {
      const [before, after] = [tableOf(1_024, from).owners, tableOf(1_024, to).owners];
      const marked = movedBetween(runsOf(told(before)), runsOf(told(after))).flatMap(({ owner, first, last }) =>
        Array.from({ length: last - first + 1 }, (_, index) => `${first + index} ${owner}`),
      );
      const moved = after.flatMap((owner, index) => (owner === before[index] ? [] : [`${index + 1} ${owner}`]));
      expect(marked).toEqual(moved);
    }
  });

  it("writes rates as people read them", () => {
    expect([0, 0.25, 9.96, 10, 1_234.5].map(rate)).toEqual(["0", "0.3", "10.0", "10", "1,235"]);
    expect(rate(null)).toBe("–");
  });
});
