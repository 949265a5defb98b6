interface Waiter<T> {
  readonly matches: (one: T) => boolean;
  readonly resolve: (one: T) => void;
  readonly reject: (error: Error) => void;
}

/** Those who wait for a line, a stanza or the like that a server will send. */
export class Waiters<T> {
  readonly #waiters = new Set<Waiter<T>>();
  #isClosed = false;

  /**
   * @param failure makes the error of a reason: too late, or nothing will come any more
   * @throws what `failure` makes
   */
  async wait(matches: (one: T) => boolean, timeoutMs: number, failure: (reason: string) => Error): Promise<T> {
    if (this.#isClosed) throw failure("the connection is closed");
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const waiter: Waiter<T> = { matches, resolve, reject: (error) => reject(failure(error.message)) };
    const timer = setTimeout(() => waiter.reject(new Error(`not within ${timeoutMs} ms`)), timeoutMs);
    this.#waiters.add(waiter);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiters.delete(waiter);
    }
  }

  /** One has come. @returns whether somebody waited for it */
  came(one: T): boolean {
    let isAwaited = false;
    for (const waiter of this.#waiters) {
      if (!waiter.matches(one)) continue;
      isAwaited = true;
      this.#waiters.delete(waiter);
      waiter.resolve(one);
    }
    return isAwaited;
  }

  /** Nothing comes any more. */
  close(reason: string): void {
    this.#isClosed = true;
    for (const waiter of this.#waiters) waiter.reject(new Error(reason));
  }
}
