/**
 * How many bridges there should be: a state machine without a clock. Every second it is told what is seen, and says
 * whether to start some, to stop one, or, nearly always, nothing. Calm comes before quickness: it goes by the median of a
 * window, waits to see whether that stays, looks away while sessions move, and takes one step at a time.
 */

export interface ScalePolicy {
  /** Bridges that are active, at least and at most. */
  readonly min: number;
  readonly max: number;
  /** Bridges that are to be in reserve besides. */
  readonly spares: number;
  /** The share of a bridge that may be used before more are started … */
  readonly growAbove: number;
  /** … that is aimed at then, and that those who stay may reach when one is stopped … */
  readonly aim: number;
  /** … and below which one is stopped. */
  readonly shrinkBelow: number;
  readonly windowMs: number;
  readonly growAfterMs: number;
  readonly shrinkAfterMs: number;
  readonly coolDownMs: number;
  /** Bridges that are started at once, at most. */
  readonly maxStep: number;
  /** How long it may take until what was started is there, and what was stopped is gone. */
  readonly actTimeoutMs: number;
  /** How long nothing is tried after a failure; twice as long after each further one. */
  readonly retryAfterMs: number;
  readonly canStop: boolean;
}

/** What is seen in one second. */
export interface Observation {
  readonly active: number;
  /** Registered, but in reserve. */
  readonly reserve: number;
  /** False while a bridge is lost: whether it comes back is not known, and what the others bear is no measure. */
  readonly isSteady: boolean;
  /** Of all active ones together: 1 is as much as one bridge can bear. Null where too few have said. */
  readonly load: number | null;
  /** The last action's command is still running. */
  readonly isActing: boolean;
}

/** What is to be done; `count` bridges more, or one less. */
export type ScaleAction = { readonly type: "start"; readonly count: number } | { readonly type: "stop" };

/** What is waited for: so many bridges, spares included. */
interface Pending {
  readonly type: "start" | "stop";
  readonly total: number;
  readonly untilMs: number;
}

/** All that the policy remembers. Its times are those that it has seen pass, so a clock that jumps is not believed. */
export interface ScaleState {
  /** By the caller's clock; null before the first step. */
  readonly lastMs: number | null;
  readonly clockMs: number;
  /** Of which the samples are. */
  readonly active: number;
  readonly samples: readonly { readonly atMs: number; readonly load: number }[];
  /** Since when there are too few bridges, or one too many. */
  readonly lackMs: number | null;
  readonly excessMs: number | null;
  /** What is measured before that is about sessions that move. */
  readonly lookAgainMs: number;
  readonly retryMs: number;
  readonly failures: number;
  readonly pending: Pending | null;
}

/** What a second makes of a state. */
export interface ScaleStep {
  readonly state: ScaleState;
  readonly action: ScaleAction | null;
  /** What was waited for in vain: so many bridges, spares included. */
  readonly late: Pending | null;
  /** More are needed than there may be. */
  readonly isCapped: boolean;
  /** The smoothed load, in bridges; null where it is not known. */
  readonly load: number | null;
}

/** A step is due so often. */
export const TICK_MS = 1_000;
/** A gap in the clock counts as no more. */
const MAX_GAP_MS = 5 * TICK_MS;
const MAX_RETRY_MS = 3_600_000;
/** Of the samples that a window may have, so many have to be there. */
const ENOUGH = 0.5;

/** Nothing has been seen yet. */
export function emptyScale(): ScaleState {
  const nothing = { lastMs: null, lackMs: null, excessMs: null, pending: null };
  return { ...nothing, clockMs: 0, active: 0, samples: [], lookAgainMs: 0, retryMs: 0, failures: 0 };
}

