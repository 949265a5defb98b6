import { describe, expect, it, vi } from "vitest";
import { publication } from "../../support/publication.ts";
import type { NetworkFixture } from "./fixture.ts";
import { useCompany, useStage } from "./stage.ts";

const WAIT = { timeout: 20_000, interval: 5 };

/** The first and last character of each plane, one in the middle, and what stands beside them. */
const PLANES = Array.from({ length: 17 }, (_, plane) => plane);

const INJECTIONS = [
  ["a line of its own", "hello\r\nQUIT :bye"],
  ["a bare line feed", "hello\nJOIN 0"],
  ["a bare carriage return", "hello\rPART #lobby"],
  ["a NUL", "hello\0PRIVMSG #lobby :no"],
  ["the end of a body", "</body></message><presence type='unavailable'/>"],
  ["the end of a stream", "</stream:stream>"],
  ["a section of character data", "<![CDATA[ ]]> ]]>"],
  ["a comment", "<!-- never --"],
  ["entities", "&lt;&amp;&#0;&#x10FFFF;&nosuch;"],
  ["a document type", '<!DOCTYPE x [<!ENTITY a "b">]>&a;'],
  ["another's JSON", "<json xmlns='urn:xmpp:json:0'>[1]</json>"],
  ["quotes", `' " \` \\ \\" \\u0000`],
  ["message tags", "@+tailspin/d=1;msgid=x :x PRIVMSG #lobby :no"],
  ["control characters", "\x02bold\x02\x0304red\x0f\x1f\x7f\x1b[31m"],
] as const;

const NAMES = [
  ["brackets", "<mallory> hello"],
  ["line ends", "bob\r\nQUIT"],
  ["a NUL", "bob\0"],
  ["elements", "</name><admin/>"],
  ["spaces at its ends", " bob "],
  ["a plane above the first", "𝄞🎷"],
  ["nothing to print", "\u0001\u0002"],
  ["quotes", `"'&\\`],
] as const;

const VALUES = [
  ["a number at the edge", "1.7976931348623157e308"],
  ["the smallest number", "5e-324"],
  ["many digits", "9007199254740991"],
  ["special keys", '{"__proto__":{"a":1},"constructor":2,"":3,"toString":null}'],
  ["keys in their order", '{"z":1,"a":2,"10":3}'],
  ["depth", `${'{"a":['.repeat(50)}1${"]}".repeat(50)}`],
  ["many keys", JSON.stringify(Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`key ${n}`, n])))],
  ["escapes", '"\\u0000\\b\\f\\n\\r\\t\\"\\\\/"'],
  ["half a surrogate pair", '"\\udc00\\ud800"'],
  ["a text with more", '{"text":"hi","action":false}'],
  ["a text that is none", '{"text":5}'],
  ["an action that is none", '{"text":"hi","action":"yes"}'],
] as const;

