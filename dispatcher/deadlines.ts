/** Something that may not wait for ever. */
export interface Timed {
  onDeadline(): void;
}

/** One clock for everything that waits equally long: a line in order of arrival, looked at by one timer. */
export class Deadlines {
  readonly #waiting = new Map<Timed, number>();
  readonly #timeoutMs: number;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;

  /** @param timeoutMs how long each may wait; it is told up to an eighth of that later */
  constructor(timeoutMs: number, now: () => number) {
    this.#timeoutMs = timeoutMs;
    this.#now = now;
    this.#timer = setInterval(() => this.sweep(), Math.max(1, Math.ceil(timeoutMs / 8)));
    this.#timer.unref();
  }

  /** Starts the clock of one; anew where it ran already. */
  add(timed: Timed): void {
    this.#waiting.delete(timed);
    this.#waiting.set(timed, this.#now() + this.#timeoutMs);
  }

  delete(timed: Timed): void {
    this.#waiting.delete(timed);
  }

  sweep(): void {
    const now = this.#now();
    for (const [timed, deadline] of this.#waiting) {
      if (deadline > now) return;
      this.#waiting.delete(timed);
      timed.onDeadline();
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#waiting.clear();
  }
}
