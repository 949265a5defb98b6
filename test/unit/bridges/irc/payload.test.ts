import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Assembler } from "../../../../bridges/irc/assembler.ts";
import { decodeLine, type Line } from "../../../../bridges/irc/line.ts";
import { encodePayload, escapedTagBytes } from "../../../../bridges/irc/payload.ts";

const PLAIN = { textBytes: 400, tagBytes: 0 };
const SEVERAL = { textBytes: 400, tagBytes: 3_800, multiline: { maxBytes: 4_000, maxLines: 10 } };
const TAGS = { textBytes: 400, tagBytes: 3_800 };

function encode(data: unknown, from: string | null = null, limits = PLAIN): readonly Line[] {
  const lines = encodePayload(data, from, limits, "abcd");
  if (lines === null) throw new Error("not encoded");
  return lines;
}

function decode(lines: readonly Line[]): { data: unknown; from: string | null } {
  const assembler = new Assembler({ maxBytes: 1_048_576, timeoutMs: 30_000 });
  for (const line of lines) {
    const decoded = decodeLine(line, true);
    if (decoded.type === "data") return decoded;
    if (decoded.type === "nothing") throw new Error("nothing was said");
    const result = assembler.push("key", decoded.chunk, decoded.from, 0);
    if (result.type === "data") return result;
    if (result.type !== "waiting") throw new Error(result.type);
  }
  throw new Error("the last line was not the end");
}

