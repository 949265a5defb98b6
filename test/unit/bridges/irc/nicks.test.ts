import { describe, expect, it } from "vitest";
import { bridgeNickTest, markerNickTest, nickCandidates, receiverNickTest } from "../../../../bridges/irc/nicks.ts";

describe("nickCandidates", () => {
  it("begins with the full nick, then one for servers that allow nine characters, then others", () => {
    expect(nickCandidates("tailspin", "1s2").slice(0, 4)).toEqual([
      "tailspin1s2",
      "tailsp1s2",
      "tailspin1s2_",
      "tails1s2_",
    ]);
  });

  it("has an end", () => {
    expect(nickCandidates("tailspin", "1").length).toBeLessThanOrEqual(8);
  });
});

describe("bridgeNickTest", () => {
  const isBridge = bridgeNickTest("tailspin");

  it.each([..."1 12 1s1 12s16 999s1 1r2 12r64 1m 12m".split(" ")])(
    "knows every nick of node and connection %s",
    (suffix) => {
      for (const nick of nickCandidates("tailspin", suffix)) expect([nick, isBridge(nick)]).toEqual([nick, true]);
      for (const nick of nickCandidates("TailSpin", suffix)) expect([nick, isBridge(nick)]).toEqual([nick, true]);
    },
  );

  it.each([
    "tailspin",
    "tailspinner1",
    "tailspin1x",
    "tail1",
    "alice",
    "spintail1",
    "tailsp1",
    "tailspin1s",
    "",
    "t_1",
  ])("takes %s for a person", (nick) => {
    expect(isBridge(nick)).toBe(false);
  });
});

describe("receiverNickTest", () => {
  const isReceiver = receiverNickTest("tailspin");
  const answers = (suffix: string): boolean[] => nickCandidates("tailspin", suffix).map((nick) => isReceiver(nick));

  it.each([..."1 12 1r2 12r64".split(" ")])("knows every nick of receiving connection %s", (suffix) => {
    expect(answers(suffix)).not.toContain(false);
  });

  it.each([..."1s0 1s1 12s16 1m 12m".split(" ")])("takes no nick of the other connection %s", (suffix) => {
    expect(answers(suffix)).not.toContain(true);
  });
});

describe("markerNickTest", () => {
  const isMarker = markerNickTest("tailspin");
  const answers = (suffix: string): boolean[] => nickCandidates("tailspin", suffix).map((nick) => isMarker(nick));

  it("knows every nick of the connection that marks, and none of another", () => {
    for (const suffix of ["1m", "12m"]) expect(answers(suffix)).not.toContain(false);
    for (const suffix of ["1", "12", "1s0", "1s1", "1r2"]) expect(answers(suffix)).not.toContain(true);
    expect(["tailspinm", "m1", "tailspin1mm"].filter(isMarker)).toEqual([]);
  });
});
