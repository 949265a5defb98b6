import { describe, expect, it, vi } from "vitest";
import { Audience, HaloStack, numbersOf, type Page } from "../support/halo-stack.ts";

const PAGES = 8;
/** Detection, takeover, the clients' way back, and room for a busy machine. */
const BACK_MS = 15_000;
const PATIENCE = { timeout: 40_000, interval: 20 };

/** They never noticed anything: one handshake, no failure, every number. */
function expectUndisturbed(pages: readonly Page[]): void {
  for (const page of pages) {
    expect([page.client.handshakes.length, page.client.failures]).toEqual([1, []]);
    const numbers = numbersOf(page);
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
  }
}

/** Resolves when the standby makes the tables. */
async function acts({ standby }: HaloStack): Promise<void> {
  await vi.waitFor(() => expect(standby.log.some((line) => line.includes("HaloD acts"))).toBe(true), PATIENCE);
}

/** Resolves when the standby has a say. */
async function joined({ standby }: HaloStack): Promise<void> {
  await vi.waitFor(() => expect(standby.log.some((line) => line.includes("has a say"))).toBe(true), PATIENCE);
}

describe("a stack with a standby HaloD", { timeout: 120_000 }, () => {
  it("goes on as it is when HaloD is killed, and the standby gives away what a dead bridge had", async () => {
    await using stack = await HaloStack.startWithStandby(3, "--halod-fail-after-ms", "300");
    await using audience = await Audience.gather(stack, PAGES);
    await joined(stack);
    const before = stack.table;
    await stack.killHalod();
    await acts(stack);
    await audience.hears(audience.pages, BACK_MS);
    expect(stack.table).toEqual(before);
    expectUndisturbed(audience.pages);
    const others = [...audience.of(1), ...audience.of(3)];
    await stack.bridge(2).kill9();
    await stack.tableLike(({ owners }) => !owners.includes(2));
    await audience.hears(audience.pages, BACK_MS);
    for (const { client } of audience.pages) expect(client.handshakes).toHaveLength(1);
    // The routes that the third bridge gets from the first one move too, with all that was said.
    for (const page of others) expect(page.client.failures).toEqual([]);
  });

  it("lets a HaloD that hung move nothing when it goes on", async () => {
    await using stack = await HaloStack.startWithStandby(2, "--halod-silence-ms", "1000");
    await using audience = await Audience.gather(stack, PAGES);
    await joined(stack);
    const before = stack.table;
    stack.halod.freeze();
    await acts(stack);
    stack.halod.thaw();
    await vi.waitFor(() => {
      expect(stack.halod.log.some((line) => line.includes("does not act any more"))).toBe(true);
    }, PATIENCE);
    await audience.hears(audience.pages, BACK_MS);
    expect(stack.table).toEqual(before);
    expectUndisturbed(audience.pages);
  });
});
