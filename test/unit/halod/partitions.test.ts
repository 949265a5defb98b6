import { describe, expect, it } from "vitest";
import { Parliament } from "./parliament.ts";
import type { Member } from "./parties.ts";
import { seeded } from "./seeded.ts";

/** Each of these goes another way through the network. */
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

/** Two HaloDs, three bridges and two dispatchers that share a table; the first HaloD acts. */
function formed(seed: number): Parliament & { readonly b: readonly Member[]; readonly d: readonly Member[] } {
  const world = new Parliament(3, 2, seeded(seed));
  world.startHalod(world.one);
  world.startHalod(world.two);
  world.rest(3_000);
  world.change(world.one);
  world.rest(2_000);
  expect([world.announced.length, world.acting, world.two.chair?.standing.hasSay]).toEqual([1, [world.one], true]);
  return Object.assign(world, { b: world.members.slice(0, 3), d: world.members.slice(3) });
}

type World = ReturnType<typeof formed>;

/** Who acts in the end, and whether a table of theirs takes effect. */
function outcome(world: World): { acting: string[]; moves: boolean } {
  world.rest();
  const { length } = world.announced;
  for (const halod of world.halods) world.change(halod);
  world.rest(2_000);
  return { acting: world.acting.map(({ id }) => id), moves: world.announced.length > length };
}

/** Two groups that hear nothing of each other. */
function split(world: World, others: readonly (Member | World["one"])[]): void {
  for (const halod of world.halods) {
    const isOther = others.includes(halod);
    for (const party of [...world.halods, ...world.members])
      if (party !== halod && others.includes(party) !== isOther) world.cut(halod, party);
  }
}

const goesOn = (acting: "one" | "two") => ({ acting: [acting], moves: true });
const nobody = { acting: [], moves: false };

