import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { routeOf } from "../../bayeux/index.ts";
import { Audience, HaloStack, numbersOf, type Page } from "../support/halo-stack.ts";

const PAGES = 20;
const ROUTES = 1_024;
/** Detection, takeover, the clients' way back, and room for a busy machine. */
const BACK_MS = 5_000;

/** They never noticed anything: one handshake, no failure, every number. */
function expectUndisturbed(pages: readonly Page[]): void {
  for (const page of pages) {
    expect(page.client.handshakes).toHaveLength(1);
    expect(page.client.failures).toEqual([]);
    const numbers = numbersOf(page);
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
  }
}

/** How many routes two tables differ in. */
function movedBetween(before: readonly number[], after: readonly number[]): number {
  return after.filter((owner, index) => owner !== before[index]).length;
}

describe("a stack with HaloD", { timeout: 60_000 }, () => {
  let stack: HaloStack;
  beforeAll(async () => {
    stack = await HaloStack.start(2, "--halod-silence-ms", "1000", "--halod-fail-after-ms", "300");
  });
  afterAll(() => stack[Symbol.asyncDispose]());

  it("moves the sessions on the routes of a bridge that joins, and of one that leaves, without a handshake", async () => {
    await using audience = await Audience.gather(stack, PAGES);
    const before = stack.table;
    expect(before.owners.filter((owner) => owner === 1)).toHaveLength(ROUTES / 2);
    const routes = audience.pages.map((page) => ({ page, clientId: page.client.clientId }));
    await stack.addBridge(3);
    const after = await stack.tableLike(({ nodes }) => nodes.length === 3);
    expect(movedBetween(before.owners, after.owners)).toBe(Math.floor(ROUTES / 3));
    await audience.hears(audience.pages, BACK_MS);
    for (const { page, clientId } of routes) {
      expect(page.client.clientId).toBe(clientId);
      const isMoved = after.owners[(routeOf(clientId ?? "") ?? 0) - 1] === 3;
      if (!isMoved) expectUndisturbed([page]);
    }
    await stack.bridge(3).stop();
    await stack.tableLike(({ nodes }) => nodes.length === 2);
    await audience.hears(audience.pages, BACK_MS);
    expect(stack.table.owners).toEqual(before.owners);
    for (const { client } of audience.pages) expect([client.handshakes.length, client.failures]).toEqual([1, []]);
  });

  it("goes on at the other bridge when one is killed, and those who were there notice nothing", async () => {
    await using audience = await Audience.gather(stack, PAGES);
    const [others, moved] = [audience.of(1), audience.of(2)];
    expect([others.length > 0, moved.length > 0]).toEqual([true, true]);
    const atMs = performance.now();
    await stack.bridge(2).kill9();
    await stack.tableLike(({ owners }) => owners.every((owner) => owner === 1));
    expect(performance.now() - atMs).toBeLessThan(1_500);
    await audience.hears(audience.pages, BACK_MS);
    expectUndisturbed(others);
    for (const { client } of moved) expect(client.handshakes).toHaveLength(1);
    await stack.addBridge(2);
    await stack.tableLike(({ owners }) => owners.includes(2));
  });

  it("fences a bridge that hung, and takes it back as a new one", async () => {
    await using audience = await Audience.gather(stack, PAGES);
    const [others, lost] = [audience.of(1), audience.of(2)];
    const old = lost.map(({ client }) => client.clientId);
    stack.bridge(2).freeze();
    await stack.tableLike(({ owners }) => owners.every((owner) => owner === 1));
    await audience.hears(audience.pages, BACK_MS);
    expectUndisturbed(others);
    stack.bridge(2).thaw();
    await stack.tableLike(({ owners }) => owners.includes(2));
    await vi.waitFor(() => {
      const ended = stack.bridge(2).log.filter((line) => line.includes(`"reason":"moved"`));
      expect(ended.length).toBeGreaterThanOrEqual(old.length);
    }, 5_000);
    await audience.hears(audience.pages, BACK_MS);
    // Its sessions have gone on elsewhere, and have come back from there.
    expect(lost.map(({ client }) => client.clientId)).toEqual(old);
  });

  it("changes nothing when HaloD is killed, nor when it is back", async () => {
    await using audience = await Audience.gather(stack, PAGES);
    const before = stack.table;
    await stack.killHalod();
    await audience.hears(audience.pages, 1_000);
    await using late = await Audience.gather(stack, 4);
    await stack.startHalod();
    await vi.waitFor(() => {
      for (const node of [1, 2])
        expect(stack.bridge(node).log.filter((line) => line.includes("link up")).length).toBeGreaterThan(1);
    }, 10_000);
    await audience.hears(audience.pages, 1_000);
    expect(movedBetween(before.owners, stack.table.owners)).toBe(0);
    expectUndisturbed([...audience.pages, ...late.pages]);
  });
});

describe("a stack with HaloD and a spare", { timeout: 60_000 }, () => {
  it("gives the routes of a bridge that is killed to the spare, and nothing else moves", async () => {
    await using stack = await HaloStack.start(3, "--halod-spares", "1", "--halod-fail-after-ms", "300");
    expect(stack.table.nodes.filter(({ state }) => state === "spare")).toMatchObject([{ node: 3 }]);
    await using audience = await Audience.gather(stack, PAGES);
    const others = audience.of(1);
    const before = stack.table;
    await stack.bridge(2).kill9();
    const after = await stack.tableLike(({ nodes }) => nodes.length === 2);
    expect(after.owners).toEqual(before.owners.map((owner) => (owner === 2 ? 3 : owner)));
    await audience.hears(audience.pages, BACK_MS);
    expectUndisturbed(others);
    expect([audience.of(2).length, audience.of(3).length > 0]).toEqual([0, true]);
  });
});
