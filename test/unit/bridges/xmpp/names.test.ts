import { describe, expect, it } from "vitest";
import { PLAIN_NAMING, type Naming } from "../../../../bridges/naming.ts";
import { roomNames } from "../../../../bridges/xmpp/foreign-names.ts";
import { RoomNames } from "../../../../bridges/xmpp/names.ts";
import { bridgeNickTest, nickCandidates } from "../../../../bridges/xmpp/nicks.ts";

const MUC = "muc.example.org";

describe("RoomNames", () => {
  const names = new RoomNames(PLAIN_NAMING, MUC, 40);

  it.each([
    ["/lobby", "lobby"],
    ["/Chat/Room1", "+chat.+room1"],
    ["/a~b@c", "a=7eb=40c"],
  ])("turns %s into %s and back, in any letter case", (channel, local) => {
    expect(names.encode(channel)).toEqual({ room: `${local}@${MUC}`, isCut: false });
    expect(names.decode(`${local}@${MUC}`, undefined)).toBe(channel);
    expect(names.decode(`${local}@${MUC}`.toUpperCase(), "a title")).toBe(channel);
  });

  it("finds what a cut name stands for in the room's title, if the title is right", () => {
    const long = `/${"segment/".repeat(10)}end`;
    const room = names.encode(long);
    expect(room?.isCut).toBe(true);
    expect(names.decode(room?.room ?? "", long)).toBe(long);
    expect(names.decode(room?.room ?? "", `${long}x`)).toBeNull();
    expect(names.decode(room?.room ?? "", undefined)).toBeNull();
  });

  it.each(["lobby@elsewhere.org", `not=a@${MUC}`, `not a@${MUC}`, `=c3=a9@${MUC}`, MUC, ""])(
    "has no channel for %j",
    (room) => {
      expect(names.decode(room, undefined)).toBeNull();
    },
  );

  it("follows aliases, of rooms here and elsewhere, and the mapping", () => {
    const aliases = new Map([
      ["Help", "/support"],
      ["news@other.org", "/news"],
    ]);
    const naming: Naming = {
      alias: (channel) => [...aliases].find(([, aliased]) => aliased === channel)?.[0],
      aliases,
      local: (channel) => channel.replace(/^\/xmpp/, ""),
      channelOf: (local) => `/xmpp${local}`,
    };
    const mapped = new RoomNames(naming, MUC, 40);
    expect(mapped.encode("/support")?.room).toBe(`help@${MUC}`);
    expect(mapped.decode(`help@${MUC}`, undefined)).toBe("/support");
    expect(mapped.encode("/news")?.room).toBe("news@other.org");
    expect(mapped.decode("news@other.org", undefined)).toBe("/news");
    expect(mapped.encode("/xmpp/room")?.room).toBe(`room@${MUC}`);
    expect(mapped.decode(`room@${MUC}`, undefined)).toBe("/xmpp/room");
  });
});

describe("roomNames", () => {
  it.each([
    ["Help", `Help@${MUC}`],
    ["news@other.org", "news@other.org"],
  ])("knows where people find the alias %s: %s", (alias, room) => {
    expect(roomNames(MUC, 40).whole(alias)).toBe(room);
  });
});

describe("nicks", () => {
  it("are recognised by their shape", () => {
    const isBridge = bridgeNickTest("tailspin");
    for (const nick of [...nickCandidates("tailspin", 1), ...nickCandidates("tailspin", 42)]) {
      expect(isBridge(nick)).toBe(true);
    }
    for (const nick of ["tailspin", "tailspin1x", "Tailspin1", "tailspin1____", "xtailspin1", "alice"]) {
      expect(isBridge(nick)).toBe(false);
    }
  });
});
