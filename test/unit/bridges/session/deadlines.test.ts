import { describe, expect, it } from "vitest";
import { Deadlines } from "../../../../bridges/session/deadlines.ts";

class Item {
  readonly name: string;
  dueTick = 0;

  constructor(name: string) {
    this.name = name;
  }
}

function setUp() {
  const clock = { ms: 1_000_000 };
  const due: string[][] = [];
  const deadlines = new Deadlines<Item>(
    () => clock.ms,
    (items) => due.push(items.map(({ name }) => name)),
  );
  const sweepAt = (ms: number) => {
    clock.ms = 1_000_000 + ms;
    deadlines.sweep();
    return due.splice(0);
  };
  return { deadlines, sweepAt, start: clock.ms };
}

describe("Deadlines", () => {
  it("hands over what is due, together, once, and never early", () => {
    const { deadlines, sweepAt, start } = setUp();
    deadlines.set(new Item("a"), start + 250);
    deadlines.set(new Item("b"), start + 251);
    deadlines.set(new Item("c"), start + 900);
    expect(sweepAt(249)).toEqual([]);
    expect(sweepAt(300)).toEqual([["a", "b"]]);
    expect(sweepAt(800)).toEqual([]);
    expect(sweepAt(5_000)).toEqual([["c"]]);
  });

  it("keeps only the newest deadline of a thing", () => {
    const { deadlines, sweepAt, start } = setUp();
    const item = new Item("a");
    deadlines.set(item, start + 100);
    deadlines.set(item, start + 500);
    expect(sweepAt(200)).toEqual([]);
    expect(sweepAt(500)).toEqual([["a"]]);
  });

  it("forgets what was taken out", () => {
    const { deadlines, sweepAt, start } = setUp();
    const item = new Item("a");
    deadlines.set(item, start + 100);
    deadlines.clear(item);
    deadlines.clear(item);
    expect(sweepAt(1_000)).toEqual([]);
  });

  it("hands over what was due in the past at the next sweep", () => {
    const { deadlines, sweepAt, start } = setUp();
    sweepAt(1_000);
    deadlines.set(new Item("a"), start + 10);
    expect(sweepAt(1_050)).toEqual([]);
    expect(sweepAt(1_100)).toEqual([["a"]]);
  });

  it("lets a thing be filed again while it is handed over", () => {
    const clock = { ms: 0 };
    let count = 0;
    const deadlines: Deadlines<Item> = new Deadlines(
      () => clock.ms,
      ([item]) => {
        count += 1;
        if (item) deadlines.set(item, clock.ms);
      },
    );
    deadlines.set(new Item("a"), 0);
    for (clock.ms = 100; clock.ms <= 300; clock.ms += 100) deadlines.sweep();
    expect(count).toBe(3);
  });
});
