import { describe, expect, it, vi } from "vitest";
import type { HistoryPage, HistoryQuery, Network, NetworkMessage } from "../../../bridges/network.ts";
import { publication } from "../../support/publication.ts";
import type { NetworkFixture } from "./fixture.ts";
import { ALONE, useStage, type Stage } from "./stage.ts";

// An archive is a little behind the channel: who asks, asks again.
const WAIT = { timeout: 15_000, interval: 50 };
const MANY = 100;

/** What the network itself has kept. */
export function describeHistory(fixture: NetworkFixture): void {
  describe("history", { concurrent: true }, () => {
    const stage = useStage(fixture);
    describeHistoryFaults(stage);
    if (!fixture.gives.history) describeNoHistory(stage);
    else {
      describePages(stage);
      describeAbsence(fixture, stage);
    }
  });
}

function describeNoHistory(stage: Stage): void {
  it("has an empty page that is not contiguous, whatever is asked for", async () => {
    const channel = stage.channel();
    await using started = await stage.network();
    const { network, inbox } = started;
    await network.join(channel);
    for (const text of ["one", "two"]) await network.publish(channel, publication({ text }));
    const [first] = inbox.messages;
    if (first === undefined) throw new Error("nothing was heard");
    for (const since of [null, { id: first.id }, { id: first.id, timeMs: first.timeMs }, { timeMs: first.timeMs }]) {
      const page = await network.history(channel, { since, limit: MANY });
      expect(page).toEqual({ messages: [], isContiguous: false, hasMore: false });
    }
    expect(inbox.messages).toHaveLength(2);
  });
}

function describeHistoryFaults(stage: Stage): void {
  it("refuses to show a channel that is not joined", async () => {
    await using started = await stage.network();
    await expect(started.network.history(stage.channel(), { since: null, limit: 10 })).rejects.toMatchObject({
      name: "NetworkError",
      kind: "refused",
    });
  });

  it("is unavailable while the server is away", ALONE, async () => {
    const channel = stage.channel();
    await using started = await stage.network();
    await started.network.join(channel);
    await stage.server.stop();
    await vi.waitFor(() => expect(started.inbox.downs).toHaveLength(1), WAIT);
    await expect(started.network.history(channel, { since: null, limit: 10 })).rejects.toMatchObject({
      name: "NetworkError",
      kind: "unavailable",
    });
    await stage.server.start();
    await started.inbox.isUp(2);
  });
}

function describePages(stage: Stage): void {
  /** A bridge in a channel where a person and another bridge have said these numbers, in turn, before and after it came. */
  const tell = async (run: (told: Told) => Promise<void>): Promise<void> => {
    const channel = stage.channel();
    await using bob = await stage.outsider("bob");
    await bob.join(channel);
    await using one = await stage.network();
    await using two = await stage.network();
    await one.network.join(channel);
    await two.network.join(channel);
    for (let n = 0; n < 6; n += 1) {
      if (n % 2 === 0) await one.network.publish(channel, publication({ n }, "alice"));
      else bob.say(channel, JSON.stringify({ n }));
      await vi.waitFor(() => expect(two.inbox.messages).toHaveLength(n + 1), WAIT);
    }
    await run({ channel, network: two.network, live: two.inbox.messages });
    // Asking is seen by nobody.
    await bob.taken();
    expect(bob.heard(channel).filter((text) => text.startsWith("<alice>"))).toHaveLength(3);
    expect([one.inbox.presences, two.inbox.presences, two.inbox.gaps]).toEqual([[], [], []]);
    expect([one.inbox.messages.length, two.inbox.messages.length]).toEqual([6, 6]);
  };

  it("shows messages as they were heard: text, name, id, and time to the second", async () => {
    await tell(async ({ channel, network, live }) => {
      const page = await historyOf(network, channel, { since: null, limit: MANY }, 6);
      expect(page.messages.map(withoutTime)).toEqual(live.map(withoutTime));
      for (const [index, { timeMs }] of page.messages.entries()) {
        // A second is cut off, and where the server tells no time with live messages, they took their way before our clock was read.
        expect(Math.abs(timeMs - (live[index]?.timeMs ?? 0))).toBeLessThan(3_000);
      }
      expect(page.hasMore).toBe(false);
    });
  });

  it("shows the newest ones, oldest first, as many as asked for", async () => {
    await tell(async ({ channel, network, live }) => {
      await historyOf(network, channel, { since: null, limit: MANY }, 6);
      const page = await network.history(channel, { since: null, limit: 2 });
      expect(page.messages.map(({ id }) => id)).toEqual(live.slice(-2).map(({ id }) => id));
    });
  });

  it("shows what follows an id, and says that nothing is missing", async () => {
    await tell(async ({ channel, network, live }) => {
      const since = { id: live[2]?.id ?? "", timeMs: live[2]?.timeMs ?? 0 };
      const page = await historyOf(network, channel, { since, limit: MANY }, 3);
      expect(page.messages.map(({ id }) => id)).toEqual(live.slice(3).map(({ id }) => id));
      expect(page).toMatchObject({ isContiguous: true, hasMore: false });
    });
  });

  it("goes on page by page", async () => {
    await tell(async ({ channel, network, live }) => {
      await historyOf(network, channel, { since: null, limit: MANY }, 6);
      const seen = [live[0]];
      for (const hasMore of [true, true, false]) {
        const since = { id: seen.at(-1)?.id ?? "", timeMs: seen.at(-1)?.timeMs ?? 0 };
        const page = await network.history(channel, { since, limit: 2 });
        expect(page).toMatchObject({ isContiguous: true, hasMore });
        seen.push(...page.messages);
      }
      expect(seen.map((message) => message?.id)).toEqual(live.map(({ id }) => id));
    });
  });

  it("shows nothing after the last one, and says that nothing is missing", async () => {
    await tell(async ({ channel, network, live }) => {
      await historyOf(network, channel, { since: null, limit: MANY }, 6);
      const since = { id: live[5]?.id ?? "", timeMs: live[5]?.timeMs ?? 0 };
      const page = await network.history(channel, { since, limit: MANY });
      expect(page).toEqual({ messages: [], isContiguous: true, hasMore: false });
    });
  });

  it("shows what was said since a time", async () => {
    await tell(async ({ channel, network, live }) => {
      const since = { timeMs: (live[0]?.timeMs ?? 0) - 5_000 };
      const page = await historyOf(network, channel, { since, limit: MANY }, 6);
      expect(page.messages.map(({ id }) => id)).toEqual(live.map(({ id }) => id));
      const later = await network.history(channel, { since: { timeMs: Date.now() + 60_000 }, limit: MANY });
      expect(later.messages).toEqual([]);
    });
  });

  it("says that it cannot tell what is missing after an id that it does not know", async () => {
    await tell(async ({ channel, network }) => {
      const page = await network.history(channel, { since: { id: "no-such-id" }, limit: MANY });
      expect(page.isContiguous).toBe(false);
    });
  });

  it("answers several questions at once", async () => {
    await tell(async ({ channel, network, live }) => {
      await historyOf(network, channel, { since: null, limit: MANY }, 6);
      const since = { id: live[3]?.id ?? "", timeMs: live[3]?.timeMs ?? 0 };
      const pages = await Promise.all([
        network.history(channel, { since: null, limit: MANY }),
        network.history(channel, { since, limit: MANY }),
        network.history(channel, { since: null, limit: 1 }),
      ]);
      expect(pages.map(({ messages }) => messages.length)).toEqual([6, 2, 1]);
    });
  });
}