/** What a payload may hold: it arrives as it was, at every bridge, and does nothing on the way. */
export function describePayloads(fixture: NetworkFixture): void {
  describe("payloads", () => {
    const stage = useStage(fixture);
    const company = useCompany(stage);

    /** Publishes values through one bridge, and expects both to hear them, and nothing else. */
    const expectCarried = async (values: readonly unknown[], from: string | null = "alice"): Promise<void> => {
      const { channel, one, two } = company;
      const [atOne, atTwo] = [one.inbox.messages.length, two.inbox.messages.length];
      await Promise.all(values.map((data) => one.network.publish(channel, publication(data, from))));
      await vi.waitFor(() => expect(two.inbox.messages.length - atTwo).toBeGreaterThanOrEqual(values.length), WAIT);
      const expected = values.map((data) => JSON.stringify(data));
      expect(one.inbox.json.slice(atOne)).toEqual(expected);
      expect(two.inbox.json.slice(atTwo)).toEqual(expected);
      expect([one.inbox.gaps, two.inbox.gaps, one.inbox.downs, two.inbox.downs]).toEqual([[], [], [], []]);
    };

    it.each(PLANES)("carries characters of Unicode plane %i", async (plane) => {
      const first = plane * 0x10000;
      // No half of a surrogate pair is a character.
      const points = [first, first + 1, first + 0x61, first + 0x3042, first + 0xfffd, first + 0xfffe, first + 0xffff];
      const characters = points.map((point) => String.fromCodePoint(point));
      const text = characters.join("");
      await expectCarried([{ text }, { text: `a${text}b`, action: true }, [characters], { [text]: text }]);
    });

    it.each(INJECTIONS)("takes %s for text", async (_, text) => {
      const { channel, bob, two } = company;
      const heard = bob.heard(channel).length;
      await expectCarried([{ text }, { text, action: true }, { [text]: text }, { text: "still here" }]);
      // What was in it has done nothing to those who are here, and no character of it is one that ends a line on IRC. (A
      // room's messages may have several lines.)
      await vi.waitFor(() => expect(bob.heard(channel).at(-1)).toBe("<alice> still here"), WAIT);
      expect(bob.heard(channel).slice(heard).length).toBeGreaterThanOrEqual(4);
      expect(bob.heard(channel).slice(heard).join("")).not.toMatch(/[\r\0]/);
      await two.network.publish(channel, publication({ text: "me too" }));
      await vi.waitFor(() => expect(company.one.inbox.json.at(-1)).toBe('{"text":"me too"}'), WAIT);
      // Not everybody hears it at once, and the next test counts what bob hears.
      await vi.waitFor(() => expect(bob.heard(channel).at(-1)).toBe("me too"), WAIT);
      expect(two.inbox.presences).toEqual([]);
    });

    it.each(NAMES)("takes %s in a declared name for a name", async (_, name) => {
      const { channel, one, two, bob } = company;
      const heard = bob.heard(channel).length;
      const [atOne, atTwo] = [one.inbox.messages.length, two.inbox.messages.length];
      await expectCarried([{ text: "who am I" }, { not: "text" }], name);
      const names = [...one.inbox.messages.slice(atOne), ...two.inbox.messages.slice(atTwo)].map(({ from }) => from);
      // All hear the same name, made printable where a person reads it.
      expect(new Set(names).size).toBe(1);
      await vi.waitFor(() => expect(bob.heard(channel).slice(heard)).toHaveLength(2), WAIT);
      expect(bob.heard(channel).slice(heard).join("")).not.toMatch(/[\r\n\0]/);
    });

    it.each(VALUES)("carries %s", async (_, json) => {
      await expectCarried([JSON.parse(json)]);
    });

    it("carries texts of every length around that of a line", async () => {
      await expectCarried(Array.from({ length: 150 }, (_, index) => ({ text: `${index}`.padEnd(380 + index, "é") })));
    });

    it.each([1_000, 10_000, 50_000])(
      "carries a text of %i characters, of one, two, three and four bytes",
      async (length) => {
        await expectCarried(
          ["x", "é", "漢", "𝄞"].map((character) => ({ text: character.repeat(length / character.length) })),
        );
      },
    );

    it("refuses what is larger than it may be, and goes on", async () => {
      const { channel, one } = company;
      const tooLarge = { text: "x".repeat(20 * 1024 * 1024) };
      await expect(one.network.publish(channel, publication(tooLarge))).rejects.toMatchObject({
        name: "NetworkError",
        kind: "refused",
      });
      await expectCarried([{ text: "small" }]);
    });

    it("hears what people say as it was said", async () => {
      const { channel, bob, one, two } = company;
      const said = [
        "hello",
        "<alice> not me",
        "é 漢 𝄞 \u{1F600}",
        "  spaces  inside",
        "&amp; <b>",
        "42",
        "true",
        "null",
      ];
      const json = ['{"a": [1, 2]}', "[1, 2]", '"quoted"', '{"text": "hi", "action": true}'];
      const broken = ['{"a"', "[1, 2", '"half', "{}x"];
      const at = [one, two].map(({ inbox }) => inbox.messages.length);
      for (const text of [...said, ...json, ...broken]) bob.say(channel, text);
      bob.act(channel, "waves");
      const expected = [
        ...said.map((text) => ({ text })),
        ...json.map((text): unknown => JSON.parse(text)),
        ...broken.map((text) => ({ text })),
        { text: "waves", action: true },
      ].map((data) => JSON.stringify(data));
      for (const [index, { inbox }] of [one, two].entries()) {
        await vi.waitFor(() => expect(inbox.json.slice(at[index])).toEqual(expected), WAIT);
        expect(new Set(inbox.messages.slice(at[index]).map(({ from }) => from))).toEqual(new Set([bob.nick]));
      }
    });
  });
}
