import { describe, expect, it } from "vitest";
import { bridgeNickTest } from "../../../../bridges/irc/nicks.ts";
import { isNickOf, plainNick, puppetNicks } from "../../../../bridges/irc/puppet-nicks.ts";

const isBridge = bridgeNickTest("tailspin");

describe("puppetNicks", () => {
  it.each([
    ["alice", "alice"],
    ["Alice Smith", "Alice-Smith"],
    ["Zoë", "Zoe"],
    ["7up", "_7up"],
    ["--x--", "x"],
    ["日本", "guest"],
    ["a\r\nQUIT", "a-QUIT"],
    ["x".repeat(100), "x".repeat(24)],
  ])("makes of %j what any server allows", (name, nick) => {
    expect(plainNick(name)).toBe(nick);
    for (const one of puppetNicks(name, isBridge))
      expect(one).toMatch(/^[A-Za-z[\]\\`_^{|}][A-Za-z0-9[\]\\`_^{|}-]{0,23}$/);
  });

  it("begins with the full nick, then one for servers that allow nine characters, then others", () => {
    expect(puppetNicks("christopher", isBridge).slice(0, 4)).toEqual([
      "christopher",
      "christoph",
      "christopher_2",
      "christo_2",
    ]);
  });

  it("has an end", () => {
    expect(puppetNicks("christopher", isBridge).length).toBeLessThanOrEqual(18);
  });

  it.each(["tailspin1", "TailSpin12s3", "tails1s2_", "tailspin7__"])(
    "never takes what looks like a bridge: %s",
    (name) => {
      const nicks = puppetNicks(name, isBridge);
      expect(nicks).not.toEqual([]);
      expect(nicks.filter(isBridge)).toEqual([]);
    },
  );
});

describe("isNickOf", () => {
  it("knows the nick that follows from a name, in any case", () => {
    expect(isNickOf("Alice-smith", "Alice Smith", 30)).toBe(true);
    expect(isNickOf("alice", "Alice", null)).toBe(true);
  });

  it("knows one that was taken because the first was somebody's", () => {
    expect(isNickOf("alice_2", "alice", 30)).toBe(false);
    expect(isNickOf("christoph", "christopher", 30)).toBe(false);
    expect(isNickOf("christoph", "christopher", null)).toBe(false);
  });

  it("knows one that was cut by the server, or for it", () => {
    expect(isNickOf("christoph", "christopher", 9)).toBe(true);
    expect(isNickOf("christophe", "christopher", 10)).toBe(true);
    expect(isNickOf("christo_2", "christopher", 9)).toBe(false);
  });
});
