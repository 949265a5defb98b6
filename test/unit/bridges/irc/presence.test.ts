import { ircLineParser } from "irc-framework";
import { beforeEach, describe, expect, it } from "vitest";
import { Presence } from "../../../../bridges/irc/presence.ts";
import type { PresenceChange } from "../../../../bridges/network.ts";

describe("Presence", () => {
  let presence: Presence;
  let changes: [string, PresenceChange][];
  const hear = (...lines: string[]): void => {
    for (const line of lines) presence.onLine(ircLineParser(line), "tailspin1");
  };
  beforeEach(() => {
    changes = [];
    presence = new Presence({
      isHidden: (nick) => nick.startsWith("tailspin"),
      rankSigns: () => "@+",
      onChange: (channel, change) => changes.push([channel, change]),
    });
    hear(":tailspin1!t@h JOIN #a", ":srv 353 tailspin1 = #a :tailspin1 @Ann!ann@host @+bob", ":tailspin1!t@h JOIN :#B");
  });

  it("reads the list of names, ranks and masks left out", () => {
    expect(presence.members("#A")).toEqual([
      { id: "irc:ann", name: "Ann" },
      { id: "irc:bob", name: "bob" },
    ]);
  });

  it("tells somebody's quitting in every channel where they were", () => {
    hear(":bob!b@h JOIN #B", ":bob!b@h QUIT :gone", ":bob!b@h QUIT :again");
    expect(changes.map(([channel, { type }]) => `${channel} ${type}`)).toEqual(["#B joined", "#a left", "#b left"]);
  });

  it("tells a person who takes the nick of a bridge as left, and one who gives it up as joined", () => {
    hear(":bob!b@h NICK tailspin9", ":tailspin9!b@h NICK bob", ":bob!b@h NICK Bob");
    expect(changes.map(([, { type }]) => type)).toEqual(["left", "joined", "renamed"]);
  });

  it("begins anew when we join anew, and ends when we are out", () => {
    hear(":tailspin1!t@h JOIN #a", ":srv 353 tailspin1 = #a :eve");
    expect(presence.members("#a").map(({ name }) => name)).toEqual(["eve"]);
    hear(":op!o@h KICK #a tailspin1 :out");
    expect(presence.members("#a")).toEqual([]);
    expect(changes).toEqual([]);
  });

  it("takes a split of the network for quits, and the joins after it for joins, once each", () => {
    hear(
      ":Ann!a@h QUIT :hub.example leaf.example",
      ":bob!b@h QUIT :*.net *.split",
      ":bob!b@h JOIN #A",
      ":Ann!a@h JOIN #a",
    );
    hear(":bob!b@h JOIN #a");
    expect(changes.map(([, change]) => change.type)).toEqual(["left", "left", "joined", "joined"]);
    expect(presence.members("#a").map(({ id }) => id)).toEqual(["irc:bob", "irc:ann"]);
  });

  it("is right after joins, nicks and quits while the list of names is still coming", () => {
    hear(":tailspin1!t@h JOIN #c", ":srv 353 tailspin1 = #c :tailspin1 @Ann bob");
    hear(":eve!e@h JOIN #c", ":bob!b@h QUIT :bye", ":Ann!a@h NICK Anna");
    hear(":srv 353 tailspin1 = #c :@Anna eve +zed", ":srv 366 tailspin1 #c :End of names");
    expect(presence.members("#c").map(({ name }) => name)).toEqual(["eve", "Anna", "zed"]);
  });

  it("tells a kick of somebody else as leaving", () => {
    hear(":Ann!a@h KICK #a BOB :out", ":Ann!a@h KICK #a bob :again");
    expect(changes).toEqual([["#a", { type: "left", member: { id: "irc:bob", name: "bob" } }]]);
  });
});
