import { BayeuxError } from "../../bayeux/index.ts";
import type { FaultCounter } from "../../link/index.ts";
import type { Logger } from "pino";
import type { Network } from "../network.ts";
import { within } from "../within.ts";
import { asBayeuxError } from "./channels.ts";
import type { Channels } from "./channels.ts";
import type { Gate } from "./gate.ts";
import type { Pattern } from "./patterns.ts";

/** A network that is searched for channels. */
export interface Searched {
  readonly network: Network;
  readonly whenUp: () => Promise<void>;
  readonly isUp: () => boolean;
  /** False where no channel that this pattern matches can be on it. */
  readonly mayMatch: (pattern: string) => boolean;
}

/** What searching a network needs. */
export interface SearchOptions extends Searched {
  readonly channels: Channels;
  /** Joins of all searches pass it. */
  readonly gate: Gate;
  readonly now: () => number;
  readonly log: Logger;
  readonly faults: FaultCounter;
  readonly joinTimeoutMs: number;
  readonly maxDiscoveredChannels: number;
}

/** What a search could not do. Undefined and empty where every channel that was found is joined, or refuses us. */
export interface Outcome {
  /** The network is away, or did not answer. */
  readonly failure: BayeuxError | undefined;
  /** Patterns that match more channels than may be joined because of wildcards. */
  readonly crowded: ReadonlySet<Pattern>;
}

/** How the join of one channel ended. No answer: to the join, or from the whole network. */
type Joined = "joined" | "refused" | "no answer" | "no room" | "unwanted";

/** Between the beginnings of two lists: who subscribes meanwhile waits for the second, together with others. */
const PAUSE_MS = 250;
/** A channel that refused us is not tried again for so long, and one whose join was not answered. */
const REFUSED_MS = 600_000;
const UNANSWERED_MS = 60_000;
/** A line of the log names so many. */
const TOLD = 5;

/** Looks for the channels of one network that patterns match, and joins them. */
export class Search {
  readonly #options: SearchOptions;
  readonly #joins = new Map<string, Promise<Joined>>();
  /** When each channel that refused us, or did not answer, may be tried again, oldest first. */
  readonly #refused = new Map<string, number>();
  #next: Promise<Outcome> | null = null;
  #listing: Promise<unknown> = Promise.resolve();
  #listedMs = Number.NEGATIVE_INFINITY;
  #isFailureTold = false;
  #isCrowdTold = false;
  #isLimitTold = false;

  constructor(options: SearchOptions) {
    this.#options = options;
  }

