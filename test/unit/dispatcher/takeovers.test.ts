import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Takeovers, type Waiter } from "../../../dispatcher/takeovers.ts";
import { FaultCounter } from "../../../link/index.ts";

class FakeWaiter implements Waiter {
  readonly route: number;
  readonly bytes: number;
  readonly told: string[];
  readonly name: string;
  /** Called in its turn. */
  onIt: () => void = () => {};

  constructor(told: string[], name: string, route = 1, bytes = 10) {
    this.told = told;
    this.name = name;
    this.route = route;
    this.bytes = bytes;
  }

  onTurn(): void {
    this.told.push(`turn of ${this.name}`);
    this.onIt();
  }

  onOver(): void {
    this.told.push(`over for ${this.name}`);
  }
}

describe("Takeovers", () => {
  let told: string[];
  let reachable: Set<number>;
  let faults: FaultCounter;
  let takeovers: Takeovers;

  const make = (waitMs = 1_000, maxBytes = 10_000) =>
    new Takeovers({ waitMs, maxBytes, now: () => Date.now(), faults, isReachable: (route) => reachable.has(route) });

  beforeEach(() => {
    vi.useFakeTimers();
    told = [];
    reachable = new Set();
    faults = new FaultCounter(pino({ level: "silent" }), Date.now);
    takeovers = make();
  });
  afterEach(() => {
    takeovers[Symbol.dispose]();
    vi.useRealTimers();
  });

  it("gives those whose route can be reached their turn, in the order in which they came", () => {
    for (const name of ["a", "b"]) expect(takeovers.wait(new FakeWaiter(told, name))).toBe(true);
    expect(takeovers.wait(new FakeWaiter(told, "elsewhere", 2))).toBe(true);
    takeovers.look();
    expect(told).toEqual([]);
    reachable.add(1);
    takeovers.look();
    expect(told).toEqual(["turn of a", "turn of b"]);
    expect([takeovers.isAwaited(1), takeovers.isAwaited(2), takeovers.size]).toEqual([false, true, 1]);
  });

  it("looks by itself too, since a bridge that refused may have learned of the table", () => {
    takeovers.wait(new FakeWaiter(told, "a"));
    reachable.add(1);
    vi.advanceTimersByTime(50);
    expect(told).toEqual(["turn of a"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("ends the wait after its time, counted from the first one, however often it waits", () => {
    const waiter = new FakeWaiter(told, "a");
    waiter.onIt = () => expect(takeovers.wait(waiter)).toBe(true);
    takeovers.wait(waiter);
    reachable.add(1);
    vi.advanceTimersByTime(960);
    expect(told).toHaveLength(19);
    vi.advanceTimersByTime(40);
    expect(told.at(-1)).toBe("over for a");
    expect(takeovers.wait(waiter)).toBe(false);
    expect(takeovers.size).toBe(0);
  });

  it("counts the time anew for one that was taken in between", () => {
    const waiter = new FakeWaiter(told, "a");
    takeovers.wait(waiter);
    reachable.add(1);
    takeovers.look();
    vi.advanceTimersByTime(5_000);
    expect(takeovers.wait(waiter)).toBe(false);
    takeovers.taken(waiter);
    expect(takeovers.wait(waiter)).toBe(true);
  });

  it("forgets who leaves, also in the turn of another", () => {
    const [first, second, third] = ["a", "b", "c"].map((name) => new FakeWaiter(told, name));
    if (!first || !second || !third) throw new Error("there are three");
    first.onIt = () => takeovers.leave(second);
    for (const waiter of [first, second, third]) takeovers.wait(waiter);
    expect([takeovers.leave(third), takeovers.leave(third)]).toEqual([true, false]);
    reachable.add(1);
    takeovers.look();
    expect(told).toEqual(["turn of a"]);
  });

  it("takes no more than may wait, and counts what it does not take", () => {
    takeovers[Symbol.dispose]();
    takeovers = make(1_000, 3_000);
    const [first, second, third] = ["a", "b", "c"].map((name) => new FakeWaiter(told, name, 1, 400));
    if (!first || !second || !third) throw new Error("there are three");
    expect([takeovers.wait(first), takeovers.wait(second), takeovers.wait(third)]).toEqual([true, true, false]);
    expect(faults.counts().get("takeover.bytes")).toBe(1);
    takeovers.leave(first);
    expect(takeovers.wait(third)).toBe(true);
    takeovers[Symbol.dispose]();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("lets nobody wait where nobody takes over", () => {
    takeovers = make(0);
    expect(takeovers.wait(new FakeWaiter(told, "a"))).toBe(false);
  });
});
