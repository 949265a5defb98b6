import { describe, expect, it, vi } from "vitest";
import type { NetworkFixture } from "./fixture.ts";
import { useStage } from "./stage.ts";
import { publication } from "../../support/publication.ts";

const WAIT = { timeout: 10_000, interval: 5 };

/** Joining, leaving, and who is there. */
export function describeMembership(fixture: NetworkFixture): void {
  describe("membership", { concurrent: true }, () => {
    const stage = useStage(fixture);

    it("hears a channel from the join on, and no more after the leave", async () => {
      const channel = stage.channel();
      const other = stage.channel();
      await using bob = await stage.outsider("bob");
      await using started = await stage.network();
      const { network, inbox } = started;
      await bob.join(channel);
      await bob.join(other);
      await network.join(other);
      await network.join(channel);
      await network.join(channel);
      bob.say(channel, "one");
      await vi.waitFor(() => expect(inbox.messages).toHaveLength(1), WAIT);
      await network.leave(channel);
      await network.leave(channel);
      bob.say(channel, "two");
      bob.say(other, "three");
      await vi.waitFor(() => expect(inbox.messages).toHaveLength(2), WAIT);
      await network.join(channel);
      bob.say(channel, "four");
      await vi.waitFor(() => expect(inbox.messages).toHaveLength(3), WAIT);
      expect(inbox.messages.map(({ data }) => data)).toEqual([{ text: "one" }, { text: "three" }, { text: "four" }]);
    });

    it("takes a leave right after a join, and a join right after that, in this order", async () => {
      const channel = stage.channel();
      await using bob = await stage.outsider("bob");
      await bob.join(channel);
      await using started = await stage.network();
      const first = started.network.join(channel).catch((error: unknown) => error);
      await started.network.leave(channel);
      await started.network.join(channel);
      await first;
      bob.say(channel, "hello");
      await vi.waitFor(() => expect(started.inbox.messages).toHaveLength(1), WAIT);
      expect(started.inbox.gaps).toEqual([]);
    });

    it("refuses a join that the server refuses, with the server's words", async () => {
      const channel = stage.channel();
      await using op = await stage.outsider("op");
      await op.join(channel);
      await op.close(channel);
      await using started = await stage.network();
      const failure = {
        name: "NetworkError",
        kind: "refused",
        message: expect.stringMatching(fixture.closedWords) as string,
      };
      await expect(started.network.join(channel)).rejects.toMatchObject(failure);
      await expect(started.network.publish(channel, publication({}))).rejects.toMatchObject({
        kind: "refused",
      });
    });

    it("lists the people in a channel, without bridges, and tells who comes, goes and is renamed", async () => {
      const channel = stage.channel();
      await using ann = await stage.outsider("Ann");
      await using bob = await stage.outsider("bob");
      await ann.join(channel);
      await using started = await stage.network();
      const { network, inbox } = started;
      await network.join(channel);
      const annThere = { id: fixture.memberId(channel, ann.nick), name: ann.nick };
      expect(network.members(channel)).toEqual([annThere]);

      await using second = await stage.network();
      await second.network.join(channel);
      await second.network.publish(channel, publication({ text: "as a member" }));
      const bobThere = { id: fixture.memberId(channel, bob.nick), name: bob.nick };
      await bob.join(channel);
      const formerName = bob.nick;
      await bob.rename(`${formerName}X`);
      const renamed = { id: fixture.memberId(channel, `${formerName}X`), name: `${formerName}X` };
      await bob.leave(channel);
      ann.quit();
      await vi.waitFor(() => expect(network.members(channel)).toEqual([]), WAIT);
      expect(inbox.presences).toEqual([
        { channel, type: "joined", member: bobThere },
        { channel, type: "renamed", member: renamed, formerId: bobThere.id, formerName },
        { channel, type: "left", member: renamed },
        { channel, type: "left", member: annThere },
      ]);
    });

    it("tells of another bridge that comes into a channel, leaves it, and comes again", async () => {
      const channel = stage.channel();
      await using started = await stage.network();
      await using second = await stage.network();
      await started.network.join(channel);
      const told = (): readonly string[] => started.inbox.calls.filter((call) => call.startsWith("peer"));
      await second.network.join(channel);
      await vi.waitFor(() => expect(told()).toHaveLength(1), WAIT);
      // Whoever has announced nothing need not be forgotten.
      const isForgotten = second.network.announce(channel, "here");
      if (isForgotten) await vi.waitFor(() => expect(started.inbox.announcements).toHaveLength(1), WAIT);
      await second.network.publish(channel, publication({ text: "speaking is not coming" }));
      await second.network.leave(channel);
      await second.network.join(channel);
      await vi.waitFor(() => expect(told()).toHaveLength(isForgotten ? 3 : 2), WAIT);
      const words = told().map((call) => call.split(" "));
      expect(words.map(([what]) => what)).toEqual(["peerJoined", ...(isForgotten ? ["peerLeft"] : []), "peerJoined"]);
      expect(new Set(words.map(([, ...where]) => where.join(" "))).size).toBe(1);
      for (const { peer } of started.inbox.announcements) expect(words[0]).toEqual(["peerJoined", channel, peer]);
    });

    it("comes back after it was thrown out, and tells the gap", async () => {
      const channel = stage.channel();
      await using op = await stage.outsider("op");
      await op.join(channel);
      await using started = await stage.network();
      const { network, inbox } = started;
      await network.join(channel);
      await op.expelBridge(channel);
      await vi.waitFor(() => expect(inbox.gaps).toHaveLength(1), WAIT);
      expect(inbox.gaps[0]).toEqual({ channel, reason: expect.stringContaining("kicked") as string });
      expect(inbox.calls.slice(-2)).toEqual([`presence ${channel} members`, `gap ${channel}`]);
      await network.publish(channel, publication({ text: "back" }));
      expect(inbox.messages.map(({ data }) => data)).toEqual([{ text: "back" }]);
    });
  });
}
