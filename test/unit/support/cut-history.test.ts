import { describe, expect, it } from "vitest";
import { judge } from "../../chaos/cut-history.ts";

const CUT = { startMs: 1_000, endMs: 1_020 };

/** Messages that came every 100 ms, the first at 100. */
const heardOf = (...numbers: number[]) => numbers.map((number, index) => ({ number, atMs: (index + 1) * 100 }));
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe("the judge of cut connections", () => {
  it.for([true, false])("finds nothing in a whole history, acknowledged: %s", (isAck) => {
    expect(judge({ said: 20, heard: heardOf(...range(1, 20)), isAck, cuts: [CUT] })).toEqual({ faults: [], lost: 0 });
  });

  it.for([
    ["twice in a row", [1, 2, 2, 3], "2 came twice"],
    ["again later", [1, 2, 3, 1], "1 came twice"],
    ["out of order", [1, 3, 2], "2 came after 3"],
    ["missing at the beginning", [2, 3], "1 to 1 did not come"],
    ["missing in the middle", [1, 3], "2 to 2 did not come"],
    ["missing at the end", [1, 2], "3 to 3 did not come"],
    ["more than was said", [1, 2, 3, 4], "4 was never said"],
  ] as const)("finds what is %s, acknowledged", ([, numbers, fault]) => {
    const { faults } = judge({ said: 3, heard: heardOf(...numbers), isAck: true, cuts: [CUT] });
    expect(faults).toContain(fault);
  });

  it("counts what is missing around a cut as lost, where nothing is acknowledged", () => {
    const heard = heardOf(...range(1, 10), ...range(13, 20));
    expect(judge({ said: 20, heard, isAck: false, cuts: [CUT] })).toEqual({ faults: [], lost: 2 });
  });

  it("finds what is missing away from every cut", () => {
    const heard = heardOf(...range(1, 3), ...range(5, 20));
    const { faults } = judge({ said: 20, heard, isAck: false, cuts: [CUT] });
    expect(faults).toEqual([expect.stringMatching(/^4 to 4 did not come, and no connection was cut/)]);
  });

  it("finds what is missing at the end, long after the last cut", () => {
    const { faults } = judge({ said: 20, heard: heardOf(...range(1, 18)), isAck: false, cuts: [CUT] });
    expect(faults).toEqual([expect.stringMatching(/^19 to 20 did not come, and no connection was cut/)]);
  });

  it("finds a repetition around a cut, where nothing is acknowledged", () => {
    const heard = heardOf(...range(1, 10), ...range(10, 20));
    expect(judge({ said: 20, heard, isAck: false, cuts: [CUT] }).faults).toEqual(["10 came twice"]);
  });
});
