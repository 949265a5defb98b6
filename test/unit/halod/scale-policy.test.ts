import { describe, expect, it } from "vitest";
import type { ScaleConfig } from "../../../halod/scale-config.ts";
import { emptyScale, failedScale, stepScale, type Observation, type ScaleStep } from "../../../halod/scale-policy.ts";
import { policyOf } from "./scale-play.ts";

/** Short times, so that a test is about few steps. */
const TIMES: Partial<ScaleConfig> = {
  windowMs: 4_000,
  growAfterMs: 3_000,
  shrinkAfterMs: 10_000,
  coolDownMs: 5_000,
  actTimeoutMs: 20_000,
  retryAfterMs: 30_000,
};

/** Sees the same for some seconds; what was done is in `done`. */
class Watch {
  readonly done: string[] = [];
  state = emptyScale();
  nowMs = 1_000;
  last: ScaleStep | null = null;
  readonly #policy: ReturnType<typeof policyOf>;

  constructor(changes: Partial<ScaleConfig> = {}, spares = 0, canStop = true) {
    this.#policy = { ...policyOf({ ...TIMES, ...changes }, spares), canStop };
  }

  see(seconds: number, active: number, load: number | null, more: Partial<Observation> = {}): this {
    for (let second = 0; second < seconds; second++) {
      this.nowMs += 1_000;
      const seen = { active, reserve: 0, isSteady: true, isActing: false, load, ...more };
      this.last = stepScale(this.state, seen, this.nowMs, this.#policy);
      this.state = this.last.state;
      const { action, late } = this.last;
      if (action) this.done.push(action.type === "start" ? `start ${action.count}` : "stop");
      if (late) this.done.push(`late ${late.type} ${late.total}`);
    }
    return this;
  }

  fail(): this {
    this.state = failedScale(this.state, this.#policy);
    return this;
  }
}

describe("the policy of the autoscaler", () => {
  it("starts as many as the load needs, once it has been too high for a while, and not before", () => {
    const it = new Watch().see(9, 2, 1.9);
    expect(it.done).toEqual([]);
    expect(it.see(2, 2, 1.9).done).toEqual(["start 2"]);
  });

  it("starts no more at once than it may, and no more than there may be", () => {
    expect(new Watch({ max: 100, maxStep: 4 }).see(15, 10, 10).done).toEqual(["start 4"]);
    expect(new Watch({ max: 11 }).see(15, 10, 10).done).toEqual(["start 1"]);
  });

  it("does not mind a burst that is shorter than half of its window", () => {
    const it = new Watch().see(10, 2, 1);
    for (let round = 0; round < 20; round++) it.see(1, 2, 6).see(5, 2, 1);
    expect(it.done).toEqual([]);
  });

  it("says that it may not do what is needed", () => {
    const it = new Watch({ max: 2 }).see(20, 2, 2);
    expect([it.done, it.last?.isCapped]).toEqual([[], true]);
    expect(it.see(5, 2, 1).last?.isCapped).toBe(false);
  });

  it("waits until those that it started are there and their sessions have settled", () => {
    const it = new Watch().see(10, 2, 1.9);
    expect(it.see(10, 2, 2).see(5, 3, 3).done).toEqual(["start 2"]);
    expect(it.see(9, 4, 4).done).toEqual(["start 2"]);
    expect(it.see(1, 4, 4).done).toEqual(["start 2", "start 4"]);
  });

  it("tells that those that it started do not come, and tries again later, each time later", () => {
    const it = new Watch().see(10, 1, 1);
    expect(it.see(19, 1, 1).done).toEqual(["start 1"]);
    expect(it.see(1, 1, 1).done).toEqual(["start 1", "late start 2"]);
    expect(it.see(29, 1, 1).done).toHaveLength(2);
    expect(it.see(1, 1, 1).done.slice(2)).toEqual(["start 1"]);
    expect(it.see(20, 1, 1).done.slice(3)).toEqual(["late start 2"]);
    expect(it.see(59, 1, 1).done).toHaveLength(4);
    expect(it.see(1, 1, 1).done.slice(4)).toEqual(["start 1"]);
  });

  it("tries again at most an hour after a failure, however many there were", () => {
    const it = new Watch();
    for (let times = 0; times < 2_000; times++) it.fail();
    expect(it.see(3_600, 1, 1).done).toEqual([]);
    expect(it.see(1, 1, 1).done).toEqual(["start 1"]);
  });

  it("takes a command that failed as a failure, and one that succeeds later as none", () => {
    const it = new Watch().see(12, 1, 1).fail();
    expect(it.state.failures).toBe(1);
    it.see(40, 1, 1).see(10, 2, 1);
    expect([it.state.failures, it.state.pending]).toEqual([0, null]);
  });

  it("does not go on while the command is still running", () => {
    const it = new Watch().see(12, 1, 1).see(100, 2, 2, { isActing: true });
    expect(it.done).toEqual(["start 1"]);
    expect(it.state.pending).not.toBeNull();
  });

  it("stops one after the other, each after the load has been low for a while", () => {
    const it = new Watch().see(17, 3, 0.2);
    expect(it.done).toEqual(["stop"]);
    expect(it.see(16, 2, 0.2).done).toEqual(["stop"]);
    expect(it.see(1, 2, 0.2).done).toEqual(["stop", "stop"]);
    expect(it.see(100, 1, 0).done).toEqual(["stop", "stop"]);
  });

  it("stops none where the others would have too much, nor the only one, nor below the least, nor without a command", () => {
    // A third of two bridges is two thirds of one.
    expect(new Watch().see(100, 2, 0.66).done).toEqual([]);
    expect(new Watch().see(100, 1, 0).done).toEqual([]);
    expect(new Watch({ min: 3 }).see(100, 3, 0).done).toEqual([]);
    expect(new Watch({}, 0, false).see(100, 3, 0).done).toEqual([]);
  });

  it("tells that one that it stopped does not leave", () => {
    const it = new Watch().see(36, 2, 0);
    expect(it.done).toEqual(["stop"]);
    expect(it.see(1, 2, 0).done).toEqual(["stop", "late stop 1"]);
  });

  it("does nothing while a bridge is lost, nor until what it had has moved", () => {
    const it = new Watch().see(8, 3, 3).see(60, 3, 3, { isSteady: false });
    expect(it.done).toEqual([]);
    // It was dead, and the others bear it.
    expect(it.see(9, 2, 2).done).toEqual([]);
    expect(it.see(5, 2, 2).done).toEqual(["start 2"]);
  });

  it("does nothing where too few bridges say how they are", () => {
    expect(new Watch().see(100, 3, null).done).toEqual([]);
  });

  it("starts the first ones, and what is missing in reserve", () => {
    expect(new Watch({ min: 2 }, 1).see(9, 0, null).done).toEqual(["start 3"]);
    expect(new Watch({}, 1).see(15, 2, 1, { reserve: 0 }).done).toEqual(["start 1"]);
    expect(new Watch({}, 1).see(60, 2, 1, { reserve: 1 }).done).toEqual([]);
  });

  it("does not believe a clock that jumps", () => {
    const it = new Watch();
    for (let round = 0; round < 50; round++) {
      it.see(3, 2, 0.1);
      it.nowMs += round % 2 === 0 ? 86_400_000 : -86_400_000;
      it.see(2, 2, 1.2);
    }
    expect(it.done).toEqual([]);
  });
});