describe.each(SEEDS)("a cluster with a standby (seed %i)", (seed) => {
  it.each<[string, (world: World) => void, ReturnType<typeof outcome>]>([
    ["goes on where HaloD is cut off from one bridge", (world) => split(world, world.b.slice(0, 1)), goesOn("one")],
    [
      "goes on where HaloD is cut off from a minority",
      (world) => [world.b[0], world.d[0], world.two].forEach((party) => party && world.cut(world.one, party)),
      goesOn("one"),
    ],
    [
      "goes on with the standby where HaloD is cut off from the majority, but not from the standby",
      (world) => world.members.forEach((member) => world.cut(world.one, member)),
      goesOn("two"),
    ],
    [
      "goes on with the standby where HaloD is cut off from everybody",
      (world) => split(world, [world.one]),
      goesOn("two"),
    ],
    [
      "goes on with the standby where that has the greater part of a cut network",
      (world) => split(world, [world.one, ...world.b.slice(0, 1), ...world.d.slice(0, 1)]),
      goesOn("two"),
    ],
    [
      "goes on with HaloD where that has the greater part",
      (world) => split(world, [world.two, ...world.b.slice(0, 2)]),
      goesOn("one"),
    ],
    [
      "changes nothing where the two HaloDs alone are cut off",
      (world) => world.cut(world.one, world.two),
      goesOn("one"),
    ],
    ["goes on with the standby when HaloD is killed", (world) => world.killHalod(world.one), goesOn("two")],
    [
      "goes on with the standby when HaloD and a bridge are killed at once",
      (world) => {
        world.killHalod(world.one);
        world.b.slice(0, 1).forEach((bridge) => world.kill(bridge));
      },
      goesOn("two"),
    ],
    ["goes on when the standby is killed", (world) => world.killHalod(world.two), goesOn("one")],
    [
      "stands still where nobody has a majority",
      (world) => {
        split(world, [world.two, ...world.b.slice(0, 2)]);
        world.d.slice(0, 1).forEach((dispatcher) => world.kill(dispatcher));
        world.d.slice(1).forEach((dispatcher) => world.cut(world.one, dispatcher));
      },
      nobody,
    ],
  ])("%s", (_, happen, expected) => {
    const world = formed(seed);
    happen(world);
    expect(outcome(world)).toEqual(expected);
    world.heal();
    for (const halod of world.halods) world.startHalod(halod);
    for (const member of world.members) if (!member.isAlive) world.restart(member);
    const { acting, moves } = outcome(world);
    expect([acting.length, moves]).toEqual([1, true]);
  });

  it("lets a HaloD that hung move nothing", () => {
    const world = formed(seed);
    world.one.isFrozen = true;
    expect(outcome(world)).toEqual(goesOn("two"));
    const told = world.announced.length;
    world.one.isFrozen = false;
    world.change(world.one);
    world.rest();
    expect([world.announced.length, world.acting]).toEqual([told, [world.two]]);
  });

  it("follows when it is back, and takes over in its turn", () => {
    const world = formed(seed);
    world.killHalod(world.one);
    world.rest();
    world.startHalod(world.one);
    expect(outcome(world)).toEqual(goesOn("two"));
    world.killHalod(world.two);
    expect(outcome(world)).toEqual(goesOn("one"));
  });

  it("has its table again when all HaloDs were restarted, and when everything was", () => {
    const world = formed(seed);
    const last = world.announced.at(-1);
    for (const halod of world.halods) world.killHalod(halod);
    for (const halod of world.halods) world.startHalod(halod);
    world.rest();
    expect([world.acting.length, world.announced.at(-1)]).toEqual([1, last]);
    for (const halod of world.halods) world.killHalod(halod);
    for (const member of world.members) world.restart(member);
    for (const halod of world.halods) world.startHalod(halod);
    const { acting, moves } = outcome(world);
    expect([acting.length, moves]).toEqual([1, true]);
  });

  it("has the old table or the new one when HaloD is killed in the middle of a change", () => {
    for (let steps = 0; steps < 40; steps += 3) {
      const world = formed(seed * 100 + steps);
      world.change(world.one);
      for (let step = 0; step < steps; step++) world.work();
      const told = world.announced.length;
      world.killHalod(world.one);
      expect(outcome(world)).toEqual(goesOn("two"));
      expect(world.announced.length).toBeGreaterThan(told);
      for (const { table } of world.members) expect(table).toEqual(world.announced.at(-1));
    }
  });
});

describe("a cluster without a standby", () => {
  it.each(SEEDS)("survives the death of one of two bridges, and a restart of everything (seed %i)", (seed) => {
    const world = new Parliament(2, 0, seeded(seed));
    const { one } = world;
    const [first, second] = world.members;
    if (!first || !second) throw new Error("there are two");
    world.startHalod(one);
    world.rest(3_000);
    world.change(one);
    world.rest(2_000);
    world.kill(first);
    world.rest(2_000);
    world.change(one);
    world.rest(2_000);
    expect(world.announced).toHaveLength(2);
    world.killHalod(one);
    world.restart(second);
    world.startHalod(one);
    world.rest();
    world.change(one);
    world.rest(2_000);
    expect([world.acting, world.announced.length]).toEqual([[one], 3]);
  });

  it.each(SEEDS)("stands still without a majority, and goes on from what is in force (seed %i)", (seed) => {
    const world = new Parliament(4, 0, seeded(seed));
    const { one, members } = world;
    world.startHalod(one);
    world.rest(3_000);
    world.change(one);
    world.rest(2_000);
    for (const member of members.slice(1)) world.cut(one, member);
    world.change(one);
    world.rest();
    expect([world.acting, world.announced.length, one.chair?.standing]).toMatchObject([
      [],
      1,
      { reached: 2, voters: 5 },
    ]);
    world.heal();
    world.rest();
    expect(world.acting).toEqual([one]);
    // What was on its way is not taken for what comes now: it has an epoch of its own.
    expect(world.announced.at(-1)?.epoch).toBeGreaterThan(1);
    for (const { table } of members) expect(table).toEqual(world.announced.at(-1));
  });
});
