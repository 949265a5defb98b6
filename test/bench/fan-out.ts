import { BenchProcess } from "./child-process.ts";
import { measureCpu, totalMs, type CpuMs } from "./cpu.ts";
import type { FanOutConfig } from "./load/protocol.ts";
import { type Figure, median } from "./report.ts";
import type { Plan } from "./plan.ts";
import type { Subject } from "./stack.ts";

/** How messages are published. */
export interface Pace {
  readonly outstanding: number;
  readonly restMs: number;
}

/** One run's measurement. */
export interface Sample {
  readonly cpu: CpuMs;
  readonly messages: number;
  readonly deliveries: number;
  readonly batches: number;
}

/** Enough that none but the time ends a run. */
const MAX_MESSAGES = 200_000;
/** So many together, where it matters only that they are said. */
const BURST = 16;
/** Where the number of messages ends a run. */
const FOREVER_MS = 120_000;
/** Beyond the run itself, for its last burst and for a loss to be noticed. */
const GRACE_MS = 30_000;

/** A subject with its audience. */
export class FanOut implements AsyncDisposable {
  readonly subject: Subject;
  readonly #load: BenchProcess;
  readonly #plan: Plan;

  private constructor(subject: Subject, load: BenchProcess, plan: Plan) {
    this.subject = subject;
    this.#load = load;
    this.#plan = plan;
  }

  /** Starts the load client, and waits until all its subscribers are there. */
  static async start(
    subject: Subject,
    audience: Pick<FanOutConfig, "transport" | "channel" | "subscribers" | "messageBytes">,
    plan: Plan,
  ): Promise<FanOut> {
    const { server, publishing, name } = subject;
    const config: FanOutConfig = { ...audience, server, publishing, isBayeux: name !== "bare" };
    return new FanOut(subject, await BenchProcess.start("load/fan-out.ts", config, plan.signal), plan);
  }

  /** Runs until code and caches are warm; measures nothing. */
  async warmUp(pace: Pace): Promise<void> {
    await this.#publish(pace, this.#plan.warmUpMs);
  }

  /** Says so many messages as fast as they are taken. */
  async say(messages: number): Promise<void> {
    await this.#publish({ outstanding: BURST, restMs: 0 }, FOREVER_MS, messages);
  }

  /** @returns the time that all but one in a hundred deliveries take at most */
  async measureP99Ms(messages: number, restMs: number): Promise<number> {
    const report = await this.#request({ outstanding: 1, restMs }, FOREVER_MS, messages, true);
    return report.p99Ms;
  }

  async measure(pace: Pace): Promise<Sample> {
    const { cpu, result } = await measureCpu(this.subject.tiers, () => this.#publish(pace, this.#plan.runMs));
    return { cpu, ...result };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#load[Symbol.asyncDispose]();
  }

  async #publish(pace: Pace, maxMs: number, maxMessages = MAX_MESSAGES): Promise<Omit<Sample, "cpu">> {
    const { messages, deliveries, batches } = await this.#request(pace, maxMs, maxMessages, false);
    return { messages, deliveries, batches };
  }

  async #request(pace: Pace, maxMs: number, maxMessages: number, isTimed: boolean) {
    const report = await this.#load.request(
      { type: "publish", maxMessages, maxMs, ...pace, isTimed },
      maxMs + GRACE_MS,
    );
    if (report.type !== "published") throw new Error(`a fan-out was answered with "${report.type}"`);
    return report;
  }
}

/**
 * Measures all in turn, round by round, so that the machine's mood is the same for all.
 *
 * @returns by subject, in their order, one sample a round
 */
export async function alternate(fanOuts: readonly FanOut[], pace: Pace, plan: Plan): Promise<Sample[][]> {
  for (const fanOut of fanOuts) await fanOut.warmUp(pace);
  const samples: Sample[][] = fanOuts.map(() => []);
  for (let round = 1; round <= plan.rounds; round++) {
    for (const [index, fanOut] of fanOuts.entries()) {
      const sample = await fanOut.measure(pace);
      samples[index]?.push(sample);
      const us = microsecondsPerDelivery(sample).toFixed(2);
      plan.say(`  round ${round}, ${fanOut.subject.name}: ${sample.deliveries} deliveries, ${us} µs each`);
    }
  }
  return samples;
}

/** CPU of the tiers given, or of all. */
export function microsecondsPerDelivery({ cpu, deliveries }: Sample, tier?: string): number {
  return (1_000 * (tier === undefined ? totalMs(cpu) : (cpu[tier] ?? 0))) / deliveries;
}

/** The median over rounds of one subject's figure divided by another's in the same round. */
export function medianRatio(
  over: readonly Sample[],
  under: readonly Sample[],
  figure: (sample: Sample) => number,
  figureUnder: (sample: Sample) => number = figure,
): number {
  return median(
    over.map((sample, round) => {
      const other = under[round];
      if (other === undefined) throw new RangeError("both were measured in every round");
      return figure(sample) / figureUnder(other);
    }),
  );
}

/** What is told of one subject: deliveries per CPU-second, and where the CPU went. */
export function describe(title: string, { subject }: FanOut, samples: readonly Sample[]): Figure[] {
  const perSecond = median(samples.map((sample) => 1e6 / microsecondsPerDelivery(sample)));
  const perBatch = median(samples.map(({ deliveries, batches }) => deliveries / batches));
  const tiers = Object.keys(subject.tiers);
  return [
    { name: `${title}, ${subject.name}`, value: perSecond, unit: "deliveries per CPU-second" },
    ...tiers.map((tier) => ({
      name: `    ${tier}`,
      value: median(samples.map((sample) => microsecondsPerDelivery(sample, tier))),
      unit: "µs per delivery",
    })),
    { name: "    together in one frame or response", value: perBatch, unit: "messages" },
  ];
}
