import type { Logger } from "pino";

/** More kinds than our code has; beyond it a kind was made from input, and is counted as `other`. */
const MAX_KINDS = 64;
const QUIET_MS = 1_000;
const OTHER = "other";

/** Counts what peers did wrong, by kind, and logs at most one line a second for each, with the count so far. */
export class FaultCounter {
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #counts = new Map<string, number>();
  readonly #loggedAt = new Map<string, number>();

  /** @param now milliseconds that only grow */
  constructor(log: Logger, now: () => number) {
    this.#log = log;
    this.#now = now;
  }

  /**
   * @param kind one of a small fixed set, e.g. `"link.malformed"`; never made from input
   * @param text what happened, lower case, without values
   * @param detail the values
   */
  count(kind: string, text: string, detail: Readonly<Record<string, unknown>> = {}): void {
    const known = this.#counts.has(kind) || this.#counts.size < MAX_KINDS ? kind : OTHER;
    const count = (this.#counts.get(known) ?? 0) + 1;
    this.#counts.set(known, count);
    const now = this.#now();
    if (now - (this.#loggedAt.get(known) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return;
    this.#loggedAt.set(known, now);
    this.#log.info({ kind, count, ...detail }, text);
  }

  /** @returns how often each kind was counted since the start */
  counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }
}
