import { ircLineParser, type Message } from "irc-framework";
import { beforeEach, describe, expect, it } from "vitest";
import { LineIds } from "../../../../bridges/irc/line-ids.ts";
import { markingUser, markOf } from "../../../../bridges/irc/marks.ts";
import { markerNickTest } from "../../../../bridges/irc/nicks.ts";

const MARK = ":tailspin7m!~1abcdefg@host JOIN :#a";
const OTHER_MARK = ":tailspin8m!2abcdefg@host JOIN #A";

describe("LineIds", () => {
  let one: Bridge;
  let two: Bridge;
  /** What both hear, and the ids that they give it. */
  const hear = (...lines: string[]): (string | undefined)[][] => [one, two].map((bridge) => bridge.hear(...lines));

  beforeEach(() => {
    one = new Bridge("srv");
    two = new Bridge("srv");
  });

  it("gives a line no id before the first mark", () => {
    expect(one.hear(":ann!a@h PRIVMSG #a :hello")).toEqual([undefined]);
    expect(one.hear(":tailspin7m!~tailspin@host JOIN #a", ":ann!a@h PRIVMSG #a :hello")).toEqual([undefined]);
    expect(one.hear(":ann!~1abcdefg@host JOIN #a", ":ann!a@h PRIVMSG #a :hello")).toEqual([undefined]);
    expect(one.marked).toEqual([]);
  });

  it("counts what is said from a mark on, in the same way at each bridge", () => {
    two.hear(":ann!a@h PRIVMSG #a :before");
    const [ids, others] = hear(
      MARK,
      ":ann!a@h PRIVMSG #a :one",
      ":ann!a@h NOTICE #A :two",
      ":bob!b@h PRIVMSG #a :\x01V\x01",
    );
    expect(ids).toEqual(others);
    expect(ids?.map((id) => id?.slice(16))).toEqual(["-1", "-2", "-3"]);
    expect(one.marked).toEqual(["#a"]);
    const [later, alike] = hear(OTHER_MARK, ":ann!a@h PRIVMSG #a :one");
    expect(later).toEqual(alike);
    expect(ids).not.toContain(later?.[0]);
  });

  it("counts nothing that the server says, or that is said elsewhere, or that has an id", () => {
    const [ids] = hear(
      MARK,
      ":srv NOTICE #a :welcome",
      ":irc.srv PRIVMSG #a :welcome",
      ":ann!a@h PRIVMSG @#a :to some of you",
      "@msgid=own :ann!a@h PRIVMSG #a :hello",
      ":ann!a@h PRIVMSG #a :hello",
    );
    expect(ids?.map((id) => id?.slice(-3))).toEqual([
      undefined,
      undefined,
      undefined,
      "own",
      expect.stringMatching(/-1$/),
    ]);
  });

  it("has ids of its own for each channel, and for each server", () => {
    const elsewhere = new Bridge("other");
    const texts = [MARK, MARK.replace("#a", "#b"), ":ann!a@h PRIVMSG #a :one", ":ann!a@h PRIVMSG #b :one"];
    const ids = [...one.hear(...texts), ...elsewhere.hear(...texts)];
    expect(new Set(ids).size).toBe(4);
  });

  it.each([":tailspin1!t@h PART #a", ":op!o@h KICK #a tailspin1 :out", ":tailspin1!t@h JOIN #a"])(
    "stops where it was not there itself (%s), until the next mark",
    (line) => {
      hear(MARK, ":ann!a@h PRIVMSG #a :one");
      expect(one.hear(line, ":ann!a@h PRIVMSG #a :two")).toEqual([undefined]);
      two.hear(":ann!a@h PRIVMSG #a :two", ":bob!b@h PART #a", ":op!o@h KICK #a bob :out");
      const [ids, others] = hear(OTHER_MARK, ":ann!a@h PRIVMSG #a :three");
      expect(ids).toEqual(others);
    },
  );

  it("stops while the connection is away", () => {
    one.hear(MARK, ":ann!a@h PRIVMSG #a :one");
    one.ids.pause();
    expect(one.hear(":ann!a@h PRIVMSG #a :two")).toEqual([undefined]);
  });

  it("never begins anew from a mark that was there already", () => {
    const [first] = one.hear(MARK, ":ann!a@h PRIVMSG #a :one");
    expect(first).toMatch(/-1$/);
    expect(one.hear(OTHER_MARK, MARK, ":ann!a@h PRIVMSG #a :two")).toEqual([undefined]);
    expect(one.marked).toEqual(["#a", "#A"]);
  });

  it("knows nothing of a channel that was left, or that nobody wants", () => {
    one.hear(MARK);
    one.ids.forget("#A");
    expect(one.hear(":ann!a@h PRIVMSG #a :one")).toEqual([undefined]);
    expect(one.hear(MARK.replace("#a", "#unwanted"), ":ann!a@h PRIVMSG #unwanted :one")).toEqual([undefined]);
  });

  it("remembers a bounded number of marks of a channel", () => {
    const marks = Array.from({ length: 200 }, (_, n) => MARK.replace("abcdefg", `${n}`.padStart(7, "0")));
    one.hear(...marks);
    expect(one.marked).toHaveLength(200);
    one.hear(marks[199] ?? "");
    expect(one.marked).toHaveLength(200);
    one.hear(marks[0] ?? "");
    expect(one.marked).toHaveLength(201);
  });
});

describe("markingUser", () => {
  it("is known again, with a sign before it or none, and nobody else's is", () => {
    for (const random of [0, 0.25, 0.5, 1 - 2 ** -53]) {
      const user = markingUser(() => random);
      expect(user).toMatch(/^\d[0-9a-z]{7}$/);
      for (const sign of ["", "~", "^"]) expect(markOf(ircLineParser(`:n!${sign}${user}@h JOIN #a`))).toBe(user);
    }
    for (const user of ["tailspin", "~tailspin", "~1abcdef", "1abcdefgh", "1ABCDEFG", ""]) {
      expect(markOf(ircLineParser(`:n!${user}@h JOIN #a`))).toBeNull();
    }
    expect(markOf(ircLineParser(":n JOIN #a"))).toBeNull();
  });
});

/** What one bridge makes of the lines of its receiving connection. */
class Bridge {
  readonly ids: LineIds;
  readonly marked: string[] = [];

  constructor(server: string) {
    this.ids = new LineIds({
      isMarker: markerNickTest("tailspin"),
      isWanted: (ircChannel) => ircChannel !== "#unwanted",
      server: () => server,
      onMarked: (ircChannel) => this.marked.push(ircChannel),
    });
  }

  /** @returns the ids of what was said */
  hear(...lines: string[]): (string | undefined)[] {
    return lines.flatMap((text) => {
      const line: Message = ircLineParser(text);
      if (/^(?:PRIVMSG|NOTICE)$/.test(line.command)) return [this.ids.identify(line).tags["msgid"]];
      this.ids.onLine(line, "TailSpin1");
      return [];
    });
  }
}
