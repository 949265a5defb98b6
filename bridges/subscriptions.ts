import { BayeuxError, isPattern, isService } from "../bayeux/index.ts";
import type { SubscriptionChange } from "../bayeux/index.ts";
import type { Channels } from "./channel/channels.ts";
import type { Channel } from "./channel/channel.ts";
import type { Pattern } from "./channel/patterns.ts";
import type { Discovery } from "./discovery.ts";
import type { HaloChannel } from "./halo/halo-channel.ts";
import { isHalo } from "./halo/halo-name.ts";
import { readReplay } from "./history/replay-from.ts";
import type { ReplayFrom } from "./history/replay-from.ts";
import type { Replays, Wanted } from "./history/replays.ts";
import type { Identities } from "./identity/identities.ts";
import type { PrivateChannels } from "./identity/private-channels.ts";
import { DISPATCH_CHANNEL, isPrivateChannel, isUserChannel } from "./identity/user-channel.ts";
import type { LogEntry } from "./log/log.ts";
import type { Mapping } from "./mapping/mapping.ts";
import { isPresence, watchedChannel } from "./presence/presence-channel.ts";
import type { Presence } from "./presence/presence.ts";
import type { Session } from "./session/session.ts";

/** What subscribing needs. */
export interface SubscriptionsOptions {
  readonly channels: Channels;
  readonly mapping: Mapping;
  readonly discovery: Discovery;
  readonly identities: Identities;
  readonly privates: PrivateChannels;
  readonly presence: Presence;
  readonly halo: HaloChannel;
  readonly replays: Replays;
  readonly maxSubscriptions: number;
  readonly now: () => number;
  /** A subscribe's whole time: for joining, and for what the network has kept. */
  readonly joinTimeoutMs: number;
  /** Has channels kept by another bridge, for whoever may take over. Resolves when that is so, or will not be soon. */
  readonly keep: (names: Iterable<string>) => Promise<void>;
  /** Queues a message for one session and sees that it leaves. */
  readonly queue: (session: Session, entry: LogEntry) => void;
  /** What a session is subscribed to is another than before. */
  readonly onChanged: (session: Session, name: string) => void;
}

