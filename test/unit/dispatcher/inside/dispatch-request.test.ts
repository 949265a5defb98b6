import { describe, expect, it } from "vitest";
import { readDispatchRequest } from "../../../../dispatcher/inside/dispatch-request.ts";

const limits = { maxRecipients: 3, maxDataBytes: 20 };
const read = (body: unknown) => readDispatchRequest(typeof body === "string" ? body : JSON.stringify(body), limits);

describe("readDispatchRequest", () => {
  it("takes any JSON as data, and each recipient once", () => {
    expect(read({ recipients: ["alice", "Bob Ü", "alice"], data: { n: [1] } })).toEqual({
      recipients: ["alice", "Bob Ü"],
      data: { n: [1] },
    });
    for (const data of [null, 0, "", false, []]) expect(read({ recipients: ["a"], data })).toMatchObject({ data });
  });

  it.each([
    ["{", /^the body is not JSON; a dispatch is \{"recipients"/],
    ["[]", /no object/],
    ["null", /no object/],
    [{ data: 1 }, /^recipients must be a list/],
    [{ recipients: "alice", data: 1 }, /^recipients must be a list/],
    [{ recipients: [], data: 1 }, /^recipients is empty/],
    [{ recipients: ["alice"] }, /^data is missing/],
    [{ recipients: ["alice"], data: 1, channel: "/x" }, /^there is no key "channel"/],
    [{ recipients: ["alice", 7], data: 1 }, /^recipients\[1\] can be nobody's name: .*1 to 32 characters/],
    [{ recipients: [" alice"], data: 1 }, /^recipients\[0\]/],
    [{ recipients: ["a".repeat(33)], data: 1 }, /^recipients\[0\]/],
    [`{"recipients":["a"],"data":${"[".repeat(65)}${"]".repeat(65)}}`, /^data is nested more than 64 levels deep$/],
  ])("refuses %j and says why", (body, text) => {
    expect(read(body)).toEqual({ status: 400, text: expect.stringMatching(text) });
  });

  it("says which limit is passed", () => {
    expect(read({ recipients: ["a", "b", "c", "d"], data: 1 })).toEqual({
      status: 413,
      text: "4 recipients; 3 are allowed in one request",
    });
    // As it goes to browsers, which may be longer than what came.
    expect(read('{"recipients":["a"],"data":1e20}')).toEqual({ status: 413, text: "data of 21 bytes; 20 are allowed" });
    expect(read({ recipients: ["a"], data: "x".repeat(18) })).toHaveProperty("data");
  });
});
