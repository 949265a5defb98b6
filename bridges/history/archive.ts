import type { Channel } from "../channel/channel.ts";
import { NetworkError } from "../network.ts";
import type { HistoryPage, HistoryQuery } from "../network.ts";
import { within } from "../within.ts";

/** What asking networks for old messages needs. */
export interface ArchiveOptions {
  readonly now: () => number;
  /** Requests under way at the same time. */
  readonly maxHistoryRequests: number;
}

/** Asks networks for what they have kept: a bounded number of requests at once, and the same one only once. */
export class Archive {
  readonly #options: ArchiveOptions;
  readonly #underWay = new Map<string, Promise<HistoryPage>>();
  /** Those who wait for their turn, in order. */
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(options: ArchiveOptions) {
    this.#options = options;
  }

  /** @throws NetworkError `refused`, or `unavailable` also when the time is over */
  async ask(channel: Channel, query: HistoryQuery, deadlineMs: number): Promise<HistoryPage> {
    const restMs = this.#restMs(deadlineMs);
    const key = `${channel.name} ${JSON.stringify(query)}`;
    let request = this.#underWay.get(key);
    if (!request) {
      request = this.#askInTurn(channel, query, deadlineMs).finally(() => this.#underWay.delete(key));
      this.#underWay.set(key, request);
    }
    return within(request, restMs, LATE);
  }

  async #askInTurn(channel: Channel, query: HistoryQuery, deadlineMs: number): Promise<HistoryPage> {
    if (this.#running < this.#options.maxHistoryRequests) this.#running += 1;
    else await this.#turn(deadlineMs);
    try {
      const restMs = this.#restMs(deadlineMs);
      return await within(channel.network.history(channel.name, query), restMs, LATE);
    } finally {
      const [next] = this.#waiting;
      if (next) {
        // It takes over this one's place.
        this.#waiting.delete(next);
        next();
      } else this.#running -= 1;
    }
  }

  async #turn(deadlineMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    try {
      await within(promise, this.#restMs(deadlineMs), LATE);
    } finally {
      this.#waiting.delete(resolve);
    }
  }

  #restMs(deadlineMs: number): number {
    const restMs = deadlineMs - this.#options.now();
    if (restMs <= 0) throw new NetworkError("unavailable", LATE);
    return restMs;
  }
}

const LATE = "The network has not answered with its history in time";
