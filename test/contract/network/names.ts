import { describe, expect, it, vi } from "vitest";
import { publication } from "../../support/publication.ts";
import type { NetworkFixture } from "./fixture.ts";
import { useStage } from "./stage.ts";

const WAIT = { timeout: 10_000, interval: 5 };

const NAMES = [
  ["one letter", "/a"],
  ["capitals", "/CamelCase/ROOM"],
  ["digits", "/2026/11/21"],
  ["all that Bayeux allows", "/-_!~()$@/~/@/$"],
  ["what looks like an address", "/bob@example.org/home"],
  ["what looks like an escape", "/a~b/=41/+a"],
  ["many segments", "/a/b/c/d/e/f/g/h"],
  ["equal segments", "/x/x/x"],
  ["other alphabets", "/é/漢字/𝄞"],
  ["a space", "/two words"],
  ["what IRC cannot carry", "/comma,bell\x07"],
  ["what XML cannot carry", "/<&>\"'\x01\uFFFE"],
] as const;

/** Channel names: each is a channel of its own, and means the same at every bridge. */
export function describeNames(fixture: NetworkFixture): void {
  describe("names", { concurrent: true }, () => {
    const stage = useStage(fixture);

    it.each(NAMES)("meets in a channel whose name has %s", async (_, channel) => {
      await using one = await stage.network();
      await using two = await stage.network();
      await one.network.join(channel);
      await two.network.join(channel);
      await two.network.publish(channel, publication({ text: "hello" }));
      await vi.waitFor(() => expect(one.inbox.messages).toHaveLength(1), WAIT);
      expect(one.inbox.messages[0]).toMatchObject({ channel, data: { text: "hello" } });
    });

    it("keeps names apart that differ by case, by a separator, or by an escape", async () => {
      const stem = stage.channel();
      const channels = ["/a/b", "/A/b", "/a/B", "/ab", "/a~b", "/a@b", "/a=2fb", "/a.b"].map((end) => `${stem}${end}`);
      await using one = await stage.network();
      await using two = await stage.network();
      for (const channel of channels) await one.network.join(channel);
      for (const channel of channels) await two.network.join(channel);
      for (const channel of channels) await two.network.publish(channel, publication({ text: channel }));
      await vi.waitFor(() => expect(one.inbox.messages).toHaveLength(channels.length), WAIT);
      for (const { channel, data } of one.inbox.messages) expect(data).toEqual({ text: channel });
    });

    it("keeps names apart that differ where the server would cut them", async () => {
      const long = `${stage.channel()}/${"long".repeat(250)}`;
      const channels = [`${long}1`, `${long}2`, long, `${long}/1`];
      await using one = await stage.network();
      await using two = await stage.network();
      for (const channel of channels) await Promise.all([one.network.join(channel), two.network.join(channel)]);
      for (const channel of channels) await two.network.publish(channel, publication({ text: channel }));
      await vi.waitFor(() => expect(one.inbox.messages).toHaveLength(channels.length), WAIT);
      for (const { channel, data } of one.inbox.messages) expect(data).toEqual({ text: channel });
    });

    it.each([
      ["nothing", ""],
      ["no slash", "lobby"],
      ["a slash alone", "/"],
      ["half a surrogate pair", "/\uD800"],
    ])("refuses a name that is %s", async (_, name) => {
      await using one = await stage.network();
      const refused = { name: "NetworkError", kind: "refused" };
      await expect(one.network.join(name)).rejects.toMatchObject(refused);
      await expect(one.network.publish(name, publication({}))).rejects.toMatchObject(refused);
      await one.network.leave(name);
      expect(one.network.members(name)).toEqual([]);
      expect(one.inbox.downs).toEqual([]);
    });
  });
}
