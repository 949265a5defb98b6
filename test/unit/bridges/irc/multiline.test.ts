import fc from "fast-check";
import { ircLineParser } from "irc-framework";
import { describe, expect, it } from "vitest";
import { MultilineBatches } from "../../../../bridges/irc/multiline-batches.ts";
import { multilineLimits, spread } from "../../../../bridges/irc/multiline.ts";
import { privmsg } from "../../../../bridges/irc/privmsg.ts";

describe("multilineLimits", () => {
  it("reads what the server says, and does without where it says nothing of use", () => {
    expect(multilineLimits("max-bytes=4096,max-lines=24")).toEqual({ maxBytes: 4_096, maxLines: 24 });
    expect(multilineLimits("x=1,max-bytes=4096")).toEqual({ maxBytes: 4_096, maxLines: 1_000 });
    for (const value of [null, "", "max-lines=4", "max-bytes=", "max-bytes=-1", "max-bytes=x"])
      expect(multilineLimits(value)).toBeNull();
  });
});

describe("spread", () => {
  it("cuts behind blanks where there are some, and never inside a character", () => {
    const limits = { maxBytes: 100, maxLines: 100 };
    const texts = (text: string) => spread(text, 10, limits)?.map(({ text: piece }) => piece);
    expect(texts("some words of a line")).toEqual(["some ", "words of ", "a line"]);
    expect(texts("𝄞𝄞𝄞")).toEqual(["𝄞𝄞", "𝄞"]);
    expect(spread("𝄞", 3, limits)).toBeNull();
  });

  it("gives back any text, over the wire and through the batches", () => {
    const line = fc.oneof(fc.string({ unit: "grapheme" }), fc.string({ unit: fc.constantFrom(" ", "a", ":", "é") }));
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), (lines) => {
        const text = lines.join("\n").replace(/[\r\0]/g, "");
        const pieces = spread(text, 12, { maxBytes: 10_000, maxLines: 1_000 });
        if (pieces === null) throw new Error("not spread");
        const batches = new MultilineBatches(10_000);
        const wires = privmsg("#c", { text, tag: "[1]", pieces });
        const read = wires.map((wire) => {
          const [, tags = "", rest = ""] = /^(@\S+ )?(.*)$/s.exec(wire) ?? [];
          return batches.take(ircLineParser(`${tags}:bob!b@h ${rest}`));
        });
        expect(read.slice(0, -1).every((one) => one === null)).toBe(true);
        expect(read.at(-1)).toMatchObject({ command: "PRIVMSG", nick: "bob", params: ["#c", text] });
        expect(read.at(-1)?.tags).toEqual({ "+tailspin/d": "[1]" });
      }),
    );
  });
});

describe("MultilineBatches", () => {
  const take = (batches: MultilineBatches, ...lines: string[]) =>
    lines.map((line) => batches.take(ircLineParser(line)));

  it("keeps what is said meanwhile apart, and other batches as they are", () => {
    const batches = new MultilineBatches(1_000);
    const read = take(
      batches,
      "@msgid=m1;batch=old :bob!b@h BATCH +1 draft/multiline #c",
      ":srv BATCH +2 chathistory #c",
      "@batch=1 :bob!b@h PRIVMSG #c :one",
      "@batch=2 :ann!b@h PRIVMSG #c :other batch",
      ":ann!b@h PRIVMSG #c :no batch",
      "@batch=1 :bob!b@h PRIVMSG #c :two",
      "BATCH -2",
      "BATCH -1",
      "BATCH -1",
    );
    expect(read.map((line) => line?.params.at(-1) ?? null)).toEqual([
      null,
      "#c",
      null,
      "other batch",
      "no batch",
      null,
      "-2",
      "one\ntwo",
      "-1",
    ]);
    expect(read[7]?.tags).toEqual({ msgid: "m1", batch: "old" });
  });

  it("hands on in pieces what is longer than it may be, and line by line what is too much at once", () => {
    const batches = new MultilineBatches(8);
    const read = take(
      batches,
      ":bob!b@h BATCH +1 draft/multiline #c",
      "@batch=1 :bob!b@h PRIVMSG #c :12345",
      "@batch=1 :bob!b@h PRIVMSG #c :678",
      "@batch=1 :bob!b@h PRIVMSG #c :9",
      "BATCH -1",
    );
    expect(read.map((line) => line?.params[1] ?? null)).toEqual([null, null, "12345\n678", "9", null]);
    const many = Array.from({ length: 101 }, (_, n) => `:bob!b@h BATCH +b${n} draft/multiline #c`);
    expect(take(batches, ...many).filter((line) => line !== null)).toHaveLength(1);
    expect(take(batches, "@batch=b100 :bob!b@h PRIVMSG #c :x")[0]?.params[1]).toBe("x");
  });

  it("has nothing to say of an empty batch", () => {
    expect(take(new MultilineBatches(8), ":b!b@h BATCH +1 draft/multiline #c", "BATCH -1")).toEqual([null, null]);
  });
});
