import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MemberProcess, startHalod, TestMember } from "../support/halod-cluster.ts";
import { recordLog } from "./link-peers.ts";

const TWO = "111111111111222222222222";
const THREE = "111111113333222222223333";
/** What the user of a stack is promised for the death of a bridge. */
const FAILOVER_MS = 1_000;

let folder = "";
let file = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tailspin-halod-"));
  file = join(folder, "halod.json");
});
afterEach(() => rm(folder, { recursive: true }));

describe("HaloD", () => {
  it("tells bridges and dispatchers each table, also those who come later", async () => {
    await using halod = await startHalod({ file });
    await using early = new TestMember(halod.port);
    await using first = new TestMember(halod.port, 1);
    await vi.waitFor(() => expect(early.owners).toBe("1".repeat(24)));
    await using second = new TestMember(halod.port, 2);
    await using late = new TestMember(halod.port);
    await vi.waitFor(() => {
      for (const member of [early, first, second, late]) expect(member.owners).toBe(TWO);
    });
    expect(early.clusters.at(-1)?.nodes).toMatchObject([
      { node: 1, address: "b1:7070", state: "active" },
      { node: 2, address: "b2:7070", state: "active" },
    ]);
    for (const { epochs } of [early, first, second, late]) {
      expect(epochs).toEqual([...new Set(epochs)].toSorted((a, b) => a - b));
    }
  });

  it("shares out the routes of a bridge that is killed, within a second", async () => {
    await using halod = await startHalod({ file });
    await using dispatcher = new TestMember(halod.port);
    await using _first = new TestMember(halod.port, 1);
    await using _second = new TestMember(halod.port, 2);
    await vi.waitFor(() => expect(dispatcher.owners).toBe(TWO));
    const third = await MemberProcess.start(halod.port, [3]);
    await vi.waitFor(() => expect(dispatcher.owners).toBe(THREE));
    const tookMs = await timeUntil(
      () => third[Symbol.asyncDispose](),
      () => expect(dispatcher.owners).toBe(TWO),
    );
    expect(tookMs).toBeLessThan(FAILOVER_MS);
  });

  it("gives all routes of a bridge that is killed to a spare, within a second", async () => {
    await using halod = await startHalod({ file, spares: 1 });
    await using dispatcher = new TestMember(halod.port);
    const first = await MemberProcess.start(halod.port, [1]);
    await using spare = new TestMember(halod.port, 9);
    await vi.waitFor(() => expect(spare.clusters.at(-1)?.nodes).toMatchObject([{}, { node: 9, state: "spare" }]));
    expect(dispatcher.owners).toBe("1".repeat(24));
    const tookMs = await timeUntil(
      () => first[Symbol.asyncDispose](),
      () => expect(dispatcher.owners).toBe("9".repeat(24)),
    );
    expect(tookMs).toBeLessThan(FAILOVER_MS);
  });

  it("takes a bridge that says nothing on an open connection for a dead one, and takes it back", async () => {
    await using halod = await startHalod({ file, silenceMs: 400 });
    await using dispatcher = new TestMember(halod.port);
    await using _first = new TestMember(halod.port, 1);
    await vi.waitFor(() => expect(dispatcher.owners).toBe("1".repeat(24)));
    await using second = await MemberProcess.start(halod.port, [2]);
    await vi.waitFor(() => expect(dispatcher.owners).toBe(TWO));
    second.signal("SIGSTOP");
    await vi.waitFor(() => expect(dispatcher.owners).toBe("1".repeat(24)), 5_000);
    second.signal("SIGCONT");
    await vi.waitFor(() => expect(dispatcher.owners).toBe(TWO), 10_000);
  });

  it("changes nothing while it is away, nor when it is back", async () => {
    const first = await startHalod({ file });
    const { port } = first;
    await using dispatcher = new TestMember(port);
    await using _members = new TestMember(port, 1);
    await using other = new TestMember(port, 2);
    await vi.waitFor(() => expect(dispatcher.owners).toBe(TWO));
    const before = dispatcher.clusters.at(-1);
    const saved = await readFile(file, "utf8");
    await first[Symbol.asyncDispose]();
    await vi.waitFor(() => expect([dispatcher.client.isUp, other.client.isUp]).toEqual([false, false]));

    await using _again = await startHalod({ file, port, graceMs: 3_000 });
    await using newcomer = new TestMember(port);
    await vi.waitFor(() => {
      expect([dispatcher.client.isUp, other.client.isUp]).toEqual([true, true]);
      expect(newcomer.clusters).toEqual([before]);
    }, 5_000);
    await using third = new TestMember(port, 3);
    // The next table is the first one that anybody hears of: nothing was told in between.
    await vi.waitFor(() => expect(third.owners).toBe(THREE), 5_000);
    await vi.waitFor(() => expect(dispatcher.owners).toBe(THREE));
    expect(dispatcher.clusters.at(-2)).toEqual(before);
    expect(JSON.parse(saved)).toMatchObject({ vote: { accepted: { table: { epoch: before?.epoch } } } });
  });

  it("gives up those who do not come back after its restart", async () => {
    const first = await startHalod({ file });
    const { port } = first;
    await using stays = new TestMember(port, 1);
    const goes = await MemberProcess.start(port, [2]);
    await vi.waitFor(() => expect(stays.owners).toBe(TWO));
    await first[Symbol.asyncDispose]();
    await goes[Symbol.asyncDispose]();
    await using _again = await startHalod({ file, port, graceMs: 300 });
    await vi.waitFor(() => expect(stays.owners).toBe("1".repeat(24)), 8_000);
  });

  it("tells a newer table than any before, even when its file is gone", async () => {
    const first = await startHalod({ file });
    const { port } = first;
    await using bridge = new TestMember(port, 1);
    await using dispatcher = new TestMember(port);
    await vi.waitFor(() => expect(dispatcher.clusters).not.toEqual([]));
    await first[Symbol.asyncDispose]();
    await rm(file);
    await using _again = await startHalod({ file, port });
    await using second = new TestMember(port, 2);
    await vi.waitFor(() => {
      for (const member of [bridge, dispatcher, second]) expect(member.owners).toMatch(/^(1{12}2{12}|2{12}1{12})$/);
    }, 8_000);
    expect(new Set([bridge, dispatcher, second].map(({ owners }) => owners)).size).toBe(1);
  });

  it("lets a bridge that leaves go when everybody has been told, and one that is stopped as well", async () => {
    await using halod = await startHalod({ file });
    await using dispatcher = new TestMember(halod.port);
    await using first = new TestMember(halod.port, 1);
    await using second = new TestMember(halod.port, 2);
    await using third = new TestMember(halod.port, 3);
    await vi.waitFor(() => expect(dispatcher.owners).toMatch(/^[1-3]*3[1-3]*$/));
    expect(await third.client.leave()).toBe(true);
    await vi.waitFor(() => expect(dispatcher.owners).not.toContain("3"));
    const started = performance.now();
    await second[Symbol.asyncDispose]();
    await vi.waitFor(() => expect(dispatcher.owners).toBe("1".repeat(24)));
    // Nobody waits to see whether it comes back.
    expect(performance.now() - started).toBeLessThan(400);
    expect(first.owners).toBe("1".repeat(24));
  });

  it("refuses a second bridge of a number, says so at both ends, and takes it when the first is gone", async () => {
    const { log, lines } = recordLog();
    await using halod = await startHalod({ file });
    const first = new TestMember(halod.port, 1);
    await vi.waitFor(() => expect(first.owners).toBe("1".repeat(24)));
    await using twin = new TestMember(halod.port, 1, { log });
    const text = "node 1 is the bridge at b1:7070, which is alive; give each bridge a bridge.node of its own";
    await vi.waitFor(() => expect(twin.client.refusal).toContain(text));
    expect(lines.find(({ level }) => level === 50)).toMatchObject({ reason: expect.stringContaining(text) });
    expect(twin.clusters).toEqual([]);
    await first[Symbol.asyncDispose]();
    await vi.waitFor(() => expect(twin.owners).toBe("1".repeat(24)), 5_000);
    expect(twin.client.refusal).toBeNull();
  });

  it("tells nobody a table that it could not write, until it can", async () => {
    const { log, lines } = recordLog();
    const [usual, elsewhere] = [join(folder, "usual"), join(folder, "elsewhere")];
    await mkdir(usual);
    await using halod = await startHalod({ file: join(usual, "halod.json") }, log);
    await using dispatcher = new TestMember(halod.port);
    await using _first = new TestMember(halod.port, 1);
    await vi.waitFor(() => expect(dispatcher.owners).toBe("1".repeat(24)));
    await rename(usual, elsewhere);
    await using second = new TestMember(halod.port, 2);
    await vi.waitFor(() => expect(lines.find(({ level }) => level === 50)?.["msg"]).toContain("table not written"));
    expect([dispatcher.owners, second.owners]).toEqual(["1".repeat(24), "1".repeat(24)]);
    await rename(elsewhere, usual);
    await vi.waitFor(() => expect([dispatcher.owners, second.owners]).toEqual([TWO, TWO]), 5_000);
  });
});

/** @returns milliseconds */
async function timeUntil(act: () => Promise<void>, check: () => void): Promise<number> {
  const started = performance.now();
  await act();
  await vi.waitFor(check, { timeout: 5_000, interval: 5 });
  return performance.now() - started;
}
