import { ircLineParser } from "irc-framework";
import { describe, expect, it } from "vitest";
import { ircSchema } from "../../../../bridges/irc/index.ts";
import { bridgeNickTest } from "../../../../bridges/irc/nicks.ts";
import { pageOfAll, readOld, type OldMessages } from "../../../../bridges/irc/old-messages.ts";
import type { HistoryQuery } from "../../../../bridges/network.ts";

const START_MS = Date.UTC(2026, 0, 2, 3, 4, 0);

/** One line per second, with ids m0, m1, … */
function old(...lines: readonly string[]): OldMessages {
  const parsed = lines.map((line, second) => {
    const time = new Date(START_MS + second * 1_000).toISOString();
    return ircLineParser(`@time=${time};msgid=m${second}${line.startsWith("+") ? `;${line}` : ` ${line}`}`);
  });
  const parts = { config: ircSchema.parse({}), isBridge: bridgeNickTest("tailspin"), now: () => 0, newId: () => "new" };
  return readOld("/a", parsed, parts);
}

function page(from: OldMessages, since: HistoryQuery["since"], limit = 100): [string, boolean, boolean] {
  const { messages, isContiguous, hasMore } = pageOfAll(from, { since, limit });
  return [messages.map(({ id }) => id).join(" "), isContiguous, hasMore];
}

const plain = old(...["one", "two", "three", "four"].map((text) => `:ann!a@h PRIVMSG #a :${text}`));

describe("old messages", () => {
  it("are read like new ones: tags, names of browsers, long messages in pieces", () => {
    const { messages, breaks } = old(
      `+tailspin/d={"x":1} :tailspin2s1!t@h PRIVMSG #a :<alice> readable`,
      ":tailspin2s1!t@h PRIVMSG #a :<bob> ~abcd 1/2 [1,",
      ":ann!a@h PRIVMSG #a :<alice> hello",
      ":tailspin2s1!t@h PRIVMSG #a :~abcd 2/2 2]",
      ":ann!a@h JOIN #a",
    );
    expect(breaks).toEqual([]);
    expect(messages).toEqual([
      { channel: "/a", data: { x: 1 }, from: "alice", timeMs: START_MS, id: "m0" },
      { channel: "/a", data: { text: "<alice> hello" }, from: "ann", timeMs: START_MS + 2_000, id: "m2" },
      { channel: "/a", data: [1, 2], from: "bob", timeMs: START_MS + 3_000, id: "m3" },
    ]);
  });

  it("follow a message that is kept, and nothing is missing", () => {
    expect(page(plain, { id: "m1" })).toEqual(["m2 m3", true, false]);
    expect(page(plain, { id: "m3" })).toEqual(["", true, false]);
    expect(page(plain, { id: "m0" }, 2)).toEqual(["m1 m2", true, true]);
    expect(page(plain, { id: "m0" }, 3)).toEqual(["m1 m2 m3", true, false]);
  });

  it("are whole from a time on when something older is kept, though times are cut to seconds", () => {
    expect(page(plain, { timeMs: START_MS + 1_999 })).toEqual(["m1 m2 m3", true, false]);
    expect(page(plain, { timeMs: START_MS + 999 })).toEqual(["m0 m1 m2 m3", false, false]);
    expect(page(plain, { timeMs: START_MS - 1 })).toEqual(["m0 m1 m2 m3", false, false]);
    expect(page(plain, { timeMs: START_MS + 60_000 })).toEqual(["", true, false]);
  });

  it("are given from the time on when the message is not kept, and as they are without a time", () => {
    expect(page(plain, { id: "gone" })).toEqual(["m0 m1 m2 m3", false, false]);
    expect(page(plain, { id: "gone", timeMs: START_MS - 1 })).toEqual(["m0 m1 m2 m3", false, false]);
    expect(page(plain, { id: "a notice", timeMs: START_MS + 2_000 })).toEqual(["m2 m3", true, false]);
  });

  it("are the newest ones when nothing is said", () => {
    expect(page(plain, null, 2)).toEqual(["m2 m3", true, false]);
    expect(page(old(), null)).toEqual(["", false, false]);
    expect(page(old(), { timeMs: START_MS })).toEqual(["", false, false]);
  });

  it("leave out a long message whose beginning is not kept, and say so only where it was needed", () => {
    const cut = old(
      ":tailspin2s1!t@h PRIVMSG #a :~abcd 2/3 2,",
      ":tailspin2s1!t@h PRIVMSG #a :~abcd 3/3 3]",
      ":ann!a@h PRIVMSG #a :one",
      ":ann!a@h PRIVMSG #a :two",
    );
    expect(page(cut, null)).toEqual(["m2 m3", false, false]);
    expect(page(cut, null, 1)).toEqual(["m3", true, false]);
    expect(page(cut, { id: "m2" })).toEqual(["m3", true, false]);
    expect(page(cut, { timeMs: START_MS })).toEqual(["m2 m3", false, false]);
  });

  it("do not say of the first page that the second one has a hole", () => {
    const broken = old(
      ":ann!a@h PRIVMSG #a :one",
      ":ann!a@h PRIVMSG #a :two",
      ":tailspin2s1!t@h PRIVMSG #a :~abcd 1/2 [1,",
      ":tailspin2s1!t@h PRIVMSG #a :three",
    );
    expect(page(broken, { id: "m0" }, 1)).toEqual(["m1", true, true]);
    expect(page(broken, { id: "m1" }, 1)).toEqual(["m3", false, false]);
  });
});
