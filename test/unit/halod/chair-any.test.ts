import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Parliament } from "./parliament.ts";
import { seeded } from "./seeded.ts";

/** Anything may happen, at any moment. */
function disturb(world: Parliament, random: () => number): void {
  const pick = <T>(all: readonly T[]): T => {
    const one = all[Math.floor(random() * all.length)];
    if (one === undefined) throw new Error("nothing to pick from");
    return one;
  };
  const halod = pick(world.halods);
  const member = pick(world.members);
  const dice = random();
  if (dice < 0.3) world.pass(50 + Math.floor(random() * 700));
  else if (dice < 0.5) world.connect();
  else if (dice < 0.7) world.change(halod, random() < 0.3);
  else if (dice < 0.8) world.cut(halod, random() < 0.3 ? pick(world.halods) : member);
  else if (dice < 0.84) world.heal();
  else if (dice < 0.88) world.killHalod(halod);
  else if (dice < 0.94) world.startHalod(halod);
  else if (dice < 0.96) halod.isFrozen = !halod.isFrozen;
  else if (dice < 0.98) world.restart(member);
  else world.kill(member);
}

describe("HaloDs and those who vote, whatever happens,", () => {
  it("never have two tables of one epoch, never lose one that took effect, and go on when all is well again", () => {
    let announced = 0;
    const run = (seed: number, steps: number, bridges: number, dispatchers: number) => {
      const random = seeded(seed);
      const world = new Parliament(bridges, dispatchers, random);
      world.startHalod(world.one);
      world.startHalod(world.two);
      for (let step = 0; step < steps; step++) {
        if (random() < 0.15) disturb(world, random);
        else world.work();
      }
      world.heal();
      for (const halod of world.halods) {
        halod.isFrozen = false;
        world.startHalod(halod);
      }
      for (const member of world.members) if (!member.isAlive) world.restart(member);
      world.rest();
      expect(world.acting).toHaveLength(1);
      const before = world.announced.length;
      for (const halod of world.acting) world.change(halod);
      world.rest(2_000);
      expect(world.announced.length).toBe(before + 1);
      for (const { table } of world.members) expect(table).toEqual(world.announced.at(-1));
      announced += world.announced.length;
    };
    const steps = fc.constantFrom(400, 1_500, 4_000);
    const sizes = [fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 3 })] as const;
    fc.assert(fc.property(fc.nat(), steps, ...sizes, run), { numRuns: 500 });
    expect(announced).toBeGreaterThan(1_500);
  });
});
