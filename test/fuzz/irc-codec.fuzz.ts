import fc from "fast-check";
import { ircLineParser } from "irc-framework";
import { describe, expect, it } from "vitest";
import { Assembler } from "../../bridges/irc/assembler.ts";
import type { IrcLine } from "../../bridges/irc/irc-line.ts";
import { parseJson } from "../../bridges/json.ts";
import { decodeLine } from "../../bridges/irc/line.ts";
import { MultilineBatches } from "../../bridges/irc/multiline-batches.ts";
import { decodeName, encodeName } from "../../bridges/irc/names.ts";
import { encodePayload } from "../../bridges/irc/payload.ts";
import { privmsg } from "../../bridges/irc/privmsg.ts";
import { Presence } from "../../bridges/irc/presence.ts";

const runs = { numRuns: 10_000 };
const anyText = fc.oneof(fc.string({ unit: "binary" }), fc.string());
/** Text that comes near what the codec looks for. */
const nearText = fc
  .array(
    fc.oneof(
      fc.constantFrom("<", ">", "> ", "~", "abcd ", "1/2 ", "9999/9999 ", "{", "[", '"', ":", ",", "}", "]", "\x01"),
      fc.constantFrom("ACTION ", "=c3", "=~", "+", "#", ".", "/", "@", ";", "\\", " ", "null", "\uD800"),
      anyText,
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(""));

describe("the IRC codec", () => {
  it("gives back every JSON value and never makes a line that a server would misread", () => {
    const data = fc.oneof(
      fc.jsonValue(),
      nearText.map((text) => ({ text })),
      fc.record({ text: nearText, more: fc.jsonValue() }),
    );
    fc.assert(
      fc.property(
        data,
        fc.option(nearText),
        fc.constantFrom(0, 3_800),
        fc.boolean(),
        (value, from, tagBytes, isMulti) => {
          const multiline = isMulti ? { maxBytes: 4_096, maxLines: 100 } : null;
          const lines = encodePayload(value, from, { textBytes: 420, tagBytes, multiline }, "0000") ?? [];
          expect(lines.length).toBeGreaterThan(0);
          const assembler = new Assembler({ maxBytes: 1_048_576, timeoutMs: 1 });
          let read: unknown;
          for (const line of lines) {
            const batches = new MultilineBatches(1_048_576);
            const parsed = privmsg("#c", line).reduce<IrcLine | null>((_, wire) => {
              expect(wire).not.toMatch(/[\r\n\0]/);
              const [, tags = "", rest = ""] = /^(@\S+ )?(.*)$/s.exec(wire) ?? [];
              return batches.take(ircLineParser(Buffer.from(`${tags}:tailspin1s1!t@h ${rest}`).toString("utf8")));
            }, null);
            if (parsed === null) throw new Error("not read");
            const decoded = decodeLine({ text: parsed.params[1] ?? "", tag: parsed.tags["+tailspin/d"] }, true);
            if (decoded.type === "data") read = decoded.data;
            if (decoded.type !== "chunk") continue;
            const result = assembler.push("k", decoded.chunk, decoded.from, 0);
            if (result.type === "data") read = result.data;
          }
          expect(JSON.stringify(read)).toBe(JSON.stringify(value));
        },
      ),
      runs,
    );
  });

  it("reads any line", () => {
    const tag = fc.option(nearText, { nil: undefined });
    fc.assert(
      fc.property(nearText, tag, fc.boolean(), (text, value, isBridge) => {
        const decoded = decodeLine({ text, tag: value }, isBridge);
        if (decoded.type === "data") expect(JSON.stringify(decoded.data)).toBeTypeOf("string");
      }),
      runs,
    );
  });

  it("puts any chunks together, or says that it cannot", () => {
    const assembler = new Assembler({ maxBytes: 100, timeoutMs: 10 });
    const number = fc.integer({ min: 1, max: 4 });
    const chunk = fc.record({ id: fc.constantFrom("aaaa", "bbbb"), number, total: number, piece: nearText });
    fc.assert(
      fc.property(fc.constantFrom("a", "b", "c"), chunk, fc.nat(), (key, piece, nowMs) => {
        expect(["data", "waiting", "broken", "orphan"]).toContain(assembler.push(key, piece, null, nowMs).type);
        assembler.expire(nowMs);
        expect(assembler.size).toBeLessThanOrEqual(3);
      }),
      runs,
    );
  });

  it("reads any name, and only names that it would make", () => {
    fc.assert(
      fc.property(nearText, (name) => {
        const channel = decodeName(`#${name}`);
        if (channel !== null)
          expect(encodeName(channel, Infinity)?.ircChannel).toBe(
            `#${name}`.replace(/[A-Z]/g, (c) => c.toLowerCase()).replaceAll("^", "~"),
          );
      }),
      runs,
    );
  });

  it("reads any JSON, however deep", () => {
    const deep = fc
      .tuple(fc.nat(3_000), fc.constantFrom("[", '{"a":', '["]",'), nearText)
      .map(([times, open, rest]) => open.repeat(times) + rest);
    fc.assert(
      fc.property(fc.oneof(nearText, deep), (text) => {
        const value = parseJson(text);
        if (value !== undefined) JSON.stringify(value);
      }),
      runs,
    );
  });

  it("follows any line of a server about who is where", () => {
    const presence = new Presence({
      isHidden: (nick) => nick === "b",
      rankSigns: () => "@+",
      onChange: () => undefined,
    });
    const word = fc.constantFrom(
      "JOIN",
      "PART",
      "KICK",
      "QUIT",
      "NICK",
      "353",
      "366",
      "#a",
      "#b",
      "a",
      "b",
      "me",
      "@a",
      ":",
      "=",
      ":a b",
    );
    const line = fc.oneof(
      fc.array(fc.oneof(word, anyText), { maxLength: 6 }).map((words) => `:a!a@h ${words.join(" ")}`),
      nearText,
    );
    fc.assert(
      fc.property(line, (text) => {
        presence.onLine(ircLineParser(text), "me");
        expect(presence.members("#a").length).toBeLessThan(10_000);
      }),
      runs,
    );
  });
});
