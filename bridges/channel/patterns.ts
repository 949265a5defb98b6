import { isMeta, isService, matches, patternsOf } from "../../bayeux/index.ts";
import { isHalo } from "../halo/halo-name.ts";
import { isUserChannel } from "../identity/user-channel.ts";
import { isPresence } from "../presence/presence-channel.ts";
import type { Session } from "../session/session.ts";
import { audienceOf } from "./channel.ts";
import type { Audience, Channel } from "./channel.ts";

/** A pattern that sessions are subscribed to, or are about to be. */
export class Pattern {
  readonly name: string;
  readonly subscribers = new Set<Session>();
  /** Those that it matches, of the channels that exist here. */
  readonly channels = new Set<Channel>();
  /** Requests that are about to subscribe. */
  users = 0;
  /** Channels that have computed their audience with these subscribers since it was last forgotten. */
  readonly #informed = new Set<Channel>();
  #audience: Audience | null = null;

  constructor(name: string) {
    this.name = name;
  }

  get isNeeded(): boolean {
    return this.users > 0 || this.subscribers.size > 0;
  }

  /** The audience of each channel that nothing but this pattern brings to anybody: computed once for all of them. */
  get audience(): Audience {
    return (this.#audience ??= audienceOf(this.subscribers));
  }

  /** A channel is computing its audience: it hears when the subscribers change. */
  inform(channel: Channel): void {
    this.#informed.add(channel);
  }

  /** A subscriber came, went, or can be reached another way. */
  forgetAudiences(): void {
    this.#audience = null;
    for (const channel of this.#informed) channel.forgetAudience();
    this.#informed.clear();
  }

  link(channel: Channel): void {
    this.channels.add(channel);
    channel.patterns.add(this);
    channel.forgetAudience();
  }

  unlink(channel: Channel): void {
    this.channels.delete(channel);
    this.#informed.delete(channel);
    channel.patterns.delete(this);
    channel.forgetAudience();
  }
}

/**
 * The patterns of this bridge, which channels each of them matches, and which channels stay joined because of one.
 *
 * A channel knows its patterns, so a message costs no look at them. It is held, so that it stays joined, while a pattern
 * with subscribers matches it, within a bound on all that are held.
 */
export class Patterns {
  readonly #maxHeld: number;
  readonly #mayHear: (channel: string) => boolean;
  readonly #byName = new Map<string, Pattern>();
  /** Names of the channels that are held, and of those on their way to it. */
  readonly #held = new Set<string>();

  /**
   * @param maxHeld channels that patterns keep joined
   * @param mayHear false for a channel that browsers may not subscribe to
   */
  constructor(maxHeld: number, mayHear: (channel: string) => boolean = () => true) {
    this.#maxHeld = maxHeld;
    this.#mayHear = mayHear;
  }

  get size(): number {
    return this.#byName.size;
  }

  /** How many more channels may be held. */
  get room(): number {
    return this.#maxHeld - this.#held.size;
  }

  get(name: string): Pattern | undefined {
    return this.#byName.get(name);
  }

  all(): Iterable<Pattern> {
    return this.#byName.values();
  }

  /** @returns the patterns that match a channel; none for what no pattern stands for: meta, service, presence and users */
  matching(channel: string): Pattern[] {
    if (this.#byName.size === 0 || !this.#isForPatterns(channel)) return [];
    return patternsOf(channel).flatMap((name) => this.#byName.get(name) ?? []);
  }

  /** Somebody is about to subscribe; `release` ends that. @param channels all that exist here */
  use(name: string, channels: Iterable<Channel>): Pattern {
    const pattern = this.#byName.get(name) ?? this.#begin(name, channels);
    pattern.users += 1;
    return pattern;
  }

  release(pattern: Pattern): void {
    pattern.users -= 1;
    this.#settle(pattern);
  }

  subscribe(pattern: Pattern, session: Session): void {
    pattern.subscribers.add(session);
    pattern.forgetAudiences();
  }

  unsubscribe(pattern: Pattern, session: Session): void {
    pattern.subscribers.delete(session);
    pattern.forgetAudiences();
    this.#settle(pattern);
  }

  /** A channel begins to exist here. */
  adopt(channel: Channel): void {
    const patterns = this.matching(channel.name);
    for (const pattern of patterns) pattern.link(channel);
    if (patterns.length > 0) this.hold(channel.name, channel);
  }

  /** A channel is no more: it was left. */
  abandon(channel: Channel): void {
    for (const pattern of channel.patterns) pattern.unlink(channel);
    this.letGo(channel.name, channel);
  }

  /** @returns false when as many are held as may be */
  hold(name: string, channel: Channel | undefined): boolean {
    if (!this.#held.has(name) && this.room <= 0) return false;
    this.#held.add(name);
    if (channel) channel.isHeld = true;
    return true;
  }

  isHeld(name: string): boolean {
    return this.#held.has(name);
  }

  letGo(name: string, channel: Channel | undefined): void {
    this.#held.delete(name);
    if (!channel?.isHeld) return;
    channel.isHeld = false;
    channel.touch();
  }

  #begin(name: string, channels: Iterable<Channel>): Pattern {
    const pattern = new Pattern(name);
    this.#byName.set(name, pattern);
    for (const channel of channels) {
      if (matches(name, channel.name) && this.#isForPatterns(channel.name)) pattern.link(channel);
    }
    return pattern;
  }

  #isForPatterns(channel: string): boolean {
    return !isBeyondPatterns(channel) && this.#mayHear(channel);
  }

  #settle(pattern: Pattern): void {
    if (pattern.isNeeded) return;
    this.#byName.delete(pattern.name);
    for (const channel of pattern.channels) {
      pattern.unlink(channel);
      if (channel.patterns.size === 0) this.letGo(channel.name, channel);
    }
  }
}

/** Rules 10 and 11: these are never distributed. Who is where, and what is private, is told by the name of the channel only. */
function isBeyondPatterns(channel: string): boolean {
  return [isMeta, isService, isPresence, isUserChannel, isHalo].some((isBeyond) => isBeyond(channel));
}
