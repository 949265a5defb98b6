import { BayeuxError, isPattern, isService } from "../bayeux/index.ts";
import type { SubscriptionChange } from "../bayeux/index.ts";
import type { Channels } from "./channel/channels.ts";
import type { Channel } from "./channel/channel.ts";
import type { Log, LogEntry } from "./log/log.ts";
import type { Mapping } from "./mapping/mapping.ts";
import { isPresence, watchedChannel } from "./presence/presence-channel.ts";
import type { Presence } from "./presence/presence.ts";
import type { QueueLimits, Session } from "./session/session.ts";

/** Where a replay begins: a delivery id, or -1 or -2; undefined where none was asked for. */
type Position = string | number | undefined;

/** What subscribing needs. */
export interface SubscriptionsOptions {
  readonly channels: Channels;
  readonly mapping: Mapping;
  readonly presence: Presence;
  readonly log: Log;
  readonly maxSubscriptions: number;
  /** A replay takes at most half of what may still wait for its session. */
  readonly limits: QueueLimits;
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
    const froms = names.map((name) => readReplay(request, name));
    const joined = names.map((name) => watchedChannel(name) ?? name);
    await this.#options.channels.withJoined(joined, (channels) => {
      // Rule 25: all or nothing. What may still fail comes before the first is added.
      const missed = this.#replays(session, names, froms);
      channels.forEach((channel, index) => {
        if (!session.hasEnded) this.#add(session, channel, names[index] ?? channel.name, missed[index] ?? []);
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

  /** @returns what each channel has for the session. @throws BayeuxError where that is not all that it asked for */
  #replays(session: Session, names: readonly string[], froms: readonly Position[]): (readonly LogEntry[])[] {
    const { log, limits } = this.#options;
    const room = session.room(limits);
    // What is said from now on needs room as well.
    let messages = Math.max(room.maxQueuedMessages / 2, 0);
    let bytes = Math.max(room.maxQueuedBytes / 2, 0);
    return names.map((name, index) => {
      const from = isPresence(name) ? undefined : froms[index];
      const wanted = replayed(log, name, from);
      let first = wanted.length;
      for (; first > 0; first--) {
        const size = wanted[first - 1]?.bytes.length ?? 0;
        if (messages < 1 || bytes < size) break;
        messages -= 1;
        bytes -= size;
      }
      if (first > 0 && from !== -2) throw tooFarBack(name, "More came after it than may wait for one session");
      return wanted.slice(first);
    });
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

/** Rule 38: `ext.replay: {"/channel": from}`, where from is -1, -2, or a delivery id. */
function readReplay(request: SubscriptionChange, name: string): Position {
  const replay = request.ext["replay"];
  if (typeof replay !== "object" || replay === null || !Object.hasOwn(replay, name)) return undefined;
  const from: unknown = Object.entries(replay).find(([key]) => key === name)?.[1];
  if (from === -1 || from === -2 || (typeof from === "string" && from !== "")) return from;
  throw new BayeuxError(
    "badField",
    ["replay", name],
    "replay must be -1 (new only), -2 (everything kept), or the id of an earlier message",
  );
}

function replayed(log: Log, name: string, from: Position): readonly LogEntry[] {
  if (from === undefined || from === -1) return [];
  if (typeof from === "number") return log.all(name);
  const missed = log.after(name, from);
  // Rule 38: a position that is no longer kept is told, never silently skipped.
  if (!missed) throw tooFarBack(name, "The message to go on from is no longer kept here");
  return missed;
}

function tooFarBack(name: string, why: string): BayeuxError {
  return new BayeuxError("badField", ["replay", name], `${why}; -2 gives the newest that there are`);
}
