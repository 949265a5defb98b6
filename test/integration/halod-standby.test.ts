import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { askStatus, statusText, type HaloDaemon } from "../../halod/index.ts";
import { FaultCounter, linkSchema } from "../../link/index.ts";
import { freePort } from "../support/free-port.ts";
import { MemberProcess, ROUTES, SECRET, startHalod, TestMember } from "../support/halod-cluster.ts";
import { TierProcess } from "../support/stack.ts";

const ONE = "1".repeat(ROUTES);
const TWO = "111111111111222222222222";
const THREE = "111111113333222222223333";
const READY = /^tailspin halod ready 127\.0\.0\.1:(\d+)$/;
/** Whatever a busy machine takes. */
const PATIENCE = { timeout: 40_000, interval: 20 };

let folder = "";
let ports: [number, number] = [0, 0];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tailspin-standby-"));
  ports = [await freePort(), await freePort()];
});
afterEach(() => rm(folder, { recursive: true }));

/** The standby, in this process. */
function startStandby(changes: Parameters<typeof startHalod>[0] = {}): Promise<HaloDaemon> {
  const file = join(folder, "standby.json");
  return startHalod({ port: ports[1], file, standbyOf: `127.0.0.1:${ports[0]}`, ...changes });
}

/** The configured HaloD, in this process. */
function startPrimary(changes: Parameters<typeof startHalod>[0] = {}): Promise<HaloDaemon> {
  return startHalod({ port: ports[0], file: join(folder, "primary.json"), ...changes });
}

/** The configured HaloD in a process of its own, to be killed or stopped. */
function launchPrimary(...flags: string[]): Promise<TierProcess> {
  const file = ["--halod-file", join(folder, "primary.json")];
  const stack = ["--secret", SECRET, "--routes", String(ROUTES), "--port", String(ports[0])];
  return TierProcess.start(READY, ["halod", ...stack, ...file, ...flags]);
}

/** As `tailspin status` shows it. */
async function statusOf(port: number): Promise<string> {
  const log = pino({ level: "silent" });
  const own = { secret: SECRET, routes: ROUTES, instance: randomUUID(), timeoutMs: 5_000, log, randomBytes };
  const link = { config: linkSchema.parse({}), faults: new FaultCounter(log, Date.now), random: Math.random };
  return statusText(await askStatus({ ...own, ...link, address: `127.0.0.1:${port}` }), Date.now());
}

/** Resolves when the standby has a say: before that it takes over from nobody. */
async function joined(standby: HaloDaemon): Promise<void> {
  await vi.waitFor(() => expect(standby.hasSay).toBe(true), PATIENCE);
}

