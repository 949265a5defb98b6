import { BenchProcess } from "../child-process.ts";
import { measureCpu, totalMs, type CpuMs } from "../cpu.ts";
import type { SessionsConfig } from "../load/protocol.ts";
import type { Plan } from "../plan.ts";
import { median, type Figure, type Findings, type Ratio } from "../report.ts";
import { startFaye, startTailSpin, type Subject } from "../stack.ts";

/** Visitors that come at the same time: the more, the more of their requests share a write between the tiers. */
const CROWDS = [16, 64] as const;
const WITHIN_MS = 60_000;

/** What a new visitor costs: WebSocket upgrade, handshake, subscribe and first connect. */
export async function sessions(plan: Plan): Promise<Findings> {
  await using tailspin = await startTailSpin(plan.signal);
  await using faye = await startFaye(plan.signal);
  await using ours = await startVisitors(tailspin, plan);
  await using theirs = await startVisitors(faye, plan);
  for (const visitors of [ours, theirs]) {
    await open(visitors, plan.sessions, CROWDS[0]);
    await close(visitors);
  }
  const found: Findings[] = [];
  for (const crowd of CROWDS) {
    plan.say(`Sessions, ${plan.sessions} set up by ${crowd} visitors at a time`);
    const oursCpu: CpuMs[] = [];
    const theirCpu: CpuMs[] = [];
    for (let round = 1; round <= plan.rounds; round++) {
      oursCpu.push(await run(tailspin, ours, crowd, plan));
      theirCpu.push(await run(faye, theirs, crowd, plan));
    }
    found.push({
      figures: [...describe(tailspin, crowd, oursCpu, plan), ...describe(faye, crowd, theirCpu, plan)],
      ratios: [judge(crowd, oursCpu, theirCpu)],
    });
  }
  return { ratios: found.flatMap(({ ratios }) => ratios), figures: found.flatMap(({ figures }) => figures) };
}

function judge(crowd: number, ours: readonly CpuMs[], theirs: readonly CpuMs[]): Ratio {
  return {
    name: `Sessions set up per CPU-second, ${crowd} visitors at a time, all tiers / faye`,
    ratio: median(ours.map((cpu, round) => totalMs(theirs[round] ?? {}) / totalMs(cpu))),
    target: 1.5,
    bound: "at least",
  };
}

function startVisitors({ server }: Subject, plan: Plan): Promise<BenchProcess> {
  const config: SessionsConfig = { server, channel: "bench" };
  return BenchProcess.start("load/sessions.ts", config, plan.signal);
}

async function run(subject: Subject, visitors: BenchProcess, crowd: number, plan: Plan): Promise<CpuMs> {
  const { cpu } = await measureCpu(subject.tiers, () => open(visitors, plan.sessions, crowd));
  plan.say(`  ${subject.name}: ${((1_000 * totalMs(cpu)) / plan.sessions).toFixed(0)} µs a session`);
  await close(visitors);
  return cpu;
}

async function open(visitors: BenchProcess, count: number, concurrency: number): Promise<void> {
  await visitors.request({ type: "open", sessions: count, concurrency }, WITHIN_MS);
}

async function close(visitors: BenchProcess): Promise<void> {
  await visitors.request({ type: "close" }, WITHIN_MS);
}

function describe(
  { name, tiers }: Subject,
  crowd: number,
  runs: readonly CpuMs[],
  { sessions: count }: Plan,
): Figure[] {
  const perSecond = median(runs.map((cpu) => (1_000 * count) / totalMs(cpu)));
  return [
    { name: `Sessions, ${crowd} visitors at a time, ${name}`, value: perSecond, unit: "set up per CPU-second" },
    ...Object.keys(tiers).map((tier) => ({
      name: `    ${tier}`,
      value: median(runs.map((cpu) => (1_000 * (cpu[tier] ?? 0)) / count)),
      unit: "µs per session",
    })),
  ];
}
