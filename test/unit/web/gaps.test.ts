import { describe, expect, it } from "vitest";
import { gapOf, Gaps } from "../../../web/public/gaps.js";

describe("gapOf", () => {
  it("reads a notice", () => {
    const gap = { reason: "away", after: "1", before: "5" };
    expect(gapOf({ gap })).toEqual(gap);
    expect(gapOf({ gap: { ...gap, before: null } })).toEqual({ ...gap, before: null });
  });

  it.each([undefined, null, 1, {}, { gap: null }, { gap: { reason: "", after: 1 } }])("survives %j", (data) => {
    expect(gapOf(data)).toEqual({ reason: "the server could not tell which.", after: null, before: null });
  });
});

describe("Gaps", () => {
  const begun = { reason: "away", after: "1", before: null };

  it("shows a gap once: when it begins, or with its end", () => {
    const gaps = new Gaps();
    expect(gaps.isNew(begun)).toBe(true);
    expect(gaps.isNew({ ...begun, before: "5" })).toBe(false);
    gaps.close();
    expect(gaps.isNew({ ...begun, after: "7", before: "9" })).toBe(true);
  });

  it("shows another gap, and the same again after a message", () => {
    const gaps = new Gaps();
    expect(gaps.isNew(begun)).toBe(true);
    expect(gaps.isNew({ ...begun, reason: "kicked" })).toBe(true);
    expect(gaps.isNew({ ...begun, after: "2" })).toBe(true);
    gaps.close();
    expect(gaps.isNew({ ...begun, after: "2" })).toBe(true);
  });
});