describe("a standby HaloD", { timeout: 90_000 }, () => {
  it("makes no first table, and follows the one that acts", async () => {
    await using standby = await startStandby();
    await using bridge = new TestMember(ports, 1);
    await using dispatcher = new TestMember(ports);
    await vi.waitFor(async () => expect(await statusOf(standby.port)).toContain("1 dispatcher"), PATIENCE);
    expect([standby.isActing, bridge.owners, dispatcher.owners]).toEqual([false, "none", "none"]);
    await using primary = await startPrimary();
    await vi.waitFor(() => expect([bridge.owners, dispatcher.owners]).toEqual([ONE, ONE]), PATIENCE);
    expect([primary.isActing, standby.isActing]).toEqual([true, false]);
    await joined(standby);
    expect(await statusOf(standby.port)).toMatch(
      new RegExp(`^standby of the HaloD at 127.0.0.1:${ports[0]}: another HaloD acts\\nepoch \\d+,`),
    );
  });

  it("takes over when the primary is killed, moves nothing, and gives away what a dead bridge had", async () => {
    await using primary = await launchPrimary("--halod-nodes", "2");
    await using standby = await startStandby();
    await using dispatcher = new TestMember(ports);
    await using first = new TestMember(ports, 1);
    await using second = new TestMember(ports, 2);
    await vi.waitFor(() => expect(second.owners).toBe(TWO), PATIENCE);
    const third = await MemberProcess.start(ports, [3]);
    await vi.waitFor(() => expect(dispatcher.owners).toBe(THREE), PATIENCE);
    await joined(standby);
    const { length } = dispatcher.clusters;
    await primary.kill9();
    await vi.waitFor(() => expect(standby.isActing).toBe(true), PATIENCE);
    await vi.waitFor(() => expect([dispatcher.client.isUp, first.client.isUp]).toEqual([true, true]), PATIENCE);
    expect(dispatcher.clusters).toHaveLength(length);
    await third[Symbol.asyncDispose]();
    await vi.waitFor(() => expect([dispatcher.owners, first.owners]).toEqual([TWO, TWO]), PATIENCE);
    expect(dispatcher.clusters).toHaveLength(length + 1);
  });

  it("goes on when the former primary is back, which follows it", async () => {
    const first = await startPrimary();
    await using standby = await startStandby();
    await using dispatcher = new TestMember(ports);
    await using bridge = new TestMember(ports, 1);
    await vi.waitFor(() => expect(bridge.owners).toBe(ONE), PATIENCE);
    await joined(standby);
    await first[Symbol.asyncDispose]();
    await vi.waitFor(() => expect(standby.isActing).toBe(true), PATIENCE);
    await using again = await startPrimary();
    await vi.waitFor(async () => expect(await statusOf(again.port)).toMatch(/^standby: another HaloD acts/), PATIENCE);
    await using second = new TestMember(ports, 2);
    await vi.waitFor(() => expect([dispatcher.owners, second.owners]).toEqual([TWO, TWO]), PATIENCE);
    expect([again.isActing, standby.isActing]).toEqual([false, true]);
    // And back again.
    await standby[Symbol.asyncDispose]();
    await vi.waitFor(() => expect(again.isActing).toBe(true), PATIENCE);
    expect(dispatcher.owners).toBe(TWO);
  });

  it("lets a primary that hung move nothing when it goes on", async () => {
    await using primary = await launchPrimary("--halod-silence-ms", "600", "--halod-nodes", "2");
    await using standby = await startStandby({ silenceMs: 600 });
    await using dispatcher = new TestMember(ports);
    await using first = new TestMember(ports, 1);
    await using second = await MemberProcess.start(ports, [2]);
    await vi.waitFor(() => expect([first.owners, dispatcher.owners]).toEqual([TWO, TWO]), PATIENCE);
    await joined(standby);
    primary.freeze();
    await vi.waitFor(() => expect(standby.isActing).toBe(true), PATIENCE);
    await second[Symbol.asyncDispose]();
    await vi.waitFor(() => expect(dispatcher.owners).toBe(ONE), PATIENCE);
    const { length } = dispatcher.clusters;
    primary.thaw();
    await vi.waitFor(async () => expect(await statusOf(ports[0])).toMatch(/^standby/), PATIENCE);
    // What hung may have asked for a term before it heard; then the standby asks for a higher one, which takes a moment.
    await vi.waitFor(() => expect(standby.isActing).toBe(true), PATIENCE);
    expect(await statusOf(ports[0])).toMatch(/^standby/);
    expect(new Set(dispatcher.clusters.slice(length - 1).map(({ owners }) => owners.join("")))).toEqual(new Set([ONE]));
  });
});

describe("HaloD without a majority", { timeout: 90_000 }, () => {
  it("moves nothing, says so, and goes on without the others when it is told to", async () => {
    const primary = await launchPrimary("--halod-grace-ms", "300");
    await using stays = new TestMember(ports[0], 1);
    await vi.waitFor(() => expect(stays.owners).toBe(ONE), PATIENCE);
    const goes = await MemberProcess.start(ports[0], [2, 3, 4, 5]);
    await vi.waitFor(() => expect(stays.owners).toContain("5"), PATIENCE);
    const before = stays.owners;
    await goes[Symbol.asyncDispose]();
    const stuck = await vi.waitFor(async () => {
      const text = await statusOf(ports[0]);
      expect(text).toMatch(/^no majority: 2 of 6 processes reached; nothing moves \(term \d+\)\n/);
      return text;
    }, PATIENCE);
    expect(stays.owners).toBe(before);
    await primary.stop();
    const term = /term (\d+)/.exec(stuck)?.[1] ?? "";
    await using again = await launchPrimary("--halod-grace-ms", "300", "--halod-without-others", term);
    await vi.waitFor(() => expect(stays.owners).toBe(ONE), PATIENCE);
    expect(again.log.some((line) => line.includes("going on without all others"))).toBe(true);
  });
});
