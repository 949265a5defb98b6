import type { FaultCounter } from "../link/index.ts";

/** A request that waits until there is a bridge that takes its route. */
export interface Waiter {
  readonly route: number;
  /** Bytes of the messages that it keeps. */
  readonly bytes: number;
  /** There may be one now; it may come back and wait again. */
  onTurn(): void;
  /** It has waited long enough. */
  onOver(): void;
}

/** What waiting needs to know and to use. */
export interface TakeoversOptions {
  /** How long one request waits in all, however often; 0 = never, since nobody will take over. */
  readonly waitMs: number;
  readonly maxBytes: number;
  readonly isReachable: (route: number) => boolean;
  readonly now: () => number;
  readonly faults: FaultCounter;
}

/** A bridge may learn of a table later than we did, and nobody tells us when. */
const LOOK_MS = 50;
/** What a request takes beside its messages. */
const OWN_BYTES = 1_024;

/** Requests whose route is changing hands, in the order in which they came: nothing of them was done yet. */
export class Takeovers {
  readonly #options: TakeoversOptions;
  readonly #lines = new Map<number, Set<Waiter>>();
  readonly #overMs = new WeakMap<Waiter, number>();
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TakeoversOptions) {
    this.#options = options;
  }

  /** How many wait. */
  get size(): number {
    return [...this.#lines.values()].reduce((sum, line) => sum + line.size, 0);
  }

  /** True: a request that comes now has to wait behind others. */
  isAwaited(route: number): boolean {
    return this.#lines.has(route);
  }

  /** @returns false where it may not, or no longer */
  wait(waiter: Waiter): boolean {
    const { waitMs, maxBytes, now, faults } = this.#options;
    const overMs = this.#overMs.get(waiter) ?? now() + waitMs;
    if (now() >= overMs) return false;
    const bytes = this.#bytes + waiter.bytes + OWN_BYTES;
    if (bytes > maxBytes) {
      faults.count("takeover.bytes", "too much waits for a route's new bridge", { route: waiter.route });
      return false;
    }
    this.#bytes = bytes;
    this.#overMs.set(waiter, overMs);
    const line = this.#lines.get(waiter.route);
    if (line) line.add(waiter);
    else this.#lines.set(waiter.route, new Set([waiter]));
    this.#timer ??= setInterval(() => this.#tick(), LOOK_MS).unref();
    return true;
  }

  /** A bridge has taken it: the next time that it waits is another. */
  taken(waiter: Waiter): void {
    this.#overMs.delete(waiter);
  }

  /** Nobody waits for it any more. @returns whether it was waiting */
  leave(waiter: Waiter): boolean {
    const line = this.#lines.get(waiter.route);
    if (!line?.delete(waiter)) return false;
    this.#bytes -= waiter.bytes + OWN_BYTES;
    if (line.size === 0) this.#lines.delete(waiter.route);
    if (this.#lines.size === 0) this.#stop();
    return true;
  }

  /** The table or a link has changed: those whose route can be reached try again. */
  look(): void {
    for (const [route, line] of [...this.#lines]) {
      if (!this.#options.isReachable(route)) continue;
      // One may leave, or come back, in the turn of another.
      for (const waiter of [...line]) if (this.leave(waiter)) waiter.onTurn();
    }
  }

  [Symbol.dispose](): void {
    this.#lines.clear();
    this.#bytes = 0;
    this.#stop();
  }

  #tick(): void {
    const nowMs = this.#options.now();
    for (const line of [...this.#lines.values()]) {
      for (const waiter of [...line]) {
        const isOver = (this.#overMs.get(waiter) ?? 0) <= nowMs;
        if (isOver && this.leave(waiter)) waiter.onOver();
      }
    }
    this.look();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
