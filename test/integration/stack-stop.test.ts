import { describe, expect, it, vi } from "vitest";
import { CometdClient } from "../support/cometd-client.ts";
import { linesOf } from "../support/log-lines.ts";
import { startBridge, startDispatcher, startUp, type TierProcess } from "../support/stack.ts";
import { startEmbedded } from "../support/servers.ts";

const WARN = 40;
const CLEAN = { code: 0, signal: null };

function warningsOf(tier: TierProcess): unknown[] {
  return linesOf(tier.log).filter(({ level }) => level >= WARN);
}

describe("a clean stop", () => {
  it.for(["SIGTERM", "SIGINT"] as const)("of each tier on its own ends with 0 after %s", async (signal) => {
    await using ircd = await startEmbedded();
    await using bridge = await startBridge(ircd);
    await using dispatcher = await startDispatcher([bridge]);
    await using client = await CometdClient.open(dispatcher.url, { transport: "long-polling" });
    await client.subscribe("/lobby");
    await using other = await CometdClient.open(dispatcher.url, { transport: "websocket" });
    await other.subscribe("/lobby");
    for (const tier of [dispatcher, bridge]) {
      tier.signal(signal);
      expect(await tier.exited).toEqual(CLEAN);
      expect(warningsOf(tier)).toEqual([]);
    }
  });

  it.for(["SIGTERM", "SIGINT"] as const)("of everything in one process ends with 0 after %s", async (signal) => {
    await using up = await startUp("--log-level", "info");
    await using client = await CometdClient.open(up.url, { transport: "long-polling" });
    await client.subscribe("/lobby");
    await using other = await CometdClient.open(up.url, { transport: "websocket" });
    await other.subscribe("/lobby");
    up.signal(signal);
    expect(await up.exited).toEqual(CLEAN);
    expect(warningsOf(up)).toEqual([]);
  });

  it("is not cut short by a signal that comes twice, as npm and the terminal both pass Ctrl-C on", async () => {
    await using ircd = await startEmbedded();
    const address = ["--irc-host", ircd.host, "--irc-port", String(ircd.port)];
    await using up = await startUp(...address, "--irc-reconnect-max-ms", "300", "--log-level", "info");
    await using client = await CometdClient.open(up.url, { transport: "websocket", name: "alice" });
    await client.subscribe("/lobby");
    await ircd.stop();
    // Held until the server is back, and so is the stop.
    const answer = client.publish("/lobby", { text: "held" });
    await vi.waitFor(() => expect(up.log.join("\n")).toContain('"network down"'), 5_000);
    up.signal("SIGINT");
    await vi.waitFor(() => expect(up.log.join("\n")).toContain('"stopping"'), 5_000);
    up.signal("SIGINT");
    await ircd.start();
    expect(await answer).toMatchObject({ successful: true });
    expect(await up.exited).toEqual(CLEAN);
    expect(linesOf(up.log).filter(({ msg }) => msg === "stopping")).toHaveLength(1);
  });

  it("answers the publishes that are on their way", async () => {
    await using up = await startUp();
    await using client = await CometdClient.open(up.url, { transport: "websocket", name: "alice" });
    const heard = await client.subscribe("/lobby");
    const answers = Promise.all(
      Array.from({ length: 50 }, (_, index) => client.publish("/lobby", { text: `${index}` })),
    );
    await vi.waitFor(() => expect(heard.length).toBeGreaterThan(0), 5_000);
    up.signal("SIGTERM");
    expect((await answers).filter(({ successful }) => successful !== true)).toEqual([]);
    expect(await up.exited).toEqual(CLEAN);
  });
});
