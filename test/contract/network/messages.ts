import { describe, expect, it, vi } from "vitest";
import type { NetworkFixture } from "./fixture.ts";
import { useStage } from "./stage.ts";
import { publication } from "../../support/publication.ts";

const WAIT = { timeout: 20_000, interval: 5 };

const TEXTS = [
  "hello",
  "",
  " leading",
  "trailing ",
  "two  spaces",
  "x\r\nQUIT",
  "x\nPRIVMSG #lobby :no",
  "nul \0 byte",
  "\x01ACTION waves\x01",
  "\x01VERSION\x01",
  "tab\tand\x03colour",
  ":colon",
  "~abcd 1/2 not a chunk",
  '{"not":"json text"}',
  '{"half',
  '"quoted"',
  "<mallory> not me",
  "é ∑ 漢字 𝄞 👩‍👩‍👧 \u{10FFFF} \u{1F600}",
  "\u202Eright to left\u2028 line separator \uFEFF",
  "lone \uD800 surrogate",
  "x".repeat(450),
];

const VALUES = [0, -1.5, 1e21, null, true, "text", "", [], {}, [null, { a: [1, [2]] }], { text: "hi", more: 1 }];

/** What is said arrives, once, in order, and as it was. */
export function describeMessages(fixture: NetworkFixture): void {
  describe("messages", { concurrent: true }, () => {
    const stage = useStage(fixture);

    it("resolves a publish after the inbox has the message", async () => {
      const channel = stage.channel();
      await using started = await stage.network();
      await started.network.join(channel);
      const before = Date.now();
      await started.network.publish(channel, publication({ text: "hello" }, "alice"));
      expect(started.inbox.messages).toHaveLength(1);
      const [message] = started.inbox.messages;
      expect(message).toMatchObject({ channel, data: { text: "hello" }, from: "alice" });
      expect(message?.timeMs).toBeGreaterThan(before - 2_000);
      expect(message?.id).not.toBe("");
    });

    it("shows people readable text, and the publisher's name", async () => {
      const channel = stage.channel();
      await using bob = await stage.outsider("bob");
      await bob.join(channel);
      await using started = await stage.network();
      await started.network.join(channel);
      await started.network.publish(channel, publication({ text: "hello" }, "alice"));
      await started.network.publish(channel, publication({ text: "nameless" }));
      await vi.waitFor(() => expect(bob.heard(channel)).toEqual(["<alice> hello", "nameless"]), WAIT);
    });

    it("hears people, text and JSON", async () => {
      const channel = stage.channel();
      await using bob = await stage.outsider("bob");
      await bob.join(channel);
      await using started = await stage.network();
      await started.network.join(channel);
      bob.say(channel, "hello  you");
      bob.say(channel, '{"temperature": 21.5}');
      bob.say(channel, "<alice> is not me");
      bob.say(channel, "~abcd 2/3 looks like a piece of something");
      await vi.waitFor(() => expect(started.inbox.messages).toHaveLength(4), WAIT);
      expect(started.inbox.messages.map(({ data, from }) => ({ data, from }))).toEqual([
        { data: { text: "hello  you" }, from: bob.nick },
        { data: { temperature: 21.5 }, from: bob.nick },
        { data: { text: "<alice> is not me" }, from: bob.nick },
        { data: { text: "~abcd 2/3 looks like a piece of something" }, from: bob.nick },
      ]);
      expect(new Set(started.inbox.messages.map(({ id }) => id)).size).toBe(4);
    });

    it("carries hostile texts and every kind of value unchanged, to itself and to another bridge", async () => {
      const channel = stage.channel();
      await using one = await stage.network();
      await using two = await stage.network();
      await one.network.join(channel);
      await two.network.join(channel);
      const sent = [
        ...TEXTS.flatMap((text) => [{ text }, { text, action: true }, { text, colour: "red; green \\ blue" }, text]),
        ...VALUES,
      ];
      const from = "Ålice B. 🎷";
      await Promise.all(sent.map((data) => one.network.publish(channel, publication(data, from))));
      await vi.waitFor(() => expect(two.inbox.messages).toHaveLength(sent.length), WAIT);
      const expected = sent.map((data) => JSON.stringify(data));
      for (const { inbox } of [one, two]) {
        expect(inbox.messages.map(({ data }) => JSON.stringify(data))).toEqual(expected);
        expect(new Set(inbox.messages.map((message) => message.from))).toEqual(new Set([from]));
        expect(inbox.gaps).toEqual([]);
      }
    });

    it("carries 5,000 bytes and 64 KiB of JSON unchanged, between short messages", async () => {
      const channel = stage.channel();
      await using one = await stage.network();
      await using two = await stage.network();
      await one.network.join(channel);
      await two.network.join(channel);
      const sent = [
        { text: "before" },
        { kind: "5,000 bytes", items: 'a b; \\ " é 𝄞 '.repeat(300) },
        { text: "between" },
        { kind: "64 KiB", items: Array.from({ length: 6_000 }, (_, index) => `item ${index}`) },
        { text: "after" },
      ];
      await Promise.all(sent.map((data) => one.network.publish(channel, publication(data, "alice"))));
      await vi.waitFor(() => expect(two.inbox.messages).toHaveLength(sent.length), WAIT);
      const expected = sent.map((data) => JSON.stringify(data));
      expect(expected.map((json) => json.length).toSorted((a, b) => b - a)[0]).toBeGreaterThan(65_536);
      expect(one.inbox.messages.map(({ data }) => JSON.stringify(data))).toEqual(expected);
      expect(two.inbox.messages.map(({ data }) => JSON.stringify(data))).toEqual(expected);
    });

    it("has the server's order: two bridges and a person speak at once, all hear the same", async () => {
      const channel = stage.channel();
      await using bob = await stage.outsider("bob");
      await using eve = await stage.outsider("eve");
      await bob.join(channel);
      await eve.join(channel);
      await using one = await stage.network();
      await using two = await stage.network();
      await one.network.join(channel);
      await two.network.join(channel);
      const published: Promise<void>[] = [];
      for (let number = 0; number < 167; number += 1) {
        published.push(one.network.publish(channel, publication({ text: `one ${number}` })));
        published.push(two.network.publish(channel, publication({ text: `two ${number}` })));
        bob.say(channel, `bob ${number}`);
        if (number % 10 === 0) await published.at(-1);
      }
      await Promise.all(published);
      await vi.waitFor(() => expect(eve.heard(channel)).toHaveLength(501), WAIT);
      await vi.waitFor(() => expect(one.inbox.messages).toHaveLength(501), WAIT);
      await vi.waitFor(() => expect(two.inbox.messages).toHaveLength(501), WAIT);
      const expected = eve.heard(channel).map((text) => ({ text }));
      expect(one.inbox.messages.map(({ data }) => data)).toEqual(expected);
      expect(two.inbox.messages.map(({ data }) => data)).toEqual(expected);
    });

    it("speaks where only members may", async () => {
      const channel = stage.channel();
      await using op = await stage.outsider("op");
      await op.join(channel);
      await using started = await stage.network();
      await started.network.join(channel);
      await op.membersOnly(channel);
      const sent = Array.from({ length: 30 }, (_, number) => ({ text: `message ${number}` }));
      await Promise.all(sent.map((data) => started.network.publish(channel, publication(data))));
      expect(started.inbox.messages.map(({ data }) => data)).toEqual(sent);
      await vi.waitFor(() => expect(op.heard(channel)).toEqual(sent.map(({ text }) => text)), WAIT);
    });

    it("refuses what the server refuses, with the server's words, and goes on elsewhere", async () => {
      const silent = stage.channel();
      const open = stage.channel();
      await using op = await stage.outsider("op");
      await op.join(silent);
      await using started = await stage.network();
      await started.network.join(silent);
      await started.network.join(open);
      await op.silence(silent);
      const publishes = Array.from({ length: 5 }, (_, number) =>
        started.network.publish(silent, publication({ text: `${number}` })),
      );
      for (const result of await Promise.allSettled(publishes)) {
        expect(result).toMatchObject({ status: "rejected", reason: { kind: "refused" } });
      }
      await started.network.publish(open, publication({ text: "here" }));
      expect(started.inbox.messages.map(({ data }) => data)).toEqual([{ text: "here" }]);
    });

    it("refuses what is not JSON, and what is not in a joined channel", async () => {
      const channel = stage.channel();
      await using started = await stage.network();
      const refused = { name: "NetworkError", kind: "refused" };
      await expect(started.network.publish(channel, publication({}))).rejects.toMatchObject(refused);
      await started.network.join(channel);
      for (const data of [undefined, 1n]) {
        await expect(started.network.publish(channel, publication(data))).rejects.toMatchObject(refused);
      }
      expect(started.inbox.messages).toEqual([]);
    });
  });
}
