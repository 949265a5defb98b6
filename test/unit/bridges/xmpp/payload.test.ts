// oxlint-disable-next-line typescript/triple-slash-reference -- the package has no types, and ours cannot be imported
/// <reference path="../../../../bridges/xmpp/xmpp.d.ts" />
import { xml, type Element } from "@xmpp/client";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodePayload, decodeText, encodePayload, encodeText } from "../../../../bridges/xmpp/payload.ts";

/** What comes out of the server's end: serialized, and parsed as its own stanza. */
function overTheWire(children: readonly Element[]): Element {
  const text = xml("message", { type: "groupchat", to: "r@muc" }, ...children).toString();
  // XML 1.0 §2.2 and §2.11
  expect(text).toSatisfy((sent: string) => sent.isWellFormed());
  expect(text).not.toMatch(/[\x00-\x08\x0b\x0c\x0e-\x1f\uFFFE\uFFFF]/);
  return parse(text.replace(/\r\n?/g, "\n"));
}

function parse(text: string): Element {
  const parser = new xml.Parser();
  const elements: Element[] = [];
  parser.on("element", (element: Element) => elements.push(element));
  parser.write(`<stream xmlns="jabber:client">${text}`);
  const [element] = elements;
  if (element === undefined || elements.length > 1) throw new Error(`${elements.length} stanzas`);
  return element;
}

function carry(data: unknown, from: string | null = null, originId = "o-1") {
  const children = encodePayload({ data, from, originId });
  if (children === null) throw new Error("not encoded");
  return overTheWire(children);
}

describe("encodePayload", () => {
  it.each([
    [{ text: "hello" }, null, "hello"],
    [{ text: "hello" }, "alice", "<alice> hello"],
    [{ text: "waves", action: true }, "alice", "/me <alice> waves"],
    [{ a: [1] }, "alice", '<alice> {"a":[1]}'],
  ] as const)("says %j of %j as %j, and nothing more", (data, from, body) => {
    const stanza = carry(data, from);
    expect(stanza.getChildText("body")).toBe(body);
    expect(stanza.getChild("json")).toBeUndefined();
    expect(decodePayload(stanza, true)).toEqual({ data, from, originId: "o-1" });
  });

  it.each([
    [{ text: "hello", colour: "red" }, "hello"],
    [{ text: " blanks " }, "blanks"],
    [{ text: "two\n<alice> lines" }, "two <alice> lines"],
    [{ text: "bell \x07" }, "bell"],
    [{ text: "/me is no action" }, "/me is no action"],
    [{ text: '{"json":1}' }, '{"json":1}'],
    [42, "42"],
    [null, "null"],
    [{ text: "lone \uD800" }, "lone \uFFFD"],
  ] as const)("has a readable body and the exact JSON for %j", (data, body) => {
    const stanza = carry(data);
    expect(stanza.getChildText("body")).toBe(body);
    expect(stanza.getChildText("json", "urn:xmpp:json:0")).not.toBeNull();
    expect(JSON.stringify(decodePayload(stanza, true)?.data)).toBe(JSON.stringify(data));
  });

  it("carries every JSON value and every name unchanged", () => {
    const unit = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
      fc.constantFrom("</body>", "]]>", "<!--", "&amp;", "&#0;", "/me ", "<alice> ", "\r\n", "\uFFFE", "\x7f"),
    );
    const text = fc.array(unit, { maxLength: 4 }).map((parts) => parts.join(""));
    const data = fc.oneof(
      fc.record({ text }),
      fc.record({ text, action: fc.boolean() }),
      fc.jsonValue(),
      text,
      fc.dictionary(text, text),
    );
    fc.assert(
      fc.property(data, fc.option(text), (value, from) => {
        const said = decodePayload(carry(value, from), true);
        expect(JSON.stringify(said?.data)).toBe(JSON.stringify(value));
        if (from === null) expect(said?.from).toBeNull();
        else expect(decodePayload(carry(value, said?.from ?? null), true)?.from).toBe(said?.from);
      }),
    );
  });

  it("carries a character of every plane", () => {
    const characters = Array.from({ length: 0x10ffff >> 8 }, (_, index) => String.fromCodePoint((index << 8) + 0xfd));
    for (const data of [{ text: characters.join("") }, { text: "x", more: characters }]) {
      expect(JSON.stringify(decodePayload(carry(data), true)?.data)).toBe(JSON.stringify(data));
    }
  });

  it("has nothing for what is not JSON", () => {
    expect(encodePayload({ data: undefined, from: null, originId: "o" })).toBeNull();
    expect(encodePayload({ data: 1n, from: null, originId: "o" })).toBeNull();
  });
});

describe("decodePayload", () => {
  const say = (inside: string): Element => parse(`<message type="groupchat">${inside}</message>`);

  it.each([
    ["<body>hello  you</body>", { text: "hello  you" }],
    ["<body>/me waves</body>", { text: "waves", action: true }],
    ["<body>[1, 2]</body>", [1, 2]],
    ["<body>{broken</body>", { text: "{broken" }],
    ["<body>42</body>", { text: "42" }],
    ["<body></body>", { text: "" }],
    [`<body>x</body><json xmlns="urn:xmpp:json:0">{"a":1}</json>`, { a: 1 }],
    [`<body>x</body><json xmlns="urn:xmpp:json:0">broken</json>`, { text: "x" }],
    [`<json xmlns="urn:xmpp:json:0">{"a":1}</json>`, { a: 1 }],
  ])("reads %s of a person", (inside, data) => {
    expect(decodePayload(say(inside), false)).toEqual({ data, from: null, originId: null });
  });

  it("believes only bridges who published", () => {
    const stanza = say(`<body>&lt;alice&gt; hi</body><tailspin xmlns="urn:tailspin:0" from="alice" origin="o"/>`);
    expect(decodePayload(stanza, true)).toEqual({ data: { text: "hi" }, from: "alice", originId: "o" });
    expect(decodePayload(stanza, false)).toEqual({ data: { text: "<alice> hi" }, from: null, originId: null });
  });

  it("finds nothing in what says nothing", () => {
    expect(decodePayload(say("<subject>news</subject>"), false)).toBeNull();
    expect(decodePayload(say(`<composing xmlns="http://jabber.org/protocol/chatstates"/>`), true)).toBeNull();
  });
});

describe("encodeText", () => {
  it("comes back, whatever is in it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const wire = overTheWire([xml("announcement", null, encodeText(text))]);
        expect(decodeText(wire.getChildText("announcement") ?? "")).toBe(text);
      }),
    );
    expect(decodeText("42")).toBeNull();
    expect(decodeText("broken")).toBeNull();
  });
});
