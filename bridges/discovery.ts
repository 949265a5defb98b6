import { BayeuxError } from "../bayeux/index.ts";
import type { FaultCounter } from "../link/index.ts";
import type { Logger } from "pino";
import { asBayeuxError } from "./channel/channels.ts";
import type { Channels } from "./channel/channels.ts";
import { Gate } from "./channel/gate.ts";
import type { Pattern } from "./channel/patterns.ts";
import { Search } from "./channel/search.ts";
import type { Searched } from "./channel/search.ts";
import { within } from "./within.ts";

/** What discovery needs. */
export interface DiscoveryOptions {
  readonly networks: readonly Searched[];
  readonly channels: Channels;
  readonly now: () => number;
  readonly log: Logger;
  readonly faults: FaultCounter;
  readonly joinTimeoutMs: number;
  readonly discoveryIntervalMs: number;
  readonly maxWildcardChannels: number;
  readonly maxDiscoveredChannels: number;
}

/** Patterns on their way to a subscriber. */
export interface Wanted {
  readonly patterns: ReadonlyMap<string, Pattern>;
  /** Resolves when every channel that matches is joined, as far as it lets us in. Rejects with a BayeuxError. */
  readonly ready: Promise<void>;
  /** Whoever asked is done: a pattern that nobody subscribed to is forgotten. */
  release(): void;
}

/** Joins that are under way side by side because of patterns. */
const JOINS_AT_ONCE = 16;

/**
 * Finds the channels that patterns match: no network can join a pattern.
 *
 * Each network is asked for its channels before a subscribe to a pattern is answered, and again at an interval while anybody
 * is subscribed to one.
 */
export class Discovery {
  readonly #options: DiscoveryOptions;
  readonly #searches: ReadonlyMap<Searched, Search>;
  #timer: NodeJS.Timeout | null = null;
  #isStopped = false;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    const gate = new Gate(JOINS_AT_ONCE);
    this.#searches = new Map(options.networks.map((one) => [one, new Search({ ...options, ...one, gate })]));
  }

  /** Looks for what patterns match. @param names patterns; none is fine */
  want(names: readonly string[]): Wanted {
    const { channels } = this.#options;
    const patterns = new Map(names.map((name) => [name, channels.patterns.use(name, channels.all())]));
    const ready = patterns.size > 0 ? this.#find([...patterns.values()]) : Promise.resolve();
    // Whoever fails before it waits for this leaves it to itself.
    ready.catch(() => undefined);
    const release = () => {
      for (const pattern of patterns.values()) channels.patterns.release(pattern);
    };
    return { patterns, ready, release };
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** @throws BayeuxError that names a pattern */
  async #find(patterns: readonly Pattern[]): Promise<void> {
    const { joinTimeoutMs, maxWildcardChannels } = this.#options;
    const [first] = patterns;
    const concerned = [...this.#searches].filter(([one]) => patterns.some(({ name }) => one.mayMatch(name)));
    this.#arm();
    const searches = Promise.all(concerned.map(([, search]) => search.run()));
    const outcomes = await within(searches, joinTimeoutMs, "The channels were not all found and joined in time").catch(
      (error: unknown) => {
        throw asBayeuxError(error, first?.name ?? "");
      },
    );
    for (const { failure, crowded } of outcomes) {
      if (failure) throw new BayeuxError(failure.which, [first?.name ?? ""], failure.message);
      const missed = patterns.find((pattern) => crowded.has(pattern));
      if (!missed) continue;
      throw new BayeuxError(
        "tooMany",
        ["wildcard channels", String(maxWildcardChannels)],
        `More channels match ${missed.name} than this server may join because of wildcards`,
      );
    }
  }

  /** One timer for all patterns and networks; it stops by itself when there are no patterns. */
  #arm(): void {
    if (this.#isStopped || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#again().catch((error: unknown) => {
        this.#options.log.error({ err: error }, "looking for channels failed");
      });
    }, this.#options.discoveryIntervalMs).unref();
  }

  async #again(): Promise<void> {
    const names = [...this.#options.channels.patterns.all()].map(({ name }) => name);
    const concerned = [...this.#searches].filter(([one]) => names.some((name) => one.mayMatch(name)));
    try {
      await Promise.all(concerned.map(([, search]) => search.run()));
    } finally {
      this.#timer = null;
      if (this.#options.channels.patterns.size > 0) this.#arm();
    }
  }
}
