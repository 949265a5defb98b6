/** Runs something in its turn: at once, or when it may be. */
export type InTurn = (act: () => void) => void;

/** What is in nobody's way. */
export const atOnce: InTurn = (act) => act();

const SECOND_MS = 1_000;
const STEP_MS = 10;
/** They begin this much slower than they may end, so that an end seldom has to wait. */
const EASE = 0.95;
/** After a standstill no more is made up for than what was due in this time, and one. */
const MOST_DUE_MS = 50;

/**
 * How fast many connections end: evenly, and never more than so many within any second, however long a bridge takes to let
 * go of each. For one drain.
 */
export class Pace implements Disposable {
  readonly #perSecond: number;
  readonly #now: () => number;
  /** Those that have not begun to end; each tells whether there was anything to do. */
  #beginnings: (() => boolean)[] = [];
  #begun = 0;
  /** How many may begin, with a fraction. */
  #due = 1;
  #steppedMs: number;
  /** Those that may not end yet. */
  readonly #waiting: (() => void)[] = [];
  /** When each one ended, in order, as far as it is needed: from `#oldest` on. */
  readonly #ends: number[] = [];
  #oldest = 0;
  #timer: NodeJS.Timeout | null = null;

  /** @param now milliseconds that only grow */
  constructor(perSecond: number, now: () => number) {
    this.#perSecond = perSecond;
    this.#now = now;
    this.#steppedMs = now();
  }

  /** Milliseconds for so many. */
  timeFor(connections: number): number {
    return (connections / (this.#perSecond * EASE)) * SECOND_MS;
  }

  /** Lets one begin to end when its turn comes. @param act returns false where it has gone by itself */
  begin(act: () => boolean): void {
    this.#beginnings.push(act);
    this.#step();
  }

  /** Lets one end: at once unless as many have ended within the last second. */
  readonly end: InTurn = (act) => {
    this.#waiting.push(act);
    this.#letEnd();
    this.#schedule();
  };

  /** Who is left does not get a turn. */
  [Symbol.dispose](): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#beginnings = [];
    this.#waiting.length = 0;
  }

  #step(): void {
    const now = this.#now();
    const perMs = (this.#perSecond * EASE) / SECOND_MS;
    this.#due = Math.min(this.#due + (now - this.#steppedMs) * perMs, 1 + MOST_DUE_MS * perMs);
    this.#steppedMs = now;
    while (this.#due >= 1 && this.#begun < this.#beginnings.length) {
      if (this.#beginnings[this.#begun++]?.()) this.#due--;
    }
    this.#letEnd();
    this.#schedule();
  }

  #letEnd(): void {
    for (let now = this.#now(); this.#waiting.length > 0; now = this.#now()) {
      while (this.#oldest < this.#ends.length && now - (this.#ends[this.#oldest] ?? now) > SECOND_MS) this.#oldest++;
      if (this.#ends.length - this.#oldest >= this.#perSecond) return;
      this.#ends.push(now);
      this.#waiting.shift()?.();
    }
  }

  #schedule(): void {
    const isIdle = this.#waiting.length === 0 && this.#begun === this.#beginnings.length;
    if (isIdle && this.#timer) {
      clearInterval(this.#timer);
      this.#timer = null;
    } else if (!isIdle) {
      this.#timer ??= setInterval(() => this.#step(), STEP_MS);
    }
  }
}
