import { describe, expect, it } from "vitest";
import { readParameters } from "../../../dispatcher/http/parameters.ts";

describe("readParameters", () => {
  it("reads names and values, blanks as plus or escaped", () => {
    expect(readParameters("message=%5B%22a+b%20c%22%5D&jsonp=cb&&flag&x=1=2")).toEqual({
      values: new Map([
        ["message", '["a b c"]'],
        ["jsonp", "cb"],
        ["flag", ""],
        ["x", "1=2"],
      ]),
    });
    expect(readParameters("")).toEqual({ values: new Map() });
  });

  it("reads text as it was written", () => {
    expect(readParameters(`message=${encodeURIComponent("é☃\u2028+😀")}`)).toEqual({
      values: new Map([["message", "é☃\u2028+😀"]]),
    });
  });

  it.each(["message=%", "message=%zz", "message=%ff%fe", "%c0%80=1"])("mends nothing: %s", (text) => {
    expect(readParameters(text)).toHaveProperty("fault");
  });

  it("does not choose between two of a name", () => {
    expect(readParameters("message=1&message=2")).toEqual({ fault: "The parameter message is there more than once" });
  });
});
