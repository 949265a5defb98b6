import type { RequestContext } from "../../link/index.ts";

/**
 * Rule 35: how many polls of each browser are held. Over HTTP/1.1 a browser opens six connections to a host at most,
 * for all its tabs together; a poll in each tab would leave none for anything else.
 */
export class HeldPolls {
  readonly #max: number;
  readonly #held = new Map<string, number>();

  /** @param max of one browser; 0 = any number */
  constructor(max: number) {
    this.#max = max;
  }

  /** False where as many are held as may be. Nothing is counted where there is no cookie, or where polls share a connection. */
  mayHold({ via, isMultiplexed, browser }: RequestContext): boolean {
    if (this.#max === 0 || via === "upgrade" || isMultiplexed || browser === "") return true;
    return (this.#held.get(browser) ?? 0) < this.#max;
  }

  /** A poll is held. @returns what must be called once, when it is held no more */
  hold({ via, isMultiplexed, browser }: RequestContext): () => void {
    if (via === "upgrade" || isMultiplexed || browser === "") return () => {};
    this.#held.set(browser, (this.#held.get(browser) ?? 0) + 1);
    return () => {
      const count = this.#held.get(browser) ?? 0;
      if (count > 1) this.#held.set(browser, count - 1);
      else this.#held.delete(browser);
    };
  }
}
