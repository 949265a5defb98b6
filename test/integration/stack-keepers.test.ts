import { describe, expect, it } from "vitest";
import { Crowd } from "../support/crowd.ts";
import { HaloStack } from "../support/halo-stack.ts";

const FLAGS = ["--halod-fail-after-ms", "300"];

/** Lets bridges die, and waits until every page has heard what was said after that. */
async function outlived(stack: HaloStack, crowd: Crowd, ...nodes: number[]): Promise<void> {
  const sinceMs = performance.now();
  const moved = nodes.flatMap((node) => crowd.of(node));
  expect(moved.length).toBeGreaterThan(0);
  await Promise.all(nodes.map((node) => stack.bridge(node).kill9()));
  await stack.tableLike(({ owners, nodes: all }) => !nodes.some((node) => owners.includes(node)) && all.length > 0);
  await crowd.hears();
  await crowd.hears();
  const pauses = crowd.pausesSince(sinceMs, moved);
  console.log(`bridges ${nodes.join(" and ")} died: ${moved.length} pages moved, longest pause ${pauses.at(-1)} ms`);
}

describe("on ngIRCd, which keeps no history and gives no ids, pages", { timeout: 120_000 }, () => {
  it("have each message once and in order when their bridge is killed, whoever takes over", async () => {
    await using stack = await HaloStack.start(3, ...FLAGS);
    await using crowd = await Crowd.gather(stack);
    await stack.protected();
    await outlived(stack, crowd, 2);
    expect(crowd.disturbances()).toEqual([]);
  });

  it("have each message once and in order when a spare takes the place of their bridge", async () => {
    await using stack = await HaloStack.start(3, "--halod-spares", "1", ...FLAGS);
    expect(stack.table.nodes.find(({ state }) => state === "spare")?.node).toBe(3);
    await using crowd = await Crowd.gather(stack);
    await stack.protected();
    // Its keeper is bridge 2, and not the spare.
    await outlived(stack, crowd, 1);
    expect(crowd.disturbances()).toEqual([]);
    await stack.protected();
    await outlived(stack, crowd, 3);
    expect(crowd.disturbances()).toEqual([]);
  });

  it("have each message once and in order when the keeper of their bridge dies first", async () => {
    await using stack = await HaloStack.start(3, ...FLAGS);
    await using crowd = await Crowd.gather(stack);
    await stack.protected();
    await outlived(stack, crowd, 3);
    await stack.protected();
    await outlived(stack, crowd, 2);
    expect(crowd.disturbances()).toEqual([]);
    await expect(stack.protected(0)).rejects.toThrow("unprotected: no other bridge");
  });

  it("are told what they may have missed when their bridge dies together with its keeper", async () => {
    await using stack = await HaloStack.start(3, ...FLAGS);
    await using crowd = await Crowd.gather(stack);
    await stack.protected();
    await outlived(stack, crowd, 2, 3);
    for (const { kind, heard, handshakes } of crowd.pages) {
      // A notice is no number: what follows one may be anything that is greater.
      const isSilent = heard.some((number, index) => index > 0 && number > (heard[index - 1] ?? 0) + 1);
      const numbers = heard.filter((number) => !Number.isNaN(number));
      expect([kind, isSilent, handshakes()]).toEqual([kind, false, 1]);
      expect(numbers).toEqual([...new Set(numbers)].toSorted((one, other) => one - other));
    }
  });
});