function describeAbsence(fixture: NetworkFixture, stage: Stage): void {
  it("shows what was said while the bridge was away, between what it heard before and after", async () => {
    const channel = stage.channel();
    await using bob = await stage.outsider("bob");
    await bob.join(channel);
    await using started = await stage.network();
    const { network, inbox } = started;
    await network.join(channel);
    await network.publish(channel, publication({ text: "before" }));
    await network.leave(channel);
    for (const text of ["one", '{"two": 2}', "three"]) bob.say(channel, text);
    await bob.taken();
    await network.join(channel);
    await network.publish(channel, publication({ text: "after" }));
    const [before, after] = [inbox.messages[0], inbox.messages.at(-1)];
    const since = { id: before?.id ?? "", timeMs: before?.timeMs ?? 0 };
    const page = await historyOf(network, channel, { since, limit: MANY }, 4);
    const expected = [{ text: "one" }, { two: 2 }, { text: "three" }, { text: "after" }];
    expect(page.messages.map(({ data }) => data)).toEqual(expected);
    expect(page).toMatchObject({ isContiguous: true, hasMore: false });
    expect(page.messages.at(-1)?.id).toBe(after?.id);
  });

  it("shows long and hostile messages as they were", async () => {
    const channel = stage.channel();
    await using bob = await stage.outsider("bob");
    await bob.join(channel);
    await using one = await stage.network();
    await one.network.join(channel);
    const sent = [
      { text: "x\r\nQUIT" },
      { text: "</body></message>\0" },
      { text: "waves", action: true },
      { text: "é 漢 𝄞 \uD800" },
      { items: Array.from({ length: 300 }, (_, n) => `item ${n}`) },
      "text",
      null,
    ];
    for (const data of sent) await one.network.publish(channel, publication(data, "Ålice 🎷"));
    await using two = await stage.network();
    await two.network.join(channel);
    const page = await historyOf(two.network, channel, { since: null, limit: MANY }, sent.length);
    expect(page.messages.map(({ data }) => JSON.stringify(data))).toEqual(sent.map((data) => JSON.stringify(data)));
    expect(new Set(page.messages.map(({ from }) => from))).toEqual(new Set(["Ålice 🎷"]));
    expect(page.messages.map(({ id }) => id)).toEqual(one.inbox.messages.map(({ id }) => id));
    expect(two.inbox.messages).toEqual([]);
  });

  it(
    `${fixture.gives.lastingHistory ? "keeps" : "does not keep"} what was said when the server is killed, and says so`,
    ALONE,
    async () => {
      const channel = stage.channel();
      await using started = await stage.network();
      const { network, inbox } = started;
      await network.join(channel);
      for (let n = 0; n < 10; n += 1) await network.publish(channel, publication({ n }));
      const since = { id: inbox.messages[0]?.id ?? "", timeMs: inbox.messages[0]?.timeMs ?? 0 };
      await stage.server.kill();
      await stage.server.start();
      await inbox.isUp(2);
      const page = await network.history(channel, { since, limit: MANY });
      expect(page.isContiguous).toBe(fixture.gives.lastingHistory);
      const expected = fixture.gives.lastingHistory ? [1, 2, 3, 4, 5, 6, 7, 8, 9] : [];
      expect(page.messages.map(({ data }) => data)).toEqual(expected.map((n) => ({ n })));
    },
  );
}

interface Told {
  readonly channel: string;
  readonly network: Network;
  readonly live: readonly NetworkMessage[];
}

/** Asks until the archive has caught up to so many messages. */
function historyOf(network: Network, channel: string, query: HistoryQuery, count: number): Promise<HistoryPage> {
  return vi.waitFor(async () => {
    const page = await network.history(channel, query);
    expect(page.messages.map(({ data }) => data)).toHaveLength(count);
    return page;
  }, WAIT);
}

function withoutTime({ channel, data, from, id }: NetworkMessage): Omit<NetworkMessage, "timeMs"> {
  return { channel, data, from, id };
}
