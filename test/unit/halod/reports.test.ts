import { describe, expect, it } from "vitest";
import { Meter, type Counts } from "../../../halod/reports.ts";

function report(atMs: number, heard: number, delivered = 0): Counts {
  return { type: "report", atMs, connections: 2, sessions: 3, heard, delivered };
}

describe("a meter", () => {
  it("knows nothing before the first report, and rates from the second on", () => {
    const meter = new Meter();
    expect(meter.figures).toBeNull();
    meter.take(report(1_000, 500, 70));
    expect(meter.figures).toEqual({ connections: 2, sessions: 3, heard: 0, delivered: 0 });
    meter.take(report(3_000, 525, 71));
    expect(meter.figures).toEqual({ connections: 2, sessions: 3, heard: 12.5, delivered: 0.5 });
  });

  it("keeps its rates where no time has passed, and has none below nothing", () => {
    const meter = new Meter();
    for (const one of [report(0, 0), report(1_000, 9), report(1_000, 9)]) meter.take(one);
    expect(meter.figures?.heard).toBe(9);
    meter.take(report(2_000, 3));
    expect(meter.figures?.heard).toBe(0);
    meter.take(report(1_500, 90));
    expect(meter.figures?.heard).toBe(0);
  });
});
