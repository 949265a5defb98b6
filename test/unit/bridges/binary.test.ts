import { describe, expect, it } from "vitest";
import { fromNetwork, toNetwork } from "../../../bridges/binary.ts";

const MARKED = { binary: {} };

describe("binary data", () => {
  it.each([
    { data: "HelloWorld", last: true },
    { data: "", last: false, meta: { name: "a.png" } },
  ])("goes to the network with its mark, and comes back as it was: %j", (data) => {
    const said = toNetwork(data, MARKED);
    expect(said).toEqual({ "tailspin:z85": data.data, ...data, data: undefined });
    expect(said).not.toHaveProperty("data");
    expect(fromNetwork(said)).toEqual({ data, isBinary: true });
  });

  it.each([{ data: "text" }, { text: "hello" }, "text", null, 7, ["tailspin:z85"], { "tailspin:z85": 7 }])(
    "is nothing that is not marked: %j",
    (data) => {
      expect(toNetwork(data, {})).toBe(data);
      expect(fromNetwork(data)).toEqual({ data, isBinary: false });
    },
  );

  it("cannot be said without the mark", () => {
    expect(() => toNetwork({ "tailspin:z85": "HelloWorld" }, {})).toThrow(
      expect.objectContaining({ which: "badField" }),
    );
    expect(() => toNetwork({ "tailspin:z85": "a", data: "b" }, MARKED)).toThrow(
      expect.objectContaining({ which: "badField" }),
    );
  });

  it("keeps what is marked and has no text as it is", () => {
    expect(toNetwork({ data: [1, 2] }, MARKED)).toEqual({ data: [1, 2] });
  });
});