/** @param nowMs of any clock, which should not jump */
export function stepScale(before: ScaleState, seen: Observation, nowMs: number, policy: ScalePolicy): ScaleStep {
  const passedMs = Math.min(MAX_GAP_MS, Math.max(0, nowMs - (before.lastMs ?? nowMs)));
  let now: ScaleState = { ...before, lastMs: nowMs, clockMs: before.clockMs + passedMs };
  // Who comes or goes makes sessions begin anew elsewhere, and that is work too.
  if (!seen.isSteady || seen.active !== now.active) now = lookAway(now, seen.active, policy);
  const nothing = { action: null, late: null, isCapped: false, load: null };

  if (now.pending) {
    if (seen.isActing) return { state: now, ...nothing };
    const isDone = isReached(now.pending, seen);
    if (isDone) now = lookAway({ ...now, pending: null, failures: 0 }, seen.active, policy);
    else if (now.clockMs >= now.pending.untilMs)
      return { state: failedScale(now, policy), ...nothing, late: now.pending };
    return { state: now, ...nothing };
  }

  now = sampled(now, seen.load, policy);
  const load = smoothed(now, policy);
  now = { ...now, lackMs: since(now, lacks(seen, load, policy), now.lackMs) };
  now = { ...now, excessMs: since(now, exceeds(seen, load, policy), now.excessMs) };
  const isCapped = isOver(now, now.lackMs, policy.growAfterMs) && shortBy(seen, load, policy) <= 0;
  if (!seen.isSteady || now.clockMs < now.retryMs) return { state: now, ...nothing, isCapped, load };

  const all = seen.active + seen.reserve;
  if (isOver(now, now.lackMs, policy.growAfterMs) && !isCapped) {
    const count = Math.min(policy.maxStep, shortBy(seen, load, policy));
    return acting(now, { type: "start", count }, all + count, load, policy);
  }
  if (isOver(now, now.excessMs, policy.shrinkAfterMs)) return acting(now, { type: "stop" }, all - 1, load, policy);
  return { state: now, ...nothing, isCapped, load };
}

/** The last action did not work: nothing more is tried for a while. */
export function failedScale(before: ScaleState, { retryAfterMs }: ScalePolicy): ScaleState {
  const failures = before.failures + 1;
  const waitMs = Math.min(MAX_RETRY_MS, retryAfterMs * 2 ** Math.min(20, failures - 1));
  return { ...before, failures, pending: null, retryMs: before.clockMs + waitMs, lackMs: null, excessMs: null };
}

function acting(
  before: ScaleState,
  action: ScaleAction,
  total: number,
  load: number | null,
  { actTimeoutMs }: ScalePolicy,
): ScaleStep {
  const pending = { type: action.type, total, untilMs: before.clockMs + actTimeoutMs };
  return { state: { ...before, pending, lackMs: null, excessMs: null }, action, late: null, isCapped: false, load };
}

/** Forgets what was measured of another number of bridges, and waits until the sessions have moved. */
function lookAway(before: ScaleState, active: number, { coolDownMs }: ScalePolicy): ScaleState {
  const lookAgainMs = before.clockMs + coolDownMs;
  return { ...before, active, samples: [], lackMs: null, excessMs: null, lookAgainMs };
}

function isReached({ type, total }: Pending, { active, reserve }: Observation): boolean {
  return type === "start" ? active + reserve >= total : active + reserve <= total;
}

function sampled(before: ScaleState, load: number | null, { windowMs }: ScalePolicy): ScaleState {
  const { clockMs, lookAgainMs } = before;
  const kept = before.samples.filter(({ atMs }) => atMs > clockMs - windowMs);
  if (load === null || clockMs < lookAgainMs) return { ...before, samples: kept };
  return { ...before, samples: [...kept, { atMs: clockMs, load }] };
}

/** The median: a burst that is shorter than half of the window does not show. */
function smoothed({ samples }: ScaleState, { windowMs }: ScalePolicy): number | null {
  if (samples.length < Math.max(1, (windowMs / TICK_MS) * ENOUGH)) return null;
  const sorted = samples.map(({ load }) => load).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}

function lacks(
  { active, reserve }: Observation,
  load: number | null,
  { min, spares, growAbove }: ScalePolicy,
): boolean {
  if (active + reserve < Math.max(min, active) + spares) return true;
  return load !== null && load > growAbove * active;
}

/** How many bridges more there should be, spares included. */
function shortBy({ active, reserve }: Observation, load: number | null, policy: ScalePolicy): number {
  const { min, max, spares, growAbove, aim } = policy;
  const isBusy = load !== null && load > growAbove * active;
  const wanted = isBusy ? Math.max(active, Math.min(max, Math.ceil(load / aim))) : active;
  return Math.max(min, wanted) + spares - (active + reserve);
}

/** Whether one could go, and those who stay would still be far from needing another. */
function exceeds(
  { active }: Observation,
  load: number | null,
  { min, aim, shrinkBelow, canStop }: ScalePolicy,
): boolean {
  if (!canStop || load === null || active <= Math.max(1, min)) return false;
  return load < shrinkBelow * active && load < aim * (active - 1);
}

function since({ clockMs, lookAgainMs }: ScaleState, isSo: boolean, sinceMs: number | null): number | null {
  return isSo && clockMs >= lookAgainMs ? (sinceMs ?? clockMs) : null;
}

function isOver({ clockMs }: ScaleState, sinceMs: number | null, afterMs: number): boolean {
  return sinceMs !== null && clockMs - sinceMs >= afterMs;
}
