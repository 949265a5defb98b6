import { BayeuxError, gapText, routeOf } from "../../bayeux/index.ts";
import type { SurrenderedTicket } from "../../link/index.ts";
import type { Logger } from "pino";
import type { Broadcast } from "../broadcast.ts";
import type { Channels } from "../channel/channels.ts";
import type { LateCopies } from "../history/late-copies.ts";
import type { Whole } from "../keepers/past.ts";
import type { Recall } from "../keepers/recall.ts";
import type { Replays, Wanted } from "../history/replays.ts";
import type { Log, LogEntry } from "../log/log.ts";
import { wholeSecond } from "../log/log.ts";
import type { Holding } from "../moves/holding.ts";
import { NetworkError } from "../network.ts";
import { overlapOf } from "../session/overlap.ts";
import type { Session, SessionState } from "../session/session.ts";
import type { Sessions } from "../session/sessions.ts";
import type { Subscriptions } from "../subscriptions.ts";
import { within } from "../within.ts";
import type { Recollection, Whereabouts } from "./recollection.ts";
import { parseTicket, type SessionTicket, type Start } from "./ticket.ts";
import type { Tickets } from "./tickets.ts";

/** What rebuilding sessions needs. */
export interface RecoveryOptions {
  readonly channels: Channels;
  readonly sessions: Sessions;
  readonly subscriptions: Subscriptions;
  readonly messages: Log;
  readonly lateCopies: LateCopies;
  readonly replays: Replays;
  readonly broadcast: Broadcast;
  readonly tickets: Tickets;
  readonly now: () => number;
  readonly log: Logger;
}

/** What is known for all sessions of one takeover. */
export interface RecoveryFrame {
  readonly recollection: Recollection;
  readonly holding: Holding;
  readonly recall: Recall;
  /** When the takeover began, and when it has to end, in milliseconds. */
  readonly startMs: number;
  readonly deadlineMs: number;
  readonly owns: (route: number) => boolean;
}

/** What one channel has for a session, in order. */
interface Found {
  readonly where: Whereabouts;
  readonly entries: readonly LogEntry[];
  /** Delivery ids of what of it another bridge has told, and may still come here. */
  readonly unheard: readonly string[];
}

/**
 * A bridge that dies is taken for dead within its silence and a little more. Where we were in a channel for longer, we have
 * heard all that it did not.
 */
const OVERLAP_MS = 15_000;

/** Makes sessions of a bridge that has died our own, from their tickets: each message once, and a notice where some may be missing. */
export class Recovery {
  readonly #options: RecoveryOptions;

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /** @returns whether the session lives on; if not, its browser will be told to begin anew */
  async recover(ticket: SurrenderedTicket, frame: RecoveryFrame): Promise<boolean> {
    const { sessions, log } = this.#options;
    const parsed = parseTicket(ticket.ticket);
    const isOurs = (): boolean => frame.owns(routeOf(ticket.clientId) ?? 0) && !sessions.has(ticket.clientId);
    if (!parsed || !isOurs()) return false;
    let session: Session | null = null;
    try {
      const all = await this.#join(parsed, ticket, frame);
      await this.#recall(all, ticket, frame);
      if (!isOurs()) return false;
      session = this.#begin(ticket, parsed);
      await this.#fill(session, ticket, parsed, all, frame);
      return !session.hasEnded;
    } catch (error) {
      if (!(error instanceof BayeuxError || error instanceof NetworkError)) throw error;
      log.info({ clientId: ticket.clientId.slice(0, 8), reason: error.message }, "session not taken over");
      if (session) sessions.end(session, "moved");
      return false;
    }
  }

