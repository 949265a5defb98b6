import { describe, expect, it } from "vitest";
import { agreed, between, expectOneMeaning, expectSame } from "../../support/common-ids.ts";
import { publication } from "../../support/publication.ts";
import { Talk } from "../../support/talk.ts";
import type { NetworkFixture, Outsider } from "./fixture.ts";
import { useStage, type Started } from "./stage.ts";

/** Characters of what takes several lines on IRC. */
const LONG = 1_500;
/** A busy machine is no fault: on a quiet one it takes a second or two. */
const PATIENT = { publishTimeoutMs: 25_000, joinTimeoutMs: 25_000 };
const MOST_MS = 60_000;

/** A message has one id, at whatever bridge. */
export function describeIds(fixture: NetworkFixture): void {
  describe("ids", { concurrent: true }, () => {
    const stage = useStage(fixture);

    it(
      "gives each message the same id at every bridge from its first common one on, while bridges come and go",
      { timeout: MOST_MS },
      async () => {
        const channel = stage.channel();
        await using bob = await stage.outsider("bob");
        await bob.join(channel);
        await using bridges = new AsyncDisposableStack();
        const start = async (): Promise<Started> => bridges.use(await stage.network(PATIENT));
        const [one, two, three, four] = await Promise.all([start(), start(), start(), start()]);
        await one.network.join(channel);
        await two.network.join(channel);
        await using talk = talkOf(channel, [one, two], bob);
        const first = await agreed(channel, [one, two]);

        for (let round = 0; round < 2; round += 1) {
          await three.network.join(channel);
          // Who comes while a long message is being said has none of it.
          await talk.goesOn();
          const begin = await agreed(channel, [one, two, three]);
          await talk.goesOn();
          const end = await agreed(channel, [one, two, three]);
          expectSame(between(channel, begin, end, [one, two, three]), fixture.gives.oneOrder);
          await three.network.leave(channel);
        }
        await Promise.all([three, four].map(({ network }) => network.join(channel)));
        await talk.goesOn();
        const begin = await agreed(channel, [one, two, three, four]);
        await talk.goesOn();
        const end = await agreed(channel, [one, two, three, four]);
        expectSame(between(channel, begin, end, [one, two, three, four]), fixture.gives.oneOrder);
        await four[Symbol.asyncDispose]();
        await talk.goesOn();
        await talk.ends();
        const last = await agreed(channel, [one, two, three]);
        const [ours, theirs] = [one.network.agreement, two.network.agreement];
        await Promise.all([ours?.caughtUp(channel), theirs?.caughtUp(channel)]);
        expect(ours?.agrees(channel, theirs?.mark(channel) ?? null) ?? true).toBe(true);

        // Those who stayed agree all the time, whoever came and went.
        const heard = between(channel, first, last, [one, two]);
        expectSame(heard, fixture.gives.oneOrder);
        expect(heard[0]?.length).toBeGreaterThan(talk.said.reduce((sum, count) => sum + count) / 2);
        expectOneMeaning([one, two, three, four]);
        expect([one.inbox.gaps, two.inbox.gaps]).toEqual([[], []]);
      },
    );

    it("gives the same ids to bridges that come at once, in many channels", { timeout: MOST_MS }, async () => {
      const channels = Array.from({ length: 10 }, () => stage.channel());
      await using bridges = new AsyncDisposableStack();
      const start = async (): Promise<Started> => bridges.use(await stage.network(PATIENT));
      const [one, two] = await Promise.all([start(), start()]);
      const joins = channels.flatMap((channel) => [one, two].map(({ network }) => network.join(channel)));
      await Promise.all(joins);
      const speak = async (channel: string): Promise<void> => {
        const begin = await agreed(channel, [one, two]);
        const sent = [1, 2, 3].map((n) => ({ n, filling: "x".repeat(n === 2 ? LONG : 0) }));
        await Promise.all(sent.map((data) => two.network.publish(channel, publication(data))));
        const end = await agreed(channel, [one, two]);
        expectSame(between(channel, begin, end, [one, two]), true);
      };
      await Promise.all(channels.map(speak));
      expectOneMeaning([one, two]);
    });
  });
}

/** Two bridges and a person who speak all the time. */
function talkOf(channel: string, bridges: readonly Started[], bob: Outsider): Talk {
  const speakers = bridges.map(({ network }, speaker) => {
    return (n: number): Promise<void> => {
      const filling = "é".repeat(n % 5 === 0 ? LONG : n % 7);
      return network.publish(channel, publication({ speaker, n, filling }));
    };
  });
  const chat = (n: number): Promise<void> => {
    if (n % 3 === 0) bob.act(channel, `waves ${n}`);
    else bob.say(channel, n % 3 === 1 ? `line ${n}` : `~abcd 2/3 ${n}`);
    return bob.taken();
  };
  return new Talk(...speakers, chat);
}
