import { linesOf } from "../../support/log-lines.ts";
import { BenchProcess } from "../child-process.ts";
import { measureCpu, totalMs } from "../cpu.ts";
import { FanOut } from "../fan-out.ts";
import { peakMib } from "../memory.ts";
import type { Plan } from "../plan.ts";
import { type Findings, median } from "../report.ts";
import { startTailSpin, type TailSpin } from "../stack.ts";

const HEALTHY = 900;
const STALLED = 100;
const AUDIENCE = { transport: "websocket", channel: "bench", subscribers: HEALTHY, messageBytes: 400 } as const;
const ROUNDS = 5;
/** A bad median may be the machine's mood: it is measured once more before it fails the run. */
const MAX_ROUNDS = 2 * ROUNDS;
/** Timed messages of one round, one at a time; all rounds together fit into what may wait for one session. */
const TIMED = 130;
const REST_MS = 10;
/** As `bridge.maxQueuedMessages` and `dispatcher.pauseBytes` are by default. */
const MAX_QUEUED = 2_000;
const PAUSE_MIB = 0.25;
/** Of what may wait, left for the timed messages when the readers stall. */
const SPARE = MAX_ROUNDS * TIMED + 100;
const STEP = 160;
/** More than the buffers of any system hold. */
const MAX_FILL = 100_000;
const REQUEST_MS = 60_000;
/** Beside what is counted per reader: garbage that is not collected yet, in either process. */
const GROUND_MIB = 48;
const MOST_RATIO = 1.5;

/** 900 WebSockets that read, beside 100 that do not: what it costs the 900, and the two processes. */
export async function slowReaders(plan: Plan): Promise<Findings> {
  await using control = await startTailSpin(plan.signal);
  await using tailspin = await startTailSpin(plan.signal);
  await using alone = await FanOut.start(control, AUDIENCE, plan);
  await using beside = await FanOut.start(tailspin, AUDIENCE, plan);
  for (const fanOut of [alone, beside]) await fanOut.warmUp({ outstanding: 1, restMs: 15 });

  plan.say(`Slow readers: how much ${STALLED} of them take until they have fallen behind`);
  let fill = 0;
  {
    await using _ = await stall(tailspin, plan);
    while (fellBehind(tailspin).size < STALLED) {
      if (fill >= MAX_FILL) throw new Error(`of ${STALLED} stalled readers ${fellBehind(tailspin).size} fell behind`);
      await beside.say(STEP);
      fill += STEP;
    }
  }
  plan.say(`  ${fill} messages`);
  await alone.say(fill);

  await using _ = await stall(tailspin, plan);
  await beside.say(fill - SPARE - STEP);
  const rounds: { readonly alone: Timed; readonly beside: Timed }[] = [];
  const ratioOf = (figure: keyof Timed): number => median(rounds.map((it) => it.beside[figure] / it.alone[figure]));
  while (rounds.length < ROUNDS || (rounds.length < MAX_ROUNDS && ratioOf("p99Ms") > MOST_RATIO)) {
    const both = await measureBoth(alone, beside, rounds.length % 2 === 1);
    rounds.push(both);
    const [without, withThem] = [both.alone.p99Ms.toFixed(1), both.beside.p99Ms.toFixed(1)];
    plan.say(`  round ${rounds.length}: p99 ${without} ms alone, ${withThem} ms beside ${STALLED} stalled`);
  }
  const waiting = 2 * STALLED - fellBehind(tailspin).size;
  await beside.say(MAX_QUEUED + STEP);
  const named = fellBehind(tailspin).size;
  const grown = growth(tailspin, control);
  const bounds = { dispatcher: STALLED * 2 * PAUSE_MIB + GROUND_MIB, bridge: GROUND_MIB };
  const ratio = ratioOf("p99Ms");
  const counted = Math.max(
    0,
    ...linesOf(tailspin.bridgeLog).map(({ kind, count }) => (kind === "bridge.slowReader" ? Number(count) : 0)),
  );

  if (named !== 2 * STALLED) throw new Error(`${named} of ${2 * STALLED} slow readers were named in the log`);
  if (counted < STALLED) throw new Error(`only ${counted} slow readers were counted`);
  if (ratio > MOST_RATIO) throw new Error(`p99 beside stalled readers is ${ratio.toFixed(2)} times that without`);
  for (const tier of ["dispatcher", "bridge"] as const) {
    if (grown[tier] > bounds[tier])
      throw new Error(`the ${tier} took ${grown[tier].toFixed(0)} MiB for stalled readers`);
  }
  const title = `WebSocket, ${HEALTHY} readers beside ${STALLED} stalled`;
  return {
    figures: [
      { name: `${title}: p99 without the stalled`, value: median(rounds.map((it) => it.alone.p99Ms)), unit: "ms" },
      { name: `${title}: p99`, value: median(rounds.map((it) => it.beside.p99Ms)), unit: "ms" },
      { name: "    stalled, and waited for, during the timed runs", value: waiting, unit: "sessions" },
      { name: "    named in the log when they fell behind", value: named, unit: "sessions" },
      { name: "    counted there", value: counted, unit: "sessions, at least" },
      { name: "    peak memory of the dispatcher, beyond the control's", value: grown.dispatcher, unit: "MiB" },
      { name: "    peak memory of the bridge, beyond the control's", value: grown.bridge, unit: "MiB" },
    ],
    ratios: [
      { name: `${title}: p99 / without the stalled`, ratio, target: 1.1, bound: "at most" },
      { name: `${title}: CPU, all tiers / without`, ratio: ratioOf("cpuMs"), target: 1.1, bound: "at most" },
      {
        name: `${title}: dispatcher's memory / bound`,
        ratio: Math.max(0, grown.dispatcher) / bounds.dispatcher,
        target: 1,
        bound: "at most",
      },
      {
        name: `${title}: bridge's memory / bound`,
        ratio: Math.max(0, grown.bridge) / bounds.bridge,
        target: 1,
        bound: "at most",
      },
    ],
  };
}

