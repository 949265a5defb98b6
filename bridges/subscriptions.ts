import { BayeuxError, isPattern, isService } from "../bayeux/index.ts";
import type { SubscriptionChange } from "../bayeux/index.ts";
import type { Channels } from "./channel/channels.ts";
import type { Channel } from "./channel/channel.ts";
import { readReplay } from "./history/replay-from.ts";
import type { Replays } from "./history/replays.ts";
import type { LogEntry } from "./log/log.ts";
import type { Mapping } from "./mapping/mapping.ts";
import { isPresence, watchedChannel } from "./presence/presence-channel.ts";
import type { Presence } from "./presence/presence.ts";
import type { Session } from "./session/session.ts";

/** What subscribing needs. */
export interface SubscriptionsOptions {
  readonly channels: Channels;
  readonly mapping: Mapping;
  readonly presence: Presence;
  readonly replays: Replays;
  readonly maxSubscriptions: number;
  readonly now: () => number;
  /** A subscribe's whole time: for joining, and for what the network has kept. */
  readonly joinTimeoutMs: number;
  /** Queues a message for one session and sees that it leaves. */
  readonly queue: (session: Session, entry: LogEntry) => void;
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
      checkName(name);
      this.#options.mapping.checkSubscribe(name);
    }
    const { maxSubscriptions } = this.#options;
    if (session.subscriptions.size + names.length > maxSubscriptions) {
      throw new BayeuxError("tooMany", ["subscriptions", String(maxSubscriptions)]);
    }
    const froms = names.map((name) => (isPresence(name) ? NO_REPLAY : readReplay(request, name)));
    const joined = names.map((name) => watchedChannel(name) ?? name);
    const { channels, replays, now, joinTimeoutMs } = this.#options;
    const deadlineMs = now() + joinTimeoutMs;
    await channels.withJoined(joined, (all) => {
      const wanted = all.map((channel, index) => ({ channel, from: froms[index] ?? NO_REPLAY }));
      // Rule 25: all or nothing. What may still fail comes before the first is added.
      return replays.collect(session, wanted, deadlineMs, (missed) => {
        all.forEach((channel, index) => {
          if (!session.hasEnded) this.#add(session, channel, names[index] ?? channel.name, missed[index] ?? []);
        });
      });
    });
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
    const watched = watchedChannel(name);
    const channel = this.#options.channels.get(watched ?? name);
    if (!channel) return;
    if (watched !== null) {
      this.#options.presence.unwatch(channel, session);
    } else {
      channel.subscribers.delete(session);
      channel.forgetAudience();
      this.#options.presence.left(channel, session);
    }
    channel.touch();
  }

  #add(session: Session, channel: Channel, name: string, missed: readonly LogEntry[]): void {
    const { presence, queue } = this.#options;
    if (isPresence(name)) {
      session.subscriptions.add(name);
      presence.watch(channel, session);
      return;
    }
    session.subscriptions.add(name);
    channel.subscribers.add(session);
    channel.forgetAudience();
    presence.joined(channel, session);
    for (const entry of missed) queue(session, entry);
  }
}

/** @throws BayeuxError for what cannot be subscribed to in this version, or at all */
function checkName(name: string): void {
  if (isPattern(name)) throw new BayeuxError("wildcardUnavailable", [name]);
  if (!isPresence(name)) return;
  const watched = watchedChannel(name);
  if (watched === null || isPresence(watched) || isService(watched)) throw new BayeuxError("unknownChannel", [name]);
}

const NO_REPLAY = { type: "new" } as const;
