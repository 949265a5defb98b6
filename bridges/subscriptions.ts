import { BayeuxError, isPattern, isService } from "../bayeux/index.ts";
import type { SubscriptionChange } from "../bayeux/index.ts";
import type { Channels } from "./channel/channels.ts";
import type { Channel } from "./channel/channel.ts";
import type { Pattern } from "./channel/patterns.ts";
import type { Discovery } from "./discovery.ts";
import type { Log, LogEntry } from "./log/log.ts";
import { isPresence, watchedChannel } from "./presence.ts";
import type { Presence } from "./presence.ts";
import type { QueueLimits, Session } from "./session/session.ts";

/** Where a replay begins: a delivery id, or -1 or -2; undefined where none was asked for. */
type Position = string | number | undefined;

/** What subscribing needs. */
export interface SubscriptionsOptions {
  readonly channels: Channels;
  readonly discovery: Discovery;
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
    for (const name of names) checkName(name);
    const { maxSubscriptions } = this.#options;
    if (session.subscriptions.size + names.length > maxSubscriptions) {
      throw new BayeuxError("tooMany", ["subscriptions", String(maxSubscriptions)]);
    }
    const froms = names.map((name) => readReplay(request, name));
    const { channels, discovery } = this.#options;
    const wanted = discovery.want(names.filter(isPattern));
    try {
      const add = () => {
        // Rule 25: all or nothing. What may still fail comes before the first is added.
        const missed = this.#replays(session, names, froms, wanted.patterns);
        names.forEach((name, index) => {
          if (session.hasEnded) return;
          session.subscriptions.add(name);
          const pattern = wanted.patterns.get(name);
          const channel = channels.get(watchedChannel(name) ?? name);
          if (pattern) channels.patterns.subscribe(pattern, session);
          else if (channel) this.#add(session, channel, name);
          for (const entry of missed[index] ?? []) this.#options.queue(session, entry);
        });
      };
      const joined = names.filter((name) => !isPattern(name)).map((name) => watchedChannel(name) ?? name);
      await channels.withJoined(joined, add, wanted.ready);
    } finally {
      wanted.release();
    }
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
    const { channels } = this.#options;
    const pattern = channels.patterns.get(name);
    if (pattern) return channels.patterns.unsubscribe(pattern, session);
    const watched = watchedChannel(name);
    const channel = channels.get(watched ?? name);
    if (!channel) return;
    if (watched !== null) {
      channel.watchers.delete(session);
    } else {
      channel.subscribers.delete(session);
      channel.forgetAudience();
      this.#options.presence.left(channel, session);
    }
    channel.touch();
  }

  /** @returns what each channel has for the session. @throws BayeuxError where that is not all that it asked for */
  #replays(
    session: Session,
    names: readonly string[],
    froms: readonly Position[],
    patterns: ReadonlyMap<string, Pattern>,
  ): (readonly LogEntry[])[] {
    const { log, limits } = this.#options;
    const room = session.room(limits);
    // What is said from now on needs room as well.
    let messages = Math.max(room.maxQueuedMessages / 2, 0);
    let bytes = Math.max(room.maxQueuedBytes / 2, 0);
    const isAsked = (from: Position) => from !== undefined && from !== -1;
    const covered = new Set(names.filter((name, index) => !patterns.has(name) && isAsked(froms[index])));
    return names.map((name, index) => {
      const from = isPresence(name) ? undefined : froms[index];
      const pattern = isAsked(from) ? patterns.get(name) : undefined;
      const wanted = pattern ? log.allOf(newTo(session, pattern, covered)) : replayed(log, name, from);
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

  #add(session: Session, channel: Channel, name: string): void {
    const { presence } = this.#options;
    if (isPresence(name)) return presence.watch(channel, session);
    channel.subscribers.add(session);
    channel.forgetAudience();
    presence.joined(channel, session);
  }
}

/** @throws BayeuxError for what cannot be subscribed to */
function checkName(name: string): void {
  if (!isPresence(name)) return;
  if (isPattern(name)) throw new BayeuxError("wildcardUnavailable", [name]);
  const watched = watchedChannel(name);
  if (watched === null || isPresence(watched) || isService(watched)) throw new BayeuxError("unknownChannel", [name]);
}

/** Rule 38: `ext.replay: {"/channel": from}`, where from is -1, -2, or a delivery id. */
function readReplay(request: SubscriptionChange, name: string): Position {
  const replay = request.ext["replay"];
  if (typeof replay !== "object" || replay === null || !Object.hasOwn(replay, name)) return undefined;
  const from: unknown = Object.entries(replay).find(([key]) => key === name)?.[1];
  if (from === -1 || from === -2) return from;
  if (isPattern(name)) {
    const text = "replay of a wildcard must be -1 (new only) or -2 (everything kept of the channels that match)";
    throw new BayeuxError("badField", ["replay", name], text);
  }
  if (typeof from === "string" && from !== "") return from;
  throw new BayeuxError(
    "badField",
    ["replay", name],
    "replay must be -1 (new only), -2 (everything kept), or the id of an earlier message",
  );
}

/** @returns the channels that a pattern brings to a session and nothing else does; they are covered from now on */
function newTo(session: Session, { channels }: Pattern, covered: Set<string>): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { name, subscribers, patterns } of channels) {
    const isKnown = subscribers.has(session) || [...patterns].some((other) => other.subscribers.has(session));
    if (isKnown || covered.has(name)) continue;
    names.add(name);
    covered.add(name);
  }
  return names;
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
