import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Deadlines } from "../../../dispatcher/deadlines.ts";

describe("Deadlines", () => {
  let deadlines: Deadlines;
  const told: string[] = [];
  const timed = (name: string) => ({ onDeadline: () => told.push(name) });

  beforeEach(() => {
    vi.useFakeTimers();
    told.length = 0;
    deadlines = new Deadlines(800, () => Date.now());
  });
  afterEach(() => {
    deadlines[Symbol.dispose]();
    vi.useRealTimers();
  });

  it("tells each once, when its time is over, and nobody who was taken out", () => {
    const [first, second, third] = [timed("first"), timed("second"), timed("third")];
    deadlines.add(first);
    deadlines.add(third);
    vi.advanceTimersByTime(400);
    deadlines.add(second);
    deadlines.delete(third);
    vi.advanceTimersByTime(399);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(101);
    expect(told).toEqual(["first"]);
    vi.advanceTimersByTime(2_000);
    expect(told).toEqual(["first", "second"]);
  });

  it("starts a clock anew for one that is added again", () => {
    const one = timed("one");
    deadlines.add(one);
    vi.advanceTimersByTime(700);
    deadlines.add(one);
    vi.advanceTimersByTime(700);
    expect(told).toEqual([]);
  });
});
