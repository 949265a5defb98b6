import { setTimeout as after } from "node:timers/promises";
import { routeOf } from "../../bayeux/index.ts";
import { between, seeded } from "../support/seeded.ts";
import type { ChaosStack } from "./chaos-stack.ts";
import { check, longestWaitMs, type Verdict } from "./checker.ts";
import type { CrowdProcess } from "./clients/crowd-process.ts";
import type { Fault } from "./faults/index.ts";
import type { ChaosHistory, SessionHistory } from "./history.ts";
import { judgeTables, movedRoutes, type RoutesMoved } from "./tables.ts";
import type { Traffic } from "./traffic.ts";

/** What came of one fault. */
export interface FaultResult {
  readonly fault: Fault;
  readonly verdict: Verdict;
  readonly routes: RoutesMoved;
  /** Of the sessions that the fault concerned: the longest that a message waited for each, in ascending order. */
  readonly pausesMs: readonly number[];
  readonly notes: readonly string[];
}

/** How much is said. */
export interface Rates {
  /** Between two messages of the networks' own people, over all channels. */
  readonly sayEveryMs: number;
  /** Between two publishes of one browser; there is one in each channel. */
  readonly publishEveryMs: number;
}

/** What a run is made of. */
export interface Run {
  readonly seed: string;
  readonly stack: ChaosStack;
  readonly crowd: CrowdProcess;
  readonly traffic: Traffic;
  readonly rates: Rates;
  readonly signal: AbortSignal;
}

const [LEAST_CALM_MS, MOST_CALM_MS] = [1_000, 1_300] as const;
/** Traffic goes on after the fault, so that it is seen to be over. */
const AFTER_MS = 1_000;
/** Something new is said until everybody has heard the last of it. */
const SETTLE_MS = 2_000;
const SETTLE_TURNS = 8;

/** Lets faults happen, one after the other, while everybody speaks. */
export class ChaosRun {
  readonly #run: Run;
  /** What has come to each session so far. */
  readonly #earlier = new Map<string, Set<string>>();
  #count = 0;

  constructor(run: Run) {
    this.#run = run;
  }

  /** @returns what was written down, and what it shows */
  async inflict(fault: Fault): Promise<{ result: FaultResult; history: ChaosHistory }> {
    const { stack, crowd, traffic, rates, signal, seed } = this.#run;
    const random = seeded(`${seed} ${fault.name}`);
    const prefix = `w${++this.#count}:`;
    await stack.arrange(fault.before);
    const deaf = await this.#settle(`c${this.#count}:`);
    if (deaf.length > 0) throw new Error(`before ${fault.name}, ${deaf.length} sessions heard nothing: ${deaf[0]}`);
    this.#remember((await crowd.report()).sessions);

    const firstTable = stack.watch.tables.length - 1;
    await crowd.begin(prefix, rates.publishEveryMs);
    traffic.begin(prefix, rates.sayEveryMs);
    await after(between(random, LEAST_CALM_MS, MOST_CALM_MS), undefined, { signal });
    const { changes, notes = [] } = await fault.inflict({ stack, traffic, random, signal });
    await after(AFTER_MS, undefined, { signal });
    traffic.end();
    await crowd.quiet();
    const left = await this.#settle(prefix);

    const { sessions, publications } = await crowd.report();
    const history: ChaosHistory = {
      prefix,
      channels: traffic.history(prefix),
      publications,
      sessions: sessions.map(({ name, clientId, channels, events }) => {
        const earlier = new Set(this.#earlier.get(name));
        return { name, route: routeOf(clientId) ?? 0, channels, events, earlier };
      }),
    };
    this.#remember(sessions);
    const tables = stack.watch.tables.slice(firstTable);
    const concerned = concernedBy(history, movedRoutes(tables));
    const result: FaultResult = {
      fault,
      verdict: check(history),
      routes: judgeTables(tables, changes),
      pausesMs: concerned.map((session) => longestWaitMs(history, session)).sort((a, b) => a - b),
      notes: left.length === 0 ? notes : [...notes, `${left.length} sessions never heard the last message: ${left[0]}`],
    };
    return { result, history };
  }

  /** Until everybody has heard what was said last. @returns who has not */
  async #settle(prefix: string): Promise<readonly string[]> {
    const { crowd, traffic, signal } = this.#run;
    let deaf: readonly string[] = [];
    for (let turn = 0; turn < SETTLE_TURNS; turn++) {
      signal.throwIfAborted();
      deaf = await crowd.settle(await traffic.sayEverywhere(prefix), SETTLE_MS);
      if (deaf.length === 0) break;
    }
    return deaf;
  }

  #remember(sessions: readonly Pick<SessionHistory, "name" | "events">[]): void {
    for (const { name, events } of sessions) {
      const texts = this.#earlier.get(name) ?? new Set();
      this.#earlier.set(name, texts);
      for (const event of events) if (event.type === "seen") texts.add(event.text);
    }
  }
}

/** Those whose route has moved; where none has, those that lost their connection; where none did, all. */
function concernedBy({ sessions }: ChaosHistory, moved: ReadonlySet<number>): readonly SessionHistory[] {
  const movers = sessions.filter(({ route }) => moved.has(route));
  if (movers.length > 0) return movers;
  const broken = sessions.filter(({ events }) => events.some(({ type }) => type === "reconnect"));
  return broken.length > 0 ? broken : sessions;
}
