import { describe, expect, it } from "vitest";
import { channelNamed, foreignName } from "../../../../bridges/index.ts";
import { BOTH, IRC, mapped, XMPP } from "./rules.ts";

const EXAMPLE = mapped([
  { channels: "/xmpp/**", network: "xmpp", stripPrefix: true },
  { channels: "/support", network: "irc", name: "#Help" },
  { channels: "/news/**", access: "read-only" },
  { channels: "/drop/*", access: "publish-only" },
  { channels: "/secret", access: "none" },
  { channels: "/team/*", network: "irc" },
]);

describe("makeMapping", () => {
  it.each([
    ["/lobby", "irc", "#lobby"],
    ["/xmpp/room1", "xmpp", "room1@rooms"],
    ["/xmpp/a/b", "xmpp", "a.b@rooms"],
    ["/xmpp", "irc", "#xmpp"],
    ["/support", "irc", "#Help"],
    ["/support/more", "irc", "#support.more"],
    ["/news/today", "irc", "#news.today"],
    ["/service/echo", "irc", "#service.echo"],
    ["/presence/xmpp/room1", "xmpp", "room1@rooms"],
  ])("sends %s to %s as %s", (channel, network, name) => {
    expect(EXAMPLE.networkOf(channel)).toBe(network);
    expect(EXAMPLE.explain(channel)).toMatchObject({ network, foreignName: name, takenBy: null });
  });

  it.each([
    ["#lobby", "/lobby", IRC],
    ["#HELP", "/support", IRC],
    ["room1@rooms", "/xmpp/room1", XMPP],
    ["a.b@rooms", "/xmpp/a/b", XMPP],
    ["#xmpp.room1", null, IRC],
    ["#support", null, IRC],
    ["lobby", null, XMPP],
  ])("finds that %s is %s", (name, channel, { name: network, names }) => {
    const naming = EXAMPLE.naming(network);
    expect(channelNamed(name, naming, names)).toBe(channel);
    if (channel !== null) expect(names.fold(foreignName(channel, naming, names))).toBe(names.fold(name));
  });

  it("lets the first rule that matches count", () => {
    const mapping = mapped([
      { channels: "/a/b", network: "xmpp" },
      { channels: "/a/**", access: "read-only" },
    ]);
    expect(mapping.explain("/a/b")).toMatchObject({ network: "xmpp", access: "both", rule: 0 });
    expect(mapping.explain("/a/c")).toMatchObject({ network: "irc", access: "read-only", rule: 1 });
    expect(mapping.explain("/b")).toMatchObject({ network: "irc", access: "both", rule: null });
  });

  it("takes the first network for the default", () => {
    expect(mapped([], [XMPP]).networkOf("/lobby")).toBe("xmpp");
    expect(mapped([]).defaultNetwork).toBe("irc");
  });

  it("gives an alias's name to no other channel", () => {
    expect(EXAMPLE.takenBy("/help")).toBe("/support");
    expect(EXAMPLE.takenBy("/presence/help")).toBe("/support");
    expect(EXAMPLE.takenBy("/support")).toBeNull();
    expect(EXAMPLE.naming("irc").channelOf("/help")).toBeNull();
  });

  it("finds no channel for what belongs to another network, or to nobody", () => {
    const [irc, xmpp] = BOTH.map(({ name }) => EXAMPLE.naming(name));
    expect(irc?.channelOf("/xmpp/room1")).toBeNull();
    expect(xmpp?.channelOf("/xmpp/room1")).toBe("/xmpp/xmpp/room1");
    expect(irc?.channelOf("/secret")).toBeNull();
    expect(irc?.channelOf("/support")).toBeNull();
    expect(irc?.channelOf("/presence/lobby")).toBeNull();
    expect([irc?.channelOf("/halo"), irc?.channelOf("/halo/a")]).toEqual([null, "/halo/a"]);
    expect(irc?.channelOf("/a channel")).toBeNull();
    expect(irc?.channelOf("/team/red")).toBe("/team/red");
  });

  it.each([
    ["/lobby", "both"],
    ["/news/today", "read-only"],
    ["/presence/news/today", "read-only"],
    ["/drop/box", "publish-only"],
    ["/secret", "none"],
    ["/news/*", "read-only"],
    ["/news/a/**", "read-only"],
    ["/drop/**", "both"],
    ["/**", "both"],
  ])("knows what browsers may do with %s: %s", (name, access) => {
    expect(EXAMPLE.access(name)).toBe(access);
  });

  it("refuses what a browser may not do, and says why", () => {
    expect(() => EXAMPLE.checkPublish("/news/today")).toThrow("This channel is read-only");
    expect(() => EXAMPLE.checkSubscribe("/drop/box")).toThrow("This channel is publish-only");
    expect(() => EXAMPLE.checkSubscribe("/presence/drop/box")).toThrow("This channel is publish-only");
    for (const check of ["checkPublish", "checkSubscribe"] as const) {
      expect(() => EXAMPLE[check]("/secret")).toThrow("This server does not carry this channel");
      expect(() => EXAMPLE[check]("/lobby")).not.toThrow();
    }
    expect(() => EXAMPLE.checkSubscribe("/news/today")).not.toThrow();
    expect(() => EXAMPLE.checkPublish("/drop/box")).not.toThrow();
  });

  it.each([
    ["/**", ["xmpp", "irc"]],
    ["/*", ["irc"]],
    ["/xmpp/**", ["xmpp"]],
    ["/xmpp/a/*", ["xmpp"]],
    ["/presence/xmpp/*", ["xmpp"]],
    ["/presence/**", ["xmpp", "irc"]],
    ["/chat/**", ["irc"]],
  ])("knows which networks could hold a channel of %s", (pattern, networks) => {
    expect(EXAMPLE.networksOf(pattern)).toEqual(networks);
  });
});