interface Timed {
  readonly p99Ms: number;
  readonly cpuMs: number;
}

/** One after the other; they take turns at being the first. */
async function measureBoth(alone: FanOut, beside: FanOut, isAloneLast: boolean) {
  const order = isAloneLast ? [beside, alone] : [alone, beside];
  const found = new Map<FanOut, Timed>();
  for (const fanOut of order) found.set(fanOut, await measure(fanOut));
  const [without, withThem] = [found.get(alone), found.get(beside)];
  if (without === undefined || withThem === undefined) throw new Error("both were measured");
  return { alone: without, beside: withThem };
}

async function measure(fanOut: FanOut): Promise<Timed> {
  const { cpu, result } = await measureCpu(fanOut.subject.tiers, () => fanOut.measureP99Ms(TIMED, REST_MS));
  return { p99Ms: result, cpuMs: totalMs(cpu) };
}

/** Sessions that subscribe, connect, and read nothing more. */
async function stall({ server }: TailSpin, { signal }: Plan): Promise<BenchProcess> {
  const stalled = await BenchProcess.start("load/sessions.ts", { server, channel: AUDIENCE.channel }, signal);
  try {
    await stalled.request({ type: "open", sessions: STALLED, concurrency: 16 }, REQUEST_MS);
    await stalled.request({ type: "stall" }, REQUEST_MS);
  } catch (error) {
    await stalled[Symbol.asyncDispose]();
    throw error;
  }
  return stalled;
}

/** The short ids of sessions that the log says fell behind. */
function fellBehind({ bridgeLog }: TailSpin): ReadonlySet<unknown> {
  const ended = linesOf(bridgeLog).filter(({ msg, reason }) => msg === "session ended" && reason === "fell behind");
  return new Set(ended.map(({ session }) => session));
}

function growth(one: TailSpin, other: TailSpin): { readonly dispatcher: number; readonly bridge: number } {
  const of = (tier: string): number => peakMib(one.tiers[tier] ?? 0) - peakMib(other.tiers[tier] ?? 0);
  return { dispatcher: of("dispatcher"), bridge: of("bridge") };
}