/** Bayeux §4.5 and §4.6: who gets what. A subscribe succeeds when its channels are joined on their network. */
export class Subscriptions {
  readonly #options: SubscriptionsOptions;

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  /**
   * Subscribes a session to all names of a request, or to none of them.
   *
   * @throws BayeuxError that names the channel
   */
  async subscribe(session: Session, request: SubscriptionChange): Promise<void> {
    // Rule 11: subscribing to a service channel succeeds without being recorded.
    const names = request.names.filter((name) => !isService(name) && !session.subscriptions.has(name));
    for (const name of names) {
      this.#check(name);
    }
    const { maxSubscriptions } = this.#options;
    if (session.subscriptions.size + names.length > maxSubscriptions) {
      throw new BayeuxError("tooMany", ["subscriptions", String(maxSubscriptions)]);
    }
    const froms = new Map(names.map((name) => [name, isKept(name) ? readReplay(request, name) : NO_REPLAY]));
    const { channels, discovery, replays, queue, keep, now, joinTimeoutMs } = this.#options;
    const deadlineMs = now() + joinTimeoutMs;
    const found = discovery.want(names.filter(isPattern));
    try {
      const shared = names.filter((name) => !isPattern(name) && !isUserChannel(name) && !isHalo(name));
      const joined = shared.map((name) => watchedChannel(name) ?? name);
      const own = this.#options.privates.check(session, names.filter(isUserChannel), deadlineMs);
      const kept = keep(shared.filter((name) => watchedChannel(name) === null));
      const matching = [...found.patterns.values()];
      const foundToo = found.ready.then(() =>
        keep(matching.flatMap((one) => [...one.channels].map(({ name }) => name))),
      );
      const also = Promise.all([foundToo, own, kept]).then(() => {});
      // Whoever fails before it waits for this leaves it to itself.
      also.catch(() => undefined);
      const use = () =>
        // Rule 25: all or nothing. What may still fail comes before the first is added.
        replays.collect(session, this.#past(session, froms, found.patterns), deadlineMs, (missed) => {
          if (session.hasEnded) return;
          for (const name of names) this.#add(session, name, found.patterns.get(name));
          for (const entry of missed.flat()) queue(session, entry);
        });
      await channels.withJoined(joined, use, also);
    } finally {
      found.release();
    }
  }

  /**
   * A session that comes from another bridge is subscribed again; what is needed for that is joined, and its patterns are used.
   *
   * @throws BayeuxError where it may not be subscribed to one of them here
   */
  checkResume(names: readonly string[]): void {
    const { maxSubscriptions } = this.#options;
    if (names.length > maxSubscriptions) throw new BayeuxError("tooMany", ["subscriptions", String(maxSubscriptions)]);
    for (const name of names) {
      if (isPrivateChannel(name)) throw new BayeuxError("forbidden", [name], "A private channel stays with its bridge");
      this.#check(name);
    }
  }

  /** After `checkResume`. */
  resume(session: Session, names: readonly string[]): void {
    const { patterns } = this.#options.channels;
    for (const name of names) {
      const pattern = isPattern(name) ? patterns.get(name) : undefined;
      this.#add(session, name, pattern);
      for (const channel of pattern?.channels ?? []) if (channel.isJoined) patterns.hold(channel.name, channel);
    }
  }

  /** Channels whose messages a session gets, by their names or by patterns. */
  heardBy(session: Session): ReadonlySet<Channel> {
    const { channels } = this.#options;
    const heard = new Set<Channel>();
    for (const name of session.subscriptions) {
      const channel = channels.get(name);
      if (channel?.subscribers.has(session)) heard.add(channel);
      for (const one of channels.patterns.get(name)?.channels ?? []) heard.add(one);
    }
    return heard;
  }

  /** Unsubscribing from what one is not subscribed to is fine. */
  unsubscribe(session: Session, request: SubscriptionChange): void {
    for (const name of request.names) this.remove(session, name);
  }

  /** A session ended: it is in no channel any more. */
  removeAll(session: Session): void {
    for (const name of [...session.subscriptions]) this.remove(session, name);
  }

  remove(session: Session, name: string): void {
    if (!session.subscriptions.delete(name)) return;
    if (!session.hasEnded) this.#options.onChanged(session, name);
    const { channels } = this.#options;
    const pattern = channels.patterns.get(name);
    if (pattern) return channels.patterns.unsubscribe(pattern, session);
    if (isUserChannel(name)) return this.#options.privates.unsubscribe(session, name);
    if (isHalo(name)) return this.#options.halo.unwatch(session);
    const watched = watchedChannel(name);
    const channel = channels.get(watched ?? name);
    if (!channel) return;
    if (watched !== null) {
      this.#options.presence.unwatch(channel, session);
    } else {
      channel.subscribers.delete(session);
      channel.forgetAudience();
      // Whoever is somebody on the network is present there.
      if (!this.#options.identities.left(session, channel)) this.#options.presence.left(channel, session);
    }
    channel.touch();
  }

  /** @throws BayeuxError for what nobody may subscribe to here */
  #check(name: string): void {
    checkName(name);
    if (isHalo(name)) this.#options.halo.check();
    // No network has to do with what apps have for one user.
    else if (name !== DISPATCH_CHANNEL) this.#options.mapping.checkSubscribe(name);
  }

  /** What is wanted of the past: of each channel that is named, and of those that patterns bring and nothing else does. */
  #past(
    session: Session,
    froms: ReadonlyMap<string, ReplayFrom>,
    patterns: ReadonlyMap<string, Pattern>,
  ): readonly Wanted[] {
    const { channels } = this.#options;
    const named = [...froms].flatMap(([name, from]) => {
      const channel = patterns.has(name) || !isKept(name) ? undefined : channels.get(name);
      return channel ? [{ channel, from }] : [];
    });
    const covered = new Set(named.filter(({ from }) => from.type !== "new").map(({ channel }) => channel));
    const matching: Wanted[] = [];
    for (const [name, pattern] of patterns) {
      const from = froms.get(name);
      if (from?.type !== "kept") continue;
      for (const channel of pattern.channels) {
        if (covered.has(channel) || isHeardBy(session, channel)) continue;
        covered.add(channel);
        matching.push({ channel, from });
      }
    }
    return [...named, ...matching];
  }

  #add(session: Session, name: string, pattern: Pattern | undefined): void {
    const { channels, presence } = this.#options;
    const channel = channels.get(watchedChannel(name) ?? name);
    session.subscriptions.add(name);
    this.#options.onChanged(session, name);
    if (pattern) return channels.patterns.subscribe(pattern, session);
    if (isUserChannel(name)) return this.#options.privates.subscribe(session, name);
    if (isHalo(name)) return this.#options.halo.watch(session);
    if (!channel) return;
    if (isPresence(name)) return presence.watch(channel, session);
    channel.subscribers.add(session);
    channel.forgetAudience();
    if (!this.#options.identities.joined(session, channel)) presence.joined(channel, session);
  }
}

/** @throws BayeuxError for what cannot be subscribed to */
function checkName(name: string): void {
  if (isUserChannel(name) && isPattern(name)) throw new BayeuxError("forbidden", [name], NO_USER_WILDCARDS);
  if (!isPresence(name)) return;
  if (isPattern(name)) throw new BayeuxError("wildcardUnavailable", [name]);
  const watched = watchedChannel(name);
  if (watched === null || isPresence(watched) || isService(watched) || isUserChannel(watched) || isHalo(watched))
    throw new BayeuxError("unknownChannel", [name]);
}

/** True where the session gets what is said in a channel, by its name or by a pattern. */
function isHeardBy(session: Session, { subscribers, patterns }: Channel): boolean {
  return subscribers.has(session) || [...patterns].some((pattern) => pattern.subscribers.has(session));
}

/** False for what is told to those who are there, and to nobody later. */
function isKept(name: string): boolean {
  return !isPresence(name) && !isUserChannel(name) && !isHalo(name);
}

const NO_REPLAY = { type: "new" } as const;
const NO_USER_WILDCARDS = "No wildcards below /user - subscribe to your private channel by its name";
