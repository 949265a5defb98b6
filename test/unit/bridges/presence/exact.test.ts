import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { seeded } from "../../../support/seeded.ts";
import { PresenceBridge } from "./presence-bridge.ts";
import { type Place, SplitNetwork } from "./split-network.ts";

const BRIDGES = 3;
const PEOPLE = ["ann", "bob", "eve"];
/** What is promised: after so long, nothing is missing and nobody is too much. */
const EXACT_AFTER_MS = 5_000;
const bridge = fc.nat({ max: BRIDGES - 1 });

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant("join" as const), bridge, number: fc.nat({ max: 9 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant("leave" as const), bridge, number: fc.nat({ max: 9 }) }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("watch" as const), bridge }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("unwatch" as const), bridge }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("person" as const), number: fc.nat({ max: 2 }) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("crash" as const), bridge, isBack: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("connect" as const), bridge, isConnected: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("divide" as const),
      sides: fc.array(fc.constantFrom("a", "b"), { minLength: BRIDGES, maxLength: BRIDGES }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant("pass" as const), ms: fc.constantFrom(1, 20, 60, 300, 1_500, 5_000) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Three bridges on one network. */
class World {
  readonly network: SplitNetwork;
  readonly bridges: readonly PresenceBridge[];

  constructor(seed: number, maxMembers?: number) {
    this.network = new SplitNetwork(seeded(seed));
    this.bridges = Array.from(
      { length: BRIDGES },
      (_, index) => new PresenceBridge(this.network.place(`tailspin${index + 1}`), maxMembers),
    );
    for (const { place } of this.bridges) this.network.connect(place, true);
  }

  get places(): Place[] {
    return this.bridges.map(({ place }) => place);
  }

  /** Everybody's id, if all is well. */
  get truth(): string[] {
    const people = this.places[0]?.people ?? [];
    return [...people.map(({ id }) => id), ...this.bridges.flatMap(({ ids }) => ids)].toSorted();
  }

  async take(one: Step): Promise<void> {
    if (one.type === "pass") return void (await vi.advanceTimersByTimeAsync(one.ms));
    if (one.type === "person") return this.#person(PEOPLE[one.number] ?? "");
    if (one.type === "divide") {
      return this.network.divide(new Map(this.places.map((place, index) => [place, one.sides[index] ?? "a"])));
    }
    const at = this.bridges[one.bridge];
    if (!at) return;
    switch (one.type) {
      case "join":
        return at.join(one.number);
      case "leave":
        return at.leave(one.number);
      case "watch":
        return void at.watch();
      case "unwatch":
        return at.unwatch();
      case "connect":
        if (at.place.isConnected !== one.isConnected) this.network.connect(at.place, one.isConnected);
        return;
      case "crash":
        if (at.place.isConnected) this.network.connect(at.place, false);
        at.crash();
        if (one.isBack) this.network.connect(at.place, true);
    }
  }

  async heal(): Promise<void> {
    this.network.divide(new Map(this.places.map((place) => [place, "a"])));
    for (const place of this.places) if (!place.isConnected) this.network.connect(place, true);
    await vi.advanceTimersByTimeAsync(EXACT_AFTER_MS);
  }

  stop(): void {
    for (const one of this.bridges) one.stop();
  }

  #person(name: string): void {
    const member = { id: `fake:${name}`, name };
    const isThere = this.places[0]?.people.some(({ id }) => id === member.id) === true;
    for (const place of this.places) {
      place.people = isThere ? place.people.filter(({ id }) => id !== member.id) : [...place.people, member];
      if (place.isConnected) place.inbox?.presence(place.channel, { type: isThere ? "left" : "joined", member });
    }
  }
}

describe("Presence over three bridges", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("is exact for every watcher soon after all is well again, and quiet from then on", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), fc.nat(), async (steps, seed) => {
        const world = new World(seed);
        for (const one of steps) await world.take(one);
        const before = world.network.announcements;
        await world.heal();
        for (const one of world.bridges) {
          one.watch();
          for (const fold of one.folds.values()) expect(fold.faults).toEqual([]);
        }
        await vi.advanceTimersByTimeAsync(500);
        for (const { folds, faults } of world.bridges) {
          for (const fold of folds.values()) expect(fold.ids).toEqual(world.truth);
          expect([...faults.counts()]).toEqual([]);
        }
        // For each bridge: its changes and greetings, an ask in every second of doubt, and as many lists.
        expect(world.network.announcements - before).toBeLessThan(BRIDGES * 20);
        const settled = world.network.announcements;
        await vi.advanceTimersByTimeAsync(600_000);
        expect(world.network.announcements - settled).toBeLessThan(BRIDGES * 4);
        const quiet = world.network.announcements;
        await vi.advanceTimersByTimeAsync(600_000);
        expect(world.network.announcements).toBe(quiet);
        world.stop();
      }),
      { numRuns: 400 },
    );
  });

  it("counts those for whom there is no room, whatever happens", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), fc.nat(), async (steps, seed) => {
        const world = new World(seed, 4);
        for (const one of world.bridges) one.watch();
        for (const one of steps) await world.take(one);
        for (const one of world.bridges) one.watch();
        await world.heal();
        await vi.advanceTimersByTimeAsync(500);
        const { truth } = world;
        for (const { folds } of world.bridges) {
          for (const fold of folds.values()) {
            expect(fold.members.size).toBeLessThanOrEqual(4);
            expect(fold.members.size + fold.more).toBe(truth.length);
            expect(fold.ids.filter((id) => !truth.includes(id))).toEqual([]);
            expect(fold.faults).toEqual([]);
          }
        }
        world.stop();
      }),
      { numRuns: 200 },
    );
  });
});
