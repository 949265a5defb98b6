import { describe, expect, it, vi } from "vitest";
import { publication } from "../../support/publication.ts";
import type { NetworkFixture } from "./fixture.ts";
import { ALONE, useStage, type Stage, type Started } from "./stage.ts";

const WAIT = { timeout: 10_000, interval: 5 };

/** What bridges say to each other. */
export function describeAnnouncements(fixture: NetworkFixture): void {
  describe("announcements", { concurrent: true }, () => {
    const stage = useStage(fixture);

    it(
      "are not carried in a channel that is not joined, nor before the start, nor while the server is away",
      ALONE,
      async () => {
        const channel = stage.channel();
        const unstarted = fixture.makeNetwork(stage.server, 901);
        expect(unstarted.announce(channel, "hello")).toBe(false);
        await unstarted[Symbol.asyncDispose]();
        await using started = await stage.network();
        expect(started.network.announce(channel, "hello")).toBe(false);
        await started.network.join(channel);
        await stage.server.stop();
        await vi.waitFor(() => expect(started.inbox.downs).toHaveLength(1), WAIT);
        expect(started.network.announce(channel, "hello")).toBe(false);
        await stage.server.start();
        await started.inbox.isUp(2);
      },
    );

    if (fixture.gives.announcements) describeCarried(fixture, stage);
    else describeNotCarried(stage);
  });
}

function describeNotCarried(stage: Stage): void {
  it("are not carried, and the bridge that wants to make one knows it", async () => {
    const { channel, ...bridges } = await meet(stage);
    await using _ = bridges.end;
    expect(bridges.one.network.announce(channel, "hello")).toBe(false);
    await bridges.one.network.publish(channel, publication({ text: "said after it" }));
    await vi.waitFor(() => expect(bridges.two.inbox.messages).toHaveLength(1), WAIT);
    expect(bridges.two.inbox.announcements).toEqual([]);
  });
}

function describeCarried(fixture: NetworkFixture, stage: Stage): void {
  const TEXTS = [
    ["words", "hello bridges"],
    ["JSON", '{"members":[{"name":"alice"}]}'],
    ["every kind of character", "é 漢 𝄞 \u{1F600}"],
    ["what tags escape", "a; b\\ c=d\r\ne"],
    ["elements", "</announcement><body>no</body>"],
  ] as const;

  it.each(TEXTS)("bring %s to the other bridges, and to nobody else", async (_, text) => {
    const { channel, bob, one, two, end } = await meet(stage);
    await using __ = end;
    expect(one.network.announce(channel, text)).toBe(true);
    await vi.waitFor(() => expect(two.inbox.announcements).toHaveLength(1), WAIT);
    expect(two.inbox.announcements[0]).toMatchObject({ channel, text });
    await one.network.publish(channel, publication({ text: "for people" }));
    await bob.taken();
    await vi.waitFor(() => expect(bob.heard(channel)).toEqual(["for people"]), WAIT);
    expect(one.inbox.announcements).toEqual([]);
    expect(one.inbox.messages).toHaveLength(1);
    await vi.waitFor(() => expect(two.inbox.messages).toHaveLength(1), WAIT);
  });

  it("come in the order in which one bridge made them, each under that bridge's name", async () => {
    const { channel, one, two, end } = await meet(stage);
    await using _ = end;
    await using three = await stage.network();
    await three.network.join(channel);
    for (let n = 0; n < 20; n += 1) {
      expect(one.network.announce(channel, `one ${n}`)).toBe(true);
      expect(two.network.announce(channel, `two ${n}`)).toBe(true);
    }
    await vi.waitFor(() => expect(three.inbox.announcements).toHaveLength(40), WAIT);
    const peers = new Set(three.inbox.announcements.map(({ peer }) => peer));
    expect(peers.size).toBe(2);
    for (const peer of peers) {
      const texts = three.inbox.announcements.filter((said) => said.peer === peer).map(({ text }) => text);
      const name = texts[0]?.split(" ")[0];
      expect(texts).toEqual(Array.from({ length: 20 }, (__, n) => `${name} ${n}`));
    }
  });

  it("are either too long to carry, which is told, or arrive whole", async () => {
    const { channel, one, two, end } = await meet(stage);
    await using _ = end;
    const carried = [100, 1_000, 10_000, 1_000_000]
      .map((length) => `${length} `.padEnd(length, "é"))
      .filter((text) => one.network.announce(channel, text));
    expect(carried.length).toBeGreaterThan(0);
    await vi.waitFor(() => expect(two.inbox.announcements.map(({ text }) => text)).toEqual(carried), WAIT);
    await one.network.publish(channel, publication({ text: "still here" }));
  });

  it.each(["leaves the channel", "ends"])("end with a word that the bridge is gone when it %s", async (how) => {
    const { channel, bob, one, two, end } = await meet(stage);
    await using _ = end;
    one.network.announce(channel, "hello");
    await vi.waitFor(() => expect(two.inbox.announcements).toHaveLength(1), WAIT);
    await bob.leave(channel);
    expect(two.inbox.leftPeers).toEqual([]);
    if (how === "ends") await one[Symbol.asyncDispose]();
    else await one.network.leave(channel);
    const peer = two.inbox.announcements[0]?.peer ?? "";
    await vi.waitFor(() => expect(two.inbox.leftPeers).toContainEqual({ channel, peer }), WAIT);
    expect(two.inbox.leftPeers).toHaveLength(1);
  });

  it("are kept by nobody", async () => {
    const { channel, one, two, end } = await meet(stage);
    await using _ = end;
    expect(one.network.announce(channel, "hello")).toBe(true);
    await one.network.publish(channel, publication({ text: "kept, where anything is" }));
    await vi.waitFor(() => expect(two.inbox.announcements).toHaveLength(1), WAIT);
    await using late = await stage.network();
    await late.network.join(channel);
    expect(late.network.announce(channel, "I am new")).toBe(true);
    await vi.waitFor(() => expect(two.inbox.announcements).toHaveLength(2), WAIT);
    expect(late.inbox.announcements).toEqual([]);
    const page = await vi.waitFor(async () => {
      const newest = await late.network.history(channel, { since: null, limit: 100 });
      expect(newest.messages).toHaveLength(fixture.gives.history ? 1 : 0);
      return newest;
    }, WAIT);
    for (const { data } of page.messages) expect(data).toEqual({ text: "kept, where anything is" });
  });
}

interface Meeting {
  readonly channel: string;
  readonly bob: Awaited<ReturnType<Stage["outsider"]>>;
  readonly one: Started;
  readonly two: Started;
  readonly end: AsyncDisposableStack;
}

/** Two bridges and a person in a channel of their own. */
async function meet(stage: Stage): Promise<Meeting> {
  const channel = stage.channel();
  const end = new AsyncDisposableStack();
  const bob = end.use(await stage.outsider("bob"));
  await bob.join(channel);
  const one = end.use(await stage.network());
  const two = end.use(await stage.network());
  await one.network.join(channel);
  await two.network.join(channel);
  return { channel, bob, one, two, end };
}
