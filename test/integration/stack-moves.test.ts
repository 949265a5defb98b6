import { describe, expect, it } from "vitest";
import { routeOf } from "../../bayeux/index.ts";
import { Crowd, EVERY_MS } from "../support/crowd.ts";
import { HaloStack } from "../support/halo-stack.ts";
import type { MovingPage } from "../support/moving-pages.ts";
import { startEmbedded, startInspircd } from "../support/servers.ts";

function told(pauses: readonly number[]): string {
  const at = (part: number) => Math.round(pauses[Math.min(pauses.length - 1, Math.floor(part * pauses.length))] ?? 0);
  return `p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, longest ${at(1)} ms (one message every ${EVERY_MS} ms)`;
}

describe.each([
  ["embedded", startEmbedded],
  ["inspircd", startInspircd],
])("sessions of a stack with HaloD on %s", { timeout: 60_000 }, (name, startServer) => {
  it("move with their routes when bridges join and leave, and no page notices", async () => {
    await using stack = await HaloStack.startOn(startServer, 1);
    await using crowd = await Crowd.gather(stack);
    const move = async (what: string, act: () => Promise<void>, nodes: number) => {
      const sinceMs = performance.now();
      const before = stack.table.owners;
      await act();
      await stack.tableLike((table) => table.nodes.length === nodes);
      await crowd.hears();
      await crowd.hears();
      const hasMoved = ({ clientId }: MovingPage) => {
        const route = (routeOf(clientId()) ?? 0) - 1;
        return before[route] !== stack.table.owners[route];
      };
      const moved = crowd.pages.filter(hasMoved);
      const others = crowd.pages.filter((page) => !hasMoved(page));
      console.log(`${name}, ${what}: ${moved.length} pages moved, ${told(crowd.pausesSince(sinceMs, moved))}`);
      console.log(`  the others: ${told(crowd.pausesSince(sinceMs, others))}`);
      expect(crowd.disturbances()).toEqual([]);
    };
    await move("bridge 2 joins", () => stack.addBridge(2), 2);
    expect(crowd.of(2).length).toBeGreaterThan(0);
    await move("bridge 3 joins", () => stack.addBridge(3), 3);
    await move("bridge 1 leaves", () => stack.bridge(1).stop(), 2);
    expect(crowd.of(1)).toEqual([]);
  });
});
