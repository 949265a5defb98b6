import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bridgeVoter,
  dispatcherVoter,
  electorateOf,
  haloVoter,
  isQuorum,
  nextElectorate,
  reachedOf,
} from "../../../halod/electorate.ts";

const [one, two] = [haloVoter("one"), haloVoter("two")];
const bridge = (node: number, life = "a") => bridgeVoter(node, `${node}${life}`);
const dispatcher = (name: string) => dispatcherVoter(name);

describe("a quorum", () => {
  it("is more than half, or half with the casting vote", () => {
    const three = electorateOf([bridge(1), bridge(2)], one);
    expect(isQuorum(three, new Set([one, bridge(1)]))).toBe(true);
    expect(isQuorum(three, new Set([bridge(1), bridge(2)]))).toBe(true);
    expect(isQuorum(three, new Set([one]))).toBe(false);
    const four = electorateOf([two, bridge(1), bridge(2)], one);
    expect(isQuorum(four, new Set([one, bridge(1)]))).toBe(true);
    expect(isQuorum(four, new Set([two, bridge(1)]))).toBe(false);
  });

  it("counts whoever has the number of a bridge now, and any dispatcher for another, where all HaloDs agree", () => {
    const all = electorateOf([two, bridge(1), bridge(2), dispatcher("x"), dispatcher("y")], one);
    const restarted = [bridge(1, "b"), bridge(2, "b")];
    expect(isQuorum(all, new Set([one, two, ...restarted]))).toBe(true);
    expect(isQuorum(all, new Set([one, ...restarted, dispatcher("z")]))).toBe(false);
    expect(isQuorum(all, new Set([one, two, dispatcher("v"), dispatcher("w")]))).toBe(true);
    expect(isQuorum(all, new Set([one, two, bridge(3)]))).toBe(false);
  });

  it("does not need those who went on purpose, where all HaloDs agree", () => {
    const all = electorateOf([bridge(1), dispatcher("x"), dispatcher("y"), dispatcher("z")], one);
    expect(isQuorum(all, new Set([one]))).toBe(false);
    expect(isQuorum(all, new Set([one]), new Set([dispatcher("x"), dispatcher("y")]))).toBe(true);
  });

  it("always shares a voter that remembers with any other one in which there is a HaloD", () => {
    const voters = [two, bridge(1), bridge(2), bridge(3), dispatcher("x")];
    const others = [bridge(1, "b"), bridge(2, "b"), bridge(3, "b"), dispatcher("v"), dispatcher("w")];
    const some = fc.subarray([...voters, ...others]);
    const halod = fc.constantFrom(one, two);
    const size = fc.integer({ min: 1, max: voters.length });
    const check = (count: number, a: string[], b: string[], actingA: string, actingB: string) => {
      const electorate = electorateOf(voters.slice(0, count), one);
      const [left, right] = [new Set([...a, actingA]), new Set([...b, actingB])];
      if (!isQuorum(electorate, left) || !isQuorum(electorate, right)) return;
      expect(electorate.voters.some((voter) => left.has(voter) && right.has(voter))).toBe(true);
    };
    fc.assert(fc.property(size, some, some, halod, halod, check), { numRuns: 5_000 });
  });
});

describe("an electorate", () => {
  it("tells how many of it can be reached, whoever they are now", () => {
    const all = electorateOf([bridge(1), bridge(2), dispatcher("x")], one);
    expect(reachedOf(all, new Set([one]))).toBe(1);
    expect(reachedOf(all, new Set([one, bridge(2, "b"), dispatcher("y"), dispatcher("z")]))).toBe(3);
    expect(reachedOf(all, new Set([one, bridge(1)]), new Set([dispatcher("x")]))).toBe(3);
  });

  it("keeps the other HaloD while that is away, until there is another", () => {
    const before = electorateOf([two], one);
    const self = { self: one, other: null, isStandby: false };
    expect(nextElectorate(before, [bridge(1)], self)).toEqual(electorateOf([two, bridge(1)], one));
    const three = haloVoter("three");
    expect(nextElectorate(before, [], { ...self, other: three })).toEqual(electorateOf([three], one));
    // A standby that acts leaves the casting vote where it was.
    expect(nextElectorate(before, [], { self: two, other: null, isStandby: true })).toEqual(before);
    expect(nextElectorate(null, [], { ...self, other: null })).toEqual(electorateOf([], one));
  });
});
