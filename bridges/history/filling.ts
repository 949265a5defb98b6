import type { Channel } from "../channel/channel.ts";
import type { NetworkMessage } from "../network.ts";
import type { Archive } from "./archive.ts";
import { Reader } from "./reader.ts";
import type { Ending } from "./reader.ts";
import type { Said } from "./said.ts";

/** What filling a gap needs. */
export interface FillingOptions {
  readonly channel: Channel;
  /** Why there is a gap. */
  readonly reason: string;
  /** The last message before it. */
  readonly last: { readonly id: string; readonly timeMs: number };
  readonly archive: Archive;
  readonly deadlineMs: number;
  readonly now: () => number;
  readonly maxMessages: number;
}

/** What history has of a gap. */
export interface Found {
  readonly messages: readonly NetworkMessage[];
  /** Places in `messages`, or right behind them, before which others may be missing. */
  readonly holes: ReadonlySet<number>;
}

/** How often a history that does not follow on is asked again: it may not have our last message yet. */
const DOUBTS = 2;

/** One gap of one channel while it is being filled: what history has so far, and the live messages that wait. */
export class Filling {
  readonly channel: Channel;
  readonly reason: string;
  readonly #reader: Reader;
  readonly #held: Said[] = [];

  constructor({ channel, reason, last, archive, deadlineMs, now, maxMessages }: FillingOptions) {
    this.channel = channel;
    this.reason = reason;
    this.#reader = new Reader({
      ask: (query) => archive.ask(channel, query, deadlineMs),
      since: last,
      goal: {
        isReached: (messages) => messages.some(({ id }) => id === this.#held[0]?.id),
        isKnown: () => this.#held.length > 0,
      },
      maxMessages,
      deadlineMs,
      now,
      doubts: DOUBTS,
      isWholeOnly: false,
    });
  }

  /** The live messages that wait, oldest first. */
  get held(): readonly Said[] {
    return this.#held;
  }

  hold(one: Said): void {
    this.#held.push(one);
    // It may have been read already.
    if (this.#held.length === 1) this.#reader.wake();
  }

  /** Resolves when history reaches the live messages, or will not. Called once. */
  run(): Promise<Ending> {
    return this.#reader.run();
  }

  /** There was one more gap, and nothing since: what seemed to be the end of history may not be it any more. */
  again(): void {
    this.#reader.doubt();
  }

  stop(): void {
    this.#reader.stop();
  }

  /** What history has of the gap, up to what is held. */
  found(isComplete: boolean): Found {
    const { messages, holes } = this.#reader;
    // Where nothing is proved, whatever has come live keeps its place among the live ones.
    const live = new Set((isComplete ? this.#held.slice(0, 1) : this.#held).map(({ id }) => id));
    const end = messages.findIndex(({ id }) => live.has(id));
    return { messages: end < 0 ? messages : messages.slice(0, end), holes };
  }
}
