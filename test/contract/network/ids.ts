import { describe, expect, it, vi } from "vitest";
import { agreed, between, expectOneMeaning, expectSame } from "../../support/common-ids.ts";
import { publication } from "../../support/publication.ts";
import type { NetworkFixture, Outsider } from "./fixture.ts";
import { useStage, type Started } from "./stage.ts";

const WAIT = { timeout: 20_000, interval: 5 };
/** Characters of what takes several lines on IRC. */
const LONG = 1_500;

/** A message has one id, at whatever bridge. */
export function describeIds(fixture: NetworkFixture): void {
  describe("ids", { concurrent: true }, () => {
    const stage = useStage(fixture);

    it("gives each message the same id at every bridge from its first common one on, while bridges come and go", async () => {
      const channel = stage.channel();
      await using bob = await stage.outsider("bob");
      await bob.join(channel);
      await using one = await stage.network();
      await using two = await stage.network();
      await one.network.join(channel);
      await two.network.join(channel);
      await using talk = new Talk(channel, [one, two], bob);
      const first = await agreed(channel, [one, two]);

      await using three = await stage.network();
      for (let round = 0; round < 3; round += 1) {
        await three.network.join(channel);
        const begin = await agreed(channel, [one, two, three]);
        await talk.goesOn();
        const end = await agreed(channel, [one, two, three]);
        expectSame(between(begin, end, [one, two, three]), fixture.gives.oneOrder);
        await three.network.leave(channel);
      }
      {
        await using four = await stage.network();
        await Promise.all([three, four].map(({ network }) => network.join(channel)));
        const begin = await agreed(channel, [one, two, three, four]);
        await talk.goesOn();
        const end = await agreed(channel, [one, two, three, four]);
        expectSame(between(begin, end, [one, two, three, four]), fixture.gives.oneOrder);
      }
      await talk.goesOn();
      await talk.ends();
      const last = await agreed(channel, [one, two, three]);

      // Those who stayed agree all the time, whoever came and went.
      const heard = between(first, last, [one, two]);
      expectSame(heard, fixture.gives.oneOrder);
      expect(heard[0]?.length).toBeGreaterThan(talk.said / 2);
      expectOneMeaning([one, two, three]);
      for (const { inbox } of [one, two, three]) expect(inbox.gaps).toEqual([]);
    });

    it("gives the same ids to bridges that come at once, in many channels", async () => {
      const channels = Array.from({ length: 20 }, () => stage.channel());
      await using one = await stage.network();
      await using two = await stage.network();
      const joins = channels.flatMap((channel) => [one, two].map(({ network }) => network.join(channel)));
      await Promise.all(joins);
      for (const channel of channels) {
        const begin = await agreed(channel, [one, two]);
        const sent = [1, 2, 3].map((n) => ({ n, filling: "x".repeat(n === 2 ? LONG : 0) }));
        await Promise.all(sent.map((data) => two.network.publish(channel, publication(data))));
        const end = await agreed(channel, [one, two]);
        expectSame(between(begin, end, [one, two]), true);
      }
      expectOneMeaning([one, two]);
    });
  });
}

/** Two bridges and a person who speak all the time, each as fast as they are heard. */
class Talk implements AsyncDisposable {
  said = 0;
  #isOver = false;
  readonly #speakers: readonly Promise<void>[];

  constructor(channel: string, bridges: readonly Started[], bob: Outsider) {
    const speak = async (index: number, { network }: Started): Promise<void> => {
      for (let n = 0; !this.#isOver; n += 1) {
        const filling = "é".repeat(n % 5 === 0 ? LONG : n % 7);
        await network.publish(channel, publication({ speaker: index, n, filling }));
        this.said += 1;
      }
    };
    const chat = async (): Promise<void> => {
      for (let n = 0; !this.#isOver; n += 1) {
        if (n % 3 === 0) bob.act(channel, `waves ${n}`);
        else bob.say(channel, n % 3 === 1 ? `line ${n}` : `~abcd 2/3 ${n}`);
        await bob.taken();
        this.said += 1;
      }
    };
    this.#speakers = [...bridges.map((bridge, index) => speak(index, bridge)), chat()];
  }

  /** Resolves when some more was said. */
  async goesOn(): Promise<void> {
    const enough = this.said + 20;
    await vi.waitFor(() => expect(this.said).toBeGreaterThan(enough), WAIT);
  }

  async ends(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#speakers);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await Promise.allSettled(this.#speakers);
  }
}
