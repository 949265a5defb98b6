import { describe, expect, it } from "vitest";
import { BayeuxError, ERRORS, type ErrorName } from "../../../bayeux/index.ts";

/** Bayeux §3.14 `error` and §2.1 `string`, read anew. */
const ERROR = /^[0-9]{3}:(?:[A-Za-z0-9\-_!~()$@ /*.]+(?:,[A-Za-z0-9\-_!~()$@ /*.]+)*)?:[A-Za-z0-9\-_!~()$@ /*.]*$/;

const names: ErrorName[] = [];
for (const name in ERRORS) if (isErrorName(name)) names.push(name);

function isErrorName(name: string): name is ErrorName {
  return Object.hasOwn(ERRORS, name);
}

describe("BayeuxError", () => {
  it.each(names)("writes %s in the grammar that faye.js reads errors with", (name) => {
    expect(new BayeuxError(name).field).toMatch(ERROR);
    expect(new BayeuxError(name, ["/a/b", "64"]).field).toMatch(ERROR);
  });

  it("leaves the arguments empty where there are none", () => {
    expect(new BayeuxError("sessionUnknown").field).toBe("402::session_unknown");
  });

  it("parts arguments by commas", () => {
    expect(new BayeuxError("tooMany", ["batch", "64"]).field).toBe("429:batch,64:Too many");
  });

  it("keeps what was sent from being read as another part", () => {
    expect(new BayeuxError("forbidden", ["/a:b,c\r\n\u{1F600}é"]).field).toBe(
      "403:/a_b_c_____:This channel does not allow that",
    );
  });

  it("does not grow with what was sent", () => {
    const error = new BayeuxError("badChannel", ["x".repeat(100_000)]);
    expect(error.field.length).toBeLessThan(400);
  });

  it("says something better than the catalogue where there is something", () => {
    const error = new BayeuxError("refusedByNetwork", ["/lobby"], "Cannot send to channel (+m)");
    expect(error.field).toBe("403:/lobby:Cannot send to channel (+m)");
  });

  it("is an Error that knows its entry of the catalogue", () => {
    const error = new BayeuxError("tooLong", ["channel"]);
    expect(error).toBeInstanceOf(Error);
    expect([error.name, error.which, error.code, error.args]).toEqual(["BayeuxError", "tooLong", 413, ["channel"]]);
  });
});
