import { describe, expect, it } from "vitest";
import { overlapOf, type Overlap } from "../../../../bridges/session/overlap.ts";
import { entry } from "../session/entries.ts";

/** Numbers are ids; 0 is a gap notice. */
function overlap(ours: readonly number[], recent: readonly number[], seq = 0, isOverlapping = true): Overlap {
  const entries = ours.map((id, index) => ({ ...entry(index + 1), id: id === 0 ? "" : String(id) }));
  const ids = recent.map(String);
  return overlapOf(entries, { channel: "/lobby", last: ids.at(-1) ?? null, recent: ids }, { seq, isOverlapping });
}

function told({ fresh, late, isProved }: Overlap): [string[], string[], boolean] {
  return [fresh.map(({ id }) => id), [...late], isProved];
}

describe("what is new to a session that comes from another bridge", () => {
  it("is what follows the last message that both have", () => {
    expect(told(overlap([1, 2, 3, 4], [1, 2, 3]))).toEqual([["4"], [], true]);
    expect(told(overlap([3, 4], [1, 2, 3], 9))).toEqual([["4"], ["1", "2"], true]);
  });

  it("is nothing where we are behind, and what comes later is known", () => {
    expect(told(overlap([1, 2], [1, 2, 3, 4]))).toEqual([[], ["3", "4"], true]);
  });

  it("is also what the other has not had between those that both have, as linked servers may order it", () => {
    expect(told(overlap([1, 2, 3, 4], [1, 3, 2, 5]))).toEqual([["4"], ["5"], true]);
    expect(told(overlap([1, 9, 2, 3], [1, 2, 3]))).toEqual([["9"], [], true]);
  });

  it("is what came since we were there, where no message is common", () => {
    expect(told(overlap([1, 2, 3], [], 2))).toEqual([["3"], [], true]);
    expect(told(overlap([5], [1, 2, 3], 0))).toEqual([["5"], ["1", "2", "3"], true]);
    expect(told(overlap([], [], 0))).toEqual([[], [], true]);
  });

  it("is not proved to be all where we came too late", () => {
    expect(told(overlap([5], [1], 0, false))).toEqual([["5"], ["1"], false]);
    expect(told(overlap([1, 5], [1], 0, false))).toEqual([["5"], [], true]);
  });

  it("has the notices of gaps after what both have, and none of those before", () => {
    expect(told(overlap([1, 0, 2, 0, 3], [1, 2]))).toEqual([["", "3"], [], true]);
  });

  it("is not what one bridge alone has an id for, and both have had", () => {
    const own = (name: string) => `own-${name}`;
    const reckoned = (ours: readonly string[], recent: readonly string[], isOverlapping = true) => {
      const entries = ours.map((id, index) => ({ ...entry(index + 1), id }));
      const position = { channel: "/lobby", last: recent.at(-1) ?? null, recent };
      return told(overlapOf(entries, position, { seq: 0, isOverlapping }));
    };
    // Said while the server gave no ids, before the last that both know.
    expect(reckoned(["a", own("1"), "b", "c"], ["a", own("x"), "b"])).toEqual([["c"], [own("x")], true]);
    // The same behind it: which of them are the same is not known.
    expect(reckoned(["a", own("1"), "b"], ["a", own("x")])).toEqual([["b"], [own("x")], false]);
    expect(reckoned([own("1"), "b"], [own("x")])).toEqual([["b"], [own("x")], false]);
    // The other one had counted from a mark before we came, and nothing has been said since the one that we have seen.
    expect(reckoned([own("1")], ["x-7", "x-8"])).toEqual([[], ["x-7", "x-8"], false]);
    expect(reckoned([own("1"), "b"], ["x-8"])).toEqual([["b"], ["x-8"], false]);
    expect(reckoned([own("1"), "b"], ["x-8", "b"])).toEqual([[], ["x-8"], true]);
    // Only the other one has such, or only we have.
    expect(reckoned(["a", "b"], ["a", own("x")])).toEqual([["b"], [own("x")], true]);
    expect(reckoned(["a", own("1")], ["a"])).toEqual([[own("1")], [], true]);
  });

  it("counts a newest message that is not among the recent ones", () => {
    const position = { channel: "/lobby", last: "2", recent: [] };
    expect(told(overlapOf([entry(2), entry(3)], position, { seq: 0, isOverlapping: false }))).toEqual([
      ["3"],
      [],
      true,
    ]);
  });
});
