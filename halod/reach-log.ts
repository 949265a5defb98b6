import type { Logger } from "pino";
import type { ClusterStatus } from "./control.ts";

/** Without enough voters for so long, that is told. */
const TELL_MS = 3_000;

/** Tells the operator, once each time, that nothing can move, and whether a standby could take over. */
export class ReachLog {
  readonly #log: Logger;
  #restingMs: number | null = null;
  #isTold = false;
  #hadSay = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** To be called often. @param hasSay a standby that has none cannot take over */
  look({ role, reached, voters, term }: Omit<ClusterStatus["standing"], "of">, hasSay: boolean, nowMs: number): void {
    if (hasSay !== this.#hadSay) this.#log.info(hasSay ? "HaloD has a say" : "HaloD has no say");
    this.#hadSay = hasSay;
    if (role !== "resting") {
      if (this.#isTold) this.#log.info({ role, reached, voters }, "a majority is reached again");
      this.#restingMs = null;
      this.#isTold = false;
      return;
    }
    this.#restingMs ??= nowMs;
    if (this.#isTold || nowMs - this.#restingMs < TELL_MS) return;
    this.#isTold = true;
    this.#log.warn({ reached, voters, term }, "no majority is reached, so nothing moves");
  }
}
