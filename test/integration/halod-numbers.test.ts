import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { EmbeddedIrcd } from "../../bridges/irc/embedded/index.ts";
import { NumberClient } from "../../halod/index.ts";
import { FaultCounter, linkSchema } from "../../link/index.ts";
import { ROUTES, SECRET, startHalod, TestMember } from "../support/halod-cluster.ts";
import { TierProcess } from "../support/stack.ts";
import { recordLog } from "./link-peers.ts";

const log = pino({ level: "silent" });
const WAIT_MS = 40_000;

function clientAt(port: number, onTaken = () => undefined): NumberClient {
  const faults = new FaultCounter(log, Date.now);
  const own = { addresses: [`127.0.0.1:${port}`], instance: randomUUID(), name: "b", routes: ROUTES, secret: SECRET };
  return new NumberClient({
    ...own,
    log,
    faults,
    config: linkSchema.parse({}),
    randomBytes,
    random: () => 0.01,
    onTaken,
  });
}

describe("bridges without a number of their own", () => {
  let folder = "";
  let ircd: EmbeddedIrcd;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "tailspin-numbers-"));
    ircd = await EmbeddedIrcd.start({ host: "127.0.0.1", port: 0, log });
  });
  afterAll(async () => {
    await ircd[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  /** `tailspin bridge` with the number 0. */
  function launch(halodPort: number, ircPort: number): TierProcess {
    const irc = ["--irc-host", "127.0.0.1", "--irc-port", String(ircPort)];
    const stack = ["--secret", SECRET, "--routes", String(ROUTES), "--bridge-halod", `127.0.0.1:${halodPort}`];
    return TierProcess.launch(["bridge", "--bridge-port", "0", "--bridge-node", "0", ...irc, ...stack]);
  }

  it("are given the lowest that are free, each another one, for as long as they are there", async () => {
    await using halod = await startHalod({ file: join(folder, "given.json") });
    await using two = new TestMember(halod.port, 2);
    await vi.waitFor(() => expect(two.owners).toBe("2".repeat(ROUTES)), WAIT_MS);
    await using a = clientAt(halod.port);
    await using b = clientAt(halod.port);
    const first = await a.number();
    expect([first, await b.number()]).toEqual([1, 3]);
    await a[Symbol.asyncDispose]();
    await vi.waitFor(async () => {
      await using c = clientAt(halod.port);
      expect(await c.number()).toBe(1);
    }, WAIT_MS);
  }, 120_000);

  it("keep them when HaloD was away, and whoever comes later gets another one", async () => {
    const { log: halodLog, lines } = recordLog();
    const file = join(folder, "kept.json");
    const first = await startHalod({ file });
    const { port } = first;
    let taken = 0;
    await using a = clientAt(port, () => void taken++);
    expect(await a.number()).toBe(1);
    await first[Symbol.asyncDispose]();
    await using _again = await startHalod({ file, port }, halodLog);
    await vi.waitFor(() => expect(lines.find(({ msg }) => msg === "number given")).toMatchObject({ node: 1 }), WAIT_MS);
    await using b = clientAt(port);
    expect([await b.number(), taken]).toEqual([2, 0]);
  }, 120_000);

  it("end when HaloD forgot them and another bridge has their number, to begin anew", async () => {
    const file = join(folder, "another.json");
    const other = await startHalod({ file });
    const one = new TestMember(other.port, 1);
    await vi.waitFor(() => expect(one.owners).toBe("1".repeat(ROUTES)), WAIT_MS);
    // HaloD goes first, so the bridge stays in the file.
    await other[Symbol.asyncDispose]();
    await one[Symbol.asyncDispose]();

    const { log: halodLog, lines } = recordLog();
    const first = await startHalod({ file: join(folder, "forgotten.json") }, halodLog);
    // It has no network, so it does not register, and only has its number.
    await using bridge = launch(first.port, 1);
    await vi.waitFor(() => expect(lines.find(({ msg }) => msg === "number given")).toMatchObject({ node: 1 }), WAIT_MS);
    const { port } = first;
    await first[Symbol.asyncDispose]();
    await using _again = await startHalod({ file, port });
    expect((await bridge.exited).code).toBe(1);
    expect(bridge.log.join("\n")).toContain("another bridge has this one's number now");
  }, 120_000);

  it("wait while HaloD has no number for them, are told so, and then are in the table with the one they get", async () => {
    await using halod = await startHalod({ file: join(folder, "full.json"), maxBridges: 1 });
    await using watcher = new TestMember(halod.port);
    await using one = new TestMember(halod.port, 1);
    await vi.waitFor(() => expect(watcher.owners).toBe("1".repeat(ROUTES)), WAIT_MS);
    await using bridge = launch(halod.port, ircd.port);
    const isTold = (line: string) => line.includes("HaloD gave no number") && line.includes("up to 1 are taken");
    await vi.waitFor(() => expect(bridge.log.some(isTold), bridge.log.join("\n")).toBe(true), WAIT_MS);
    await one[Symbol.asyncDispose]();
    await vi.waitFor(() => {
      expect(watcher.owners).toBe("1".repeat(ROUTES));
      expect(watcher.clusters.at(-1)?.nodes[0]?.address).toMatch(/^127\.0\.0\.1:\d+$/);
    }, WAIT_MS);
  }, 120_000);

  it("cannot be where there is no HaloD", async () => {
    await using bridge = TierProcess.launch(["bridge", "--bridge-node", "0", "--irc-host", "127.0.0.1"]);
    expect((await bridge.exited).code).toBe(2);
    expect(bridge.log.join("\n")).toContain("only HaloD can give a number");
  }, 120_000);
});
