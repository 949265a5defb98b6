import { pino } from "pino";
import { beforeEach, describe, expect, it } from "vitest";
import { FaultCounter } from "../../../link/faults.ts";

describe("FaultCounter", () => {
  let lines: Record<string, unknown>[];
  let now: number;
  let faults: FaultCounter;

  beforeEach(() => {
    lines = [];
    now = 0;
    const log = pino({ base: null, timestamp: false }, { write: (line: string) => lines.push(JSON.parse(line)) });
    faults = new FaultCounter(log, () => now);
  });

  it("counts every fault, and logs one line a second for each kind, with the count so far", () => {
    for (let turn = 0; turn < 5; turn++) faults.count("a", "was wrong", { turn });
    faults.count("b", "was wrong too");
    now = 999;
    faults.count("a", "was wrong");
    now = 1_000;
    faults.count("a", "was wrong", { turn: 6 });
    expect(lines).toEqual([
      { level: 30, kind: "a", count: 1, turn: 0, msg: "was wrong" },
      { level: 30, kind: "b", count: 1, msg: "was wrong too" },
      { level: 30, kind: "a", count: 7, turn: 6, msg: "was wrong" },
    ]);
    expect([...faults.counts()]).toEqual([
      ["a", 7],
      ["b", 1],
    ]);
  });

  it("keeps a bounded number of kinds", () => {
    for (let kind = 0; kind < 1_000; kind++) faults.count(`made from input ${kind}`, "was wrong");
    expect(faults.counts().size).toBe(65);
    expect(faults.counts().get("other")).toBe(936);
    expect(lines).toHaveLength(65);
  });
});
