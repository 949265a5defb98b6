import { setTimeout as after } from "node:timers/promises";
import type { Cluster } from "../../halod/index.ts";
import { routeOf } from "../../bayeux/index.ts";
import { between, seeded } from "../support/seeded.ts";
import type { ChaosStack } from "./chaos-stack.ts";
import { check, longestWaitMs, type Verdict } from "./checker.ts";
import { CrowdProcess } from "./clients/crowd-process.ts";
import { nowMs, type SessionReport } from "./clients/protocol.ts";
import type { Inflicted } from "./faults/fault.ts";
import type { Fault } from "./faults/index.ts";
import type { ChaosHistory, SessionHistory } from "./history.ts";
import { judgeTables, movedRoutes, type RoutesMoved } from "./tables.ts";
import type { Traffic } from "./traffic.ts";

/** What came of one fault. */
export interface FaultResult {
  readonly fault: Fault;
  readonly verdict: Verdict;
  /** Of the sessions that it did not concern, where there are some. */
  readonly others?: Verdict;
  readonly routes: RoutesMoved;
  /** Of the sessions that it concerned: the longest that a message waited for each, in ascending order. */
  readonly pausesMs: readonly number[];
  /** Whether connections came and went no faster than they should, where a fault is about that. */
  readonly isPaced?: boolean;
  readonly notes: readonly string[];
}

/** What a run is made of. */
export interface Run {
  readonly seed: string;
  readonly stack: ChaosStack;
  readonly traffic: Traffic;
  readonly channels: readonly string[];
  readonly sessions: number;
  /** One of them is to be found out. */
  readonly isSpoiled: boolean;
  /** How many of them are the stock cometd package. */
  readonly stock: number;
  /** Between two messages of the networks' own people, over all channels. */
  readonly sayEveryMs: number;
  /** Between two publishes of one browser; there is one in each channel. */
  readonly publishEveryMs: number;
  readonly signal: AbortSignal;
}

const [LEAST_CALM_MS, MOST_CALM_MS] = [1_000, 1_300] as const;
/** Traffic goes on after the fault, so that it is seen to be over. */
const AFTER_MS = 1_000;
/** Something new is said until everybody has heard the last of it. */
const SETTLE_MS = 2_000;
const SETTLE_TURNS = 8;
/** Pauses are not what they seem where the clients could not look for so long. */
const STANDSTILL_MS = 50;
/** Of those who hear nothing, the first are named. */
const NAMED = 3;

/**
 * Lets a fault happen while everybody speaks, to sessions that have just begun.
 *
 * @returns what was written down, and what it shows
 * @throws Error where the stack was not whole before, or did not become it again
 */
export async function inflict(
  run: Run,
  fault: Fault,
): Promise<{ readonly result: FaultResult; readonly history: ChaosHistory }> {
  const { stack, traffic, signal, sayEveryMs, publishEveryMs } = run;
  const random = seeded(`${run.seed} ${fault.name}`);
  await stack.arrange(fault.before);
  await using crowd = await gather(run, fault);
  const deaf = await settle(run, crowd, `before ${fault.name} `);
  if (deaf.length > 0) throw new Error(`${nameSome(deaf)} heard nothing before ${fault.name}`);
  const unprotected = await stack.untilProtected();
  const earlier = seenIn((await crowd.report()).sessions);

  const prefix = `${fault.name} `;
  const firstTable = stack.watch.tables.length - 1;
  await crowd.begin(prefix, publishEveryMs);
  traffic.begin(prefix, sayEveryMs);
  await after(between(random, LEAST_CALM_MS, MOST_CALM_MS), undefined, { signal });
  const beforeMs = nowMs();
  const inflicted = await fault.inflict({ stack, traffic, random, signal });
  await after(AFTER_MS, undefined, { signal });
  // Traffic goes on until everybody hears again, so that a pause is as long as it is.
  await settle(run, crowd, prefix);
  traffic.end();
  await crowd.quiet();
  const left = await settle(run, crowd, prefix);

  const { sessions, publications, lateMs } = await crowd.report();
  const history: ChaosHistory = {
    prefix,
    channels: traffic.history(prefix),
    publications,
    lateMs,
    sessions: sessions.map(({ name, clientId, channels, events }) => {
      return { name, route: routeOf(clientId) ?? 0, channels, events, earlier: earlier.get(name) ?? new Set() };
    }),
  };
  const complaints = [
    ...unprotected.map((line) => `before it, status said: ${line}`),
    ...(left.length === 0 ? [] : [`${nameSome(left)} never heard the last message`]),
  ];
  const known = { beganMs: beforeMs, ...inflicted };
  return { history, result: resultOf(fault, known, history, stack.watch.tables.slice(firstTable), complaints) };
}

