import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NetworkError } from "../../../../bridges/index.ts";
import { Channels } from "../../../../bridges/channel/channels.ts";
import { Patterns } from "../../../../bridges/channel/patterns.ts";
import { FakeNetwork } from "../fakes.ts";
import { soleMapping } from "../../../support/sole-mapping.ts";
import { publication } from "../../../support/publication.ts";

describe("Channels", () => {
  let network: FakeNetwork;
  let channels: Channels;
  let left: string[];

  beforeEach(() => {
    vi.useFakeTimers();
    network = new FakeNetwork();
    network.isObliging = false;
    left = [];
    channels = new Channels({
      networks: [network],
      mapping: soleMapping(network.name),
      patterns: new Patterns(1),
      now: () => Date.now(),
      log: pino({ level: "silent" }),
      joinTimeoutMs: 10_000,
      publishHoldMs: 5_000,
      leaveAfterMs: 30_000,
      maxChannels: 3,
      maxPendingPublishes: 3,
      onLeft: (names) => left.push(...names),
    });
    channels.start();
    channels.up("fake");
  });
  afterEach(() => {
    channels.stop();
    vi.useRealTimers();
  });

  const advance = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

  /** @returns what became of it, when it has */
  function watch(promise: Promise<unknown>): { outcome: string | null } {
    const seen: { outcome: string | null } = { outcome: null };
    promise.then(
      (value) => (seen.outcome = `ok ${String(value)}`),
      (error: unknown) => (seen.outcome = error instanceof Error && "field" in error ? String(error.field) : "bug"),
    );
    return seen;
  }

  const join = (...names: string[]) =>
    watch(channels.withJoined(names, (all) => all.map(({ name }) => name).join(" ")));
  const publish = (name: string, data: unknown = 1) => watch(channels.publish(name, publication(data)));

  it("joins a channel once for all who want it", async () => {
    const [first, second] = [join("/a"), join("/a")];
    await advance();
    expect(network.joins).toHaveLength(1);
    expect(first.outcome).toBeNull();
    network.joins[0]?.resolve();
    await advance();
    expect([first.outcome, second.outcome]).toEqual(["ok /a", "ok /a"]);
    const third = join("/a");
    await advance();
    expect(third.outcome).toBe("ok /a");
    expect(network.joins).toHaveLength(1);
  });

  it("joins several channels side by side, and uses them when all are there", async () => {
    const both = join("/b", "/a");
    await advance();
    expect(network.joins.map(({ channel }) => channel)).toEqual(["/b", "/a"]);
    network.joins[1]?.resolve();
    await advance();
    expect(both.outcome).toBeNull();
    network.joins[0]?.resolve();
    await advance();
    expect(both.outcome).toBe("ok /b /a");
  });

  it("tells all who wait that a join was refused, and tries again for the next", async () => {
    const waiting = [join("/a"), join("/a"), publish("/a")];
    await advance();
    network.joins[0]?.reject(new NetworkError("refused", "invite only"));
    await advance();
    for (const { outcome } of waiting) expect(outcome).toBe("403:/a:The network refused: invite only");
    const next = join("/a");
    await advance();
    network.joins[1]?.resolve();
    await advance();
    expect(next.outcome).toBe("ok /a");
  });

  it("gives up on a join that is not confirmed in time, and forgets how it ended", async () => {
    const waiting = join("/a");
    await advance(10_000);
    expect(waiting.outcome).toMatch(/^503:\/a:/);
    network.joins[0]?.reject(new NetworkError("unavailable", "cut"));
    await advance();
  });

  it("tells a publish that its channel cannot be joined when nobody else waits", async () => {
    const lost = publish("/a");
    await advance();
    network.joins[0]?.reject(new NetworkError("refused", "banned"));
    await advance();
    expect(lost.outcome).toBe("403:/a:The network refused: banned");
  });

  it("leaves a channel some time after its last use, and says so", async () => {
    network.isObliging = true;
    join("/a");
    await advance(20_000);
    join("/a");
    await advance(29_900);
    expect(left).toEqual([]);
    await advance(300);
    expect(left).toEqual(["/a"]);
    expect(network.left).toEqual(["/a"]);
    expect(channels.get("/a")).toBeUndefined();
  });

  it("leaves a channel that patterns match and have no room for, and they know it no more", async () => {
    network.isObliging = true;
    const pattern = channels.patterns.use("/*", []);
    join("/a");
    join("/b");
    await advance(31_000);
    expect(network.left).toEqual(["/b"]);
    expect([...pattern.channels].map(({ name }) => name)).toEqual(["/a"]);
  });

  it("leaves no channel that a publish is still under way to", async () => {
    join("/a");
    await advance();
    network.joins[0]?.resolve();
    await advance();
    const long = publish("/a");
    await advance(60_000);
    expect(network.left).toEqual([]);
    network.publishes[0]?.resolve();
    await advance(29_000);
    expect(long.outcome).toBe("ok undefined");
    expect(network.left).toEqual([]);
    await advance(2_000);
    expect(network.left).toEqual(["/a"]);
  });

  it("lets joins and publishes wait for a network that is away", async () => {
    network.isObliging = true;
    channels.down("fake");
    const waiting = [join("/a"), publish("/a", 1), publish("/b", 2)];
    await advance(4_000);
    for (const { outcome } of waiting) expect(outcome).toBeNull();
    expect(network.joins).toEqual([]);
    channels.up("fake");
    await advance();
    expect(waiting.map(({ outcome }) => outcome)).toEqual(["ok /a", "ok undefined", "ok undefined"]);
  });

  it("gives up on them when the network stays away", async () => {
    channels.down("fake");
    const [joined, published] = [join("/a"), publish("/a")];
    await advance(5_200);
    expect(published.outcome).toMatch(/^503:\/a:/);
    expect(joined.outcome).toBeNull();
    await advance(5_000);
    expect(joined.outcome).toMatch(/^503:\/a:/);
    expect(network.published).toEqual([]);
  });

  it("counts the time that the network was away into the bound of a join", async () => {
    channels.down("fake");
    const waiting = join("/a");
    await advance(9_000);
    channels.up("fake");
    await advance(999);
    expect(waiting.outcome).toBeNull();
    await advance(1);
    expect(waiting.outcome).toMatch(/^503:\/a:/);
  });

  it("lets a publish to a joined channel wait for the network's return", async () => {
    network.isObliging = true;
    join("/a");
    await advance();
    channels.down("fake");
    const waiting = publish("/a");
    await advance(1_000);
    expect(network.published).toEqual([]);
    channels.up("fake");
    await advance();
    expect(waiting.outcome).toBe("ok undefined");
  });

  it("says that the outcome of a publish is unknown", async () => {
    network.isObliging = true;
    join("/a");
    await advance();
    network.isObliging = false;
    const lost = publish("/a");
    network.publishes[0]?.reject(new NetworkError("unknown", "cut"));
    await advance();
    expect(lost.outcome).toBe("504:/a:Outcome unknown: cut");
  });

  it("has no more channels than it may, and lets go of those that it took for a request that fails", async () => {
    network.isObliging = true;
    join("/a");
    const refused = join("/b", "/c", "/d");
    await advance();
    expect(refused.outcome).toMatch(/^429:channels,3:/);
    await advance(31_000);
    expect(channels.size).toBe(0);
    const next = join("/b", "/c", "/d");
    await advance();
    expect(next.outcome).toBe("ok /b /c /d");
  });

  it("has no more publishes under way than it may", async () => {
    const waiting = [1, 2, 3].map((data) => publish("/a", data));
    expect((await settled(publish("/a", 4))).outcome).toMatch(/^503:publishes,3:/);
    network.joins[0]?.resolve();
    await advance();
    for (const each of network.publishes) each.resolve();
    await advance();
    expect(waiting.map(({ outcome }) => outcome)).toEqual(["ok undefined", "ok undefined", "ok undefined"]);
    expect((await settled(publish("/a", 5))).outcome).toBeNull();
  });

  async function settled<T>(seen: T): Promise<T> {
    await advance();
    return seen;
  }

  it("fails what waits when it stops", async () => {
    channels.down("fake");
    const waiting = publish("/a");
    channels.stop();
    await advance();
    expect(waiting.outcome).toMatch(/^503:\/a:The bridge is stopping/);
  });
});
