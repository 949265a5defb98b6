export interface BackoffOptions {
  readonly baseMs?: number;
  readonly capMs?: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/**
 * Full-jitter exponential back-off: each wait is uniform between nothing and a bound that doubles up to a cap.
 *
 * @see "Exponential Backoff And Jitter", AWS Architecture Blog, 2015
 */
export class Backoff {
  readonly #baseMs: number;
  readonly #capMs: number;
  readonly #random: () => number;
  #boundMs: number;

  constructor({ baseMs = 100, capMs = 5_000, random }: BackoffOptions) {
    this.#baseMs = Math.min(baseMs, capMs);
    this.#capMs = capMs;
    this.#random = random;
    this.#boundMs = this.#baseMs;
  }

  /** @returns milliseconds to wait before the next attempt */
  next(): number {
    const delay = this.#random() * this.#boundMs;
    this.#boundMs = Math.min(this.#capMs, this.#boundMs * 2);
    return delay;
  }

  /** Goes to the longest waits at once: for a failure that an early attempt will not change. */
  slowDown(): void {
    this.#boundMs = this.#capMs;
  }

  /** Begins again with the shortest waits. */
  reset(): void {
    this.#boundMs = this.#baseMs;
  }
}
