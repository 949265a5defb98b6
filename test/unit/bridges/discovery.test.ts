import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Channels } from "../../../bridges/channel/channels.ts";
import { Patterns } from "../../../bridges/channel/patterns.ts";
import { Discovery } from "../../../bridges/discovery.ts";
import { FaultCounter } from "../../../link/index.ts";
import { soleMapping } from "../../support/sole-mapping.ts";
import { FakeNetwork } from "./fakes.ts";

describe("Discovery on several networks", () => {
  let discovery: Discovery;
  let channels: Channels;
  const away = Promise.withResolvers<void>();
  const limits = {
    joinTimeoutMs: 5_000,
    discoveryIntervalMs: 2_000,
    maxWildcardChannels: 10,
    maxDiscoveredChannels: 3,
  };
  const networks = { irc: new FakeNetwork(), xmpp: new FakeNetwork() };
  const lines: string[] = [];

  beforeEach(() => {
    vi.useFakeTimers();
    lines.length = 0;
    networks.irc = new FakeNetwork();
    networks.xmpp = new FakeNetwork();
    const log = pino({ level: "warn" }, { write: (line) => lines.push(line) });
    const now = () => Date.now();
    const shared = { ...limits, now, log };
    const bounds = { publishHoldMs: 1_000, leaveAfterMs: 1_000, maxChannels: 100, maxPendingPublishes: 1 };
    const patterns = new Patterns(limits.maxWildcardChannels);
    channels = new Channels({
      ...shared,
      ...bounds,
      networks: [networks.irc],
      mapping: soleMapping("fake"),
      patterns,
      onLeft: () => {},
    });
    channels.up("fake");
    const irc = {
      network: networks.irc,
      whenUp: () => channels.whenUp("fake"),
      isUp: () => true,
      mayMatch: (pattern: string) => !pattern.startsWith("/xmpp"),
    };
    const xmpp = {
      network: networks.xmpp,
      whenUp: () => away.promise,
      isUp: () => false,
      mayMatch: (pattern: string) => pattern.startsWith("/xmpp") || pattern === "/**",
    };
    discovery = new Discovery({ ...shared, networks: [irc, xmpp], channels, faults: new FaultCounter(log, now) });
  });
  afterEach(() => {
    discovery.stop();
    vi.useRealTimers();
  });

  /** @returns `ok` or the error, when there is an outcome */
  async function want(pattern: string, ms: number): Promise<string | null> {
    let outcome: string | null = null;
    discovery.want([pattern]).ready.then(
      () => (outcome = "ok"),
      (error: unknown) => (outcome = error instanceof Error && "field" in error ? String(error.field) : "bug"),
    );
    await vi.advanceTimersByTimeAsync(ms);
    return outcome;
  }

  it("asks those that can have what matches, and none of them waits for another", async () => {
    networks.irc.existing = ["/irc/a"];
    expect(await want("/xmpp/*", 0)).toBeNull();
    expect(await want("/irc/*", 0)).toBe("ok");
    expect(channels.get("/irc/a")?.isJoined).toBe(true);
    expect(networks.irc.discoveries).toBe(1);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(networks.xmpp.discoveries).toBe(0);
    expect(networks.irc.discoveries).toBeGreaterThan(2);
  });

  it("fails for a pattern when one network that may have more is away", async () => {
    expect(await want("/**", 5_000)).toMatch(/^503:/);
  });

  it("lets all who come while a list is under way share the next one", async () => {
    const outcomes = Promise.all(Array.from({ length: 50 }, (_, index) => want(`/chat${index}/*`, 0)));
    await vi.advanceTimersByTimeAsync(300);
    await outcomes;
    expect(networks.irc.discoveries).toBeLessThanOrEqual(2);
    expect(await want("/late/*", 250)).toBe("ok");
  });

  it("says once that it looks at no more channels than it may", async () => {
    networks.irc.existing = ["/b", "/c", "/d", "/chat/a"];
    expect(await want("/chat/*", 10_000)).toBe("ok");
    expect(channels.get("/chat/a")).toBeUndefined();
    expect(lines.filter((line) => line.includes("not all channels of the network"))).toHaveLength(1);
  });

  it("asks no more when nobody wants anything", async () => {
    const wanted = discovery.want(["/chat/*"]);
    await wanted.ready;
    wanted.release();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(networks.irc.discoveries).toBe(1);
  });
});
