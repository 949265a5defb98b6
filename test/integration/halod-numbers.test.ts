import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { EmbeddedIrcd } from "../../bridges/irc/embedded/index.ts";
import { ROUTES, SECRET, startHalod, TestMember } from "../support/halod-cluster.ts";
import { startBridge, TierProcess } from "../support/stack.ts";
import { recordLog } from "./link-peers.ts";

describe("bridges without a number of their own", () => {
  let folder = "";
  let ircd: EmbeddedIrcd;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "tailspin-numbers-"));
    ircd = await EmbeddedIrcd.start({ host: "127.0.0.1", port: 0, log: pino({ level: "silent" }) });
  });
  afterAll(async () => {
    await ircd[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const flagsFor = (port: number) => {
    const stack = ["--secret", SECRET, "--routes", String(ROUTES)];
    return [...stack, "--bridge-halod", `127.0.0.1:${port}`, "--bridge-node", "0"];
  };
  const bridgeAt = (port: number) => startBridge({ host: "127.0.0.1", port: ircd.port }, ...flagsFor(port));

  it("are given the lowest that are free, each another one, and keep them when HaloD was away", async () => {
    const file = join(folder, "kept.json");
    const first = await startHalod({ file });
    const { port } = first;
    await using watcher = new TestMember(port);
    await using _two = new TestMember(port, 2);
    await vi.waitFor(() => expect(watcher.owners).toBe("2".repeat(ROUTES)), 40_000);
    const bridges = new AsyncDisposableStack();
    await using _bridges = bridges;
    for (const bridge of await Promise.all([bridgeAt(port), bridgeAt(port)])) bridges.use(bridge);
    const everybody = new Set(["1", "2", "3"]);
    await vi.waitFor(() => expect(new Set(watcher.owners)).toEqual(everybody), 40_000);

    await first[Symbol.asyncDispose]();
    await using _again = await startHalod({ file, port });
    await using late = new TestMember(port);
    await vi.waitFor(() => expect(new Set(late.owners)).toEqual(everybody), 40_000);
    bridges.use(await bridgeAt(port));
    await vi.waitFor(() => expect(new Set(late.owners)).toEqual(new Set([...everybody, "4"])), 40_000);
  }, 120_000);

  it("begin anew when HaloD forgot them, and another bridge has their number", async () => {
    const { log, lines } = recordLog();
    const first = await startHalod({ file: join(folder, "first.json") }, log);
    const { port } = first;
    const irc = ["--irc-host", "127.0.0.1", "--irc-port", "1"];
    // Without a network it does not register, and only has its number.
    await using bridge = TierProcess.launch(["bridge", "--bridge-port", "0", ...irc, ...flagsFor(port)]);
    await vi.waitFor(() => expect(lines.find(({ msg }) => msg === "number given")).toMatchObject({ node: 1 }), 40_000);
    await first[Symbol.asyncDispose]();
    bridge.freeze();
    await using _again = await startHalod({ file: join(folder, "second.json"), port });
    await using one = new TestMember(port, 1);
    await vi.waitFor(() => expect(one.owners).toBe("1".repeat(ROUTES)), 40_000);
    bridge.thaw();
    const { code } = await bridge.exited;
    expect(code).toBe(1);
    expect(bridge.log.join("\n")).toContain("another bridge has this one's number now");
  }, 120_000);

  it("wait for HaloD, and are told when it has no number for them", async () => {
    await using halod = await startHalod({ file: join(folder, "full.json"), maxBridges: 1 });
    await using one = new TestMember(halod.port, 1);
    await vi.waitFor(() => expect(one.owners).toBe("1".repeat(ROUTES)), 40_000);
    const irc = ["--irc-host", "127.0.0.1", "--irc-port", String(ircd.port)];
    await using bridge = TierProcess.launch(["bridge", "--bridge-port", "0", ...irc, ...flagsFor(halod.port)]);
    const isTold = (line: string) => line.includes("HaloD gave no number") && line.includes("up to 1 are taken");
    await vi.waitFor(() => expect(bridge.log.some(isTold), bridge.log.join("\n")).toBe(true), 40_000);
    await one[Symbol.asyncDispose]();
    const isReady = (line: string) => line.startsWith("tailspin bridge ready");
    await vi.waitFor(() => expect(bridge.output.some(isReady), bridge.log.join("\n")).toBe(true), 40_000);
  }, 120_000);

  it("cannot be where there is no HaloD", async () => {
    await using bridge = TierProcess.launch(["bridge", "--bridge-node", "0", "--irc-host", "127.0.0.1"]);
    expect((await bridge.exited).code).toBe(2);
    expect(bridge.log.join("\n")).toContain("only HaloD can give a number");
  }, 120_000);
});
