import { describe, expect, it } from "vitest";
import { Backoff } from "../../../link/backoff.ts";

const almostOne = 1 - Number.EPSILON;

describe("Backoff", () => {
  it("doubles its bound from 100 ms up to 5 s", () => {
    const backoff = new Backoff({ random: () => almostOne });
    const waits = Array.from({ length: 8 }, () => Math.round(backoff.next()));
    expect(waits).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  });

  it("waits anything from nothing up to its bound", () => {
    const draws = [0, 0.5, 0.25];
    const backoff = new Backoff({ random: () => draws.shift() ?? 0 });
    expect([backoff.next(), backoff.next(), backoff.next()]).toEqual([0, 100, 100]);
  });

  it("begins again after a reset", () => {
    const backoff = new Backoff({ baseMs: 10, capMs: 1_000, random: () => almostOne });
    for (let turn = 0; turn < 5; turn++) backoff.next();
    backoff.reset();
    expect(Math.round(backoff.next())).toBe(10);
  });

  it("waits up to the cap once it was told to slow down", () => {
    const backoff = new Backoff({ random: () => almostOne });
    backoff.slowDown();
    expect(Math.round(backoff.next())).toBe(5_000);
  });
});
