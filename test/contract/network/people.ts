import { describe, expect, it, vi } from "vitest";
import { publication } from "../../support/publication.ts";
import type { NetworkFixture, Outsider } from "./fixture.ts";
import { ALONE, useStage } from "./stage.ts";

const WAIT = { timeout: 10_000, interval: 5 };

/** Who is in a channel, however they come and go. */
export function describePeople(fixture: NetworkFixture): void {
  describe("people", { concurrent: true }, () => {
    const stage = useStage(fixture);
    const memberOf = (channel: string, { nick }: Outsider) => ({ id: fixture.memberId(channel, nick), name: nick });

    it("lists a crowd that was there before", async () => {
      const channel = stage.channel();
      await using people = new AsyncDisposableStack();
      const crowd = await Promise.all(
        Array.from({ length: 20 }, async () => people.use(await stage.outsider("Crowd"))),
      );
      for (const person of crowd) await person.join(channel);
      await using started = await stage.network();
      await started.network.join(channel);
      const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1);
      expect(started.network.members(channel).toSorted(byId)).toEqual(
        crowd.map((person) => memberOf(channel, person)).toSorted(byId),
      );
      expect(started.inbox.presences).toEqual([]);
    });

    it.each(["cut", "quit"] as const)("tells in every channel that somebody is gone after a %s", async (how) => {
      const channels = [stage.channel(), stage.channel()];
      await using bob = await stage.outsider("bob");
      await using started = await stage.network();
      for (const channel of channels) {
        await bob.join(channel);
        await started.network.join(channel);
      }
      bob[how]();
      await vi.waitFor(() => expect(started.inbox.presences).toHaveLength(2), WAIT);
      expect(started.inbox.presences.map(({ channel }) => channel).toSorted()).toEqual(channels.toSorted());
      for (const { channel, ...change } of started.inbox.presences) {
        expect(change).toEqual({ type: "left", member: memberOf(channel, bob) });
        expect(started.network.members(channel)).toEqual([]);
      }
    });

    it("tells that somebody was thrown out", async () => {
      const channel = stage.channel();
      await using op = await stage.outsider("op");
      await using bob = await stage.outsider("bob");
      await op.join(channel);
      await bob.join(channel);
      await using started = await stage.network();
      await started.network.join(channel);
      await op.expel(channel, bob.nick);
      await vi.waitFor(() => expect(started.inbox.presences).toHaveLength(1), WAIT);
      expect(started.inbox.presences).toEqual([{ channel, type: "left", member: memberOf(channel, bob) }]);
      expect(started.network.members(channel)).toEqual([memberOf(channel, op)]);
    });

    it("keeps apart who is where", async () => {
      const [here, there] = [stage.channel(), stage.channel()];
      await using ann = await stage.outsider("ann");
      await using bob = await stage.outsider("bob");
      await using started = await stage.network();
      await started.network.join(here);
      await started.network.join(there);
      await ann.join(here);
      await bob.join(there);
      await vi.waitFor(() => expect(started.inbox.presences).toHaveLength(2), WAIT);
      expect(started.network.members(here)).toEqual([memberOf(here, ann)]);
      expect(started.network.members(there)).toEqual([memberOf(there, bob)]);
    });

    it("tells nothing of a channel that it has left, and has nobody there", async () => {
      const [left, kept] = [stage.channel(), stage.channel()];
      await using bob = await stage.outsider("bob");
      await using started = await stage.network();
      await bob.join(left);
      await started.network.join(left);
      await started.network.join(kept);
      await started.network.leave(left);
      expect(started.network.members(left)).toEqual([]);
      await bob.leave(left);
      await bob.join(kept);
      await vi.waitFor(() => expect(started.inbox.presences).toHaveLength(1), WAIT);
      expect(started.inbox.presences).toEqual([{ channel: kept, type: "joined", member: memberOf(kept, bob) }]);
    });

    it("shows no bridge, whichever way it comes and goes", async () => {
      const channel = stage.channel();
      await using bob = await stage.outsider("bob");
      await using started = await stage.network();
      await started.network.join(channel);
      {
        await using second = await stage.network();
        await second.network.join(channel);
        await second.network.publish(channel, publication({ text: "hello" }));
        await second.network.leave(channel);
        await second.network.join(channel);
      }
      await bob.join(channel);
      await vi.waitFor(() => expect(started.network.members(channel)).toEqual([memberOf(channel, bob)]), WAIT);
      expect(started.inbox.presences).toEqual([{ channel, type: "joined", member: memberOf(channel, bob) }]);
    });

    it("has the whole list again after a restart, with who came meanwhile", ALONE, async () => {
      const channel = stage.channel();
      await using started = await stage.network();
      await using before = await stage.outsider("before");
      await before.join(channel);
      await started.network.join(channel);
      await stage.server.kill();
      await vi.waitFor(() => expect(started.inbox.downs).toHaveLength(1), WAIT);
      await stage.server.start();
      await using after = await stage.outsider("after");
      await after.join(channel);
      await started.inbox.isUp(2);
      await vi.waitFor(() => expect(started.network.members(channel)).toEqual([memberOf(channel, after)]), WAIT);
    });
  });
}
