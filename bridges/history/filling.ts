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

/** What history has of a gap, and what came live. */
export interface Found {
  readonly messages: readonly NetworkMessage[];
  /** Places in `messages`, or right behind them, before which others may be missing. */
  readonly holes: ReadonlySet<number>;
  /** What follows then; there may be copies of what history has. */
  readonly live: readonly Stretch[];
}

/** Live messages with no gap between them. */
export interface Stretch {
  readonly held: readonly Said[];
  /** False: others may be missing before them. */
  readonly isProved: boolean;
}

/** How often a history that does not follow on is asked again: it may not have our last message yet. */
const DOUBTS = 2;

/**
 * A gap of one channel while it is being filled: what history has so far, and the live messages that wait. Where the
 * network goes away again meanwhile, the live ones come in stretches, with one more gap before each.
 */
export class Filling {
  readonly channel: Channel;
  readonly reason: string;
  readonly #reader: Reader;
  readonly #held: Said[] = [];
  readonly #heldIds = new Set<string>();
  /** Where in `#held` each stretch begins. */
  readonly #begins = [0];
  #deadlineMs: number;

  constructor({ channel, reason, last, archive, deadlineMs, now, maxMessages }: FillingOptions) {
    this.channel = channel;
    this.reason = reason;
    this.#deadlineMs = deadlineMs;
    this.#reader = new Reader({
      ask: (query) => archive.ask(channel, query, this.#deadlineMs),
      since: last,
      goal: {
        isReached: (messages) => messages.some(({ id }) => id === this.#newest[0]?.id),
        isKnown: () => this.#newest.length > 0,
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

  /** True while nothing has come live since the newest gap. */
  get isQuiet(): boolean {
    return this.#held.length === this.#begins.at(-1);
  }

  /** @returns false for one that waits already: a network has repeated itself */
  hold(one: Said): boolean {
    if (this.#heldIds.has(one.id)) return false;
    this.#heldIds.add(one.id);
    const isFirst = this.isQuiet;
    this.#held.push(one);
    // It may have been read already.
    if (isFirst) this.#reader.wake();
    return true;
  }

  /** Resolves when history reaches the newest live messages, or will not. Called once. */
  run(): Promise<Ending> {
    return this.#reader.run();
  }

  /** There was one more gap: what seemed to be the end of history may not be it any more. */
  again(deadlineMs: number): void {
    if (!this.isQuiet) this.#begins.push(this.#held.length);
    this.extend(deadlineMs);
    this.#reader.doubt();
  }

  /** There is more time, since the network is away. */
  extend(deadlineMs: number): void {
    this.#deadlineMs = Math.max(this.#deadlineMs, deadlineMs);
    this.#reader.extend(deadlineMs);
  }

  stop(): void {
    this.#reader.stop();
  }

  /** What history has up to the last stretch that it reaches, and the live messages. @param isComplete it reaches the newest */
  found(isComplete: boolean): Found {
    const { messages, holes } = this.#reader;
    const stretches = this.#begins.map((begin, index) => this.#held.slice(begin, this.#begins[index + 1]));
    const reached = this.#reached(stretches, isComplete);
    // Where nothing is proved, whatever has come live keeps its place among the live ones.
    const live = reached < 0 ? this.#held : isComplete ? this.#newest.slice(0, 1) : [];
    const ids = new Set(live.map(({ id }) => id));
    const first = messages.findIndex(({ id }) => ids.has(id));
    // What is behind a hole may be behind the first stretch as well.
    const sure = reached < 0 && stretches.length > 1 ? Math.min(...holes, messages.length) : messages.length;
    return {
      messages: messages.slice(0, Math.min(first < 0 ? messages.length : first, sure)),
      holes,
      live: stretches
        .slice(Math.max(reached, 0))
        .map((held, index) => ({ held, isProved: index === 0 && reached >= 0 })),
    };
  }

  /** @returns which stretch history joins on to, with all that came live before that; -1 for none */
  #reached(stretches: readonly (readonly Said[])[], isComplete: boolean): number {
    const read = new Set(this.#reader.messages.map(({ id }) => id));
    const reached = isComplete
      ? stretches.length - 1
      : stretches.findLastIndex(([first]) => first !== undefined && read.has(first.id));
    const isWhole = stretches.slice(0, Math.max(reached, 0)).every((held) => held.every(({ id }) => read.has(id)));
    return isWhole ? reached : -1;
  }

  /** What has come live since the newest gap. */
  get #newest(): readonly Said[] {
    return this.#held.slice(this.#begins.at(-1));
  }
}
