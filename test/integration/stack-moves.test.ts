import { describe, expect, it } from "vitest";
import { routeOf } from "../../bayeux/index.ts";
import type { Cluster } from "../../halod/index.ts";
import { Crowd, EVERY_MS } from "../support/crowd.ts";
import { HaloStack } from "../support/halo-stack.ts";
import { LocalHaloStack } from "../support/local-halo-stack.ts";
import type { MovingPage } from "../support/moving-pages.ts";
import { startEmbedded, startInspircd } from "../support/servers.ts";

function told(pauses: readonly number[]): string {
  const at = (part: number) => Math.round(pauses[Math.min(pauses.length - 1, Math.floor(part * pauses.length))] ?? 0);
  return `p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, longest ${at(1)} ms (one message every ${EVERY_MS} ms)`;
}

/** A stack whose bridges come and go. */
interface Moving {
  readonly table: Cluster;
  tableLike(isIt: (table: Cluster) => boolean): Promise<unknown>;
}

/** Lets a bridge come or go, and waits until every page has heard what was said after that. */
async function move(stack: Moving, crowd: Crowd, nodes: number, what: string, act: () => Promise<void>): Promise<void> {
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
  console.log(`${what}: ${moved.length} pages moved, ${told(crowd.pausesSince(sinceMs, moved))}`);
  console.log(`  the others: ${told(crowd.pausesSince(sinceMs, others))}`);
}

describe.each([
  ["embedded", startEmbedded],
  ["inspircd", startInspircd],
])("sessions of a stack with HaloD on %s", { timeout: 60_000 }, (_, startServer) => {
  it("move with their routes when bridges join and leave, and no page notices", async () => {
    await using stack = await LocalHaloStack.start(startServer);
    await using crowd = await Crowd.gather(stack);
    await move(stack, crowd, 2, "bridge 2 joins", () => stack.addBridge(2));
    expect(crowd.disturbances()).toEqual([]);
    expect(crowd.of(2).length).toBeGreaterThan(0);
    await move(stack, crowd, 3, "bridge 3 joins", () => stack.addBridge(3));
    expect(crowd.disturbances()).toEqual([]);
    await move(stack, crowd, 2, "bridge 1 leaves", () => stack.stopBridge(1));
    expect(crowd.disturbances()).toEqual([]);
    expect(crowd.of(1)).toEqual([]);
  });
});

describe("sessions of a stack of processes", { timeout: 120_000 }, () => {
  it("move with their routes when one bridge joins and the other is told to stop", async () => {
    await using stack = await HaloStack.startOn(startEmbedded, 1, "--halod-prepare-ms", "8000");
    await using crowd = await Crowd.gather(stack);
    await move(stack, crowd, 2, "bridge 2 joins", () => stack.addBridge(2));
    await move(stack, crowd, 1, "bridge 1 leaves", () => stack.bridge(1).stop());
    expect(crowd.disturbances()).toEqual([]);
    expect(crowd.of(2)).toHaveLength(crowd.pages.length);
  });
});
