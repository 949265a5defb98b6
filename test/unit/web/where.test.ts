import { describe, expect, it } from "vitest";
import { whereOf } from "../../../web/public/where.js";

describe("whereOf", () => {
  it("finds where the room is in a list of who is there", () => {
    const where = { network: "irc", name: "#chat.room1" };
    expect(whereOf({ members: [], more: 3, ...where })).toEqual(where);
  });

  it.each([
    null,
    "irc",
    { members: [] },
    { members: [], network: "irc" },
    { members: [], network: "irc", name: "" },
    { members: [], network: 5, name: "#lobby" },
    { joined: { id: "irc:bob", name: "bob", network: "irc" } },
  ])("finds nothing in %j", (data) => {
    expect(whereOf(data)).toBeNull();
  });
});