  /** A search that begins after this call; all who ask until it begins share it. */
  run(): Promise<Outcome> {
    return (this.#next ??= this.#run());
  }

  async #run(): Promise<Outcome> {
    // One list at a time. What is asked for while it is under way might miss what came since it began.
    await this.#listing;
    await pause(this.#listedMs + PAUSE_MS - this.#options.now());
    this.#next = null;
    this.#listedMs = this.#options.now();
    const listing = this.#list();
    this.#listing = listing.catch(() => undefined);
    const found = await listing;
    if (!(found instanceof BayeuxError)) return this.#take(found);
    return { failure: found, crowded: new Set() };
  }

  async #list(): Promise<readonly string[] | BayeuxError> {
    const { network, whenUp, joinTimeoutMs, maxDiscoveredChannels: limit, log } = this.#options;
    try {
      await within(whenUp(), joinTimeoutMs, "The network is away");
      const text = "The network has not told its channels in time";
      const names = await within(network.discover(limit), joinTimeoutMs, text);
      if (this.#isFailureTold) log.info({ network: network.name }, "channels listed again");
      this.#isFailureTold = false;
      if (names.length < limit) this.#isLimitTold = false;
      else if (!this.#isLimitTold) {
        this.#isLimitTold = true;
        log.warn({ network: network.name, limit }, "not all channels of the network are looked at for wildcards");
      }
      return names;
    } catch (error) {
      const fault = asBayeuxError(error, network.name);
      if (!(fault instanceof BayeuxError)) throw error;
      if (!this.#isFailureTold) log.warn({ network: network.name, reason: fault.message }, "listing channels failed");
      this.#isFailureTold = true;
      return fault;
    }
  }

  /** Holds what was found, as far as there is room, and joins what is not joined yet. */
  async #take(names: readonly string[]): Promise<Outcome> {
    const { channels, log, faults, network, isUp } = this.#options;
    const crowded = this.#hold(names);
    const refusing: string[] = [];
    const isMissing = (name: string) => channels.patterns.isHeld(name) && channels.get(name)?.isJoined !== true;
    const joins = names.filter(isMissing).map(async (name) => {
      const joined = await this.#join(name);
      if (joined === "refused") refusing.push(name);
      if (joined === "no room") for (const pattern of channels.patterns.matching(name)) crowded.add(pattern);
    });
    await Promise.all(joins);
    if (refusing.length > 0) {
      const detail = { network: network.name, refused: refusing.length, channels: refusing.slice(0, TOLD) };
      log.warn(detail, "channels that a wildcard matches cannot be joined");
    }
    // Who is only asking gets an error, which is counted where it is answered.
    const lacking = [...crowded].filter(({ subscribers }) => subscribers.size > 0);
    if (lacking.length === 0) this.#isCrowdTold = false;
    else if (!this.#isCrowdTold) {
      this.#isCrowdTold = true;
      log.warn({ patterns: lacking.slice(0, TOLD).map(({ name }) => name) }, "wildcards match too many channels");
      faults.count("bridge.wildcardChannels", "limit reached");
    }
    const failure = isUp() ? undefined : new BayeuxError("unavailable", [network.name], "The network went away");
    return { failure, crowded };
  }

  /**
   * Patterns that have subscribers get what there is room for. One that is only asked for gets all or nothing: what is refused
   * must not take the room of the others.
   *
   * @returns those that did not get all
   */
  #hold(names: readonly string[]): Set<Pattern> {
    const { channels } = this.#options;
    const { patterns } = channels;
    const crowded = new Set<Pattern>();
    const asked = new Map<Pattern, Set<string>>();
    for (const pattern of patterns.all()) {
      if (pattern.subscribers.size > 0) continue;
      const here = [...pattern.channels].map(({ name }) => name);
      asked.set(pattern, new Set(here.filter((name) => !this.#isRefused(name))));
    }
    for (const name of names) {
      const matching = patterns.matching(name);
      if (matching.length === 0 || this.#isRefused(name)) continue;
      if (matching.every((pattern) => asked.has(pattern))) {
        for (const pattern of matching) asked.get(pattern)?.add(name);
      } else if (!patterns.hold(name, channels.get(name))) {
        for (const pattern of matching) crowded.add(pattern);
      }
    }
    for (const [pattern, all] of asked) {
      const added = [...all].filter((name) => !patterns.isHeld(name));
      if (added.length > patterns.room) crowded.add(pattern);
      else for (const name of all) patterns.hold(name, channels.get(name));
    }
    return crowded;
  }

  /** Joins a channel, or waits for the join under way. */
  #join(name: string): Promise<Joined> {
    const known = this.#joins.get(name);
    if (known) return known;
    const join = this.#options.gate
      .pass(() => this.#joinNow(name))
      .finally(() => {
        this.#joins.delete(name);
      });
    this.#joins.set(name, join);
    return join;
  }

  async #joinNow(name: string): Promise<Joined> {
    const { channels, isUp, now, log } = this.#options;
    const { patterns } = channels;
    try {
      if (patterns.matching(name).length > 0) return await channels.withJoined([name], () => "joined");
      patterns.letGo(name, channels.get(name));
      return "unwanted";
    } catch (error) {
      patterns.letGo(name, channels.get(name));
      if (!(error instanceof BayeuxError)) throw error;
      if (error.which === "tooMany") return "no room";
      // A network that went away says nothing of the channel.
      if (!isUp()) return "no answer";
      log.debug({ channel: name, reason: error.message }, "a channel that a wildcard matches was not joined");
      this.#refuse(name, now() + (error.which === "refusedByNetwork" ? REFUSED_MS : UNANSWERED_MS));
      return "refused";
    }
  }

  #isRefused(name: string): boolean {
    const { channels, now } = this.#options;
    // Somebody may have been let in by now.
    return (this.#refused.get(name) ?? 0) > now() && channels.get(name)?.isJoined !== true;
  }

  #refuse(name: string, untilMs: number): void {
    this.#refused.delete(name);
    this.#refused.set(name, untilMs);
    const [oldest] = this.#refused.keys();
    if (this.#refused.size > this.#options.maxDiscoveredChannels && oldest !== undefined) this.#refused.delete(oldest);
  }
}

async function pause(ms: number): Promise<void> {
  if (ms <= 0) return;
  await new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
