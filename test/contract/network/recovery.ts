import { describe, expect, it, vi } from "vitest";
import { publication } from "../../support/publication.ts";
import type { NetworkFixture } from "./fixture.ts";
import { RecordingInbox } from "./inbox.ts";
import { useStage } from "./stage.ts";

const WAIT = { timeout: 20_000, interval: 5 };

/** The network's life beyond one fault. */
export function describeRecovery(fixture: NetworkFixture): void {
  describe("recovery", () => {
    const stage = useStage(fixture);

    it("comes up when the server does, however late that is", async () => {
      await stage.server.stop();
      const inbox = new RecordingInbox();
      await using network = fixture.makeNetwork(stage.server, 910);
      network.start(inbox);
      await expect(network.join(stage.channel())).rejects.toMatchObject({ kind: "unavailable" });
      expect(inbox.calls).not.toContain("up");
      await stage.server.start();
      await inbox.isUp();
      const channel = stage.channel();
      await network.join(channel);
      await network.publish(channel, publication({ text: "late" }));
      expect(inbox.json).toEqual(['{"text":"late"}']);
    });

    it("survives three deaths of the server, with fifty channels", async () => {
      const channels = Array.from({ length: 50 }, () => stage.channel());
      await using started = await stage.network();
      const { network, inbox } = started;
      await Promise.all(channels.map((channel) => network.join(channel)));
      for (const death of [1, 2, 3]) {
        await stage.server.kill();
        await vi.waitFor(() => expect(inbox.downs).toHaveLength(death), WAIT);
        await stage.server.start();
        await inbox.isUp(death + 1);
        expect(inbox.gaps.length).toBe(death * channels.length);
        await Promise.all(channels.map((channel) => network.publish(channel, publication({ death }))));
      }
      expect(inbox.messages).toHaveLength(150);
    });

    it("bears a short pause of the server without a word", async () => {
      const channel = stage.channel();
      await using started = await stage.network({ pingIntervalMs: 100, deadAfterMs: 15_000 });
      const { network, inbox } = started;
      await network.join(channel);
      await stage.server.freeze();
      const published = Array.from({ length: 20 }, (_, n) => network.publish(channel, publication({ n })));
      await Promise.race([published[0], new Promise((resolve) => setTimeout(resolve, 300))]);
      expect(inbox.messages).toEqual([]);
      await stage.server.thaw();
      await Promise.all(published);
      expect(inbox.messages.map(({ data }) => data)).toEqual(Array.from({ length: 20 }, (_, n) => ({ n })));
      expect([inbox.downs, inbox.gaps]).toEqual([[], []]);
    });

    it("ends while it connects, while the server is away, and while it stands still", async () => {
      const connecting = fixture.makeNetwork(stage.server, 920);
      connecting.start(new RecordingInbox());
      await connecting[Symbol.asyncDispose]();
      const frozen = await stage.network();
      await stage.server.freeze();
      await frozen[Symbol.asyncDispose]();
      await stage.server.thaw();
      const away = await stage.network();
      await stage.server.stop();
      await vi.waitFor(() => expect(away.inbox.downs).toHaveLength(1), WAIT);
      await away[Symbol.asyncDispose]();
      await stage.server.start();
    });

    it("leaves no publish and no join without an answer when it ends", async () => {
      const channel = stage.channel();
      const started = await stage.network();
      await started.network.join(channel);
      await stage.server.freeze();
      const waiting = [
        ...Array.from({ length: 5 }, (_, n) => started.network.publish(channel, publication({ n }))),
        started.network.join(stage.channel()),
      ];
      const settled = Promise.allSettled(waiting);
      await started[Symbol.asyncDispose]();
      await stage.server.thaw();
      for (const result of await settled) {
        expect(result).toMatchObject({ status: "rejected", reason: { name: "NetworkError" } });
      }
      await expect(started.network.publish(channel, publication({}))).rejects.toMatchObject({ kind: "unavailable" });
    });

    it("is never told of as up twice, nor as down twice, in a row", async () => {
      await using started = await stage.network();
      await started.network.join(stage.channel());
      await stage.server.stop();
      await vi.waitFor(() => expect(started.inbox.downs).toHaveLength(1), WAIT);
      await stage.server.start();
      await started.inbox.isUp(2);
      const turns = started.inbox.calls.filter((call) => call === "up" || call === "down");
      expect(turns).toEqual(["up", "down", "up"]);
    });

    it("tells nothing more once it has ended", async () => {
      const channel = stage.channel();
      await using bob = await stage.outsider("bob");
      await bob.join(channel);
      const started = await stage.network();
      await started.network.join(channel);
      await started[Symbol.asyncDispose]();
      const told = started.inbox.calls.length;
      bob.say(channel, "anybody?");
      await using witness = await stage.network();
      await witness.network.join(channel);
      bob.say(channel, "you there");
      await vi.waitFor(() => expect(witness.inbox.json).toEqual(['{"text":"you there"}']), WAIT);
      expect(started.inbox.calls.slice(told)).toEqual([]);
    });
  });
}