function resultOf(
  fault: Fault,
  { changes, nodes = [], notes = [], beganMs }: Inflicted,
  history: ChaosHistory,
  tables: readonly Cluster[],
  complaints: readonly string[],
): FaultResult {
  const owners = tables[0]?.owners ?? [];
  const touched = new Set([
    ...movedRoutes(tables),
    ...owners.flatMap((owner, index) => (nodes.includes(owner) ? [index + 1] : [])),
  ]);
  const [concerned, rest] = divide(history.sessions, touched);
  const special = fault.judge?.(history);
  return {
    fault,
    verdict: check(history),
    ...(rest.length > 0 ? { others: check({ ...history, publications: [], sessions: rest }) } : {}),
    routes: judgeTables(tables, changes),
    pausesMs: concerned.map((session) => longestWaitMs(history, session, beganMs)).sort((a, b) => a - b),
    ...(special?.isPaced === undefined ? {} : { isPaced: special.isPaced }),
    notes: [...notes, ...(special ? [special.note] : []), ...standstill(history), ...complaints],
  };
}

/** Several hundred handshakes, while all is well: so that they are spread over all bridges. */
async function gather(run: Run, { socketsOnly }: Fault): Promise<CrowdProcess> {
  const { stack, channels, sessions, isSpoiled, signal } = run;
  const socketsTo = socketsOnly ? { socketsTo: stack.dispatcher(0).port } : {};
  const stock = Math.min(run.stock, sessions);
  const crowd = await CrowdProcess.start({ port: stack.port, sessions, stock, channels, isSpoiled, ...socketsTo });
  // Whatever is asked of it then fails at once.
  signal.addEventListener("abort", () => void crowd[Symbol.asyncDispose](), { once: true });
  return crowd;
}

/** Until everybody has heard what was said last. @returns who has not */
async function settle({ traffic, signal }: Run, crowd: CrowdProcess, prefix: string): Promise<readonly string[]> {
  let deaf: readonly string[] = [];
  for (let turn = 0; turn < SETTLE_TURNS; turn++) {
    signal.throwIfAborted();
    deaf = await crowd.settle(await traffic.sayEverywhere(prefix), SETTLE_MS);
    if (deaf.length === 0) break;
  }
  return deaf;
}

/**
 * Those on routes that a fault was about, and the others; where it was about none, those that lost their connection; where
 * none did, all, and no others.
 */
function divide(
  sessions: readonly SessionHistory[],
  touched: ReadonlySet<number>,
): readonly [concerned: readonly SessionHistory[], others: readonly SessionHistory[]] {
  if (touched.size > 0) {
    const isTouched = ({ route }: SessionHistory): boolean => touched.has(route);
    return [sessions.filter(isTouched), sessions.filter((session) => !isTouched(session))];
  }
  const broken = sessions.filter(({ events }) => events.some(({ type }) => type === "reconnect"));
  return [broken.length > 0 ? broken : sessions, []];
}

/** What comes late for no other reason than that the machine is busy. */
function standstill({ lateMs }: ChaosHistory): string[] {
  return lateMs < STANDSTILL_MS ? [] : [`the clients themselves stood still for up to ${lateMs.toFixed(0)} ms`];
}

function seenIn(sessions: readonly SessionReport[]): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(
    sessions.map(({ name, events }) => [
      name,
      new Set(events.flatMap((event) => (event.type === "seen" ? [event.text] : []))),
    ]),
  );
}

function nameSome(names: readonly string[]): string {
  return `${names.length} sessions (${names.slice(0, NAMED).join("; ")})`;
}
