/**
 * How many messages a session may send: a bucket that is full at first and refills evenly. No timer: it is reckoned
 * when it is asked for.
 */
export class Allowance {
  readonly #perSecond: number;
  readonly #burst: number;
  #left: number;
  #atMs: number;

  /** @param burst messages that may come at once */
  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#left = burst;
    this.#atMs = nowMs;
  }

  /** Takes one message from it. @returns false where none is left */
  take(nowMs: number): boolean {
    // A clock that was set back gives nothing, and takes nothing.
    const passedMs = Math.max(nowMs - this.#atMs, 0);
    this.#atMs = nowMs;
    this.#left = Math.min(this.#burst, this.#left + (passedMs * this.#perSecond) / 1_000);
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
