import { beforeEach, describe, expect, it } from "vitest";
import { Roster } from "../../../web/public/roster.js";

const ann = { id: "7", name: "ann", network: "web" };
const bob = { id: "irc:bob", name: "bob", network: "irc" };

describe("Roster", () => {
  let roster: Roster;
  beforeEach(() => {
    roster = new Roster();
    roster.apply({ members: [bob, ann] });
  });

  it("shows a snapshot by name, and forgets the one before", () => {
    expect(roster.members()).toEqual([ann, bob]);
    expect(roster.apply({ members: [bob] })).toEqual({ type: "snapshot" });
    expect(roster.members()).toEqual([bob]);
  });

  it("tells who joined and who left, each once", () => {
    const eve = { id: "irc:eve", name: "eve", network: "irc" };
    expect(roster.apply({ joined: eve })).toEqual({ type: "joined", member: eve });
    expect(roster.apply({ joined: eve })).toBeNull();
    expect(roster.apply({ left: eve })).toEqual({ type: "left", member: eve });
    expect(roster.apply({ left: eve })).toBeNull();
  });

  it("follows a change of name, which on IRC is a change of id", () => {
    const renamed = { id: "irc:rob", name: "rob", network: "irc", formerId: "irc:bob", formerName: "bob" };
    const member = { id: "irc:rob", name: "rob", network: "irc" };
    expect(roster.apply({ renamed })).toEqual({ type: "renamed", member, formerName: "bob" });
    expect(roster.members()).toEqual([ann, member]);
  });

  it.each([null, "x", {}, { joined: null }, { joined: { id: 5, name: "x", network: "irc" } }])("ignores %j", (data) => {
    expect(roster.apply(data)).toBeNull();
    expect(roster.members()).toEqual([ann, bob]);
  });
});
