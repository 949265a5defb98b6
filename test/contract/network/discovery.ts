import { describe, expect, it, vi } from "vitest";
import type { NetworkFixture } from "./fixture.ts";
import { useStage } from "./stage.ts";

const WAIT = { timeout: 15_000, interval: 20 };
const ALL = 10_000;

/** Which channels the network has. */
export function describeDiscovery(fixture: NetworkFixture): void {
  describe("discovery", () => {
    const stage = useStage(fixture);

    it("finds channels of people and of bridges, under their Bayeux names", async () => {
      const [theirs, ours] = [stage.channel(), `${stage.channel()}/é ~@`];
      await using bob = await stage.outsider("bob");
      await bob.join(theirs);
      await using one = await stage.network();
      await using two = await stage.network();
      await one.network.join(ours);
      for (const { network } of [one, two]) {
        const found = await network.discover(ALL);
        // What a Bayeux client could not name is nobody's here.
        expect(found).toContain(theirs);
        expect(new Set(found).size).toBe(found.length);
      }
    });

    it("finds each of two hundred", async () => {
      const channels = Array.from({ length: 200 }, () => stage.channel());
      await using one = await stage.network();
      await Promise.all(channels.map((channel) => one.network.join(channel)));
      const found = await one.network.discover(ALL);
      expect(channels.filter((channel) => !found.includes(channel))).toEqual([]);
    });

    it("stops at the limit", async () => {
      await using one = await stage.network();
      for (let count = 0; count < 5; count += 1) await one.network.join(stage.channel());
      expect(await one.network.discover(3)).toHaveLength(3);
    });

    it("leaves out what the server hides, and what has no Bayeux name", async () => {
      const [hidden, open] = [stage.channel(), stage.channel()];
      await using bob = await stage.outsider("bob");
      await bob.join(hidden);
      await bob.hide(hidden);
      await bob.join(open);
      await bob.joinForeign();
      await using started = await stage.network();
      const found = await started.network.discover(ALL);
      expect(found).toContain(open);
      expect(found).not.toContain(hidden);
      expect(found.filter((channel) => !channel.startsWith("/"))).toEqual([]);
      expect(found.join(" ")).not.toMatch(/not=|not a/);
    });

    it("answers several questions at once", async () => {
      const channel = stage.channel();
      await using started = await stage.network();
      await started.network.join(channel);
      const answers = await Promise.all([1, 2, 3].map(() => started.network.discover(ALL)));
      for (const found of answers) expect(found).toContain(channel);
    });

    it("is unavailable while the server is away, and finds channels again after", async () => {
      const channel = stage.channel();
      await using started = await stage.network();
      await started.network.join(channel);
      await stage.server.stop();
      await vi.waitFor(() => expect(started.inbox.downs).toHaveLength(1), WAIT);
      await expect(started.network.discover(ALL)).rejects.toMatchObject({ name: "NetworkError", kind: "unavailable" });
      await stage.server.start();
      await started.inbox.isUp(2);
      await vi.waitFor(async () => expect(await started.network.discover(ALL)).toContain(channel), WAIT);
    });
  });
}
