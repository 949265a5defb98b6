import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { EmbeddedIrcd } from "../../bridges/irc/embedded/index.ts";
import { scaleSchema, type ScaleConfig } from "../../halod/scale-config.ts";
import { BridgeKeeper } from "../support/bridge-keeper.ts";
import { freePort } from "../support/free-port.ts";
import { ROUTES, SECRET, startHalod, TestMember } from "../support/halod-cluster.ts";
import { TierProcess } from "../support/stack.ts";
import { recordLog } from "./link-peers.ts";

/** As quick as it can be: one sample counts, and is looked at after a second. */
const QUICK: Partial<ScaleConfig> = { windowMs: 1_000, growAfterMs: 1, coolDownMs: 1 };

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tailspin-autoscale-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A place for a table of its own. */
const newFile = () => join(folder, `${randomUUID()}.json`);

/** A HaloD in this process that has too few bridges: the one that there is has twice what it can bear. */
async function overloaded(start: string[], changes: Partial<ScaleConfig> = {}) {
  const { log, lines } = recordLog();
  const autoscale = scaleSchema.parse({ ...QUICK, start, ...changes });
  const halod = await startHalod({ file: newFile(), autoscale }, log);
  const bridge = new TestMember(halod.port, 1, { load: { sessions: 200_000, busy: 1 } });
  return {
    halod,
    said: (text: string) => lines.filter(({ msg }) => msg === text),
    async [Symbol.asyncDispose]() {
      await bridge[Symbol.asyncDispose]();
      await halod[Symbol.asyncDispose]();
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** What a command said first, as a number. */
const pidIn = (line: Record<string, unknown> | undefined): number => Number.parseInt(String(line?.["output"]), 10);

// Side by side: nearly all of it is waiting for seconds to pass.
describe.concurrent("the autoscaler of HaloD", () => {
  it("starts real bridges by its command when there is more to bear, and stops them when there is less", async () => {
    const log = pino({ level: "silent" });
    await using ircd = await EmbeddedIrcd.start({ host: "127.0.0.1", port: 0, log });
    const port = await freePort();
    await using keeper = await BridgeKeeper.start({ host: "127.0.0.1", port: ircd.port }, port);
    const settings = {
      "--port": port,
      "--halod-file": newFile(),
      "--secret": SECRET,
      "--routes": ROUTES,
      // Nobody is to be taken for dead here, however busy the machine is.
      "--halod-silence-ms": 60_000,
      "--halod-autoscale-start": keeper.command,
      "--halod-autoscale-stop": keeper.command,
      "--halod-autoscale-max": 3,
      "--halod-autoscale-sessions-per-bridge": 100,
      "--halod-autoscale-window-ms": 1_000,
      "--halod-autoscale-grow-after-ms": 1_000,
      "--halod-autoscale-shrink-after-ms": 1_000,
      "--halod-autoscale-cool-down-ms": 1_000,
    };
    const flags = Object.entries(settings).flatMap(([flag, value]) => [flag, String(value)]);
    // Whoever registers waits until it listens.
    await using _halod = TierProcess.launch(["halod", ...flags]);
    await using one = new TestMember(port, 1, { load: { sessions: 150, busy: 0 } });
    await vi.waitFor(() => expect(new Set(one.owners)).toEqual(new Set(["1", "2", "3"])), 80_000);
    expect(keeper.calls).toEqual([{ action: "start", nodes: "2 3", wanted: "3" }]);
    one.load = { sessions: 0, busy: 0 };
    await vi.waitFor(() => expect(one.owners).toBe("1".repeat(ROUTES)), 80_000);
    await vi.waitFor(() => expect(keeper.bridges.size).toBe(0), 80_000);
    expect(keeper.calls.slice(1)).toEqual([
      { action: "stop", nodes: "3", wanted: "2" },
      { action: "stop", nodes: "2", wanted: "1" },
    ]);
  }, 240_000);

  it("tells of a command that fails, in its words, and waits longer after each time", async () => {
    const start = [process.execPath, "-e", "console.error('no room'); process.exit(3)"];
    await using scaled = await overloaded(start, { retryAfterMs: 500 });
    await vi.waitFor(() => expect(scaled.said("command failed").length).toBeGreaterThanOrEqual(2), 40_000);
    const [first, second] = scaled.said("command failed");
    const failure = { level: 50, reason: "ended with 3", output: "no room", command: start };
    expect(first).toMatchObject({ ...failure, nodes: [2, 3, 4], failures: 1, retryInMs: 500 });
    expect(second).toMatchObject({ ...failure, failures: 2, retryInMs: 1_000 });
    expect(Number(second?.["time"]) - Number(first?.["time"])).toBeGreaterThanOrEqual(500);
  }, 120_000);

  it("tells of a command that is not there, and goes on", async () => {
    await using scaled = await overloaded(["/nowhere/start"]);
    await vi.waitFor(() => expect(scaled.said("command failed")).toHaveLength(1), 40_000);
    expect(scaled.said("command failed")[0]?.["reason"]).toContain("ENOENT");
    await using second = new TestMember(scaled.halod.port, 2);
    await vi.waitFor(() => expect(second.owners).toMatch(/^1{12}2{12}$/), 40_000);
  }, 120_000);

  it("ends a command that hangs, and what it has started, though they do not want to", async () => {
    const script = "trap '' TERM; sleep 1000 & echo $!; wait";
    await using scaled = await overloaded(["sh", "-c", script], { commandTimeoutMs: 4_000 });
    await vi.waitFor(() => expect(scaled.said("command failed")).toHaveLength(1), 40_000);
    const [failure] = scaled.said("command failed");
    expect(failure?.["reason"]).toBe("ended: it took longer than 4000 ms");
    expect(pidIn(failure)).toBeGreaterThan(1);
    await vi.waitFor(() => expect(isAlive(pidIn(failure))).toBe(false), 40_000);
  }, 120_000);

  it("leaves alone what a command that succeeds leaves running, and tells when no bridge registers", async () => {
    const start = ["sh", "-c", "sleep 1000 & echo $!"];
    await using scaled = await overloaded(start, { actTimeoutMs: 2_000 });
    await vi.waitFor(() => expect(scaled.said("command done")).toHaveLength(1), 40_000);
    const pid = pidIn(scaled.said("command done")[0]);
    try {
      const text = "bridges that were started did not register in time";
      await vi.waitFor(() => expect(scaled.said(text)).toHaveLength(1), 40_000);
      expect(scaled.said(text)[0]).toMatchObject({ level: 50, wanted: 4, there: 1, failures: 1, retryInMs: 60_000 });
      expect(isAlive(pid)).toBe(true);
    } finally {
      process.kill(pid);
    }
  }, 120_000);

  it("ends the command that is running when HaloD stops", async () => {
    const mark = join(folder, "started");
    const scaled = await overloaded([
      "sh",
      "-c",
      `trap '' TERM; echo $$ > ${mark}.new; mv ${mark}.new ${mark}; sleep 1000`,
    ]);
    const pid = await vi.waitFor(async () => Number(await readFile(mark, "utf8")), 40_000);
    await scaled[Symbol.asyncDispose]();
    expect(isAlive(pid)).toBe(false);
    expect(scaled.said("command failed")).toEqual([]);
  }, 120_000);
});
