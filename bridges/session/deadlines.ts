/** Something that is due at a time; it remembers its own bucket so that it can be taken out again. */
export interface Due {
  /** Owned by `Deadlines`: the tick that this is filed under, or 0. */
  dueTick: number;
}

/** Wide enough that a tick handles many, narrow enough that nobody notices. */
const TICK_MS = 100;

/**
 * One timer for the deadlines of all sessions: the end of a held connect, or of a session that went silent.
 *
 * Filing and refiling are one Set operation each, whatever the number of sessions.
 */
export class Deadlines<T extends Due> {
  readonly #now: () => number;
  readonly #onDue: (due: readonly T[]) => void;
  readonly #buckets = new Map<number, Set<T>>();
  #lastTick: number;
  #timer: NodeJS.Timeout | null = null;

  /** @param onDue gets all that became due together */
  constructor(now: () => number, onDue: (due: readonly T[]) => void) {
    this.#now = now;
    this.#onDue = onDue;
    this.#lastTick = Math.floor(now() / TICK_MS);
  }

  start(): void {
    this.#timer ??= setInterval(() => {
      this.sweep();
    }, TICK_MS).unref();
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Files a thing under a new deadline, instead of the one it had. */
  set(item: T, dueMs: number): void {
    this.clear(item);
    // Never into a bucket that was handled already.
    const tick = Math.max(Math.ceil(dueMs / TICK_MS), this.#lastTick + 1);
    item.dueTick = tick;
    const bucket = this.#buckets.get(tick);
    if (bucket) bucket.add(item);
    else this.#buckets.set(tick, new Set([item]));
  }

  clear(item: T): void {
    if (item.dueTick === 0) return;
    const bucket = this.#buckets.get(item.dueTick);
    bucket?.delete(item);
    if (bucket?.size === 0) this.#buckets.delete(item.dueTick);
    item.dueTick = 0;
  }

  /** Hands over everything whose time has come. The timer calls it; tests may. */
  sweep(): void {
    const tick = Math.floor(this.#now() / TICK_MS);
    const due: T[] = [];
    // After a suspended machine wakes, going through the buckets is shorter than counting through the missed ticks.
    for (const [bucketTick, bucket] of this.#buckets) {
      if (bucketTick > tick) continue;
      this.#buckets.delete(bucketTick);
      for (const item of bucket) {
        item.dueTick = 0;
        due.push(item);
      }
    }
    this.#lastTick = Math.max(tick, this.#lastTick);
    if (due.length > 0) this.#onDue(due);
  }
}
