import fc from "fast-check";
import { ircLineParser } from "irc-framework";
import { describe, expect, it } from "vitest";
import { readPrivmsg } from "../../../../bridges/irc/fast-line.ts";

/** What of a parsed line anybody reads. */
function asLibrary(line: string): unknown {
  const { tags, prefix, nick, command, params } = ircLineParser(line);
  return { tags, prefix, nick, command, params };
}

describe("readPrivmsg", () => {
  it.each([
    ":ann!a@host PRIVMSG #room :hello",
    ":ann!a@host PRIVMSG #room :",
    ":ann!a@host PRIVMSG #room : :two  blanks ",
    ":ann!a@host PRIVMSG #room :\x01ACTION waves\x01",
    "@time=2026-11-21T10:00:00.000Z;msgid=a~b :ann!a@host PRIVMSG #room :hello",
    '@+tailspin/d={"a":"\\s\\:\\\\\\n\\x\\";Upper=1;empty=;none;;=v :ann!a@host PRIVMSG #room :hi',
  ])("reads %j as the library does", (line) => {
    expect(readPrivmsg(line)).toEqual(asLibrary(line));
  });

  it.each([
    "",
    "PING :a",
    ":srv 001 me :PRIVMSG #room :x",
    ":ann!a@host NOTICE #room :hello",
    ":ann!a@host privmsg #room :hello",
    ":ann!a@host PRIVMSG #room hello",
    ":ann!a@host PRIVMSG #room extra :hello",
    ":ann!a@host PRIVMSG : :hello",
    ":ann!a@host PRIVMSG  #room :hello",
    ":ann!a@host  PRIVMSG #room :hello",
    ":ann PRIVMSG #room :hello!",
    ":irc.example PRIVMSG #room :hello",
    "@ :ann!a@host PRIVMSG #room :hello",
    "PRIVMSG #room :hello",
    ":ann!a@host PRIVMSGS #room :hello",
    "@a=1  :ann!a@host PRIVMSG #room :hello",
  ])("leaves %j to the library", (line) => {
    expect(readPrivmsg(line)).toBeNull();
  });

  it("agrees with the library on whatever it reads", () => {
    const piece = fc.oneof(
      fc.constantFrom("@", ":", " ", "!", ";", "=", "\\", "PRIVMSG", " PRIVMSG ", "#room", " :", "ann!a@host", "time="),
      fc.string({ maxLength: 3, unit: fc.constantFrom("a", "B", "\\", "s", " ", ":", "é", "\x01") }),
    );
    const tail = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(""));
    const usual = fc.tuple(tail, tail, tail).map(([a, b, c]) => `@${a} :ann!${b} PRIVMSG #room :${c}`);
    let read = 0;
    fc.assert(
      fc.property(fc.oneof(tail, usual), (line) => {
        const said = readPrivmsg(line);
        if (said === null) return;
        read += 1;
        expect(said).toEqual(asLibrary(line));
      }),
      { numRuns: 20_000, seed: 20_261_121 },
    );
    expect(read).toBeGreaterThan(300);
  });
});
