import { describe, expect, it, vi } from "vitest";
import { NetworkError } from "../../../bridges/network.ts";
import type { NetworkFixture } from "./fixture.ts";
import { useStage } from "./stage.ts";
import { publication } from "../../support/publication.ts";

const WAIT = { timeout: 20_000, interval: 5 };

/** What happens when the server goes away, and comes back. */
export function describeFaults(fixture: NetworkFixture): void {
  describe("faults", () => {
    const stage = useStage(fixture);

    it("tells down, fails what cannot be known, and after a restart joins again, tells the gaps, then up", async () => {
      const channels = [stage.channel(), stage.channel()];
      await using started = await stage.network();
      const { network, inbox } = started;
      for (const channel of channels) await network.join(channel);
      const [channel = ""] = channels;
      await network.publish(channel, publication({ text: "before" }));
      const atOnce = network.publish(channel, publication({ text: "perhaps" })).catch((error: unknown) => error);
      await stage.server.kill();
      await vi.waitFor(() => expect(inbox.downs).toHaveLength(1), WAIT);
      // Never confirmed and lost: it either came back to us, or the publisher knows.
      const fate = await atOnce;
      const arrived = inbox.messages.some(({ data }) => JSON.stringify(data) === '{"text":"perhaps"}');
      if (arrived) expect(fate).toBeUndefined();
      else
        expect(fate).toMatchObject({
          name: "NetworkError",
          kind: expect.stringMatching(/unknown|unavailable/) as string,
        });
      await expect(network.publish(channel, publication({}))).rejects.toMatchObject({ kind: "unavailable" });
      await expect(network.join(stage.channel())).rejects.toMatchObject({ kind: "unavailable" });
      await network.leave(stage.channel());

      await stage.server.start();
      await inbox.isUp(2);
      const sinceDown = inbox.calls.slice(inbox.calls.indexOf("down") + 1);
      const expected = channels.flatMap((joined) => [`presence ${joined} members`, `gap ${joined}`]);
      expect(sinceDown.slice(0, -1).toSorted()).toEqual(expected.toSorted());
      expect(sinceDown.at(-1)).toBe("up");
      for (const joined of channels) await network.publish(joined, publication({ text: "after" }));
      expect(inbox.downs).toHaveLength(1);
    });

    it("does not join again what it left while it was away", async () => {
      const channel = stage.channel();
      await using started = await stage.network();
      await started.network.join(channel);
      await stage.server.stop();
      await vi.waitFor(() => expect(started.inbox.downs).toHaveLength(1), WAIT);
      await started.network.leave(channel);
      await stage.server.start();
      await started.inbox.isUp(2);
      expect(started.inbox.gaps).toEqual([]);
      await expect(started.network.publish(channel, publication({}))).rejects.toMatchObject({
        kind: "refused",
      });
    });

    it("notices a server that stands still, and what it was sent is unknown", async () => {
      const channel = stage.channel();
      await using started = await stage.network({ pingIntervalMs: 200, deadAfterMs: 1_500 });
      const { network, inbox } = started;
      await network.join(channel);
      await stage.server.freeze();
      const fate = await network
        .publish(channel, publication({ text: "into the ice" }))
        .catch((error: unknown) => error);
      expect(fate).toBeInstanceOf(NetworkError);
      expect(fate).toMatchObject({ kind: "unknown" });
      await vi.waitFor(() => expect(inbox.downs).toHaveLength(1), WAIT);
      await stage.server.thaw();
      await inbox.isUp(2);
      expect(inbox.gaps.map((gap) => gap.channel)).toEqual([channel]);
      await network.publish(channel, publication({ text: "thawed" }));
    });

    it("says unknown when a message does not come back in time", async () => {
      const channel = stage.channel();
      await using started = await stage.network({ publishTimeoutMs: 300 });
      await started.network.join(channel);
      await started.network.publish(channel, publication({ text: "early" }));
      await stage.server.freeze();
      const fate = await started.network
        .publish(channel, publication({ text: "late" }))
        .catch((error: unknown) => error);
      expect(fate).toMatchObject({ name: "NetworkError", kind: "unknown" });
      await stage.server.thaw();
      await vi.waitFor(() => expect(started.inbox.messages).toHaveLength(2), WAIT);
      await started.network.publish(channel, publication({ text: "in time" }));
      expect(started.inbox.messages.map(({ data }) => data)).toEqual([
        { text: "early" },
        { text: "late" },
        { text: "in time" },
      ]);
    });

    it("is unavailable before the start, can be disposed of then, and twice", async () => {
      const network = fixture.makeNetwork(stage.server, 900);
      const unavailable = { name: "NetworkError", kind: "unavailable" };
      await expect(network.join("/lobby")).rejects.toMatchObject(unavailable);
      await expect(network.publish("/lobby", publication({}))).rejects.toMatchObject(unavailable);
      expect(network.members("/lobby")).toEqual([]);
      await network[Symbol.asyncDispose]();
      await network[Symbol.asyncDispose]();
    });
  });
}
