import { isPattern } from "../../bayeux/index.ts";
import { asBayeuxError, type Channels } from "../channel/channels.ts";
import type { Discovery } from "../discovery.ts";
import { isHalo } from "../halo/halo-name.ts";
import { isUserChannel } from "../identity/user-channel.ts";
import type { Log } from "../log/log.ts";
import { watchedChannel } from "../presence/presence-channel.ts";
import type { Since } from "../session/overlap.ts";

/** What holding channels needs. */
export interface HoldingOptions {
  readonly channels: Pick<Channels, "withJoined" | "get">;
  readonly discovery: Pick<Discovery, "want">;
  readonly messages: Log;
  readonly now: () => number;
}

/** A channel that is held. */
interface Held {
  /** Resolves when it is joined; rejects with a BayeuxError. */
  readonly joined: Promise<void>;
  /** The log's newest number when we were asked to join; null before we have. What comes with the confirmation is new. */
  sinceSeq: number | null;
}

/** Channels that this bridge is in for sessions that are about to come, and stays in until they have. */
export class Holding {
  readonly #options: HoldingOptions;
  readonly #held = new Map<string, Held>();
  readonly #patterns = new Map<string, () => void>();
  readonly #released = Promise.withResolvers<void>();
  /** Those that were joined while the other bridge served the sessions. */
  #overlapping: ReadonlySet<string> = new Set();

  constructor(options: HoldingOptions) {
    this.#options = options;
  }

  /**
   * Joins channels, and what else subscriptions to these names need; what is held already is not asked for again.
   *
   * @returns when all are joined. @throws BayeuxError that names one that cannot be
   */
  async want(names: Iterable<string>): Promise<void> {
    const joins: Promise<void>[] = [];
    for (const name of names) {
      if (isUserChannel(name) || isHalo(name)) continue;
      if (isPattern(name)) this.#use(name);
      else joins.push(this.#hold(watchedChannel(name) ?? name).joined);
    }
    await Promise.all(joins);
  }

  /** The same, where those that cannot be joined do not matter yet. */
  async prepare(names: Iterable<string>): Promise<void> {
    await Promise.allSettled([...names].map((name) => this.want([name])));
  }

  /** The other bridge goes on until it is asked for the sessions, which is now: what is joined by now overlaps. */
  cut(): void {
    this.#overlapping = new Set([...this.#held].filter(([, { sinceSeq }]) => sinceSeq !== null).map(([name]) => name));
  }

  since(channel: string): Since {
    const seq = this.#held.get(channel)?.sinceSeq ?? this.#options.messages.seq;
    return { seq, isOverlapping: this.#overlapping.has(channel) };
  }

  /** Whoever has not subscribed by now does not need them any more. */
  release(): void {
    this.#released.resolve();
    for (const release of this.#patterns.values()) release();
    this.#patterns.clear();
  }

  #hold(name: string): Held {
    const known = this.#held.get(name);
    if (known) return known;
    const { channels, messages, now } = this.#options;
    const { promise: joined, resolve, reject } = Promise.withResolvers<void>();
    const held: Held = { joined, sinceSeq: null };
    const { seq } = messages;
    this.#held.set(name, held);
    joined.catch(() => undefined);
    const use = () => {
      messages.begin(name, now());
      held.sinceSeq = seq;
      resolve();
      return this.#released.promise;
    };
    channels.withJoined([name], use).catch((error: unknown) => {
      // It may be joined next time.
      if (this.#held.get(name) === held) this.#held.delete(name);
      reject(asBayeuxError(error, name));
    });
    return held;
  }

  /** What a pattern brings beside what the other bridge had is found by and by, as always. */
  #use(name: string): void {
    if (this.#patterns.has(name)) return;
    const { release, ready } = this.#options.discovery.want([name]);
    ready.catch(() => undefined);
    this.#patterns.set(name, release);
  }
}
