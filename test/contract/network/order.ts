import { describe, expect, it, vi } from "vitest";
import { publication } from "../../support/publication.ts";
import type { NetworkFixture } from "./fixture.ts";
import { useStage } from "./stage.ts";

const WAIT = { timeout: 25_000, interval: 5 };

/** Order, and that much at once is no more than each alone. */
export function describeOrder(fixture: NetworkFixture): void {
  describe("order", () => {
    const stage = useStage(fixture);
    const numbers = (count: number) => Array.from({ length: count }, (_, number) => number);

    it("keeps the order of a burst of a thousand, and answers each", async () => {
      const channel = stage.channel();
      await using started = await stage.network({ publishTimeoutMs: 25_000 });
      await started.network.join(channel);
      await Promise.all(numbers(1_000).map((n) => started.network.publish(channel, publication({ n }))));
      expect(started.inbox.messages.map(({ data }) => data)).toEqual(numbers(1_000).map((n) => ({ n })));
    });

    it("keeps the order of a person's burst", async () => {
      const channel = stage.channel();
      await using bob = await stage.outsider("bob");
      await using started = await stage.network();
      await bob.join(channel);
      await started.network.join(channel);
      for (const n of numbers(300)) bob.say(channel, `line ${n}`);
      await vi.waitFor(() => expect(started.inbox.messages).toHaveLength(300), WAIT);
      expect(started.inbox.messages.map(({ data }) => data)).toEqual(numbers(300).map((n) => ({ text: `line ${n}` })));
    });

    it("keeps the order of long and short messages among each other", async () => {
      const channel = stage.channel();
      await using one = await stage.network();
      await using two = await stage.network();
      await one.network.join(channel);
      await two.network.join(channel);
      const sent = numbers(40).map((n) => ({ n, filling: "é".repeat(n % 4 === 0 ? 3_000 : n) }));
      await Promise.all(sent.map((data) => one.network.publish(channel, publication(data))));
      await vi.waitFor(() => expect(two.inbox.messages).toHaveLength(sent.length), WAIT);
      expect(two.inbox.messages.map(({ data }) => data)).toEqual(sent);
    });

    it("joins a hundred channels at once, and speaks in all of them", async () => {
      const channels = numbers(100).map(() => stage.channel());
      await using one = await stage.network();
      await using two = await stage.network();
      await Promise.all(channels.map((channel) => one.network.join(channel)));
      await Promise.all(channels.map((channel) => two.network.join(channel)));
      const publishes = channels.flatMap((channel) =>
        numbers(3).map((n) => one.network.publish(channel, publication({ n }))),
      );
      await Promise.all(publishes);
      await vi.waitFor(() => expect(two.inbox.messages).toHaveLength(300), WAIT);
      for (const channel of channels) {
        const heard = two.inbox.messages.filter((message) => message.channel === channel);
        expect(heard.map(({ data }) => data)).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
      }
    });

    it("hears both of two long messages that two bridges send at once", async () => {
      const channel = stage.channel();
      await using one = await stage.network();
      await using two = await stage.network();
      await one.network.join(channel);
      await two.network.join(channel);
      const sent = [one, two].map((_, n) => ({ n, items: numbers(1_500).map((item) => `item ${item} of ${n}`) }));
      await Promise.all([one, two].map(({ network }, n) => network.publish(channel, publication(sent[n]))));
      for (const { inbox } of [one, two]) {
        await vi.waitFor(() => expect(inbox.messages).toHaveLength(2), WAIT);
        expect(inbox.json.toSorted()).toEqual(sent.map((data) => JSON.stringify(data)).toSorted());
      }
      if (fixture.gives.oneOrder) expect(one.inbox.json).toEqual(two.inbox.json);
    });

    it("gives each message its own id, in the order of their times", async () => {
      const channel = stage.channel();
      await using one = await stage.network();
      await using two = await stage.network();
      await one.network.join(channel);
      await two.network.join(channel);
      const before = Date.now();
      for (const n of numbers(20)) await one.network.publish(channel, publication({ n: n % 2 }));
      await vi.waitFor(() => expect(two.inbox.messages).toHaveLength(20), WAIT);
      const { messages } = one.inbox;
      expect(new Set(messages.map(({ id }) => id)).size).toBe(20);
      const times = messages.map(({ timeMs }) => timeMs);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      for (const timeMs of times) expect(Math.abs(timeMs - before)).toBeLessThan(10_000);
      const sameIds = messages.every(({ id }, index) => id === two.inbox.messages[index]?.id);
      expect(sameIds).toBe(fixture.gives.ids);
    });
  });
}
