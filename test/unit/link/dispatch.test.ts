import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dispatchPayload, OUTCOMES, outcomesPayload, readDispatch, readOutcomes } from "../../../link/dispatch.ts";

describe("the payloads of a dispatch and of its answer", () => {
  it("are read as they were written", () => {
    const recipient = fc.tuple(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 46_655 }));
    const dispatch = fc.record({
      id: fc.string({ minLength: 1, maxLength: 64 }),
      recipients: fc.array(recipient, { maxLength: 20 }),
      data: fc.jsonValue(),
    });
    fc.assert(
      fc.property(dispatch, fc.array(fc.constantFrom(...OUTCOMES), { maxLength: 20 }), (one, outcomes) => {
        expect(readDispatch(dispatchPayload(one))).toEqual(JSON.parse(JSON.stringify(one)));
        expect(readOutcomes(outcomesPayload(outcomes), outcomes.length)).toEqual(outcomes);
      }),
    );
  });

  it.each([
    "",
    "{",
    "[]",
    "null",
    '{"id":"a","data":1}',
    '{"id":"","recipients":[],"data":1}',
    '{"id":"a","recipients":[["alice"]],"data":1}',
    '{"id":"a","recipients":[["alice",0]],"data":1}',
    '{"id":"a","recipients":[[7,1]],"data":1}',
  ])("cannot be %s", (text) => {
    expect(readDispatch(Buffer.from(text))).toBeNull();
  });

  it.each(["", '"delivered"', '"delivered","lost"', '"delivered","unknown","unknown"', "1,2", "]["])(
    "cannot tell of two recipients %s",
    (text) => {
      expect(readOutcomes(Buffer.from(text), 2)).toBeNull();
    },
  );
});
