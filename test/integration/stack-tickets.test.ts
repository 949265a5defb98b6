import { randomUUID } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { routeOf } from "../../bayeux/index.ts";
import { Crowd, EVERY_MS } from "../support/crowd.ts";
import { HaloStack } from "../support/halo-stack.ts";
import { type MovingPage, openPage } from "../support/moving-pages.ts";
import { RawIrc } from "../support/raw-irc.ts";
import { startEmbedded, startInspircd } from "../support/servers.ts";

const FAIL_AFTER_MS = 300;

function told(pauses: readonly number[]): string {
  const at = (part: number) => Math.round(pauses[Math.min(pauses.length - 1, Math.floor(part * pauses.length))] ?? 0);
  return `p50 ${at(0.5)} ms, longest ${at(1)} ms (dead after ${FAIL_AFTER_MS} ms, one message every ${EVERY_MS} ms)`;
}

/** Lets something happen to bridge 2, and waits until every page has heard what was said after that. */
async function takenOver(stack: HaloStack, crowd: Crowd, what: string, act: () => unknown): Promise<MovingPage[]> {
  const moved = crowd.of(2);
  const sinceMs = performance.now();
  await act();
  await stack.tableLike(({ owners }) => !owners.includes(2));
  await crowd.hears();
  await crowd.hears();
  console.log(`${what}: ${moved.length} pages moved, ${told(crowd.pausesSince(sinceMs, moved))}`);
  return moved;
}

describe.each([
  ["embedded", startEmbedded],
  ["inspircd", startInspircd],
])("a stack with HaloD on %s", { timeout: 120_000 }, (name, startServer) => {
  it("goes on with every session when its bridge is killed, each message once and in order", async () => {
    await using stack = await HaloStack.startOn(startServer, 2, "--halod-fail-after-ms", String(FAIL_AFTER_MS));
    await using crowd = await Crowd.gather(stack, [1, 2]);
    await takenOver(stack, crowd, `${name}, bridge 2 is killed`, () => stack.bridge(2).kill9());
    expect(crowd.disturbances()).toEqual([]);
    expect(crowd.of(2)).toEqual([]);
  });
});

describe("a stack with HaloD", { timeout: 120_000 }, () => {
  it("goes on when a bridge hangs, and nothing reaches a page that it says when it goes on itself", async () => {
    await using stack = await HaloStack.startOn(startEmbedded, 2, "--halod-silence-ms", "1000");
    await using crowd = await Crowd.gather(stack, [1, 2]);
    const moved = await takenOver(stack, crowd, "bridge 2 hangs", () => stack.bridge(2).freeze());
    expect(crowd.disturbances()).toEqual([]);
    const clientIds = moved.map(({ clientId }) => clientId());
    stack.bridge(2).thaw();
    // It comes back as a new one, and gets the routes again from the other: with what that has of them.
    await stack.tableLike(({ owners }) => owners.includes(2));
    await vi.waitFor(() => expect(stack.bridge(2).log.join()).toContain(`"reason":"moved"`), 10_000);
    await crowd.hears();
    await crowd.hears();
    expect(crowd.disturbances()).toEqual([]);
    const isHere = (clientId: string) => stack.table.owners[(routeOf(clientId) ?? 0) - 1] === 2;
    expect(clientIds.every(isHere)).toBe(true);
    expect(moved.map(({ clientId }) => clientId())).toEqual(clientIds);
  });

  it("fills from the server's history what was said before the next bridge was in the channel", async () => {
    await using stack = await HaloStack.startOn(startInspircd, 2, "--halod-fail-after-ms", String(FAIL_AFTER_MS));
    const name = randomUUID().slice(0, 6);
    const channels = Array.from({ length: 6 }, (_, index) => `h${name}${index}`);
    await using irc = await RawIrc.login(stack.ircd, `h${name}`, ...channels.map((channel) => `#${channel}`));
    for (const channel of channels) irc.send(`MODE #${channel} +H 500:1h`);
    await using pages = new AsyncDisposableStack();
    const all = await Promise.all(
      channels.map(async (channel) => {
        return pages.use(await openPage("cometd websocket", stack.url, `/${channel}`, true));
      }),
    );
    let said = 0;
    const timer = setInterval(() => {
      said += 1;
      for (const channel of channels) irc.say(`#${channel}`, String(said));
    }, EVERY_MS);
    pages.defer(() => clearInterval(timer));
    const heard = (from: number) =>
      vi.waitFor(() => {
        for (const page of all) expect(page.heard.at(-1), page.failures.join()).toBeGreaterThan(from);
      }, 15_000);
    // Enough that each page has confirmed some: without a message to go on from, history is not shown to be whole.
    await heard(5);
    await stack.bridge(2).kill9();
    await stack.tableLike(({ owners }) => !owners.includes(2));
    await heard(said);
    for (const { heard: numbers, handshakes } of all) {
      const [first = 0] = numbers;
      expect(numbers).toEqual(numbers.map((_, index) => first + index));
      expect(handshakes()).toBe(1);
    }
  });
});