describe("encodePayload", () => {
  it("says text as text, with the publisher's name", () => {
    expect(encode({ text: "hello" })).toEqual([{ text: "hello" }]);
    expect(encode({ text: "hello" }, "alice")).toEqual([{ text: "<alice> hello" }]);
  });

  it("says text that JSON has to escape as it is, and only what nobody changes", () => {
    for (const text of ['say "hi"', "a\\b", 'a","b":"c', "ünï 😀"]) expect(encode({ text })).toEqual([{ text }]);
    for (const text of ["", " a", "a ", "a\x7fb", "a\x02b", "a\ud800b"]) {
      const json = JSON.stringify({ text });
      expect(encode({ text })).toEqual([{ text: json }]);
      expect(decode(encode({ text }))).toMatchObject({ data: JSON.parse(json), from: null });
    }
  });

  it("says an action as people's clients do", () => {
    expect(encode({ text: "waves", action: true }, "alice")).toEqual([{ text: "\x01ACTION <alice> waves\x01" }]);
    expect(decodeLine({ text: "\x01ACTION waves\x01" }, false)).toEqual({
      type: "data",
      data: { text: "waves", action: true },
      from: null,
    });
  });

  it("says other JSON on one line where it fits", () => {
    expect(encode({ text: "hi", more: 1 })).toEqual([{ text: '{"text":"hi","more":1}' }]);
    expect(encode([1, 2], "alice")).toEqual([{ text: "<alice> [1,2]" }]);
    expect(encode("text")).toEqual([{ text: '"text"' }]);
    expect(encode({ text: "two\nlines" })).toEqual([{ text: '{"text":"two\\nlines"}' }]);
  });

  it("says readable text beside the exact JSON where the server has tags", () => {
    expect(encode({ text: "hi", more: 1 }, "alice", TAGS)).toEqual([
      { text: "<alice> hi", tag: '{"text":"hi","more":1}' },
    ]);
    expect(encode(12, null, TAGS)).toEqual([{ text: "12", tag: "12" }]);
    const [long, ...others] = encode({ items: "x".repeat(1_000) }, null, TAGS);
    expect(others).toEqual([]);
    expect(long?.text).toMatch(/^\{"items":"x+…$/);
    expect(Buffer.byteLength(long?.text ?? "")).toBeLessThanOrEqual(400);
  });

  it("says a text with line breaks, or more than a line, over several lines where the server has those", () => {
    const [poem, ...others] = encode({ text: "one\n\n two " + "é".repeat(500) }, "alice", SEVERAL);
    expect(others).toEqual([]);
    expect(poem?.text).toBe("<alice> one\n\n two " + "é".repeat(500));
    expect(poem?.pieces).toEqual([
      { text: "<alice> one", isContinued: false },
      { text: "", isContinued: false },
      { text: " two ", isContinued: false },
      { text: "é".repeat(200), isContinued: true },
      { text: "é".repeat(200), isContinued: true },
      { text: "é".repeat(100), isContinued: true },
    ]);
    expect(encode({ text: "a\nb" }, null, { ...SEVERAL, tagBytes: 0 })[0]?.tag).toBeUndefined();
    expect(encode({ text: "a\nb", more: 1 }, null, SEVERAL)).toMatchObject([
      { text: "a\nb", tag: '{"text":"a\\nb","more":1}' },
    ]);
    // JSON that would be cut beside its tag is whole this way.
    const json = JSON.stringify({ items: "x".repeat(1_000) });
    expect(encode(JSON.parse(json), null, SEVERAL)).toMatchObject([{ text: json, tag: undefined }]);
    // A person reads one line as well as before.
    expect(encode({ text: "hi", more: 1 }, null, SEVERAL)[0]?.pieces).toBeUndefined();
  });

  it("keeps to the server's limits of several lines, and chunks what is longer", () => {
    const chunked = (text: string): boolean => encode({ text }, null, SEVERAL)[0]?.text.startsWith("~abcd ") ?? false;
    expect(chunked("x".repeat(4_000))).toBe(false);
    expect(chunked("x".repeat(4_001))).toBe(true);
    expect(chunked(Array.from({ length: 10 }, () => "x".repeat(390)).join("\n"))).toBe(false);
    expect(chunked(Array.from({ length: 11 }, () => "x".repeat(355)).join("\n"))).toBe(true);
  });

  it("needs chunks for values that would read as text, and for what is long", () => {
    expect(encode(12)).toEqual([{ text: "~abcd 1/1 12" }]);
    const lines = encode({ text: "word ".repeat(1_000) }, "alice");
    expect(lines.length).toBeGreaterThan(10);
    expect(lines[0]?.text).toMatch(/^<alice> ~abcd 1\/\d+ \{"text":"word/);
    expect(lines[1]?.text).toMatch(/^~abcd 2\/\d+ /);
  });

  it("does not take a browser's text for the name of another one", () => {
    const [line] = encode({ text: "<mallory> hi" });
    expect(line && decodeLine(line, true)).toEqual({ type: "data", data: { text: "<mallory> hi" }, from: null });
  });

  it("has no lines for what cannot be said", () => {
    const deep: unknown = JSON.parse("[".repeat(10_000) + "]".repeat(10_000));
    for (const data of [undefined, 1n, () => 1, deep]) expect(encodePayload(data, null, PLAIN, "abcd")).toBeNull();
    expect(encodePayload({ a: "x".repeat(100) }, null, { textBytes: 20, tagBytes: 0 }, "abcd")).toBeNull();
  });

  it.each([
    ["without tags", PLAIN],
    ["with tags", TAGS],
    ["over several lines", SEVERAL],
    ["on a narrow server", { textBytes: 180, tagBytes: 0 }],
  ])("gives back the same JSON and name, in lines that a server takes, %s", (_name, limits) => {
    const lines = fc.array(fc.string({ unit: "grapheme", maxLength: 300 }), { maxLength: 12 });
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.string({ unit: "grapheme" }),
      fc.string(),
      lines.map((some) => some.join("\n")),
    );
    const lone = fc.string().map((string) => `${string}\uD800 \uDFFF`);
    const said = fc.oneof(text, lone);
    const data = fc.oneof(
      said.map((value) => ({ text: value })),
      said.map((value) => ({ text: value, action: true })),
      fc.record({ text: said, more: fc.jsonValue() }),
      said,
      fc.jsonValue(),
      fc.array(fc.jsonValue(), { minLength: 20, maxLength: 40 }),
    );
    const from = fc.option(fc.stringMatching(/^[^<>\p{C}\s]{1,32}$/u));
    fc.assert(
      fc.property(data, from, (value, name) => {
        const lines = encode(value, name, limits);
        for (const line of lines) {
          const several = line.pieces?.map((piece) => piece.text);
          for (const piece of several ?? [line.text])
            expect(Buffer.byteLength(piece)).toBeLessThanOrEqual(limits.textBytes);
          expect(several?.length ?? 0).toBeLessThanOrEqual(10);
          if (several === undefined) expect(line.text).not.toMatch(/\n/);
          else expect(several.join("")).toBe(line.text.replaceAll("\n", ""));
          expect(escapedTagBytes(line.tag ?? "")).toBeLessThanOrEqual(limits.tagBytes);
          expect(line.text).not.toMatch(/[\r\0]|^ | $|^$/);
          expect(line.text.isWellFormed()).toBe(true);
        }
        const back = decode(lines);
        expect(JSON.stringify(back.data)).toBe(JSON.stringify(value));
        expect(back.from).toBe(name);
      }),
      { numRuns: 150 },
    );
  });
});

describe("decodeLine", () => {
  it("takes a name in front from bridges only", () => {
    const line = { text: "<alice> hello" };
    expect(decodeLine(line, true)).toMatchObject({ data: { text: "hello" }, from: "alice" });
    expect(decodeLine(line, false)).toMatchObject({ data: { text: "<alice> hello" }, from: null });
  });

  it("takes what looks like JSON and is not for text", () => {
    expect(decodeLine({ text: "{hello" }, false)).toMatchObject({ data: { text: "{hello" } });
    expect(decodeLine({ text: "12" }, false)).toMatchObject({ data: { text: "12" } });
    expect(decodeLine({ text: "hi", tag: "{broken" }, false)).toMatchObject({ data: { text: "hi" } });
  });

  it("hears nothing in a CTCP request", () => {
    expect(decodeLine({ text: "\x01VERSION\x01" }, false)).toEqual({ type: "nothing" });
  });
});
