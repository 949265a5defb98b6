import type { Audience, Channel } from "../channel/channel.ts";
import type { Session } from "../session/session.ts";

/** Who has had what from history of one channel. */
interface Had {
  readonly sessionsById: Map<string, Set<Session>>;
  untilMs: number;
}

/** What a bridge had before us, of one channel. */
interface Group {
  readonly ids: Set<string>;
  readonly sessions: Set<Session>;
  readonly untilMs: number;
}

/** Live copies are on their way for milliseconds. */
const KEPT_MS = 30_000;
/** So many of the newest messages of a history can still be on their way. */
const MAX_IDS = 256;

/**
 * Messages that some sessions have had from history, and whose live copies may still come: everybody else gets those.
 *
 * Needed only where nothing of the channel was here that history could have joined on to, and where sessions come from
 * another bridge, which may have been ahead of us.
 */
export class LateCopies {
  readonly #now: () => number;
  readonly #channels = new Map<string, Had>();
  /** By channel, and by the list of ids that sessions have in common. */
  readonly #moved = new Map<string, Map<readonly string[], Group>>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @param ids delivery ids that the session was given, oldest first */
  expect(channel: string, session: Session, ids: readonly string[]): void {
    if (ids.length === 0) return;
    const had = this.#channels.get(channel) ?? { sessionsById: new Map<string, Set<Session>>(), untilMs: 0 };
    this.#channels.set(channel, had);
    had.untilMs = this.#now() + KEPT_MS;
    for (const id of ids.slice(-MAX_IDS)) {
      const sessions = had.sessionsById.get(id) ?? new Set();
      had.sessionsById.set(id, sessions.add(session));
    }
  }

  /**
   * The same of a session that another bridge has served until now. In another order: on linked servers what comes next need
   * not be past all that the other bridge had.
   *
   * @param ids the same list for all sessions of which the same is true
   */
  expectMoved(channel: string, session: Session, ids: readonly string[]): void {
    if (ids.length === 0) return;
    const nowMs = this.#now();
    for (const [name, groups] of this.#moved) {
      for (const [key, { untilMs }] of groups) if (untilMs <= nowMs) groups.delete(key);
      if (groups.size === 0) this.#moved.delete(name);
    }
    const groups = this.#moved.get(channel) ?? new Map<readonly string[], Group>();
    this.#moved.set(channel, groups);
    const group = groups.get(ids) ?? { ids: new Set(ids), sessions: new Set<Session>(), untilMs: nowMs + KEPT_MS };
    groups.set(ids, group);
    group.sessions.add(session);
  }

  /** @returns who gets a live message: all but those who have had it */
  audienceOf(channel: Channel, id: string): Audience {
    const sessions = new Set([...this.#fromHistory(channel.name, id), ...this.#fromOthers(channel.name, id)]);
    return sessions.size === 0 ? channel.audience : without(channel.audience, sessions);
  }

  forget(channels: ReadonlySet<string>): void {
    for (const name of channels) {
      this.#channels.delete(name);
      this.#moved.delete(name);
    }
  }

  #fromHistory(channel: string, id: string): Iterable<Session> {
    const had = this.#channels.get(channel);
    const sessions = had?.sessionsById.get(id);
    // The live messages are past what history had.
    if (!sessions || had === undefined || had.untilMs <= this.#now()) {
      this.#channels.delete(channel);
      return [];
    }
    had.sessionsById.delete(id);
    return sessions;
  }

  #fromOthers(channel: string, id: string): Iterable<Session> {
    const groups = this.#moved.get(channel);
    if (!groups) return [];
    const found: Session[] = [];
    const nowMs = this.#now();
    for (const [key, { ids, sessions, untilMs }] of groups) {
      if (untilMs <= nowMs) groups.delete(key);
      else if (ids.delete(id)) found.push(...sessions);
    }
    if (groups.size === 0) this.#moved.delete(channel);
    return found;
  }
}

function without(audience: Audience, sessions: ReadonlySet<Session>): Audience {
  const direct = new Map(audience.direct);
  for (const { socket } of sessions) {
    const recipients = socket && direct.get(socket.downlink);
    if (!recipients) continue;
    const others = recipients.filter((connection) => connection !== socket.connection);
    if (others.length > 0) direct.set(socket.downlink, others);
    else direct.delete(socket.downlink);
  }
  return { direct, queued: audience.queued.filter((session) => !sessions.has(session)) };
}