  /** @returns where the session is, of all channels that it hears. @throws BayeuxError where it cannot hear them here */
  async #join(parsed: SessionTicket, ticket: SurrenderedTicket, frame: RecoveryFrame): Promise<Whereabouts[]> {
    const { subscriptions, channels, now } = this.#options;
    const { holding, recollection, deadlineMs } = frame;
    subscriptions.checkResume(parsed.subscriptions);
    const all = recollection.whereabouts(parsed, ticket).filter(({ position }) => !isBeside(position.channel));
    const names = new Set([...parsed.subscriptions, ...all.map(({ position }) => position.channel)]);
    await within(holding.want(names), Math.max(deadlineMs - now(), 1), "The channels could not be joined in time");
    return all.filter(({ position }) => channels.get(position.channel));
  }

  /** Asks who has kept the dead bridge's channels for what our log does not show to be all. */
  async #recall(all: readonly Whereabouts[], { instance }: SurrenderedTicket, frame: RecoveryFrame): Promise<void> {
    const missing = all.filter((where) => where.isKnown && !this.#known(where, instance, frame));
    if (missing.length === 0) return;
    // Then there is still time for the network's history.
    const withinMs = Math.max((frame.deadlineMs - this.#options.now()) / 2, 1);
    const names = missing.map(({ position }) => position.channel);
    await within(frame.recall.want(instance, names), withinMs, "").catch((error: unknown) => {
      if (!(error instanceof NetworkError)) throw error;
    });
  }

  #begin({ clientId, batch }: SurrenderedTicket, ticket: SessionTicket): Session {
    const { publicId, name, isAck, context } = ticket;
    const session = this.#options.sessions.adopt({ clientId, publicId, name, isAck, context }, { ...NEW, batch });
    session.isRebuilt = true;
    return session;
  }

  /** Asks the network for what is not here. */
  async #fill(
    session: Session,
    ticket: SurrenderedTicket,
    parsed: SessionTicket,
    all: readonly Whereabouts[],
    frame: RecoveryFrame,
  ): Promise<void> {
    const { replays } = this.#options;
    const { instance } = ticket;
    const isProved = new Map(all.map((where) => [where, this.#known(where, instance, frame)]));
    let wanted = all.filter((where) => where.isKnown && !isProved.get(where));
    const use = (missed: readonly (readonly LogEntry[])[]): void => {
      const filled = new Map(wanted.map((where, index) => [where, missed[index] ?? []]));
      const found = all.map((where) => this.#found(where, instance, filled.get(where), frame));
      this.#resume(session, ticket, parsed, found);
    };
    for (;;) {
      try {
        return await replays.collect(session, this.#wants(wanted), frame.deadlineMs, use);
      } catch (error) {
        if (!(error instanceof BayeuxError)) throw error;
        const { args } = error;
        const rest = wanted.filter(({ position }) => !args.includes(position.channel));
        wanted = rest.length < wanted.length ? rest : [];
      }
    }
  }

  #wants(wanted: readonly Whereabouts[]): Wanted[] {
    return wanted.flatMap(({ position: { channel: name, last }, sinceMs }) => {
      const channel = this.#options.channels.get(name);
      const from = last === null ? { type: "time" as const, timeMs: sinceMs } : { type: "id" as const, id: last };
      return channel ? [{ channel, from }] : [];
    });
  }

  /** @returns what the log has for the session, where that is shown to be all; else null */
  #known(where: Whereabouts, instance: string, { startMs, recall }: RecoveryFrame): readonly LogEntry[] | null {
    const { messages } = this.#options;
    const { position, sent, unconfirmed, sinceMs, isKnown } = where;
    const whole = recall.past(instance, position.channel)?.whole(messages);
    const kept = whole && keptFor(where, whole);
    if (kept) return kept;
    const entries = messages.all(position.channel);
    const { fresh, isProved } = overlapOf(entries, sent, { seq: 0, isOverlapping: false });
    const here = new Set(entries.map(({ id }) => id));
    if (isProved && isKnown && unconfirmed.every((id) => here.has(id))) {
      const wanted = new Set<LogEntry | string>([...fresh, ...unconfirmed]);
      return entries.filter((entry) => wanted.has(entry) || wanted.has(entry.id));
    }
    const heardMs = messages.sinceMs(position.channel);
    if (heardMs === null || heardMs > startMs - OVERLAP_MS) return null;
    // Nothing has come but, perhaps, what is new.
    if (entries.length === 0) return entries;
    return position.last === null ? entries.filter(({ timeMs }) => timeMs >= wholeSecond(sinceMs)) : null;
  }

  #found(where: Whereabouts, instance: string, filled: readonly LogEntry[] | undefined, frame: RecoveryFrame): Found {
    const { messages } = this.#options;
    if (filled) return { where, entries: filled, unheard: [] };
    const known = this.#known(where, instance, frame);
    const unheard = frame.recall.past(instance, where.position.channel)?.whole(messages).unheard ?? [];
    if (known) return { where, entries: known, unheard };
    const { channel } = where.position;
    const since = frame.holding.since(channel);
    const { fresh } = overlapOf(messages.all(channel), where.position, since);
    return { where, entries: [this.#notice(where, fresh), ...fresh], unheard: [] };
  }

  /** From here on nothing may come in between. */
  #resume(session: Session, ticket: SurrenderedTicket, parsed: SessionTicket, found: readonly Found[]): void {
    if (session.hasEnded) return;
    const { subscriptions, broadcast, lateCopies, messages, tickets } = this.#options;
    const starts = new Map<string, Start>(parsed.starts);
    const unacknowledged: LogEntry[] = [];
    const queue: LogEntry[] = [];
    for (const { where, entries, unheard } of found) {
      const { position, sent, unconfirmed, sinceMs } = where;
      const isSent = new Set(unconfirmed);
      for (const entry of entries) (isSent.has(entry.id) ? unacknowledged : queue).push(entry);
      starts.set(position.channel, { last: position.last, seq: 0, timeMs: sinceMs });
      const late = sent.recent.filter((id) => !isSent.has(id) && !messages.has(position.channel, id));
      lateCopies.expectMoved(position.channel, session, late);
      lateCopies.expectMoved(position.channel, session, unheard);
    }
    session.resume({ ...session.state, hasConnected: parsed.hasConnected, unacknowledged });
    subscriptions.resume(session, parsed.subscriptions);
    // What came from history has its place before the rest of its channel, whatever its number is.
    for (const entry of inOrder(queue)) broadcast.queue(session, entry);
    broadcast.refresh(session);
    tickets.adopted(session, ticket.version, starts);
  }

  #notice({ position: { channel, last } }: Whereabouts, fresh: readonly LogEntry[]): LogEntry {
    const { messages, channels, now } = this.#options;
    const network = channels.get(channel)?.network.name ?? "";
    const before = fresh.find(({ id }) => id !== "")?.id ?? null;
    const text = gapText(channel, network, new Date(now()).toISOString(), DIED, last, before);
    return messages.entry(channel, "", text, now(), last);
  }
}

const DIED = "the bridge of this session has died, and what was said then is not known to another one";

const NEW: SessionState = {
  ...{ hasConnected: true, batch: 0, lastAck: 0, lastConnectId: undefined, restarts: 0, isRestarting: false },
  ...{ isBehind: false, dropped: 0, conflated: 0, unacknowledged: [], queue: [] },
};

/** @returns what a session has not had of what the keeper and we have heard; null where that is not shown to be all */
function keptFor({ sent, unconfirmed, sinceMs, isKnown }: Whereabouts, whole: Whole): readonly LogEntry[] | null {
  const { entries, anchor } = whole;
  const here = new Set(entries.map(({ id }) => id));
  if (!whole.isProved || !isKnown || !unconfirmed.every((id) => here.has(id))) return null;
  const { fresh, isProved } = overlapOf(entries, sent, { seq: 0, isOverlapping: false });
  if (isProved) {
    const wanted = new Set<LogEntry | string>([...fresh, ...unconfirmed]);
    return entries.filter((entry) => wanted.has(entry) || wanted.has(entry.id));
  }
  const had = new Set(sent.recent);
  if (sent.last !== null) had.add(sent.last);
  // It has had everything before, and nothing of what is here.
  if (anchor !== null && had.has(anchor)) return entries;
  // It has had nothing: what it wants began when it subscribed.
  const isSince = anchor === null || (entries[0]?.timeMs ?? Number.POSITIVE_INFINITY) < wholeSecond(sinceMs);
  return had.size === 0 && isSince ? entries.filter(({ timeMs }) => timeMs >= wholeSecond(sinceMs)) : null;
}

/** Presence is told anew. */
function isBeside(channel: string): boolean {
  return channel.startsWith("/presence/");
}

/** The log's order over all channels, as far as that leaves each channel's own as it is. */
function inOrder(entries: readonly LogEntry[]): LogEntry[] {
  const places = new Map<LogEntry, number>();
  const next = new Map<string, number>();
  for (const entry of entries.toReversed()) {
    const bound = next.get(entry.channel) ?? Number.POSITIVE_INFINITY;
    const place = entry.isLive === true ? Math.min(entry.seq, bound) : bound;
    places.set(entry, place);
    next.set(entry.channel, place);
  }
  // Infinite ones are equal, and stay as they are.
  return entries.toSorted((one, other) => compare(places.get(one) ?? 0, places.get(other) ?? 0));
}

function compare(one: number, other: number): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
