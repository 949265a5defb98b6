import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pino } from "pino";
import { HaloClient, type Cluster } from "../../../halod/index.ts";
import { FaultCounter, linkSchema } from "../../../link/index.ts";
import { MemberProcess } from "../../support/halod-cluster.ts";
import { TierProcess } from "../../support/stack.ts";
import { measureCpu, totalMs } from "../cpu.ts";
import type { Plan } from "../plan.ts";
import { median, type Findings } from "../report.ts";

const ROUTES = 1_024;
const BRIDGES = 1_024;
/** Four beats of HaloD's links, so that each of them has asked for a sign of life several times. */
const HEARTBEAT_MS = 10_000;
const TOLD_MS = 30_000;
const SECRET = "a secret of the bench";
const READY = /^tailspin halod ready .*:(\d+)$/;

/** HaloD with as many bridges as there are routes: what they cost while nothing happens, and how fast one is replaced. */
export async function halod(plan: Plan): Promise<Findings> {
  plan.say(`HaloD, ${BRIDGES} bridges`);
  const folder = await mkdtemp(join(tmpdir(), "tailspin-bench-"));
  try {
    const file = join(folder, "halod.json");
    const flags = ["--port", "0", "--halod-file", file, "--secret", SECRET, "--log-level", "warn"];
    await using daemon = await TierProcess.start(READY, ["halod", ...flags, "--halod-nodes", String(BRIDGES)]);
    await using watcher = new Watcher(daemon.port);
    const started = performance.now();
    const rest = Array.from({ length: BRIDGES - plan.rounds }, (_, index) => index + 1);
    const one = async (node: number) => MemberProcess.start(daemon.port, [node], { secret: SECRET, routes: ROUTES });
    const all = MemberProcess.start(daemon.port, rest, { secret: SECRET, routes: ROUTES });
    const victims = Array.from({ length: plan.rounds }, (_, index) => one(BRIDGES - index));
    await using members = await all;
    const formedMs = performance.now() - started;
    // What it takes to let them in is another matter.
    await delay(plan.warmUpMs, undefined, { signal: plan.signal });
    const { cpu } = await measureCpu({ halod: daemon.pid }, () =>
      delay(HEARTBEAT_MS, undefined, { signal: plan.signal }),
    );
    const failoverMs: number[] = [];
    for (const [index, starting] of victims.entries()) {
      const victim = await starting;
      const node = BRIDGES - index;
      const killed = performance.now();
      await victim[Symbol.asyncDispose]();
      const { epoch } = await watcher.until((cluster) => !cluster.owners.includes(node), plan.signal);
      failoverMs.push(performance.now() - killed);
      // All the others are told as well, and they are one process here.
      await members.told(epoch);
    }
    const share = (100 * totalMs(cpu)) / HEARTBEAT_MS;
    return {
      figures: [{ name: `HaloD, ${BRIDGES} bridges let in and told`, value: formedMs, unit: "ms" }],
      ratios: [
        { name: `HaloD, ${BRIDGES} bridges at rest: % of a core`, ratio: share, target: 5, bound: "at most" },
        {
          name: `HaloD, ${BRIDGES} bridges: ms from a kill to the new table`,
          ratio: median(failoverMs),
          target: 1_000,
          bound: "at most",
        },
      ],
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A dispatcher's view. */
class Watcher implements AsyncDisposable {
  readonly #client: HaloClient;
  #cluster: Cluster | null = null;
  #change = Promise.withResolvers<void>();

  constructor(port: number) {
    const log = pino({ level: "silent" });
    this.#client = new HaloClient({
      addresses: [`127.0.0.1:${port}`],
      member: { role: "dispatcher", instance: randomUUID(), name: "watcher" },
      routes: ROUTES,
      secret: SECRET,
      log,
      link: linkSchema.parse({}),
      faults: new FaultCounter(log, () => performance.now()),
      randomBytes,
      random: Math.random,
    });
    this.#client.start((cluster) => {
      this.#cluster = cluster;
      this.#change.resolve();
      this.#change = Promise.withResolvers();
    });
  }

  async until(isRight: (cluster: Cluster) => boolean, signal: AbortSignal): Promise<Cluster> {
    const end = performance.now() + TOLD_MS;
    while (!this.#cluster || !isRight(this.#cluster)) {
      signal.throwIfAborted();
      if (performance.now() > end) throw new Error(`no such table within ${TOLD_MS} ms`);
      await Promise.race([this.#change.promise, delay(100)]);
    }
    return this.#cluster;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }
}
