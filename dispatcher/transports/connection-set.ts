import type { InTurn, Pace } from "./pace.ts";

/** A connection that stays open. */
export interface LongLived {
  /** Called once per interval. */
  check(): void;
  /** Ends it in good order: in its turn, when the bridge has let go of it. */
  drain(inTurn: InTurn): void;
  terminate(): void;
}

/** Checks are made in this many parts of the interval, so that ten thousand pings are not one burst. */
const PARTS = 8;

/** All connections of a kind, with one timer that looks after them. */
export class ConnectionSet<T extends LongLived> {
  readonly #parts: readonly Set<T>[] = Array.from({ length: PARTS }, () => new Set());
  readonly #timer: NodeJS.Timeout;
  #turn = 0;
  #added = 0;
  #onEmpty: (() => void) | null = null;

  /** @param checkIntervalMs how often each is checked */
  constructor(checkIntervalMs: number) {
    this.#timer = setInterval(() => this.#check(), Math.max(1, Math.ceil(checkIntervalMs / PARTS)));
    this.#timer.unref();
  }

  get size(): number {
    return this.#parts.reduce((sum, part) => sum + part.size, 0);
  }

  /** @returns what takes it out again */
  add(connection: T): () => void {
    const part = this.#parts[this.#added++ % PARTS];
    part?.add(connection);
    return () => {
      part?.delete(connection);
      if (this.size === 0) this.#onEmpty?.();
    };
  }

  /** Ends all at a pace. @returns when the last one is gone, or at the signal */
  async drain(pace: Pace, signal: AbortSignal): Promise<void> {
    const empty = Promise.withResolvers<void>();
    this.#onEmpty = empty.resolve;
    signal.addEventListener("abort", () => empty.resolve(), { once: true });
    for (const part of this.#parts) {
      for (const connection of part) {
        pace.begin(() => {
          if (!part.has(connection)) return false;
          connection.drain(pace.end);
          return true;
        });
      }
    }
    if (this.size > 0 && !signal.aborted) await empty.promise;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    for (const connection of this.#all()) connection.terminate();
  }

  #all(): T[] {
    return this.#parts.flatMap((part) => [...part]);
  }

  #check(): void {
    for (const connection of this.#parts[this.#turn] ?? []) connection.check();
    this.#turn = (this.#turn + 1) % PARTS;
  }
}
