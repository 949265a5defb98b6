import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ConnectionSet, type LongLived } from "../../../dispatcher/transports/connection-set.ts";
import { type InTurn, Pace } from "../../../dispatcher/transports/pace.ts";

const SECOND_MS = 1_000;

/** How many are within any second, both of its ends included. */
function busiestSecond(times: readonly number[]): number {
  return Math.max(0, ...times.map((from) => times.filter((time) => time >= from && time <= from + SECOND_MS).length));
}

describe("Pace", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Lets some connections end; each is let go of by its bridge after a while. */
  async function drain(perSecond: number, delaysMs: readonly number[], forMs = 60_000): Promise<number[]> {
    const ends: number[] = [];
    const begunMs = Date.now();
    using pace = new Pace(perSecond, Date.now);
    for (const delayMs of delaysMs) {
      pace.begin(() => {
        setTimeout(() => pace.end(() => ends.push(Date.now() - begunMs)), delayMs);
        return true;
      });
    }
    await vi.advanceTimersByTimeAsync(forMs);
    return ends;
  }
  const same = (count: number, delayMs: number) => Array.from({ length: count }, () => delayMs);

  it.for([1, 3, 7, 50, 333, 1_000])("ends no more than %i in any second, and hardly fewer", async (perSecond) => {
    const ends = await drain(perSecond, same(perSecond * 5, 2));
    expect(ends).toHaveLength(perSecond * 5);
    expect(busiestSecond(ends)).toBeLessThanOrEqual(perSecond);
    expect(ends.at(-1)).toBeLessThan(5_600);
  });

  it("ends them evenly: no tenth of a second has more than its share", async () => {
    const ends = await drain(100, same(300, 2));
    const tenths = Map.groupBy(ends, (time) => Math.floor(time / 100));
    expect(Math.max(...[...tenths.values()].map(({ length }) => length))).toBeLessThanOrEqual(11);
  });

  it("keeps to it when a bridge lets go of many at once, after it has let all wait", async () => {
    // The first hundred are let go of at the same moment, two seconds after the first of them.
    const delays = [...Array.from({ length: 100 }, (_, index) => 2_000 - index * 20), ...same(100, 2)];
    const ends = await drain(50, delays);
    expect(ends).toHaveLength(200);
    expect(busiestSecond(ends)).toBeLessThanOrEqual(50);
  });

  it("makes up for no more than a moment when the process stood still", async () => {
    const ends: number[] = [];
    let standstillMs = 0;
    using pace = new Pace(100, () => Date.now() + standstillMs);
    for (let index = 0; index < 300; index++) {
      pace.begin(() => {
        pace.end(() => ends.push(Date.now() + standstillMs));
        return true;
      });
    }
    await vi.advanceTimersByTimeAsync(500);
    const before = ends.length;
    standstillMs = 5_000;
    await vi.advanceTimersByTimeAsync(10);
    expect(ends.length - before).toBeGreaterThan(0);
    expect(ends.length - before).toBeLessThanOrEqual(5);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(ends).toHaveLength(300);
    expect(busiestSecond(ends)).toBeLessThanOrEqual(100);
  });

  it("loses no time over those that have gone by themselves", async () => {
    const ends: number[] = [];
    using pace = new Pace(10, Date.now);
    for (let index = 0; index < 1_000; index++) pace.begin(() => false);
    pace.begin(() => {
      pace.end(() => ends.push(1));
      return true;
    });
    await vi.advanceTimersByTimeAsync(200);
    expect(ends).toHaveLength(1);
  });

  it("needs the time that it says, and lets nobody end after it is disposed of", async () => {
    const pace = new Pace(10, Date.now);
    expect(pace.timeFor(95)).toBeCloseTo(10_000);
    const ends = await drain(10, same(95, 0), 10_200);
    expect(ends).toHaveLength(95);
    expect(await drain(10, same(95, 0), 5_000)).toHaveLength(48);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is one for several sets, and is at rest when they are empty", async () => {
    const ends: number[] = [];
    const makeSet = (count: number) => {
      const set = new ConnectionSet<LongLived>(30_000);
      for (let index = 0; index < count; index++) {
        const connection: LongLived = {
          check: () => undefined,
          terminate: () => undefined,
          drain: (inTurn: InTurn) => {
            inTurn(() => {
              ends.push(Date.now());
              forget();
            });
          },
        };
        const forget = set.add(connection);
      }
      return set;
    };
    using sockets = makeSet(60);
    using streams = makeSet(40);
    using pace = new Pace(50, Date.now);
    const { signal } = new AbortController();
    const drained = Promise.all([sockets.drain(pace, signal), streams.drain(pace, signal)]);
    await vi.advanceTimersByTimeAsync(3_000);
    await drained;
    expect(ends).toHaveLength(100);
    expect(busiestSecond(ends)).toBeLessThanOrEqual(50);
  });
});
