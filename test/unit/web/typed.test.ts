import { describe, expect, it } from "vitest";
import { parseCommand } from "../../../web/public/commands.js";
import { initialOf, parseName, tintOf } from "../../../web/public/names.js";
import { parseRoom, roomFromSearch, searchOfRoom, withRecent } from "../../../web/public/room.js";

describe("parseName", () => {
  it("trims, and keeps spaces and any script inside", () => {
    expect(parseName("  Žofie von B. ")).toEqual({ name: "Žofie von B.", problem: null });
  });

  it.each(["", "   ", "a<b", "a>b", "a\x02b", "a\nb", "a\tb", "x".repeat(33)])("refuses %j with a reason", (typed) => {
    const { name, problem } = parseName(typed);
    expect(name).toBeNull();
    expect(problem).toMatch(/\.$/);
  });

  it("accepts 32 characters", () => {
    expect(parseName("x".repeat(32)).name).toHaveLength(32);
  });

  it("finds an initial and a steady tint for any name", () => {
    expect(initialOf("bob")).toBe("B");
    expect(initialOf("[_emil_]")).toBe("E");
    expect(initialOf("🚀")).toBe("🚀");
    expect(tintOf("Bob")).toBe(tintOf("bob"));
    expect(new Set("abcdefgh".split("").map(tintOf)).size).toBeGreaterThan(4);
  });
});

describe("parseRoom", () => {
  it.each(["lobby", "#lobby", "/lobby", " #Lobby "])("takes %j for the lobby", (typed) => {
    expect(parseRoom(typed).room).toBe("lobby");
  });

  it("takes parts with slashes between them", () => {
    expect(parseRoom("team/a-1/b_2").room).toBe("team/a-1/b_2");
    expect(parseRoom("halo/a").room).toBe("halo/a");
  });

  it.each([
    "",
    "#",
    "a b",
    "a//b",
    "a/",
    "caf\u00e9",
    "a*",
    "a,b",
    "meta/x",
    "service",
    "presence/lobby",
    "halo",
    "x".repeat(49),
  ])("refuses %j with a hint", (typed) => {
    expect(parseRoom(typed)).toEqual({ room: null, problem: expect.stringMatching(/\.$/) });
  });
});

describe("the room in the page's address", () => {
  it("comes back as it was written", () => {
    for (const room of ["lobby", "team/a-1", "b_2"]) {
      expect(roomFromSearch(new URL(searchOfRoom(room), "http://a.example").search)).toEqual({ room, problem: null });
    }
  });

  it("is the lobby where there is none, and where it cannot be", () => {
    expect(roomFromSearch("")).toEqual({ room: "lobby", problem: null });
    expect(roomFromSearch("?room=a%20b")).toEqual({ room: "lobby", problem: expect.any(String) });
  });

  it("is remembered once, newest first, up to a limit", () => {
    expect(withRecent(["a", "b", "c"], "b", 3)).toEqual(["b", "a", "c"]);
    expect(withRecent(["a", "b", "c"], "d", 3)).toEqual(["d", "a", "b"]);
  });
});

describe("parseCommand", () => {
  it.each([
    ["hello", { type: "say", text: "hello", isAction: false }],
    ["/me waves", { type: "say", text: "waves", isAction: true }],
    ["/etc/hosts is a file", { type: "say", text: "/etc/hosts is a file", isAction: false }],
    ["//me too", { type: "say", text: "/me too", isAction: false }],
    ["/JOIN #kitchen", { type: "join", room: "#kitchen" }],
    ["/nick bob b", { type: "nick", name: "bob b" }],
    ["/help", { type: "help" }],
    ["/quit", { type: "unknown", command: "quit" }],
    ["  ", { type: "nothing" }],
    ["/me ", { type: "nothing" }],
  ])("reads %j", (typed, intent) => {
    expect(parseCommand(typed)).toEqual(intent);
  });

  it("keeps the lines of a text", () => {
    expect(parseCommand("one\ntwo\n")).toEqual({ type: "say", text: "one\ntwo", isAction: false });
  });
});
