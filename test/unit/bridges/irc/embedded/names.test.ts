import { describe, expect, it } from "vitest";
import * as names from "../../../../../bridges/irc/embedded/names.ts";

describe("names", () => {
  it("folds only A to Z", () => {
    expect(names.foldCase("Ab[\u00c3\u0089]Z")).toBe("ab[\u00c3\u0089]z");
  });

  it.each(["a", "Alice_", "[bot]", "x".repeat(30), "a-1"])("takes %j for a nick", (nick) => {
    expect(names.isNick(nick)).toBe(true);
  });

  it.each(["", "1a", "-a", "a b", "a!b", "#a", "x".repeat(31), "caf\u00e9", "a:"])("refuses the nick %j", (nick) => {
    expect(names.isNick(nick)).toBe(false);
  });

  it.each(["#a", `#${"x".repeat(63)}`, "#caf\u00c3\u00a9", "#a.b=2f+c", "##"])("takes %j for a channel", (name) => {
    expect(names.isChannelName(name)).toBe(true);
  });

  it.each(["", "#", "a", "&a", "#a b", "#a,b", "#a\u0007", `#${"x".repeat(64)}`])("refuses the channel %j", (name) => {
    expect(names.isChannelName(name)).toBe(false);
  });

  it.each([
    ["*", "anything", true],
    ["*!*@localhost", "a!~b@LOCALHOST", true],
    ["a?c*", "abcdef", true],
    ["*a*b", "xaxxbxb", true],
    ["a*b", "aXc", false],
    ["", "a", false],
    ["a?", "a", false],
  ])("matches %j against %j: %s", (mask, text, expected) => {
    expect(names.matchesMask(mask, text)).toBe(expected);
  });

  it("matches a mask made to be slow in no time", () => {
    expect(names.matchesMask(`${"*a".repeat(40)}b`, "a".repeat(80))).toBe(false);
  });

  it("cuts no UTF-8 character in two", () => {
    const bytes = Buffer.from("ab\u20ac").toString("latin1");
    expect([5, 4, 3, 2].map((max) => names.cut(bytes, max))).toEqual([bytes, "ab", "ab", "ab"]);
  });

  it("packs words into as few texts as fit", () => {
    expect(names.packWords(["aa", "bb", "cc", "dddd"], 5)).toEqual(["aa bb", "cc", "dddd"]);
    expect(names.packWords([], 5)).toEqual([]);
  });

  it("makes any USER name safe for a prefix", () => {
    expect(["root", "a b!@:", "", "x".repeat(99)].map(names.toUserName)).toEqual([
      "~root",
      "~ab",
      "~user",
      "~xxxxxxxxx",
    ]);
  });
});
